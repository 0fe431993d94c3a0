package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// Short names for the types and trees of the tests.
var (
	tString    = schema.T(schema.String)
	tBoolean   = schema.T(schema.Boolean)
	tInteger   = schema.T(schema.Integer)
	tDouble    = schema.T(schema.Double)
	tDate      = schema.T(schema.Date)
	tTimestamp = schema.T(schema.Timestamp)
)

func dec(p, s int) schema.Type { return schema.DecimalOf(p, s) }

func nodeOf(op Op, typ schema.Type, args ...*Node) *Node { return &Node{Op: op, Type: typ, Args: args} }

func slotNode(slot int, typ schema.Type) *Node {
	return &Node{Op: OpColumn, Type: typ, Slot: slot, Name: fmt.Sprint("c", slot)}
}

// null stands for a null in the texts of tests.
const null = "∅"

// valueNode makes a literal of a type from its text.
func valueNode(typ schema.Type, text string) *Node {
	n := &Node{Op: OpLiteral, Type: typ}
	if text == null {
		return n
	}
	b := []byte(text)
	ok := true
	switch typ.Kind {
	case schema.String:
		n.Value = text
	case schema.Boolean:
		n.Value, ok = vec.ParseBool(b)
	case schema.Integer, schema.Bigint, schema.Timestamp:
		var v int64
		if typ.Kind == schema.Timestamp {
			v, ok = vec.ParseTimestamp(b, nil)
		} else {
			v, ok = vec.ParseInt64(b)
		}
		n.Value = v
	case schema.Double:
		n.Value, ok = vec.ParseDouble(b, true)
	case schema.Decimal:
		n.Value, ok = vec.ParseDecimal(b, int(typ.Precision), int(typ.Scale))
	case schema.Date:
		n.Value, ok = vec.ParseDate(b)
	}
	if !ok {
		panic("literal " + text)
	}
	return n
}

// columnOf makes an array of a type from texts.
func columnOf(typ schema.Type, values ...string) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, typ.Arrow())
	for _, text := range values {
		if text == null {
			b.AppendNull()
			continue
		}
		switch value := valueNode(typ, text).Value.(type) {
		case string:
			b.(*array.StringBuilder).Append(value)
		case bool:
			b.(*array.BooleanBuilder).Append(value)
		case float64:
			b.(*array.Float64Builder).Append(value)
		case decimal128.Num:
			b.(*array.Decimal128Builder).Append(value)
		case int32:
			b.(*array.Date32Builder).Append(arrow.Date32(value))
		case int64:
			switch b := b.(type) {
			case *array.Int32Builder:
				b.Append(int32(value))
			case *array.Int64Builder:
				b.Append(value)
			case *array.TimestampBuilder:
				b.Append(arrow.Timestamp(value))
			}
		}
	}
	return b.NewArray()
}

// codedOf makes a dictionary array of a string array: with an entry that no
// row uses, and with every entry twice, used in turn.
func codedOf(a arrow.Array) arrow.Array {
	s := a.(*array.String)
	dict := array.NewStringBuilder(memory.DefaultAllocator)
	dict.Append("unused, and wrong for every type")
	codes := array.NewInt32Builder(memory.DefaultAllocator)
	seen := make(map[string]int32)
	for i := range s.Len() {
		if s.IsNull(i) {
			codes.AppendNull()
			continue
		}
		first, ok := seen[s.Value(i)]
		if !ok {
			first = int32(dict.Len())
			seen[strings.Clone(s.Value(i))] = first
			dict.Append(s.Value(i))
			dict.Append(s.Value(i))
		}
		codes.Append(first + int32(i&1))
	}
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return array.NewDictionaryArray(typ, codes.NewArray(), dict.NewArray())
}

// textsOf returns the rows of an array as text.
func textsOf(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		out[i] = null
		if a.IsValid(i) {
			out[i] = string(vec.AppendText(nil, a, i))
		}
	}
	return out
}

var errNames = map[ErrKind]string{ErrType: "type", ErrCast: "cast", ErrOverflow: "overflow", ErrDivZero: "zero", ErrArgument: "argument"}

// outcomes returns the value or `!kind value` for each row.
func outcomes(t testing.TB, s *Scratch, root *Node, cols []arrow.Array, n int) []string {
	t.Helper()
	a, errs, err := evalRoot(root, s, cols, n)
	if err != nil {
		t.Fatalf("Eval: %v", err)
	}
	if a.Len() != n {
		t.Fatalf("Eval returned %d rows instead of %d", a.Len(), n)
	}
	out := textsOf(a)
	last := -1
	for _, e := range errs {
		if e.Row <= last || e.Row >= n {
			t.Fatalf("error of row %d after row %d of %d", e.Row, last, n)
		}
		if last = e.Row; out[e.Row] != null {
			t.Errorf("row %d has an error and the value %q", e.Row, out[e.Row])
		}
		out[e.Row] = "!" + errNames[e.Kind] + " " + e.Value
	}
	return out
}

// sliced returns rows from..to of columns.
func sliced(cols []arrow.Array, from, to int) []arrow.Array {
	out := make([]arrow.Array, len(cols))
	for i, c := range cols {
		if c != nil {
			out[i] = array.NewSlice(c, int64(from), int64(to))
		}
	}
	return out
}

// splitRows cuts the rows of a test's text.
func splitRows(text string) []string { return strings.Split(text, "|") }
