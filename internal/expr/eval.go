package expr

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// ErrKind says why a row has no value.
type ErrKind uint8

// The kinds of row errors. Their names are what quarantine reasons show.
const (
	ErrType     ErrKind = iota + 1 // raw text is not a value of the column's type
	ErrCast                        // a cast failed, text or value out of range
	ErrOverflow                    // the result does not fit its type
	ErrDivZero                     // division or remainder by zero
	ErrArgument                    // an argument outside a function's domain
)

// String says why, for people.
func (k ErrKind) String() string {
	switch k {
	case ErrOverflow:
		return "a result does not fit its type"
	case ErrDivZero:
		return "a division by zero"
	case ErrArgument:
		return "an argument outside of the function's domain"
	default:
		return "a value cannot be converted"
	}
}

// RowError is one row for which an expression has no value.
type RowError struct {
	Row   int // in the batch
	Kind  ErrKind
	Value string // the offending value as text, cut to 200 bytes
}

// RowErrors are the failing rows of one evaluation, by ascending row, at most
// one for each row. The result's value of such a row is null.
type RowErrors []RowError

// Eval computes the expression for n rows. cols are the input columns by slot
// (nil where the program does not read one), each of length n and of the type
// of the tree's column node; strings are plain or dictionary-coded. The result
// has length n and a reference for the caller. It may share memory with cols,
// and the Scratch keeps results by the memory that dictionaries lie in: neither
// may be overwritten later, released or not. A result of strings is a
// dictionary where that costs nothing.
//
// Rows that fail are null in the result and listed in the RowErrors. An
// operand of any operation that fails makes its row fail, `and` and `or`
// included (`false and 1/0 = 1` fails), the leftmost first; only branches that
// `case` and `coalesce` do not take, conditions after the one that held among
// them, cannot fail.
//
// The error is for a program that was not bound by Bind or columns that are
// not as declared, and for results of more than 2 GiB of text: never for a value.
func (p *Program) Eval(s *Scratch, cols []arrow.Array, n int) (arrow.Array, RowErrors, error) {
	return evalRoot(p.Root, s, cols, n)
}

func evalRoot(root *Node, s *Scratch, cols []arrow.Array, n int) (arrow.Array, RowErrors, error) {
	if root.Op == OpColumn {
		if err := checkColumn(root, cols, n); err != nil {
			return nil, nil, err
		}
		cols[root.Slot].Retain()
		return cols[root.Slot], nil, nil
	}
	e := &evaluator{scratch: s, cols: cols, n: n, columns: make([]*vector, len(cols))}
	defer s.releaseFrom(0)
	v := e.eval(root)
	if e.err != nil {
		return nil, nil, e.err
	}
	out := e.array(&v, root.Type)
	return out, reported(expandErrors(&v, n)), e.err
}

// evaluator is one evaluation of a batch: of rows, of a dictionary's entries,
// or of a single row for what depends on no column.
type evaluator struct {
	scratch *Scratch
	cols    []arrow.Array
	columns []*vector // cols as vectors, made when first used
	n       int
	codes   map[int][]int32 // by slot: codesOf of columns with nulls
	err     error           // the first that is not about a value; results are void
}

// fail records an error that is not about a value.
func (e *evaluator) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// eval computes a node: once for what has no column in it, once per entry for
// what depends on one dictionary-coded column alone, else row by row.
func (e *evaluator) eval(node *Node) vector {
	if e.err != nil {
		return nullVector(node.Type, e.n)
	}
	switch node.Op {
	case OpColumn:
		return e.column(node)
	case OpLiteral:
		return e.scratch.literal(node, e.n)
	}
	switch info := e.scratch.infoOf(node); info.inputs {
	case noColumn:
		return e.evalConstant(node)
	case oneColumn:
		if v, done := e.evalDictionary(node, info.slot); done {
			return v
		}
	}
	return e.evalRows(node)
}

// evalRows computes a node of all rows.
func (e *evaluator) evalRows(node *Node) vector {
	switch node.Op {
	case OpCase:
		return e.evalCase(node)
	case OpCoalesce:
		return e.evalCoalesce(node)
	}
	var few [4]vector
	args := few[:0]
	var errs rowErrors
	for _, arg := range node.Args {
		v := e.eval(arg)
		errs = mergeErrors(errs, expandErrors(&v, e.n))
		v.errs = nil
		args = append(args, v)
	}
	out := e.apply(node, args)
	out.errs = mergeErrors(errs, out.errs)
	e.nullErrors(&out)
	return out
}

// apply computes a node from its arguments' values. The errors it adds are of
// rows whose arguments have values.
func (e *evaluator) apply(node *Node, args []vector) vector {
	switch op := node.Op; {
	case op == OpParse:
		return e.evalParse(node, &args[0])
	case op == OpCast || op == OpTryCast:
		return e.evalCast(node, &args[0])
	case op >= OpAdd && op <= OpNeg || op == OpAbs:
		return e.evalArithmetic(node, args)
	case op >= OpEq && op <= OpGe:
		return e.evalCompare(op, &args[0], &args[1])
	case op >= OpIn && op <= OpIsNull:
		return e.evalLogic(node, args)
	case op == OpLike || op >= OpLower && op <= OpSHA256:
		return e.evalText(node, args)
	case op >= OpRound && op <= OpCeil:
		return e.evalRounding(node, &args[0])
	case op >= OpGreatest && op <= OpNullIf:
		return e.evalChoice(node, args)
	case op >= OpDateTrunc && op <= OpDayOfWeek:
		return e.evalDate(node, args)
	}
	e.fail(fmt.Errorf("expr: no evaluation of operation %d", node.Op))
	return nullVector(node.Type, e.n)
}
