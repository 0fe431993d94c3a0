package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

var update = flag.Bool("update", false, "write the golden files")

var everyType = []schema.Column{
	{Name: "text", Type: schema.T(schema.String)}, {Name: "flag", Type: schema.T(schema.Boolean)},
	{Name: "small", Type: schema.T(schema.Integer)}, {Name: "big", Type: schema.T(schema.Bigint)},
	{Name: "double", Type: schema.T(schema.Double)}, {Name: "exact", Type: schema.DecimalOf(38, 10)},
	{Name: "day", Type: schema.T(schema.Date)}, {Name: "at", Type: schema.T(schema.Timestamp)},
	{Name: "raw", Type: schema.T(schema.Binary)},
}

func decimal(t testing.TB, text string) decimal128.Num {
	t.Helper()
	v, err := decimal128.FromString(text, 38, 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// batchOf makes a batch of rows, whose values are nil for null.
func batchOf(t testing.TB, columns []schema.Column, rows ...[]any) arrow.Record {
	t.Helper()
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows {
		for i, value := range row {
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				appendOr(f, f.Append, value)
			case *array.BooleanBuilder:
				appendOr(f, f.Append, value)
			case *array.Int32Builder:
				appendOr(f, f.Append, value)
			case *array.Int64Builder:
				appendOr(f, f.Append, value)
			case *array.Float64Builder:
				appendOr(f, f.Append, value)
			case *array.Decimal128Builder:
				appendOr(f, f.Append, value)
			case *array.Date32Builder:
				appendOr(f, f.Append, value)
			case *array.TimestampBuilder:
				appendOr(f, f.Append, value)
			case *array.BinaryBuilder:
				appendOr(f, f.Append, value)
			}
		}
	}
	return b.NewRecord()
}

func appendOr[T any](b array.Builder, do func(T), value any) {
	if value == nil {
		b.AppendNull()
		return
	}
	do(value.(T))
}

func extremes(t testing.TB) arrow.Record {
	return batchOf(t, everyType,
		[]any{"a,b", true, int32(math.MinInt32), int64(math.MinInt64), 0.1, decimal(t, strings.Repeat("9", 38)), arrow.Date32(-719529), arrow.Timestamp(-1), []byte("x\xffy")},
		[]any{nil, nil, nil, nil, nil, nil, nil, nil, nil},
		[]any{"", false, int32(math.MaxInt32), int64(math.MaxInt64), math.NaN(), decimal(t, "-"+strings.Repeat("9", 38)), arrow.Date32(2932896), arrow.Timestamp(253402300799999999), []byte{}},
		[]any{"null", true, int32(0), int64(0), math.Inf(-1), decimal(t, "1"), arrow.Date32(0), arrow.Timestamp(0), []byte("null")},
		[]any{"日本 👍 e\u0301 \"q\" \\", true, int32(-1), int64(-1), math.Inf(1), decimal(t, "-1"), arrow.Date32(-1), arrow.Timestamp(1500000), []byte(`"`)},
		[]any{"a\r\nb\t\x1b[31m\x00\u009b|<b>*x* _y_ a_b `c` [d](e) ~ & $", true, int32(1), int64(1), 1e300, decimal(t, "0"), arrow.Date32(19782), arrow.Timestamp(1709164800123456), []byte("\x01")},
		[]any{" blank ", true, int32(1), int64(1), math.Copysign(0, -1), decimal(t, "12345678901"), arrow.Date32(19782), arrow.Timestamp(0), []byte(" ")},
	)
}

func written(t testing.TB, format string, columns []schema.Column, batches ...arrow.Record) string {
	t.Helper()
	var out bytes.Buffer
	w, err := New(format, &out, columns)
	if err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("%s: New writes", format)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGolden shows what each format of text makes of every type.
func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		if Binary(format) {
			continue
		}
		got := written(t, format, everyType, extremes(t))
		file := "testdata/every_type." + format
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
		}
		for _, r := range got {
			if r != '\n' && r < ' ' && format != CSV { // CSV has no escapes
				t.Errorf("%s has the control character %U", format, r)
			}
		}
	}
}

// texts returns the values of a batch as text, by row; nil is null.
func texts(batch arrow.Record) (rows [][]any) {
	for row := range int(batch.NumRows()) {
		var values []any
		for _, c := range batch.Columns() {
			var value any
			if c.IsValid(row) {
				value = string(vec.AppendText(nil, c, row))
			}
			values = append(values, value)
		}
		rows = append(rows, values)
	}
	return rows
}

func TestCSVIsReadBack(t *testing.T) {
	batch := extremes(t)
	r := csv.NewReader(strings.NewReader(written(t, CSV, everyType, batch)))
	got, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := (schema.Table{Columns: everyType}).Names(); !slices.Equal(got[0], want) {
		t.Errorf("header %q", got[0])
	}
	for i, row := range texts(batch) {
		for c, value := range row {
			want, _ := value.(string)
			want = strings.ReplaceAll(strings.ToValidUTF8(want, "\ufffd"), "\r\n", "\n") // as encoding/csv reads it
			if got[i+1][c] != want {
				t.Errorf("row %d, %s: %q, want %q", i, everyType[c].Name, got[i+1][c], want)
			}
		}
	}
}

func TestJSONIsReadBack(t *testing.T) {
	batch := extremes(t)
	var document struct {
		Rows []map[string]any `json:"rows"`
	}
	d := json.NewDecoder(strings.NewReader(written(t, JSON, everyType, batch)))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(written(t, NDJSON, everyType, batch), "\n"), "\n")
	for i, row := range texts(batch) {
		var line map[string]any
		d := json.NewDecoder(strings.NewReader(lines[i]))
		d.UseNumber()
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		for c, want := range row {
			name := everyType[c].Name
			if name == "raw" && want != nil {
				want = strings.ToValidUTF8(want.(string), "\ufffd")
			}
			for _, got := range []any{document.Rows[i][name], line[name]} {
				switch v := got.(type) {
				case json.Number:
					got = v.String()
				case bool:
					got = map[bool]string{true: "true", false: "false"}[v]
				}
				if got != want {
					t.Errorf("row %d, %s: %v, want %v", i, name, got, want)
				}
			}
		}
	}
}

func TestDocument(t *testing.T) {
	columns := everyType[2:3]
	var out bytes.Buffer
	w, err := NewDocument(&out, columns, DocumentOptions{Before: []Field{{"table", "gold.<x>"}}, After: func() []Field { return []Field{{"rows_read", 2}} }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := errors.Join(w.Write(batchOf(t, columns)), w.Write(batchOf(t, columns, []any{int32(1)}))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := "{\"table\": \"gold.<x>\", \"rows\": [\n  {\"small\": 1},\n  {\"small\": 1}\n], \"rows_read\": 2}\n"
	if out.String() != want {
		t.Errorf("%s, want %s", out.String(), want)
	}
	if _, err := NewDocument(&out, columns, DocumentOptions{Before: []Field{{"x", math.NaN()}}}); err == nil {
		t.Error("a field without JSON is written")
	}
}

// TestNoRows is what a result without rows is, with and without an empty batch.
func TestNoRows(t *testing.T) {
	columns := everyType[:3]
	empty := batchOf(t, columns)
	for format, want := range map[string]string{CSV: "text,flag,small\n", JSON: "{\"rows\": []}\n", NDJSON: "",
		Markdown: "| text | flag | small |\n| --- | --- | ---: |\n"} {
		if got := written(t, format, columns); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
		if got := written(t, format, columns, empty, empty); got != want {
			t.Errorf("%s of an empty batch: %q, want %q", format, got, want)
		}
	}
	for _, format := range []string{Parquet, Arrow} {
		columns, rows := readBack(t, format, written(t, format, columns))
		if len(rows) != 0 || len(columns) != 3 {
			t.Errorf("%s: %d rows of %d columns", format, len(rows), len(columns))
		}
	}
}

// readBack reads Parquet and Arrow.
func readBack(t *testing.T, format, data string) (names []string, rows [][]any) {
	t.Helper()
	if format == Arrow {
		r, err := ipc.NewReader(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		for _, f := range r.Schema().Fields() {
			names = append(names, f.Name)
		}
		for r.Next() {
			rows = append(rows, texts(r.Record())...)
		}
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		return names, rows
	}
	f, err := parquetio.Open(strings.NewReader(data), int64(len(data)), parquetio.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for group := range f.RowGroups() {
		g, err := f.RowGroup(group, nil)
		if err != nil {
			t.Fatal(err)
		}
		for {
			batch, err := g.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, texts(batch)...)
		}
	}
	return f.Table().Names(), rows
}

// coded returns a batch with its first column, which is text, dictionary-coded.
func coded(batch arrow.Record) arrow.Record {
	var dictionary []byte
	offsets, codes, valid, nulls := []int32{0}, []int32{}, make([]byte, batch.NumRows()/8+1), 0
	text := vec.TextOf(batch.Column(0))
	for row := range int(batch.NumRows()) {
		codes = append(codes, int32(row))
		if text.IsNull(row) {
			nulls++
		} else {
			dictionary = append(dictionary, text.Value(row)...)
			valid[row/8] |= 1 << (row % 8)
		}
		offsets = append(offsets, int32(len(dictionary)))
	}
	first := vec.DictionaryOf(codes, valid, nulls, vec.StringsOf(offsets, dictionary).Data())
	fields := slices.Clone(batch.Schema().Fields())
	fields[0].Type = first.DataType()
	return array.NewRecord(arrow.NewSchema(fields, nil), append([]arrow.Array{first}, batch.Columns()[1:]...), batch.NumRows())
}

func TestBinaryFormatsAreReadBack(t *testing.T) {
	batch := extremes(t)
	codes := coded(batch)
	want := slices.Concat(texts(batch), texts(batch.NewSlice(1, 5)), texts(codes), texts(codes.NewSlice(3, 7)))
	for _, format := range []string{Parquet, Arrow} {
		names, got := readBack(t, format, written(t, format, everyType, batch, batch.NewSlice(1, 5), codes, codes.NewSlice(3, 7)))
		if !slices.Equal(names, schema.Table{Columns: everyType}.Names()) {
			t.Errorf("%s: columns %q", format, names)
		}
		if !slices.EqualFunc(got, want, slices.Equal[[]any]) {
			t.Errorf("%s:\n%v\nwant\n%v", format, got, want)
		}
	}
}

// TestSlicesAndCodes: a part of a batch, and one with codes for texts, are
// written as the rows that they are.
func TestSlicesAndCodes(t *testing.T) {
	batch := extremes(t)
	for _, format := range []string{CSV, JSON, NDJSON, Markdown} {
		whole := written(t, format, everyType, batch)
		if got := written(t, format, everyType, batch.NewSlice(0, 2), coded(batch).NewSlice(2, 7)); got != whole {
			t.Errorf("%s:\n%s\nwant\n%s", format, got, whole)
		}
	}
}

func TestNamesThatRepeat(t *testing.T) {
	columns := []schema.Column{{Name: "a", Type: schema.T(schema.Integer)}, {Name: "a", Type: schema.T(schema.Integer)},
		{Name: "a_2", Type: schema.T(schema.Integer)}, {Name: "", Type: schema.T(schema.Integer)}, {Name: "", Type: schema.T(schema.Integer)}}
	batch := batchOf(t, columns, []any{int32(1), int32(2), int32(3), int32(4), int32(5)})
	want := []string{"a", "a_3", "a_2", "column_4", "column_5"}
	for _, format := range []string{Parquet, Arrow} {
		names, rows := readBack(t, format, written(t, format, columns, batch))
		if !slices.Equal(names, want) || !slices.Equal(rows[0], []any{"1", "2", "3", "4", "5"}) {
			t.Errorf("%s: %q %v", format, names, rows)
		}
	}
	if got := written(t, NDJSON, columns, batch); got != `{"a": 1, "a_3": 2, "a_2": 3, "column_4": 4, "column_5": 5}`+"\n" {
		t.Error(got)
	}
	if got := written(t, CSV, columns, batch); got != "a,a,a_2,\"\",\"\"\n1,2,3,4,5\n" {
		t.Error(got)
	}
}

func TestMistakes(t *testing.T) {
	if _, err := New("xml", io.Discard, everyType); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("xml: %v", err)
	}
	wide := batchOf(t, everyType[:2], []any{"a", true})
	b := array.NewInt8Builder(memory.DefaultAllocator)
	b.Append(1)
	odd := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int8}}, nil), []arrow.Array{b.NewArray()}, 1)
	for _, format := range Formats() {
		for _, batch := range []arrow.Record{wide, odd} {
			w, err := New(format, io.Discard, everyType[:1])
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(batch); err == nil {
				t.Errorf("%s: a batch of %s is written", format, batch.Schema())
			}
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWhereNothingCanBeWritten(t *testing.T) {
	for _, format := range Formats() {
		w, err := New(format, broken{}, everyType)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(extremes(t))
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestNoAllocationForValues: what is allocated is for a batch, not for a value.
func TestNoAllocationForValues(t *testing.T) {
	row := []any{"a,b", true, int32(1), int64(1), 0.1, decimal(t, "12345"), arrow.Date32(1), arrow.Timestamp(1), []byte("x")}
	batch := batchOf(t, everyType, slices.Repeat([][]any{row}, 1000)...)
	for _, format := range []string{CSV, JSON, NDJSON, Markdown} {
		w, err := New(format, io.Discard, everyType)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(5, func() { w.Write(batch) }); n > 100 {
			t.Errorf("%s: %v allocations for 9000 values", format, n)
		}
	}
}
