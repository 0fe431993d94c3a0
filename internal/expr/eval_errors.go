package expr

import (
	"slices"

	"github.com/lakectl/lakectl/internal/vec"
)

// maxValueBytes is how much of an offending value a RowError shows.
const maxValueBytes = 200

// rowError is a RowError in the making: the value's text is made for those
// errors only that are reported in the end.
type rowError struct {
	row    int32
	kind   ErrKind
	source *errorSource // nil: value is the text
	value  string
}

// errorSource is the operation that failed and its operands.
type errorSource struct {
	node *Node
	args []vector
}

// rowErrors are by ascending row, at most one for each.
type rowErrors []rowError

// mergeErrors joins the errors of two operands; those of a come first where
// both fail.
func mergeErrors(a, b rowErrors) rowErrors {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make(rowErrors, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].row < b[0].row:
			out, a = append(out, a[0]), a[1:]
		case a[0].row > b[0].row:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// errorsIn returns the errors of the rows whose bit is set.
func errorsIn(errs rowErrors, rows []uint64) rowErrors {
	if len(errs) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(errs), func(e rowError) bool { return !bitAt(rows, int(e.row)) })
}

// expandErrors returns the errors of n rows: an error of a constant is one of every row.
func expandErrors(v *vector, n int) rowErrors {
	if len(v.errs) == 0 || !v.constant {
		return v.errs
	}
	out := make(rowErrors, n)
	for i := range out {
		out[i] = v.errs[0].settled()
		out[i].row = int32(i)
	}
	return out
}

// settled returns the error with its text, so that it needs no operands.
func (e rowError) settled() rowError {
	if e.source != nil {
		e.value = e.source.text(int(e.row))
		e.source = nil
	}
	return e
}

// reported returns the errors as callers see them.
func reported(errs rowErrors) RowErrors {
	if len(errs) == 0 {
		return nil
	}
	out := make(RowErrors, len(errs))
	for i, e := range errs {
		out[i] = RowError{Row: int(e.row), Kind: e.kind, Value: e.settled().value}
	}
	return out
}

var operatorNames = map[Op]string{OpAdd: " + ", OpSub: " - ", OpMul: " * ", OpDiv: " / ", OpMod: " % "}

var functionNames = map[Op]string{OpNeg: "-", OpAbs: "abs", OpRound: "round", OpFloor: "floor", OpCeil: "ceil", OpLike: "like",
	OpSubstr: "substr", OpSplitPart: "split_part", OpDateAdd: "date_add", OpDateTrunc: "date_trunc", OpDateDiff: "date_diff"}

// text is the offending value: the text that was read or cast, an operation
// as `a + b`, or a function with its arguments.
func (s *errorSource) text(row int) string {
	var b []byte
	if op, ok := operatorNames[s.node.Op]; ok && len(s.args) == 2 {
		b = s.args[0].appendText(b, row)
		b = append(b, op...)
		b = s.args[1].appendText(b, row)
	} else if name, ok := functionNames[s.node.Op]; ok {
		b = append(append(b, name...), '(')
		for i := range s.args {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = s.args[i].appendText(b, row)
		}
		b = append(b, ')')
	} else {
		b = s.args[0].appendText(b, row)
	}
	return string(vec.Cut(b, maxValueBytes))
}

// failures collects the errors of one operation.
type failures struct {
	errs   rowErrors
	source *errorSource
}

// failing starts to collect errors of an operation. The operands are copied,
// as the arguments' array is reused.
func failing(node *Node, args ...vector) *failures {
	return &failures{source: &errorSource{node: node, args: args}}
}

func (f *failures) add(row int, kind ErrKind) {
	f.errs = append(f.errs, rowError{row: int32(row), kind: kind, source: f.source})
}

// nullErrors makes the values of failing rows null. Errors are by row here, so
// a constant is written out first.
func (e *evaluator) nullErrors(v *vector) {
	if len(v.errs) == 0 {
		return
	}
	if v.constant {
		errs := v.errs
		*v = e.spread(v)
		v.errs = errs
	}
	v.valid = e.ownValid(v.valid)
	for _, err := range v.errs {
		v.valid[err.row>>6] &^= 1 << (err.row & 63)
	}
}
