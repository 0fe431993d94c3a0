package engine

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// newExtreme returns min or, if greatest is set, max of values of a type.
func newExtreme(typ schema.Type, greatest bool) accumulator {
	switch {
	case typ.Kind == schema.String:
		return &extremeText{greatest: greatest}
	case typ.Kind == schema.Decimal && typ.Precision > maxNarrow:
		return &extremeDecimal{typ: typ, greatest: greatest}
	}
	a := &extremeWord{typ: typ}
	if greatest {
		a.flip = -1
	}
	return a
}

// maxNarrow is the most digits of a decimal whose unscaled value fits 64 bits.
const maxNarrow = 18

// extremeWord is min and max of all types that fit 64 bits, as numbers that
// order as the values do. For max they are complemented, which reverses order.
type extremeWord struct {
	typ    schema.Type
	flip   int64   // 0: min, -1: max
	lowest []int64 // of the flipped values
	seen   []bool
}

func (a *extremeWord) extend(groups int) {
	a.lowest, a.seen = extend(a.lowest, groups), extend(a.seen, groups)
}

func (a *extremeWord) update(rows rowGroups, in Column) {
	a.extend(rows.groups)
	switch v := in.Values.(type) {
	case *array.Int32:
		updateExtreme(a, rows, v.Int32Values())
	case *array.Date32:
		updateExtreme(a, rows, v.Date32Values())
	case *array.Int64:
		updateExtreme(a, rows, v.Int64Values())
	case *array.Timestamp:
		updateExtreme(a, rows, v.TimestampValues())
	case *array.Float64:
		for i, x := range v.Float64Values() {
			a.add(rows.ids[i], orderedDouble(vec.CanonicalBits(x))^a.flip)
		}
	case *array.Decimal128:
		for i, x := range v.Values() {
			a.add(rows.ids[i], int64(x.LowBits())^a.flip)
		}
	case *array.Boolean:
		for i := range v.Len() {
			word := int64(0)
			if v.Value(i) {
				word = 1
			}
			a.add(rows.ids[i], word^a.flip)
		}
	default:
		panic(fmt.Sprintf("engine: min and max of %s", in.Values.DataType()))
	}
}

func (a *extremeWord) add(id uint32, flipped int64) {
	if flipped < a.lowest[id] || !a.seen[id] {
		a.lowest[id], a.seen[id] = flipped, true
	}
}

func updateExtreme[T ~int32 | ~int64](a *extremeWord, rows rowGroups, values []T) {
	if !rows.single {
		for i, v := range values {
			a.add(rows.ids[i], int64(v)^a.flip)
		}
		return
	}
	lowest := int64(math.MaxInt64)
	for _, v := range values {
		lowest = min(lowest, int64(v)^a.flip)
	}
	a.add(rows.ids[0], lowest)
}

func (a *extremeWord) merge(other accumulator, mapping []uint32, groups int) {
	a.extend(groups)
	o := other.(*extremeWord)
	for id, seen := range o.seen {
		if seen {
			a.add(mapping[id], o.lowest[id])
		}
	}
}

func (a *extremeWord) finish(ids []uint32) arrow.Array {
	out, words := newResult(len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		if int(id) < len(a.seen) && a.seen[id] {
			words[i] = a.lowest[id] ^ a.flip
		} else {
			out.setNull(i)
		}
	}
	return out.fixed(a.typ, bytesOfWords(a.typ, words))
}

func (a *extremeWord) bytes() int64 { return int64(9 * cap(a.lowest)) }

// bytesOfWords returns values as the little-endian bytes of their type; doubles
// come as orderedDouble has them.
func bytesOfWords(typ schema.Type, words []int64) []byte {
	switch typ.Kind {
	case schema.Boolean:
		bits := make([]byte, bitutil.BytesForBits(int64(len(words))))
		for i, w := range words {
			bitutil.SetBitTo(bits, i, w != 0)
		}
		return bits
	case schema.Integer, schema.Date:
		out := make([]int32, len(words))
		for i, w := range words {
			out[i] = int32(w)
		}
		return arrow.Int32Traits.CastToBytes(out)
	case schema.Double:
		out := make([]float64, len(words))
		for i, w := range words {
			out[i] = doubleOf(w)
		}
		return arrow.Float64Traits.CastToBytes(out)
	case schema.Decimal:
		out := make([]decimal128.Num, len(words))
		for i, w := range words {
			out[i] = decimal128.FromI64(w)
		}
		return arrow.Decimal128Traits.CastToBytes(out)
	default:
		return arrow.Int64Traits.CastToBytes(words)
	}
}

// extremeDecimal is min and max of decimals of more than 18 digits.
type extremeDecimal struct {
	typ      schema.Type
	greatest bool
	best     []decimal128.Num
	seen     []bool
}

func (a *extremeDecimal) extend(groups int) {
	a.best, a.seen = extend(a.best, groups), extend(a.seen, groups)
}

func (a *extremeDecimal) update(rows rowGroups, in Column) {
	a.extend(rows.groups)
	for i, v := range in.Values.(*array.Decimal128).Values() {
		a.add(rows.ids[i], v)
	}
}

func (a *extremeDecimal) add(id uint32, v decimal128.Num) {
	if !a.seen[id] || (a.greatest && a.best[id].Less(v)) || (!a.greatest && v.Less(a.best[id])) {
		a.best[id], a.seen[id] = v, true
	}
}

func (a *extremeDecimal) merge(other accumulator, mapping []uint32, groups int) {
	a.extend(groups)
	o := other.(*extremeDecimal)
	for id, seen := range o.seen {
		if seen {
			a.add(mapping[id], o.best[id])
		}
	}
}

func (a *extremeDecimal) finish(ids []uint32) arrow.Array {
	out, values := newResult(len(ids)), make([]decimal128.Num, len(ids))
	for i, id := range ids {
		if int(id) < len(a.seen) && a.seen[id] {
			values[i] = a.best[id]
		} else {
			out.setNull(i)
		}
	}
	return out.fixed(a.typ, arrow.Decimal128Traits.CastToBytes(values))
}

func (a *extremeDecimal) bytes() int64 { return int64(17 * cap(a.best)) }

// extremeText is min and max of texts by their bytes. It keeps a copy of each
// group's text in memory of that text's own.
type extremeText struct {
	greatest bool
	best     [][]byte // nil: none yet
	size     int64
	longest  int // bytes of the longest text there was
}

func (a *extremeText) update(rows rowGroups, in Column) {
	a.best = extend(a.best, rows.groups)
	texts := vec.TextOf(in.Values)
	for i, id := range rows.ids {
		if id != NoGroup {
			a.add(id, texts.Value(i))
		}
	}
}

func (a *extremeText) add(id uint32, text string) {
	best := a.best[id]
	if best != nil && (text == string(best) || (text > string(best)) != a.greatest) {
		return
	}
	if best == nil {
		best = make([]byte, 0, len(text)) // not nil, even for ''
	}
	a.size -= int64(cap(a.best[id]))
	a.best[id] = append(best[:0], text...)
	a.longest = max(a.longest, len(text))
	a.size += int64(cap(a.best[id]))
}

func (a *extremeText) merge(other accumulator, mapping []uint32, groups int) {
	a.best = extend(a.best, groups)
	for id, text := range other.(*extremeText).best {
		if text != nil {
			a.add(mapping[id], stringOf(text))
		}
	}
}

func (a *extremeText) finish(ids []uint32) arrow.Array {
	out, offsets := newResult(len(ids)), make([]int32, len(ids)+1)
	var text []byte
	for i, id := range ids {
		if int(id) < len(a.best) && a.best[id] != nil {
			text = append(text, a.best[id]...)
		} else {
			out.setNull(i)
		}
		offsets[i+1] = int32(len(text))
	}
	return out.texts(offsets, text)
}

func (a *extremeText) bytes() int64 { return int64(24*cap(a.best)) + a.size }
