package expr

import (
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// vector is a column within an evaluation. Its memory is that of an Arrow
// array, of the scratch or of a cache, and is never changed once the operation
// that made it has returned.
type vector struct {
	typ      schema.Type
	n        int
	constant bool     // element 0 stands for all n rows
	valid    []uint64 // bit by row; nil: no nulls; bits beyond the rows mean nothing

	i32  []int32          // Integer, Date
	i64  []int64          // Bigint, Timestamp
	f64  []float64        // Double
	dec  []decimal128.Num // Decimal
	bits []uint64         // Boolean, one bit by row
	txt  texts            // String

	errs rowErrors // of rows, or of row 0 for a constant
}

// texts are strings, plain or dictionary-coded.
type texts struct {
	offsets []int32
	data    []byte
	codes   []int32         // nil: row i is text i; else text codes[i]
	dict    arrow.ArrayData // the texts as an Arrow dictionary, if there is one
}

// at returns the text of a row that is not null.
func (t *texts) at(i int) []byte {
	if t.codes != nil {
		i = int(t.codes[i])
	}
	return t.data[t.offsets[i]:t.offsets[i+1]]
}

// mask makes row numbers into element numbers: i & mask is 0 for constants.
func (v *vector) mask() int {
	if v.constant {
		return 0
	}
	return -1
}

// isNull says whether a row is null.
func (v *vector) isNull(i int) bool { return v.valid != nil && !bitAt(v.valid, i&v.mask()) }

// allNull says whether the vector is a constant null.
func (v *vector) allNull() bool { return v.constant && v.valid != nil && v.valid[0]&1 == 0 }

// text returns the text of a row that is not null.
func (v *vector) text(i int) []byte { return v.txt.at(i & v.mask()) }

// code returns the number of the text of an element.
func (v *vector) code(i int) int32 {
	if v.txt.codes != nil {
		return v.txt.codes[i]
	}
	return int32(i)
}

// scale and digits of a decimal.
func (v *vector) scale() int  { return int(v.typ.Scale) }
func (v *vector) digits() int { return int(v.typ.Precision) }

// nullVector returns n nulls.
func nullVector(typ schema.Type, n int) vector {
	return vector{typ: typ, n: n, constant: true, valid: []uint64{0}}.withZero()
}

// withZero gives a constant an element to read, so that loops need not care
// whether it is null.
func (v vector) withZero() vector {
	switch v.typ.Kind {
	case schema.String:
		v.txt = texts{offsets: make([]int32, 2)}
	case schema.Boolean:
		v.bits = make([]uint64, 1)
	case schema.Integer, schema.Date:
		v.i32 = make([]int32, 1)
	case schema.Bigint, schema.Timestamp:
		v.i64 = make([]int64, 1)
	case schema.Double:
		v.f64 = make([]float64, 1)
	case schema.Decimal:
		v.dec = make([]decimal128.Num, 1)
	}
	return v
}

// literal returns a literal as a constant of n rows.
func (s *Scratch) literal(node *Node, n int) vector {
	v, ok := s.constants[node]
	if !ok {
		v = literalVector(node)
		s.constants[node] = v
	}
	v.n = n
	return v
}

func literalVector(node *Node) vector {
	v := nullVector(node.Type, 1)
	switch value := node.Value.(type) {
	case nil:
		return v
	case string:
		v.txt = texts{offsets: []int32{0, int32(len(value))}, data: []byte(value)}
	case bool:
		if value {
			v.bits[0] = 1
		}
	case int64:
		if v.i32 != nil {
			v.i32[0] = int32(value)
		} else {
			v.i64[0] = value
		}
	case int32:
		v.i32[0] = value
	case float64:
		v.f64[0] = value
	case decimal128.Num:
		v.dec[0] = value
	}
	v.valid = nil
	return v
}

// evalConstant computes a node without columns once; its result stands for all
// rows. It never changes, so the Scratch keeps it.
func (e *evaluator) evalConstant(node *Node) vector {
	v, ok := e.scratch.constants[node]
	if !ok {
		mark := len(e.scratch.used)
		sub := &evaluator{scratch: e.scratch, n: 1}
		v = sub.evalRows(node)
		e.failIf(sub.err)
		v.settle(e.scratch)
		e.scratch.releaseFrom(mark)
		v.constant = true
		e.scratch.constants[node] = v
	}
	v.n = e.n
	return v
}

// failIf records an error unless it is nil.
func (e *evaluator) failIf(err error) {
	if err != nil {
		e.fail(err)
	}
}

// settle makes a vector independent of the evaluation's memory.
func (v *vector) settle(s *Scratch) {
	for i := range v.errs {
		v.errs[i] = v.errs[i].settled()
	}
	keep(s, v.valid)
	keep(s, v.i32)
	keep(s, v.i64)
	keep(s, v.f64)
	keep(s, v.dec)
	keep(s, v.bits)
	keep(s, v.txt.offsets)
	keep(s, v.txt.data)
	keep(s, v.txt.codes)
}

// appendText appends a row as text for messages; null is "null".
func (v *vector) appendText(dst []byte, row int) []byte {
	if v.isNull(row) {
		return append(dst, "null"...)
	}
	i := row & v.mask()
	if v.typ.Kind == schema.String {
		return append(dst, v.txt.at(i)...)
	}
	return appendCast(dst, v, i)
}

// words is the number of 64-bit words of n bits.
func words(n int) int { return (n + 63) / 64 }

func bitAt(b []uint64, i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// copyValid copies validity bits; nil means all set.
func copyValid(dst, src []uint64) {
	if src == nil {
		for i := range dst {
			dst[i] = ^uint64(0)
		}
		return
	}
	copy(dst, src)
}

// countBits returns the number of bits set of the first n.
func countBits(b []uint64, n int) int {
	count := 0
	for i, w := range b[:words(n)] {
		count += bits.OnesCount64(w & wordMask(i, n))
	}
	return count
}

// wordMask has the bits of word i that belong to n rows.
func wordMask(i, n int) uint64 {
	if rest := n - i*64; rest < 64 {
		return 1<<rest - 1
	}
	return ^uint64(0)
}

// bothValid returns the rows in which all of the vectors have values, as
// validity bits: nil if all rows have.
func (e *evaluator) bothValid(vs ...*vector) []uint64 {
	var valid []uint64
	shared := true // valid belongs to an operand
	for _, v := range vs {
		switch {
		case v.constant || v.valid == nil:
		case valid == nil:
			valid = v.valid
		default:
			if shared {
				own := alloc[uint64](e.scratch, words(e.n))
				copy(own, valid)
				valid, shared = own, false
			}
			for i := range valid[:words(e.n)] {
				valid[i] &= v.valid[i]
			}
		}
	}
	return valid
}

// anyAllNull says whether one of the vectors is null in all rows, so that an
// operation that null makes null need not be computed.
func anyAllNull(vs []vector) bool {
	for i := range vs {
		if vs[i].allNull() {
			return true
		}
	}
	return false
}

// newVector returns a vector of n rows to be filled; strings are made by texter.
func (e *evaluator) newVector(typ schema.Type) vector {
	v := vector{typ: typ, n: e.n}
	switch typ.Kind {
	case schema.Boolean:
		v.bits = alloc[uint64](e.scratch, words(e.n))
	case schema.Integer, schema.Date:
		v.i32 = alloc[int32](e.scratch, e.n)
	case schema.Bigint, schema.Timestamp:
		v.i64 = alloc[int64](e.scratch, e.n)
	case schema.Double:
		v.f64 = alloc[float64](e.scratch, e.n)
	case schema.Decimal:
		v.dec = alloc[decimal128.Num](e.scratch, e.n)
	}
	return v
}

// allSet returns validity bits that are all set, to be cleared row by row.
func (e *evaluator) allSet() []uint64 {
	valid := alloc[uint64](e.scratch, words(e.n))
	copyValid(valid, nil)
	return valid
}

// ownValid returns a copy of a vector's validity bits for an operation that
// clears some of them.
func (e *evaluator) ownValid(valid []uint64) []uint64 {
	own := alloc[uint64](e.scratch, words(e.n))
	copyValid(own, valid)
	return own
}
