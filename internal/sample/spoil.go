package sample

import (
	"slices"
	"strings"
)

// The fields of a transaction by position.
const (
	fieldID = iota
	fieldCustomer
	fieldProduct
	fieldTime
	fieldAmount
	fieldQuantity
	fieldStatus
	transactionFields
)

var brokenDates = [...]string{"2026-02-30 10:15:00", "13/45/2026", "yesterday", "2026-08-14 25:10:00", "2026-13-01 08:00:00"}

var textQuantities = [...]string{"two", "3 pcs", "1.5", "--2", "1e3"}

// pick returns one of the texts.
func pick(r *random, texts []string) string { return texts[r.below(int64(len(texts)))] }

// spoil writes record i with a defect that concerns no other record.
func (t *transactions) spoil(rec *record, r *random, i int64, d defect) {
	x := t.row(i)
	var fields [transactionFields][]byte
	fields[fieldID] = appendPadded([]byte("TXN"), x.number, 10)
	fields[fieldCustomer] = appendCustomerID(nil, x.customer)
	fields[fieldProduct] = appendPadded([]byte("PROD"), x.product+1, 4)
	fields[fieldTime] = appendTime(nil, x.seconds)
	fields[fieldAmount] = appendCents(nil, x.cents)
	fields[fieldQuantity] = appendPadded(nil, x.quantity, 1)
	fields[fieldStatus] = []byte(x.status)
	switch d {
	case raggedFew, raggedMany, strayQuote, invalidUTF8:
		damage(rec, r, fields[:], d)
		return
	case unknownRef:
		fields[fieldCustomer] = appendCustomerID(nil, t.customers.rows+r.below(1000))
	default:
		spoilValues(r, &fields, d)
	}
	for _, f := range fields {
		rec.field(f)
	}
	rec.end()
}

// spoilValues breaks values and leaves the record whole.
func spoilValues(r *random, fields *[transactionFields][]byte, d defect) {
	switch d {
	case missingID:
		fields[fieldID] = nil
	case missingRef:
		fields[fieldCustomer] = nil
	case missingAmount:
		fields[fieldAmount] = nil
	case negativeAmount:
		fields[fieldAmount] = append([]byte("-"), fields[fieldAmount]...)
	case excessDecimals:
		fields[fieldAmount] = append(fields[fieldAmount], byte('1'+r.below(9)))
	case brokenDate:
		fields[fieldTime] = []byte(pick(r, brokenDates[:]))
	case textQuantity:
		fields[fieldQuantity] = []byte(pick(r, textQuantities[:]))
	case hugeQuantity:
		fields[fieldQuantity] = append([]byte("2147483648"), fields[fieldQuantity]...)
	case severalFaults:
		fields[fieldID], fields[fieldTime], fields[fieldStatus] = nil, []byte(pick(r, brokenDates[:])), []byte("???")
	case mixedCase:
		fields[fieldStatus] = []byte(recase(r, string(fields[fieldStatus])))
	case paddedNumber:
		fields[fieldAmount] = append(append([]byte(" "), fields[fieldAmount]...), "  "...)
	case unknownStatus:
		fields[fieldStatus] = []byte(pick(r, []string{"cancelled", "on_hold", "complete", ""}))
	default:
		panic("sample: no such defect of a transaction: " + defectNames[d])
	}
}

// recase returns a text as careless systems write it.
func recase(r *random, text string) string {
	switch r.below(3) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return " " + text[:1] + strings.ToUpper(text[1:]) + " "
	}
	return strings.ToUpper(text[:1]) + text[1:] + "  "
}

// damage writes a record that cannot be split, or that is not text.
func damage(rec *record, r *random, fields [][]byte, d defect) {
	switch d {
	case raggedFew: // cut off, as when a disk was full
		fields = fields[:int64(len(fields))-1-r.below(3)]
	case raggedMany: // 1,234.50 without quotes
		fields[fieldAmount] = []byte("1")
		fields = slices.Insert(fields, fieldAmount+1, []byte("234.50"))
	case strayQuote:
		at := fields[fieldProduct]
		if r.below(2) == 0 {
			fields[fieldProduct] = []byte(string(at[:4]) + `"` + string(at[4:]) + `"`)
		} else {
			fields[fieldProduct] = []byte(`"` + string(at) + `" new`)
		}
	default: // invalid UTF-8
		fields[fieldProduct] = append(fields[fieldProduct], 0xFF, 0xC3, 0x28)
	}
	for _, f := range fields {
		rec.raw(f)
	}
	rec.end()
}
