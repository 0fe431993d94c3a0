package expr

import (
	"math/bits"

	"github.com/lakectl/lakectl/internal/schema"
)

// choice is a result under construction whose rows are taken from several
// vectors. Branches are computed for all rows, which is faster than gathering
// the rows that take them, and only for batches in which some row does; the
// errors of other rows are dropped.
type choice struct {
	*evaluator
	typ      schema.Type
	branches []vector
	taken    [][]uint64 // by branch: the rows that take it
	errs     rowErrors
}

// take adds a branch for the rows whose bit is set.
func (c *choice) take(v vector, rows []uint64) {
	c.errs = mergeErrors(c.errs, errorsIn(expandErrors(&v, c.n), rows))
	v.errs = nil
	c.branches = append(c.branches, v)
	c.taken = append(c.taken, rows)
}

// evalCase computes case: the first condition that holds decides.
func (e *evaluator) evalCase(node *Node) vector {
	c := &choice{evaluator: e, typ: node.Type}
	rest := e.allSet() // rows not decided yet
	last := len(node.Args) - 1
	for i := 0; i < last && anyBit(rest, e.n); i += 2 {
		when := e.eval(node.Args[i])
		failed := errorsIn(expandErrors(&when, e.n), rest)
		c.errs = mergeErrors(c.errs, failed)
		rest = without(e, rest, failed)
		taken := alloc[uint64](e.scratch, len(rest))
		left := alloc[uint64](e.scratch, len(rest))
		for w := range rest {
			holds := boolWord(&when, w) & validWord(&when, w)
			taken[w], left[w] = rest[w]&holds, rest[w]&^holds
		}
		rest = left
		if anyBit(taken, e.n) {
			c.take(e.eval(node.Args[i+1]), taken)
		}
	}
	if anyBit(rest, e.n) {
		c.take(e.eval(node.Args[last]), rest)
	}
	return c.result()
}

// evalCoalesce computes coalesce: the first value that is not null.
func (e *evaluator) evalCoalesce(node *Node) vector {
	c := &choice{evaluator: e, typ: node.Type}
	rest := e.allSet()
	for _, arg := range node.Args {
		if !anyBit(rest, e.n) {
			break
		}
		v := e.eval(arg)
		rest = without(e, rest, nil)
		taken := alloc[uint64](e.scratch, len(rest))
		failed := errorsIn(expandErrors(&v, e.n), rest)
		c.errs = mergeErrors(c.errs, failed)
		v.errs = nil
		for w := range rest {
			has := validWord(&v, w)
			taken[w] = rest[w] & has
			rest[w] &^= has
		}
		rest = without(e, rest, failed)
		if anyBit(taken, e.n) {
			c.take(v, taken)
		}
	}
	return c.result()
}

// anyBit says whether one of the first n bits is set.
func anyBit(b []uint64, n int) bool {
	for i, w := range b {
		if w&wordMask(i, n) != 0 {
			return true
		}
	}
	return false
}

// without returns a copy of rows less those that failed.
func without(e *evaluator, rows []uint64, failed rowErrors) []uint64 {
	out := alloc[uint64](e.scratch, len(rows))
	copy(out, rows)
	for _, err := range failed {
		out[err.row>>6] &^= 1 << (err.row & 63)
	}
	return out
}

// result puts the branches together. Rows that no branch takes are null.
func (c *choice) result() vector {
	var out vector
	switch {
	case len(c.branches) == 0:
		out = nullVector(c.typ, c.n)
	case len(c.branches) == 1 && len(c.errs) == 0 && countBits(c.taken[0], c.n) == c.n:
		out = c.branches[0]
	default:
		out = c.blend()
	}
	out.typ = c.typ
	out.errs = c.errs
	c.nullErrors(&out)
	return out
}

// blend copies each branch's rows.
func (c *choice) blend() vector {
	out := c.newVector(c.typ)
	out.valid = alloc[uint64](c.scratch, words(c.n))
	clear(out.valid)
	for j := range c.branches {
		v, rows := &c.branches[j], c.taken[j]
		for w := range out.valid {
			out.valid[w] |= rows[w] & validWord(v, w)
		}
		switch c.typ.Kind {
		case schema.Boolean:
			for w := range out.bits {
				out.bits[w] = out.bits[w]&^rows[w] | boolWord(v, w)&rows[w]
			}
		case schema.Integer, schema.Date:
			blendValues(out.i32, v.i32, v.mask(), rows)
		case schema.Bigint, schema.Timestamp:
			blendValues(out.i64, v.i64, v.mask(), rows)
		case schema.Double:
			blendValues(out.f64, v.f64, v.mask(), rows)
		case schema.Decimal:
			blendValues(out.dec, v.dec, v.mask(), rows)
		}
	}
	if c.typ.Kind == schema.String {
		c.blendTexts(&out)
	}
	return out
}

func blendValues[T any](dst, src []T, mask int, rows []uint64) {
	for w, word := range rows[:words(len(dst))] {
		from, to := w*64, min(w*64+64, len(dst))
		switch {
		case word == 0:
		case word == ^uint64(0) && mask != 0:
			copy(dst[from:to], src[from:to])
		default:
			for word &= wordMask(w, len(dst)); word != 0; word &= word - 1 {
				i := from + bits.TrailingZeros64(word)
				dst[i] = src[i&mask]
			}
		}
	}
}

// blendTexts copies texts; if all branches are constants, the result is coded
// by branch.
func (c *choice) blendTexts(out *vector) {
	if allConstant(c.branches) {
		c.blendConstants(out)
		return
	}
	size := 0
	for j := range c.branches {
		v := &c.branches[j]
		if !v.constant && v.txt.codes == nil {
			size = max(size, len(v.txt.data))
		}
	}
	b := c.newTexts(size)
	branch := c.branchOf()
	for i := range c.n {
		if j := branch(i); j >= 0 && bitAt(out.valid, i) {
			b.data = append(b.data, c.branches[j].text(i)...)
		}
		b.end(i)
	}
	valid := out.valid
	*out = c.finish(b, valid)
}

// branchOf returns a function from rows to branches, -1 for none.
func (c *choice) branchOf() func(i int) int {
	which := alloc[int16](c.scratch, c.n)
	fill(which, -1)
	for j, rows := range c.taken {
		for i := range which {
			if bitAt(rows, i) {
				which[i] = int16(j)
			}
		}
	}
	return func(i int) int { return int(which[i]) }
}

// blendConstants codes each row with the number of its branch. The dictionary
// holds the texts of the branches that this batch takes.
func (c *choice) blendConstants(out *vector) {
	offsets := make([]int32, 1, len(c.branches)+1)
	var data []byte
	codes := alloc[int32](c.scratch, c.n)
	clear(codes)
	for j := range c.branches {
		if !c.branches[j].allNull() {
			data = append(data, c.branches[j].text(0)...)
		}
		offsets = append(offsets, int32(len(data)))
		blendValues(codes, []int32{int32(j)}, 0, c.taken[j])
	}
	out.txt = texts{offsets: offsets, data: data, codes: codes}
}

// evalChoice computes greatest, least and nullif.
func (e *evaluator) evalChoice(node *Node, args []vector) vector {
	if node.Op == OpNullIf {
		return e.evalNullIf(node, args)
	}
	best := args[0]
	for j := 1; j < len(args); j++ {
		c := &choice{evaluator: e, typ: node.Type}
		next := alloc[uint64](e.scratch, words(e.n)) // rows in which args[j] is better
		first := alloc[uint64](e.scratch, words(e.n))
		op := OpLt
		if node.Op == OpLeast {
			op = OpGt
		}
		e.compare(op, next, &best, &args[j])
		for w := range next {
			a, b := validWord(&best, w), validWord(&args[j], w)
			next[w] = b & (next[w] | ^a)
			first[w] = ^next[w]
		}
		c.take(best, first)
		c.take(args[j], next)
		best = c.result()
	}
	return best
}

// evalNullIf is null where both operands are equal.
func (e *evaluator) evalNullIf(node *Node, args []vector) vector {
	a, b := &args[0], &args[1]
	if a.allNull() || b.allNull() {
		return *a
	}
	if a.constant {
		spread := e.spread(a)
		a = &spread
	}
	out := *a
	out.valid = e.ownValid(a.valid)
	equal := alloc[uint64](e.scratch, words(e.n))
	e.compare(OpEq, equal, a, b)
	for w := range equal {
		out.valid[w] &^= equal[w] & validWord(a, w) & validWord(b, w)
	}
	return out
}
