package parquetio

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/format"
)

// numbers are the values of an INT32, INT64 or DOUBLE column, the last as their bits.
type numbers[T int32 | int64] struct {
	coding
	leaf    *leaf
	plain   []T // the open page, when it is not coded
	entry   []T // the dictionary
	slots   []uint32
	closing bool
	scratch []T
}

func (n *numbers[T]) reset() {
	n.coding.reset(true)
	n.plain, n.entry, n.closing = n.plain[:0], n.entry[:0], false
	clear(n.slots)
}

func (n *numbers[T]) size() int { return 4*len(n.index) + n.leaf.width*len(n.plain) }

func (n *numbers[T]) held() int { return 4*len(n.slots) + n.leaf.width*(len(n.entry)+len(n.scratch)) }

func (n *numbers[T]) dictionary() ([]byte, int) {
	return arrow.GetBytes(n.entry), n.entries
}

func (n *numbers[T]) add(a arrow.Array, valid []byte, from, to int) error {
	var in []T
	if d, ok := a.(*array.Decimal128); ok {
		var err error
		if in, err = n.narrow(d.Values()[from:to], valid); err != nil {
			return err
		}
	} else {
		in = arrow.GetValues[T](a.Data(), 1)[from:to]
	}
	if valid != nil {
		in = n.compact(in, valid)
	}
	if !n.on {
		n.plain = append(n.plain, in...)
		return nil
	}
	n.index = slices.Grow(n.index, len(in))
	for _, v := range in {
		n.index = append(n.index, n.find(v))
	}
	n.seen += len(in)
	n.entries = len(n.entry)
	return nil
}

// narrow returns decimals of few digits as whole numbers; where a row has no
// value it is any number.
func (n *numbers[T]) narrow(in []decimal128.Num, valid []byte) ([]T, error) {
	limit := int64(powerOfTen(int(n.leaf.typ.Precision)).LowBits())
	n.scratch = slices.Grow(n.scratch[:0], len(in))[:len(in)]
	for i, v := range in {
		low := int64(v.LowBits())
		if (v.HighBits() != low>>63 || low >= limit || low <= -limit) && (valid == nil || valid[i] != 0) {
			return nil, tooManyDigits(n.leaf, v)
		}
		n.scratch[i] = T(low)
	}
	return n.scratch, nil
}

func tooManyDigits(l *leaf, v decimal128.Num) error {
	return fmt.Errorf("parquet: column %q: %s has more digits than %s", l.name, v.ToString(int32(l.typ.Scale)), l.typ)
}

// compact returns the numbers of the rows that have one, in scratch memory.
func (n *numbers[T]) compact(in []T, valid []byte) []T {
	n.scratch = slices.Grow(n.scratch[:0], len(in))[:len(in)]
	k := 0
	for i, v := range in {
		n.scratch[k] = v // in place when in is scratch: k never overtakes i
		k += int(valid[i])
	}
	return n.scratch[:k]
}

func (n *numbers[T]) review(pageEnds bool) {
	switch n.judge(pageEnds, len(n.entry) > maxNumbers) {
	case abandon:
		for _, k := range n.index {
			n.plain = append(n.plain, n.entry[k])
		}
		n.index, n.entry, n.entries = n.index[:0], n.entry[:0], 0
		clear(n.slots)
	case closeAfterPage:
		n.closing = true
	}
}

func (n *numbers[T]) finish(dst []byte) ([]byte, format.Encoding, bounds) {
	if !n.on || len(n.index) == 0 {
		dst, b := append(dst, arrow.GetBytes(n.plain)...), n.bounds(n.plain)
		n.plain = n.plain[:0]
		return dst, format.Plain, b
	}
	n.scratch = n.scratch[:0]
	n.used(func(k int32) { n.scratch = append(n.scratch, n.entry[k]) })
	b := n.bounds(n.scratch)
	dst = n.coding.finish(dst)
	if n.closing {
		n.on, n.closing = false, false
	}
	return dst, format.RLEDictionary, b
}

// bounds of numbers; not ok if one is NaN.
func (n *numbers[T]) bounds(in []T) bounds {
	if len(in) == 0 {
		return bounds{}
	}
	if n.leaf.typ.Kind == schema.Double {
		return doubleBounds(in)
	}
	low, high := in[0], in[0]
	for _, v := range in {
		low, high = min(low, v), max(high, v)
	}
	return bounds{n.bytes(low), n.bytes(high), true}
}

func (n *numbers[T]) bytes(v T) []byte {
	if n.leaf.width == 4 {
		return binary.LittleEndian.AppendUint32(nil, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(v))
}

// doubleBounds are not ok when a value is NaN, which is greater than every
// number to Spark, DuckDB and us, but may not stand in bounds. A zero is written
// as -0 in a minimum and +0 in a maximum, as the format demands.
func doubleBounds[T int32 | int64](in []T) bounds {
	low, high := math.Inf(1), math.Inf(-1)
	for _, bits := range in {
		v := math.Float64frombits(uint64(bits))
		if v != v {
			return bounds{}
		}
		low, high = min(low, v), max(high, v)
	}
	if low == 0 {
		low = math.Copysign(0, -1)
	}
	if high == 0 {
		high = 0
	}
	return bounds{
		binary.LittleEndian.AppendUint64(nil, math.Float64bits(low)),
		binary.LittleEndian.AppendUint64(nil, math.Float64bits(high)), true}
}

// find returns the entry of v, adding it if need be.
func (n *numbers[T]) find(v T) int32 {
	if 2*len(n.entry) >= len(n.slots) {
		n.grow()
	}
	mask := uint64(len(n.slots) - 1)
	for s := spread(uint64(v)) & mask; ; s = (s + 1) & mask {
		k := n.slots[s]
		if k == 0 {
			n.entry = append(n.entry, v)
			n.slots[s] = uint32(len(n.entry))
			return int32(len(n.entry) - 1)
		}
		if n.entry[k-1] == v {
			return int32(k - 1)
		}
	}
}

// spread mixes the bits of a number.
func spread(v uint64) uint64 {
	v = (v ^ v>>32) * 0x9e3779b97f4a7c15
	return v ^ v>>29
}

func (n *numbers[T]) grow() {
	n.slots = make([]uint32, max(1024, 2*len(n.slots)))
	mask := uint64(len(n.slots) - 1)
	for k, v := range n.entry {
		s := spread(uint64(v)) & mask
		for n.slots[s] != 0 {
			s = (s + 1) & mask
		}
		n.slots[s] = uint32(k + 1)
	}
}
