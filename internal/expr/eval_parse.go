package expr

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// reader is how text becomes a value: the rules of SEMANTICS section 2, with
// what a column's format and time zone add to them.
type reader struct {
	layouts  []*vec.Layout
	zone     *vec.Zone
	allowNaN bool
}

// evalParse types raw text.
func (e *evaluator) evalParse(node *Node, x *vector) vector {
	r := preparedFor(e.scratch, node, func() *reader {
		r, err := newReader(node)
		e.failIf(err)
		return r
	})
	return e.read(node, r, x, ErrType)
}

func newReader(node *Node) (*reader, error) {
	r := &reader{}
	if node.Parse == nil {
		return r, nil
	}
	r.allowNaN, r.zone = node.Parse.AllowNaN, vec.NewZone(node.Parse.Location)
	for _, format := range node.Parse.Formats {
		layout, err := vec.CompileLayout(format, node.Type.Kind)
		if err != nil {
			return r, fmt.Errorf("expr: format %q: %w", format, err)
		}
		r.layouts = append(r.layouts, layout)
	}
	return r, nil
}

// read turns text into values of the node's type; what is not one is an error
// of that kind, or null if kind is 0.
func (e *evaluator) read(node *Node, r *reader, x *vector, kind ErrKind) vector {
	if x.allNull() {
		return nullVector(node.Type, e.n)
	}
	out := e.newVector(node.Type)
	in := &readRows{evaluator: e, text: x, valid: e.ownValid(e.bothValid(x))}
	switch node.Type.Kind {
	case schema.String:
		in.readStrings(&out)
	case schema.Boolean:
		readBooleans(in, out.bits)
	case schema.Integer:
		readValues(in, out.i32, vec.ParseInt32)
	case schema.Bigint:
		readValues(in, out.i64, vec.ParseInt64)
	case schema.Double:
		readValues(in, out.f64, func(t []byte) (float64, bool) { return vec.ParseDouble(t, r.allowNaN) })
	case schema.Decimal:
		digits, scale := out.digits(), out.scale()
		readValues(in, out.dec, func(t []byte) (decimal128.Num, bool) { return vec.ParseDecimal(t, digits, scale) })
	case schema.Date:
		readValues(in, out.i32, r.date)
	case schema.Timestamp:
		readValues(in, out.i64, r.timestamp)
	}
	out.valid = in.valid
	if kind != 0 && len(in.bad) > 0 {
		f := failing(node, *x)
		for _, i := range in.bad {
			f.add(int(i), kind)
		}
		out.errs = f.errs
	}
	return out
}

func (r *reader) date(text []byte) (int32, bool) {
	if r.layouts == nil {
		return vec.ParseDate(text)
	}
	for _, layout := range r.layouts {
		if v, ok := layout.ParseDate(text); ok {
			return v, true
		}
	}
	return 0, false
}

func (r *reader) timestamp(text []byte) (int64, bool) {
	if r.layouts == nil {
		return vec.ParseTimestamp(text, r.zone)
	}
	for _, layout := range r.layouts {
		if v, ok := layout.ParseTimestamp(text, r.zone); ok {
			return v, true
		}
	}
	return 0, false
}

// readRows goes through the texts of a vector.
type readRows struct {
	*evaluator
	text  *vector
	valid []uint64 // rows with a value
	bad   []int32  // rows whose text is not one
}

// readValues reads each text that is not null, and that is not empty once it
// is trimmed, which is null.
func readValues[T any](in *readRows, dst []T, parse func([]byte) (T, bool)) {
	t, mask := &in.text.txt, in.text.mask()
	for i := range dst {
		if !bitAt(in.valid, i) {
			continue
		}
		text := t.at(i & mask)
		v, ok := parse(text)
		if !ok {
			v = readTrimmed(in, i, text, parse)
		}
		dst[i] = v
	}
}

// readTrimmed reads a text that is not a value as it stands.
func readTrimmed[T any](in *readRows, i int, text []byte, parse func([]byte) (T, bool)) T {
	trimmed := vec.TrimBlank(text)
	var v T
	ok := false
	if len(trimmed) > 0 && len(trimmed) < len(text) {
		v, ok = parse(trimmed)
	}
	if !ok {
		in.valid[i>>6] &^= 1 << (i & 63)
		if len(trimmed) > 0 {
			in.bad = append(in.bad, int32(i))
		}
	}
	return v
}

func readBooleans(in *readRows, dst []uint64) {
	clear(dst)
	values := alloc[bool](in.scratch, in.n)
	readValues(in, values, vec.ParseBool)
	for i, v := range values {
		if bitAt(in.valid, i) {
			dst[i>>6] |= bit(v) << (i & 63)
		}
	}
}

// readStrings keeps text as it is; the empty text is null.
func (in *readRows) readStrings(out *vector) {
	mask := in.text.mask()
	for i := range in.n {
		if bitAt(in.valid, i) && len(in.text.txt.at(i&mask)) == 0 {
			in.valid[i>>6] &^= 1 << (i & 63)
		}
	}
	out.txt = in.text.txt
	if in.text.constant {
		out.txt.codes = alloc[int32](in.scratch, in.n)
		fill(out.txt.codes, in.text.code(0))
	}
}
