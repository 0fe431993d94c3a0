package expr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// textBuilder collects the strings of a result: append to data, then end.
type textBuilder struct {
	offsets []int32
	data    []byte
}

// newTexts returns a builder of one string for each row, with room for size bytes.
func (e *evaluator) newTexts(size int) *textBuilder {
	b := &textBuilder{offsets: alloc[int32](e.scratch, e.n+1), data: alloc[byte](e.scratch, size)[:0]}
	b.offsets[0] = 0
	return b
}

// end ends the string of a row.
func (b *textBuilder) end(row int) { b.offsets[row+1] = int32(len(b.data)) }

// finish returns the strings as a vector.
func (e *evaluator) finish(b *textBuilder, valid []uint64) vector {
	if len(b.data) > math.MaxInt32 {
		e.fail(fmt.Errorf("expr: a batch of %d rows gives %d bytes of text, more than 2 GiB; use smaller batches", e.n, len(b.data)))
		return nullVector(schema.T(schema.String), e.n)
	}
	return vector{typ: schema.T(schema.String), n: e.n, valid: valid, txt: texts{offsets: b.offsets, data: b.data}}
}

// evalText computes the functions on text and like.
func (e *evaluator) evalText(node *Node, args []vector) vector {
	if node.Op == OpConcatWS {
		return e.evalConcatWS(args)
	}
	if anyAllNull(args) {
		return nullVector(node.Type, e.n)
	}
	operands := make([]*vector, len(args))
	for i := range args {
		operands[i] = &args[i]
	}
	t := &textOp{evaluator: e, node: node, args: args, valid: e.bothValid(operands...)}
	switch node.Op {
	case OpLength:
		return t.length()
	case OpLower, OpUpper:
		return t.changeCase()
	case OpLike:
		return t.like()
	case OpRegexpLike:
		return t.regexpLike()
	case OpRegexpExtract:
		return t.regexpExtract()
	case OpTrim, OpLTrim, OpRTrim, OpSubstr, OpSplitPart:
		return t.parts()
	default:
		return t.build()
	}
}

// textOp is an operation on texts that is null where any operand is.
type textOp struct {
	*evaluator
	node  *Node
	args  []vector
	valid []uint64
}

// has says whether all operands of a row have values.
func (t *textOp) has(i int) bool { return t.valid == nil || bitAt(t.valid, i) }

func (t *textOp) length() vector {
	out := t.newVector(t.node.Type)
	out.valid = t.valid
	x := &t.args[0]
	if all, ok := t.plainASCII(x); ok {
		for i := range out.i32 {
			out.i32[i] = all[i+1] - all[i]
		}
		return out
	}
	for i := range out.i32 {
		if t.has(i) {
			out.i32[i] = int32(vec.CodePoints(x.text(i)))
		}
	}
	return out
}

// plainASCII returns the offsets of an operand whose texts lie one after the
// other and are ASCII throughout, so that one pass can serve all rows.
func (t *textOp) plainASCII(x *vector) (offsets []int32, ok bool) {
	if x.constant || x.txt.codes != nil || t.n == 0 {
		return nil, false
	}
	offsets = x.txt.offsets[:t.n+1]
	return offsets, vec.IsASCII(x.txt.data[offsets[0]:offsets[t.n]])
}

// changeCase computes lower and upper.
func (t *textOp) changeCase() vector {
	x, change := &t.args[0], vec.AppendLower
	if t.node.Op == OpUpper {
		change = vec.AppendUpper
	}
	b := t.newTexts(t.sizeHint())
	if all, ok := t.plainASCII(x); ok {
		b.data = change(b.data, x.txt.data[all[0]:all[t.n]])
		for i, offset := range all {
			b.offsets[i] = offset - all[0]
		}
		return t.finish(b, t.valid)
	}
	for i := range t.n {
		if t.has(i) {
			b.data = change(b.data, x.text(i))
		}
		b.end(i)
	}
	return t.finish(b, t.valid)
}

// parts computes functions whose result is a part of the first operand.
func (t *textOp) parts() vector {
	x := &t.args[0]
	b := t.newTexts(len(x.txt.data))
	f := failing(t.node, t.args...)
	part := t.partOf()
	for i := range t.n {
		if t.has(i) {
			text, ok := part(i, x.text(i))
			if !ok {
				f.add(i, ErrArgument)
			}
			b.data = append(b.data, text...)
		}
		b.end(i)
	}
	out := t.finish(b, t.valid)
	out.errs = f.errs
	return out
}

// partOf returns the function from a row and its text to the part.
func (t *textOp) partOf() func(i int, text []byte) ([]byte, bool) {
	switch t.node.Op {
	case OpTrim:
		return func(_ int, text []byte) ([]byte, bool) { return vec.TrimRight(vec.TrimLeft(text)), true }
	case OpLTrim:
		return func(_ int, text []byte) ([]byte, bool) { return vec.TrimLeft(text), true }
	case OpRTrim:
		return func(_ int, text []byte) ([]byte, bool) { return vec.TrimRight(text), true }
	case OpSubstr:
		return t.substr
	default:
		return t.splitPart
	}
}

func (t *textOp) substr(i int, text []byte) ([]byte, bool) {
	from := t.args[1].i64[i&t.args[1].mask()]
	if len(t.args) > 2 {
		return vec.Substring(text, from, t.args[2].i64[i&t.args[2].mask()]), true
	}
	const beyond = 1 << 40 // more than a text has
	return vec.Substring(text, max(from, -beyond), 2*beyond), true
}

func (t *textOp) splitPart(i int, text []byte) ([]byte, bool) {
	delimiter, n := t.args[1].text(i), t.args[2].i64[i&t.args[2].mask()]
	if n < 1 || len(delimiter) == 0 {
		return nil, false
	}
	return vec.SplitPart(text, delimiter, n), true
}

// build computes functions that write a new text.
func (t *textOp) build() vector {
	b := t.newTexts(t.sizeHint())
	write := t.writer()
	for i := range t.n {
		if t.has(i) {
			b.data = write(b.data, i)
		}
		b.end(i)
	}
	return t.finish(b, t.valid)
}

// sizeHint is about how many bytes the results have.
func (t *textOp) sizeHint() int {
	if t.node.Op == OpSHA256 {
		return t.n * 2 * sha256.Size
	}
	size := 0
	for i := range t.args {
		if v := &t.args[i]; v.constant {
			size += t.n * len(v.txt.data)
		} else if v.txt.codes == nil {
			size += int(v.txt.offsets[t.n] - v.txt.offsets[0])
		} else {
			size += 16 * t.n
		}
	}
	if t.node.Op == OpReplace {
		size = max(size/2, 64)
	}
	return size
}

// writer returns the function that appends the result of a row.
func (t *textOp) writer() func(dst []byte, i int) []byte {
	x := &t.args[0]
	switch t.node.Op {
	case OpReplace:
		return func(dst []byte, i int) []byte {
			if from := t.args[1].text(i); len(from) > 0 {
				return vec.AppendReplaced(dst, x.text(i), from, t.args[2].text(i))
			}
			return append(dst, x.text(i)...)
		}
	case OpConcat:
		return func(dst []byte, i int) []byte {
			for j := range t.args {
				dst = append(dst, t.args[j].text(i)...)
			}
			return dst
		}
	case OpRegexpReplace:
		return t.regexpReplace()
	default:
		return func(dst []byte, i int) []byte {
			sum := sha256.Sum256(x.text(i))
			return hex.AppendEncode(dst, sum[:])
		}
	}
}

// evalConcatWS joins the operands that are not null; the separator decides
// whether the result is null.
func (e *evaluator) evalConcatWS(args []vector) vector {
	separator := &args[0]
	if separator.allNull() {
		return nullVector(schema.T(schema.String), e.n)
	}
	valid := e.bothValid(separator)
	b := e.newTexts(16 * e.n)
	for i := range e.n {
		if valid == nil || bitAt(valid, i) {
			first := true
			for j := 1; j < len(args); j++ {
				if args[j].isNull(i) {
					continue
				}
				if !first {
					b.data = append(b.data, separator.text(i)...)
				}
				b.data = append(b.data, args[j].text(i)...)
				first = false
			}
		}
		b.end(i)
	}
	return e.finish(b, valid)
}
