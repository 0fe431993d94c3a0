package expr

import (
	"github.com/lakectl/lakectl/internal/schema"
)

// evalLogic computes in, and, or, not and is null. Its loops work on 64 rows
// at a time, as one word of rows that are true and one of rows that are false.
func (e *evaluator) evalLogic(node *Node, args []vector) vector {
	out := e.newVector(node.Type)
	switch node.Op {
	case OpIsNull:
		for i := range out.bits {
			out.bits[i] = ^validWord(&args[0], i)
		}
	case OpNot:
		if args[0].allNull() {
			return nullVector(node.Type, e.n)
		}
		out.valid = e.bothValid(&args[0])
		for i := range out.bits {
			out.bits[i] = ^boolWord(&args[0], i)
		}
	case OpAnd:
		e.evalAnd(&out, args)
	case OpOr:
		e.evalOr(&out, args)
	case OpIn:
		return e.evalIn(node, args)
	}
	return out
}

// evalAnd is false where any operand is, else null where any is.
func (e *evaluator) evalAnd(out *vector, args []vector) {
	valid := alloc[uint64](e.scratch, len(out.bits))
	for i := range out.bits {
		holds, fails := ^uint64(0), uint64(0)
		for j := range args {
			t, v := boolWord(&args[j], i), validWord(&args[j], i)
			holds &= t & v
			fails |= v &^ t
		}
		out.bits[i], valid[i] = holds, holds|fails
	}
	out.valid = valid
}

// evalOr is true where any operand is, else null where any is.
func (e *evaluator) evalOr(out *vector, args []vector) {
	valid := alloc[uint64](e.scratch, len(out.bits))
	for i := range out.bits {
		holds, fails := uint64(0), ^uint64(0)
		for j := range args {
			t, v := boolWord(&args[j], i), validWord(&args[j], i)
			holds |= t & v
			fails &= v &^ t
		}
		out.bits[i], valid[i] = holds, holds|fails
	}
	out.valid = valid
}

// evalIn is the OR of x = item.
func (e *evaluator) evalIn(node *Node, args []vector) vector {
	x, items := &args[0], args[1:]
	if x.allNull() {
		return nullVector(node.Type, e.n)
	}
	out := e.newVector(node.Type)
	clear(out.bits)
	unknown := alloc[uint64](e.scratch, len(out.bits)) // rows with a null item
	clear(unknown)
	if x.typ.Kind == schema.String && allConstant(items) {
		e.inTexts(node, out.bits, x, items)
		items = nullItem(items)
	}
	equal := alloc[uint64](e.scratch, len(out.bits))
	for j := range items {
		if !items[j].allNull() {
			e.compare(OpEq, equal, x, &items[j])
		}
		for i := range equal {
			v := validWord(&items[j], i)
			out.bits[i] |= equal[i] & v
			unknown[i] |= ^v
		}
	}
	valid := alloc[uint64](e.scratch, len(out.bits))
	for i := range valid {
		valid[i] = validWord(x, i) & (out.bits[i] | ^unknown[i])
	}
	out.valid = valid
	return out
}

func allConstant(vs []vector) bool {
	for i := range vs {
		if !vs[i].constant {
			return false
		}
	}
	return true
}

// nullItem returns one of the constants that are null, if any is.
func nullItem(items []vector) []vector {
	for i := range items {
		if items[i].allNull() {
			return items[i : i+1]
		}
	}
	return nil
}

// fewItems is up to how many texts are compared one by one.
const fewItems = 8

// inTexts looks texts up among constants.
func (e *evaluator) inTexts(node *Node, dst []uint64, x *vector, items []vector) {
	set := preparedFor(e.scratch, node, func() map[string]struct{} {
		set := make(map[string]struct{}, len(items))
		for i := range items {
			if !items[i].allNull() {
				set[string(items[i].text(0))] = struct{}{}
			}
		}
		return set
	})
	mask := x.mask()
	for i := range e.n {
		text := x.txt.at(i & mask)
		found := false
		if len(items) > fewItems {
			_, found = set[string(text)]
		} else {
			for j := range items {
				if !items[j].allNull() && string(items[j].text(0)) == string(text) {
					found = true
					break
				}
			}
		}
		dst[i>>6] |= bit(found) << (i & 63)
	}
}
