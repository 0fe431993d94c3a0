package vec

import (
	"hash/crc32"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// keySeparator stands between the texts of the columns of a key.
const keySeparator = 0x1f

// Bucketer computes the buckets of keys. Which bucket a key is in is part of the
// lake's format: CRC-32 (IEEE) of the texts of the key's columns, as AppendText
// writes them, joined by U+001F, modulo the number of buckets. Other engines
// compute the same. It caches, so it must not be used by two goroutines at once.
type Bucketer struct {
	sums       []uint32
	text       []byte
	dictionary arrow.ArrayData // whose entries are summed up in entries
	entries    []uint32
}

// Rows sets dst to the bucket of each of the n rows, from 0 to buckets-1, given
// the columns of the key, and returns it, grown if it was too short. A row with
// a null, which no key has, gets some bucket or other.
func (b *Bucketer) Rows(dst []int32, key []arrow.Array, n, buckets int) []int32 {
	b.sums = grow(b.sums, n)
	clear(b.sums)
	for i, col := range key {
		b.add(col, i == 0)
	}
	dst = grow(dst, n)
	for i, sum := range b.sums {
		dst[i] = int32(sum % uint32(buckets))
	}
	return dst
}

// add adds the texts of a column to the sums.
func (b *Bucketer) add(col arrow.Array, first bool) {
	b.text = b.text[:0]
	if !first {
		b.text = append(b.text, keySeparator)
	}
	switch a := col.(type) {
	case *array.Dictionary:
		b.addDictionary(a, first)
	case *array.String:
		b.addTexts(a, first)
	case *array.Int32:
		values := a.Int32Values()
		b.each(func(dst []byte, row int) []byte { return appendInt(dst, int64(values[row])) })
	case *array.Int64:
		values := a.Int64Values()
		b.each(func(dst []byte, row int) []byte { return appendInt(dst, values[row]) })
	case *array.Date32:
		values := a.Date32Values()
		b.each(func(dst []byte, row int) []byte { return AppendDate(dst, int32(values[row])) })
	case *array.Timestamp:
		values := a.TimestampValues()
		b.each(func(dst []byte, row int) []byte { return AppendTimestamp(dst, int64(values[row])) })
	case *array.Decimal128:
		values, scale := a.Values(), int(a.DataType().(*arrow.Decimal128Type).Scale)
		b.each(func(dst []byte, row int) []byte { return AppendDecimal(dst, values[row], scale) })
	default:
		b.each(func(dst []byte, row int) []byte { return AppendText(dst, col, row) })
	}
}

// each adds to the sum of each row what is in b.text, and the text that is
// appended to it.
func (b *Bucketer) each(appendTo func(dst []byte, row int) []byte) {
	start := len(b.text)
	for row, sum := range b.sums {
		b.text = appendTo(b.text[:start], row)
		b.sums[row] = crc32.Update(sum, crc32.IEEETable, b.text)
	}
}

func (b *Bucketer) addTexts(a *array.String, first bool) {
	offsets, data := a.ValueOffsets(), Bytes(a)
	if !first {
		b.each(func(dst []byte, row int) []byte { return append(dst, data[offsets[row]:offsets[row+1]]...) })
		return
	}
	for row := range b.sums {
		b.sums[row] = crc32.ChecksumIEEE(data[offsets[row]:offsets[row+1]])
	}
}

// addDictionary adds coded texts. In the first column each entry has one sum,
// which is worth knowing unless there are many more entries than rows.
func (b *Bucketer) addDictionary(a *array.Dictionary, first bool) {
	texts, codes := a.Dictionary().(*array.String), Codes(a)
	offsets, data, entries := texts.ValueOffsets(), Bytes(texts), texts.Len()
	known := b.dictionary == a.Data().Dictionary()
	if !first || !known && entries > 2*len(codes) {
		b.each(func(dst []byte, row int) []byte {
			code := codes[row]
			if uint(code) >= uint(entries) { // of a null row
				return dst
			}
			return append(dst, data[offsets[code]:offsets[code+1]]...)
		})
		return
	}
	if !known {
		b.entries = grow(b.entries, entries)
		for i := range b.entries {
			b.entries[i] = crc32.ChecksumIEEE(data[offsets[i]:offsets[i+1]])
		}
		b.dictionary = a.Data().Dictionary()
	}
	for row, code := range codes {
		if uint(code) < uint(len(b.entries)) {
			b.sums[row] = b.entries[code]
		}
	}
}
