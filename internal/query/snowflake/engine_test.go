package snowflake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
	"github.com/lakectl/lakectl/queries"
)

type want = snowflaketest.Want

func start(t *testing.T) (*snowflaketest.Server, *Engine) {
	t.Helper()
	s := snowflaketest.New(t)
	e, err := Open(context.Background(), snowflake.Options{Account: "acme-lake", User: "ci", Warehouse: "WH", Database: "lakehouse", Schema: "ANALYTICS", URL: s.URL,
		Secrets: snowflake.Secrets{Token: "pat-secret"}, LoginTimeout: time.Second, RequestTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return s, e
}

func ask(t *testing.T, text string, given map[string]string) query.Statement {
	t.Helper()
	q, problems := queries.Parse("daily.sql", "-- name: daily\n-- description: d\n"+text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	values, err := q.Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	return query.Statement{Query: q, Values: values}
}

func typed(text string) query.Statement { return query.Statement{Query: queries.Query{SQL: text}} }

// rows reads a result as texts.
func rows(t *testing.T, r query.Result) (list []string, err error) {
	t.Helper()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return list, err
		}
		for i := range int(rec.NumRows()) {
			var values []string
			for _, c := range rec.Columns() {
				values = append(values, c.ValueStr(i))
			}
			list = append(list, strings.Join(values, "|"))
		}
		rec.Release()
	}
}

// Layers become schemas, and values are bound, whatever stands in them.
func TestStatement(t *testing.T) {
	s, e := start(t)
	evil := "x'); drop table t; --"
	s.Script(want{
		Text: `select ?, ?, ?, ?, CAST(? AS DOUBLE), CAST(? AS NUMBER(10,2)), ?, ?, ? from "LAKEHOUSE"."GOLD".daily_sales where a::date > 'a:b' -- :s`,
		Binds: []string{"TEXT " + evil, "BOOLEAN true", "FIXED 2147483647", "FIXED -9223372036854775808", "TEXT 1.2345678901234567E-02", "TEXT 12.5",
			"DATE 1767225600000", "TIMESTAMP_NTZ 1767323045123456000", "TEXT " + evil},
		Columns: "N NUMBER(1,0)",
	})
	head := "-- parameter: s string -\n-- parameter: b boolean -\n-- parameter: i integer -\n-- parameter: l bigint -\n-- parameter: x double -\n-- parameter: m decimal(10,2) -\n-- parameter: d date -\n-- parameter: at timestamp -\n"
	r, err := e.Run(context.Background(), ask(t, head+`select :s, :b, :i, :l, :x, :m, :d, :at, :s from ${gold}.daily_sales where a::date > 'a:b' -- :s`, map[string]string{
		"s": evil, "b": "true", "i": "2147483647", "l": "-9223372036854775808", "x": "0.012345678901234567", "m": "12.5", "d": "2026-01-01", "at": "2026-01-02T03:04:05.123456"}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rows(t, r); len(got) != 0 || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if stats := r.Stats(); stats.Rows != 0 || stats.Warehouse != "WH" || !strings.HasPrefix(stats.ID, "01b0-") || stats.Elapsed <= 0 {
		t.Errorf("%+v", stats)
	}
	statement := s.Statements()[0]
	if statement.Tag != "lakectl daily" || statement.Parameters["MULTI_STATEMENT_COUNT"] != 1.0 {
		t.Errorf("%+v", statement)
	}
	if e.Name() != "snowflake" || len(e.Notes()) != 0 {
		t.Errorf("%s %q", e.Name(), e.Notes())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

// What would make the driver read or write files here is refused.
func TestTransfersAreRefused(t *testing.T) {
	_, e := start(t)
	for _, text := range []string{"put file:///etc/passwd @~", "  GET @~/x file:///tmp", "/* a */ -- b\nPut file://x @y", "ls @~", "//\nremove @~"} {
		if _, err := e.Run(context.Background(), typed(text)); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "neither reads nor writes files") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if transferRegexp.MatchString("select 'put' ") || transferRegexp.MatchString("putter ") {
		t.Error("too much is refused")
	}
}

func TestOpenNeedsDatabase(t *testing.T) {
	for database, text := range map[string]string{"": "names no database", "a;b": "is not a name"} {
		if _, err := Open(context.Background(), snowflake.Options{Database: database}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", database, err)
		}
	}
}

const everyColumn = "B NUMBER(18,0) NOT NULL, W NUMBER(38,0), M NUMBER(38,10), R REAL, S TEXT, T BOOLEAN, D DATE, N TIMESTAMP_NTZ(9), L TIMESTAMP_LTZ(3), Z TIMESTAMP_TZ(9), C TIME(3), X BINARY, V VARIANT"

var (
	everyType = "bigint decimal(38,0) decimal(38,10) double string boolean date timestamp timestamp timestamp string string string"
	everyRow  = `-7|99999999999999999999999999999999999999|-1234567890123456789012345678.0123456789|0.1|a "b"|true|1969-12-31|1969-12-31 23:59:59.999999Z|2026-01-01 00:00:00.123Z|2026-01-01 00:00:00Z|23:59:59.500|00FFAB|{"a":1}`
	nullRow   = "0" + strings.Repeat("|(null)", 12)
)

// Each type of Snowflake is one of ours, from JSON as from Arrow, and to the last
// digit.
func TestTypes(t *testing.T) {
	s, e := start(t)
	s.Script(
		want{Text: "show all", Columns: everyColumn, Rows: [][]any{
			{"-7", "99999999999999999999999999999999999999", "-1234567890123456789012345678.0123456789", "0.1", `a "b"`, "1", "-1", "-0.000000001", "1767225600.123", "1767225600.000000000 1500", "86399.500", "00ffab", `{"a":1}`},
			{"0", nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}}},
		want{Text: "select all", Columns: everyColumn, Arrow: everyArrow(t)},
	)
	for _, text := range []string{"show all", "select all"} {
		r, err := e.Run(context.Background(), typed(text))
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for i, c := range r.Columns() {
			types = append(types, c.Type.String())
			if c.Nullable != (i > 0) {
				t.Errorf("%s: nullable %v", c.Name, c.Nullable)
			}
		}
		if got := strings.Join(types, " "); got != everyType {
			t.Errorf("types\n%s, want\n%s", got, everyType)
		}
		got, err := rows(t, r)
		if err != nil || !slices.Equal(got, []string{everyRow, nullRow}) {
			t.Errorf("%s: %v\n%s\nwant\n%s\n%s", text, err, strings.Join(got, "\n"), everyRow, nullRow)
		}
	}
}

// everyArrow is a stream as Snowflake writes it.
func everyArrow(t *testing.T) []byte {
	t.Helper()
	pair := func(kinds ...arrow.DataType) arrow.DataType {
		var fields []arrow.Field
		for i, kind := range kinds {
			fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: kind, Nullable: true})
		}
		return arrow.StructOf(fields...)
	}
	p := arrow.PrimitiveTypes
	types := []arrow.DataType{p.Int8, &arrow.Decimal128Type{Precision: 38}, &arrow.Decimal128Type{Precision: 38, Scale: 10}, p.Float64, arrow.BinaryTypes.String,
		arrow.FixedWidthTypes.Boolean, p.Date32, pair(p.Int64, p.Int32), p.Int64, pair(p.Int64, p.Int32, p.Int32), p.Int32, arrow.BinaryTypes.Binary, arrow.BinaryTypes.String}
	names := strings.Split("B W M R S T D N L Z C X V", " ")
	var fields []arrow.Field
	for i, kind := range types {
		fields = append(fields, arrow.Field{Name: names[i], Type: kind, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	big := func(text string) decimal128.Num {
		n, err := decimal128.FromString(text, 38, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	b.Field(0).(*array.Int8Builder).AppendValues([]int8{-7, 0}, nil)
	b.Field(1).(*array.Decimal128Builder).Append(big(strings.Repeat("9", 38)))
	b.Field(2).(*array.Decimal128Builder).Append(big("-12345678901234567890123456780123456789"))
	b.Field(3).(*array.Float64Builder).Append(0.1)
	b.Field(4).(*array.StringBuilder).Append(`a "b"`)
	b.Field(5).(*array.BooleanBuilder).Append(true)
	b.Field(6).(*array.Date32Builder).Append(-1)
	structure := func(i int, values ...int64) {
		s := b.Field(i).(*array.StructBuilder)
		s.Append(true)
		s.FieldBuilder(0).(*array.Int64Builder).Append(values[0])
		for j, v := range values[1:] {
			s.FieldBuilder(j + 1).(*array.Int32Builder).Append(int32(v))
		}
	}
	structure(7, -1, 999999999)
	b.Field(8).(*array.Int64Builder).Append(1767225600123)
	structure(9, 1767225600, 0, 1500)
	b.Field(10).(*array.Int32Builder).Append(86399500)
	b.Field(11).(*array.BinaryBuilder).Append([]byte{0, 0xff, 0xab})
	b.Field(12).(*array.StringBuilder).Append(`{"a":1}`)
	for i := 1; i < len(types); i++ {
		if i == 7 { // a null whose structure is there
			b.Field(i).(*array.StructBuilder).Append(true)
			b.Field(i).(*array.StructBuilder).FieldBuilder(0).AppendNull()
			b.Field(i).(*array.StructBuilder).FieldBuilder(1).AppendNull()
			continue
		}
		b.Field(i).AppendNull()
	}
	rec := b.NewRecord()
	defer rec.Release()
	return encode(t, rec)
}

func encode(t testing.TB, recs ...arrow.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(recs[0].Schema()))
	for _, rec := range recs {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// numbers are batches of whole numbers, from first on.
func numbers(t testing.TB, first, batches, each int) []byte {
	t.Helper()
	names := arrow.NewSchema([]arrow.Field{{Name: "N", Type: arrow.PrimitiveTypes.Int32}, {Name: "M", Type: arrow.PrimitiveTypes.Int64}, {Name: "S", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, names)
	defer b.Release()
	var recs []arrow.Record
	for range batches {
		for range each {
			b.Field(0).(*array.Int32Builder).Append(int32(first))
			b.Field(1).(*array.Int64Builder).Append(int64(first) * 100)
			b.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("customer %d", first%1000))
			first++
		}
		recs = append(recs, b.NewRecord())
	}
	stream := encode(t, recs...)
	for _, rec := range recs {
		rec.Release()
	}
	return stream
}

const numberColumns = "N NUMBER(9,0), M NUMBER(18,2), S TEXT"

func numberRow(i int) []any {
	return []any{i, fmt.Sprintf("%d.00", i), fmt.Sprintf("customer %d", i%1000)}
}

// A part that breaks off is fetched again, and no row comes twice or is lost.
func TestBrokenParts(t *testing.T) {
	breaks := func(chunk, attempt int) bool { return chunk == 1 && attempt < 2 || chunk == 3 && attempt == 0 }
	for name, chunked := range map[string]*snowflaketest.Chunked{
		"json":  {Chunks: 4, RowsEach: 20_000, Row: numberRow, Break: breaks},
		"arrow": {Chunks: 4, RowsEach: 20_000, Arrow: func(chunk int) []byte { return numbers(t, chunk*20_000, 10, 2000) }, Break: breaks},
	} {
		s, e := start(t)
		answer := want{Match: "^select", Columns: numberColumns, Chunk: chunked}
		if chunked.Arrow != nil {
			answer.Arrow = numbers(t, 0, 1, 0)
		}
		s.Script(answer)
		r, err := e.Run(context.Background(), typed("select * from t"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, r)
		if err != nil || len(got) != 80_000 || r.Stats().Rows != 80_000 {
			t.Fatalf("%s: %d rows, %v", name, len(got), err)
		}
		for i, row := range got {
			if want := fmt.Sprintf("%d|%d|customer %d", i, i, i%1000); row != want {
				t.Fatalf("%s: row %d is %s, want %s", name, i, row, want)
			}
		}
	}
}

// A network that is gone in the middle is told, without the address of the part,
// which has a signature in it.
func TestLostNetwork(t *testing.T) {
	s, e := start(t)
	s.Script(want{Match: "^select", Columns: numberColumns, Rows: [][]any{numberRow(0)},
		Chunk: &snowflaketest.Chunked{Chunks: 3, RowsEach: 1000, Row: numberRow, Break: func(chunk, attempt int) bool { return chunk == 1 }}})
	r, err := e.Run(context.Background(), typed("select * from t"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := rows(t, r)
	var told *diag.Error
	if !errors.As(err, &told) || told.Class != diag.Transient || !strings.Contains(told.Next, "network") || strings.Contains(err.Error(), "signature") || len(got) < 1001 {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if _, again := r.Next(); again == nil || again.Error() != err.Error() {
		t.Errorf("again: %v", again)
	}
}

// A part that has fewer rows than was said is not taken for whole.
func TestShortPart(t *testing.T) {
	s, e := start(t)
	s.Script(want{Match: "^select", Columns: numberColumns, Arrow: numbers(t, 0, 1, 0),
		Chunk: &snowflaketest.Chunked{Chunks: 1, RowsEach: 1000, Arrow: func(int) []byte { return numbers(t, 0, 1, 999) }}})
	r, err := e.Run(context.Background(), typed("select * from t"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows(t, r); diag.ClassOf(err) != diag.Transient || !strings.Contains(err.Error(), "is not whole") {
		t.Errorf("%v", err)
	}
}

// Values that are not what their column is are an error, not a guess.
func TestWrongValues(t *testing.T) {
	for column, value := range map[string]string{"NUMBER(5,0)": "1.5", "NUMBER(5,2)": "1.234", "NUMBER(4,2)": "100.00", "REAL": "much", "BOOLEAN": "maybe", "DATE": "x", "TIMESTAMP_NTZ(9)": "1.1234567891", "TIME(0)": "noon", "BINARY": "xyz", "NUMBER(20,0)": "1e5",
		"NUMBER(38,0)": "100000000000000000000000000000000000000", "NUMBER(38,1)": "1_0000000000000000000.0", "NUMBER(19,0)": "99999999999999999999"} {
		s, e := start(t)
		s.Script(want{Text: "show x", Columns: "C " + column, Rows: [][]any{{value}}})
		r, err := e.Run(context.Background(), typed("show x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("column C: %q is no value of", value)) {
			t.Errorf("%s: %v", column, err)
		}
		_ = r.Close()
	}
}

// An error of the statement comes from Run, with the query's id.
func TestErrors(t *testing.T) {
	s, e := start(t)
	s.Script(want{Match: "^select", Error: &snowflaketest.Error{Code: "000904", State: "42000", Message: "SQL compilation error: error line 1 at position 7\ninvalid identifier 'NONE'"}})
	_, err := e.Run(context.Background(), typed("select none"))
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "invalid identifier 'NONE' (Snowflake's code 000904, query 01b0-") {
		t.Errorf("%v", err)
	}
	s.Expire(true)
	if _, err = e.Run(context.Background(), typed("select 1")); diag.ClassOf(err) != diag.Transient {
		t.Errorf("%v", err)
	}
}

// Slow statements, those that run apart, and an expired session are waited for.
func TestSlow(t *testing.T) {
	s, e := start(t)
	s.Script(want{Match: "^select", Slow: 2, Columns: "N NUMBER(1,0)", Rows: [][]any{{1}}}, want{Match: "^select", Async: 2, Columns: "N NUMBER(1,0)", Rows: [][]any{{1}}})
	s.Expire(false)
	for range 2 {
		r, err := e.Run(context.Background(), typed("select 1"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := rows(t, r); err != nil || !slices.Equal(got, []string{"1"}) {
			t.Errorf("%q %v", got, err)
		}
		_ = r.Close()
	}
}

// Cancelling stops the statement at Snowflake, or the result where it is.
func TestCancel(t *testing.T) {
	s, e := start(t)
	s.Script(want{Text: "select slow()", Delay: time.Minute},
		want{Text: "select much", Columns: numberColumns, Chunk: &snowflaketest.Chunked{Chunks: 1000, RowsEach: 10_000, Row: numberRow}})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for len(s.Statements()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := e.Run(ctx, typed("select slow()")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := s.Aborted(); !slices.Equal(got, []string{"select slow()"}) {
		t.Errorf("stopped: %q", got)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r, err := e.Run(ctx, typed("select much"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		rec, err := r.Next()
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			break
		}
		rec.Release()
		if i == 2 {
			stop()
		} else if i > 90 {
			t.Error("the result goes on")
		}
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

func TestExplain(t *testing.T) {
	s, e := start(t)
	s.Script(want{Text: "EXPLAIN USING TEXT\nselect ?", Binds: []string{"TEXT a"}, Columns: "content TEXT", Rows: [][]any{{"GlobalStats:\n    partitionsTotal=0"}, {"Operations:"}}},
		want{Match: "^EXPLAIN", Error: &snowflaketest.Error{Code: "001003", Message: "syntax error"}})
	text, err := e.Explain(context.Background(), ask(t, "-- parameter: s string a\nselect :s", nil))
	if err != nil || text != "GlobalStats:\n    partitionsTotal=0\nOperations:" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := e.Explain(context.Background(), typed("select from")); diag.ClassOf(err) != diag.Usage {
		t.Errorf("%v", err)
	}
}

// What would change something does not reach Snowflake.
func TestOnlyReads(t *testing.T) {
	_, e := start(t)
	for _, text := range []string{"drop table t", "insert into t select 1", "create or replace view v as select 1", "-- x\n/* y */ truncate table t", "call p()", "grant select on t to role r"} {
		if _, err := e.Run(context.Background(), typed(text)); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "a query only reads") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Two million rows take the memory of a few parts.
func TestMemoryStaysFlat(t *testing.T) {
	const chunks, each = 80 / thin, 25_000
	part := numbers(t, 0, 5, each/5)
	for name, chunked := range map[string]*snowflaketest.Chunked{
		"arrow": {Chunks: chunks, RowsEach: each, Arrow: func(int) []byte { return part }},
		"json":  {Chunks: chunks / 8, RowsEach: each, Row: numberRow}, // what is not SELECT is smaller
	} {
		s, e := start(t)
		answer := want{Match: "^select", Columns: numberColumns, Chunk: chunked}
		if chunked.Arrow != nil {
			answer.Arrow = numbers(t, 0, 1, 0)
		}
		s.Script(answer)
		r, err := e.Run(context.Background(), typed("select * from big"))
		if err != nil {
			t.Fatal(err)
		}
		var peak, first uint64
		var m runtime.MemStats
		for n := 0; ; n++ {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			rec.Release()
			if n%10 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
				if first == 0 {
					first = m.HeapAlloc
				}
			}
		}
		if total := int64(chunked.Chunks * each); r.Stats().Rows != total {
			t.Errorf("%s: %d rows, want %d", name, r.Stats().Rows, total)
		}
		t.Logf("%s: %d rows in %v, at most %d KiB on the heap", name, r.Stats().Rows, r.Stats().Elapsed.Round(time.Millisecond), peak>>10)
		if peak > first+32<<20 {
			t.Errorf("%s: memory grew from %d to %d bytes", name, first, peak)
		}
		_ = r.Close()
	}
}
