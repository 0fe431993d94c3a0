package query

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// fixed is an engine that answers everything alike.
type fixed struct {
	name    string
	columns []schema.Column
	fill    func(*array.RecordBuilder)
	left    int // batches
}

func (f *fixed) Name() string                                       { return f.name }
func (f *fixed) Run(context.Context, Statement) (Result, error)     { return f, nil }
func (f *fixed) Explain(context.Context, Statement) (string, error) { return "", nil }
func (f *fixed) Columns() []schema.Column                           { return f.columns }
func (f *fixed) Stats() Stats                                       { return Stats{ID: f.name} }
func (f *fixed) Close() error                                       { return nil }

func (f *fixed) Next() (arrow.Record, error) {
	if f.left--; f.left < 0 {
		return nil, io.EOF
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema.Table{Columns: f.columns}.Arrow())
	defer b.Release()
	f.fill(b)
	return b.NewRecord(), nil
}

func columnsOf(t *testing.T, text string) (columns []schema.Column) {
	t.Helper()
	for item := range strings.SplitSeq(text, ", ") {
		name, kind, _ := strings.Cut(item, " ")
		typ, err := schema.ParseType(kind)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, schema.Column{Name: name, Type: typ, Nullable: true})
	}
	return columns
}

func TestCollect(t *testing.T) {
	negativeZero := 0.0
	negativeZero *= -1
	e := &fixed{name: "x", left: 2, columns: columnsOf(t, "d decimal(10,3), f double, s string"), fill: func(b *array.RecordBuilder) {
		b.Field(0).(*array.Decimal128Builder).AppendValues([]decimal128.Num{decimal128.FromI64(1500), decimal128.FromI64(-2000)}, nil)
		b.Field(1).(*array.Float64Builder).AppendValues([]float64{0.1 + 0.2, negativeZero}, nil)
		b.Field(2).(*array.StringBuilder).AppendValues([]string{"", "x"}, []bool{true, false})
	}}
	rows, err := Collect(context.Background(), e, Statement{})
	want := []string{"1.5|0.3|", "-2|0|" + Null, "1.5|0.3|", "-2|0|" + Null}
	if err != nil || rows.Stats.ID != "x" {
		t.Fatal(rows, err)
	}
	for i, line := range rows.Lines {
		if got := strings.Join(line, "|"); got != want[i] {
			t.Errorf("row %d: %q, want %q", i, got, want[i])
		}
	}
}

func TestCompare(t *testing.T) {
	rows := func(engine, columns string, lines ...string) *Rows {
		r := &Rows{Engine: engine, Columns: columnsOf(t, columns)}
		for _, line := range lines {
			r.Lines = append(r.Lines, strings.Split(line, " "))
		}
		return r
	}
	for _, test := range []struct {
		name    string
		a, b    *Rows
		columns []string
		only    [2]int
	}{
		{"the same in another order", rows("a", "x integer", "1", "2", "2"), rows("b", "X bigint", "2", "1", "2"), nil, [2]int{}},
		{"a repeat", rows("a", "x integer", "1", "2", "2"), rows("b", "x integer", "1", "2"), nil, [2]int{1, 0}},
		{"other rows", rows("a", "x string", "a", "c"), rows("b", "x string", "b", "c", "d"), nil, [2]int{1, 2}},
		{"nothing", rows("a", "x string"), rows("b", "x string"), nil, [2]int{}},
		{"more columns", rows("a", "x string"), rows("b", "x string, y string"), []string{"a has 1 columns, b 2"}, [2]int{}},
		{"other columns", rows("a", "x double, y string"), rows("b", "x decimal(3,1), z string"),
			[]string{"x is double on a, and decimal(3,1) on b", "column 2 is y on a, and z on b"}, [2]int{}},
		{"columns in another order", rows("a", "x string, y integer, z string", "a 1 c", "b 2 d"), rows("b", "Z string, x string, y integer", "d b 2", "c a 1"), nil, [2]int{}},
		{"other rows in another order", rows("a", "x string, y string", "a b"), rows("b", "y string, x string", "a b"), nil, [2]int{1, 1}},
		{"names that repeat", rows("a", "x string, x string, y string"), rows("b", "x string, y string, x string"),
			[]string{"column 2 is x on a, and y on b", "column 3 is y on a, and x on b"}, [2]int{}},
	} {
		d := Compare(test.a, test.b)
		if !slices.Equal(d.Columns, test.columns) || d.Only != test.only || d.Same() != (test.columns == nil && test.only == [2]int{}) || len(d.Examples) != test.only[0]+test.only[1] {
			t.Errorf("%s: %+v", test.name, d)
		}
	}
}

// coarse is an engine whose timestamps have milliseconds.
type coarse struct{ fixed }

func (c *coarse) Milliseconds() bool { return true }

// Against an engine that has only milliseconds, timestamps are compared to them.
func TestCompareMilliseconds(t *testing.T) {
	collect := func(e Engine) *Rows {
		rows, err := Collect(context.Background(), e, Statement{})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	at := func(micros ...arrow.Timestamp) fixed {
		return fixed{name: "x", left: 1, columns: columnsOf(t, "at timestamp, text string"), fill: func(b *array.RecordBuilder) {
			for _, v := range micros {
				b.Field(0).(*array.TimestampBuilder).Append(v)
				b.Field(1).(*array.StringBuilder).Append("1970-01-01 00:00:00.0005")
			}
			b.Field(0).AppendNull()
			b.Field(1).AppendNull()
		}}
	}
	fine, same := at(1_234_500, -1_500, -1_501, 1_999_999), at(1_235_000, -1_000, -2_000, 2_000_000)
	truncated := at(1_234_000, -1_000, -2_000, 2_000_000)
	if d := Compare(collect(&fine), collect(&coarse{same})); !d.Same() {
		t.Errorf("rounded: %+v", d)
	}
	fine.left, same.left = 1, 1
	if d := Compare(collect(&coarse{truncated}), collect(&fine)); d.Only != [2]int{1, 1} {
		t.Errorf("truncated: %+v", d)
	}
	fine.left = 1
	if d := Compare(collect(&fine), collect(&same)); d.Only != [2]int{4, 4} {
		t.Errorf("both fine: %+v", d)
	}
}
