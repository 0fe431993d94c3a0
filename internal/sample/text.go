package sample

import "bytes"

// appendPadded appends n with zeros in front, at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for n > 0 || len(digits)-at < width {
		at--
		digits[at] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, digits[at:]...)
}

// appendCents appends an amount with two decimals.
func appendCents(dst []byte, cents int64) []byte {
	if cents < 0 {
		dst, cents = append(dst, '-'), -cents
	}
	dst = appendPadded(dst, cents/100, 1)
	return appendPadded(append(dst, '.'), cents%100, 2)
}

const daySeconds = 86400

// appendTime appends seconds since 1970 as 2006-01-02 15:04:05 in UTC, for
// years from 1 to 9999.
func appendTime(dst []byte, seconds int64) []byte {
	// Days are counted from 0000-03-01, so that a leap day ends its year
	// (H. Hinnant, chrono-compatible low-level date algorithms).
	const toEra = 719468
	day := (seconds + toEra*daySeconds) / daySeconds
	second := (seconds + toEra*daySeconds) % daySeconds
	era, ofEra := day/146097, day%146097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*ofYear + 2) / 153
	month, year := shifted+3, yearOfEra+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	dst = append(appendPadded(dst, year, 4), '-')
	dst = append(appendPadded(dst, month, 2), '-')
	dst = append(appendPadded(dst, ofYear-(153*shifted+2)/5+1, 2), ' ')
	dst = append(appendPadded(dst, second/3600, 2), ':')
	dst = append(appendPadded(dst, second/60%60, 2), ':')
	return appendPadded(dst, second%60, 2)
}

// record is a line in the making: fields, quoted where they must be.
type record struct {
	text  []byte
	start int // of the record in text
}

// field appends a field, in quotes if it holds what would end it.
func (r *record) field(value []byte) {
	r.separate()
	if bytes.ContainsAny(value, ",\"\r\n") {
		r.text = append(r.text, '"')
		for _, c := range value {
			if c == '"' {
				r.text = append(r.text, '"')
			}
			r.text = append(r.text, c)
		}
		r.text = append(r.text, '"')
		return
	}
	r.text = append(r.text, value...)
}

// raw appends a field as it is, right or wrong.
func (r *record) raw(value []byte) {
	r.separate()
	r.text = append(r.text, value...)
}

func (r *record) separate() {
	if len(r.text) > r.start {
		r.text = append(r.text, ',')
		return
	}
	// An empty first field leaves no trace of itself; count it as one.
	r.start = -1
}

// end ends the record.
func (r *record) end() {
	r.text = append(r.text, '\n')
	r.start = len(r.text)
}
