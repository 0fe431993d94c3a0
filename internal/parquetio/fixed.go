package parquetio

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/parquet-go/parquet-go/format"
)

// fixed are the values of a FIXED_LEN_BYTE_ARRAY column: decimals of more than
// 18 digits. They have no dictionary.
type fixed struct {
	leaf  *leaf
	limit decimal128.Num // 10^precision
	plain []byte
}

func (f *fixed) size() int                 { return len(f.plain) }
func (f *fixed) held() int                 { return 0 }
func (f *fixed) review(bool)               {}
func (f *fixed) dictionary() ([]byte, int) { return nil, 0 }
func (f *fixed) reset()                    {}

func (f *fixed) add(a arrow.Array, valid []byte, from, to int) error {
	low := f.limit.Negate()
	for i, v := range a.(*array.Decimal128).Values()[from:to] {
		if valid != nil && valid[i] == 0 {
			continue
		}
		if v.Cmp(f.limit) >= 0 || v.Cmp(low) <= 0 {
			return tooManyDigits(f.leaf, v)
		}
		f.plain = appendBigEndian(f.plain, v, f.leaf.width)
	}
	return nil
}

func (f *fixed) finish(dst []byte) ([]byte, format.Encoding, bounds) {
	b := bounds{}
	for rest := f.plain; len(rest) > 0; rest = rest[f.leaf.width:] {
		v := rest[:f.leaf.width]
		if !b.ok {
			b = bounds{v, v, true}
		} else {
			b.merge(f.leaf, bounds{v, v, true})
		}
	}
	dst, b = append(dst, f.plain...), b.clone()
	f.plain = f.plain[:0]
	return dst, format.Plain, b
}

// booleans are the values of a BOOLEAN column, one bit each.
type booleans struct {
	bits  []byte
	count int
	trues int
}

func (l *booleans) size() int                 { return len(l.bits) }
func (l *booleans) held() int                 { return 0 }
func (l *booleans) review(bool)               {}
func (l *booleans) dictionary() ([]byte, int) { return nil, 0 }
func (l *booleans) reset()                    {}

func (l *booleans) add(a arrow.Array, valid []byte, from, to int) error {
	d := a.Data()
	in := d.Buffers()[1].Bytes()
	for i := from; i < to; i++ {
		if valid != nil && valid[i-from] == 0 {
			continue
		}
		if l.count%8 == 0 {
			l.bits = append(l.bits, 0)
		}
		if bitutil.BitIsSet(in, d.Offset()+i) {
			l.bits[l.count/8] |= 1 << (l.count % 8)
			l.trues++
		}
		l.count++
	}
	return nil
}

func (l *booleans) finish(dst []byte) ([]byte, format.Encoding, bounds) {
	b := bounds{min: []byte{1}, max: []byte{0}, ok: l.count > 0}
	if l.trues < l.count {
		b.min[0] = 0
	}
	if l.trues > 0 {
		b.max[0] = 1
	}
	dst = append(dst, l.bits...)
	l.bits, l.count, l.trues = l.bits[:0], 0, 0
	return dst, format.Plain, b
}
