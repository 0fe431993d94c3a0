package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/queries"
)

func TestStatement(t *testing.T) {
	f := &fake{pending: 2, columns: []types.ColumnInfo{info("n", "bigint")}, rows: [][]*string{texts(3)}, scanned: 20_000_000, location: "s3://lake/results/id-1.csv"}
	q := queries.Query{SQL: "select count(*) as n from ${silver}.t where d >= :since and name = :name and d < :since", Parameters: []queries.Parameter{
		{Name: "since", Type: "date"}, {Name: "name", Type: "string"}}}
	values, err := q.Bind(map[string]string{"since": "2026-01-31", "name": "O'Hara'; drop table t; --"})
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	r := mustRun(t, f.engine(Options{Reuse: time.Hour, OnState: func(s string) { states = append(states, s) }}), query.Statement{Query: q, Values: values})
	lines, err := drain(r)
	if err != nil || !slices.Equal(lines, []string{"3"}) || !slices.Equal(states, []string{"queued", "running", "succeeded"}) {
		t.Errorf("%v, %v, %v", lines, err, states)
	}
	in := f.starts[0]
	if want := `select count(*) as n from "lakehouse_dev_silver".t where d >= ? and name = ? and d < ?`; *in.QueryString != want {
		t.Errorf("%s", *in.QueryString)
	}
	if want := []string{"DATE '2026-01-31'", "'O''Hara''; drop table t; --'", "DATE '2026-01-31'"}; !slices.Equal(in.ExecutionParameters, want) {
		t.Errorf("%q", in.ExecutionParameters)
	}
	if *in.WorkGroup != "lakehouse-dev" || len(*in.ClientRequestToken) < 32 || *in.ResultReuseConfiguration.ResultReuseByAgeConfiguration.MaxAgeInMinutes != 60 {
		t.Errorf("%+v", in)
	}
	s := r.Stats()
	if s.Rows != 1 || s.ID != "id-1" || s.Scanned != 20_000_000 || *s.Cost != 0.0001 || s.Queued != 700*time.Millisecond || s.Executed != 1200*time.Millisecond || s.Location != "s3://lake/results/id-1.csv" {
		t.Errorf("%+v, %v", s, *s.Cost)
	}
	f.reused = true
	if r = mustRun(t, f.engine(Options{}), sql("select 1")); *r.Stats().Cost != 0 || !r.Stats().Reused || f.starts[1].ResultReuseConfiguration != nil {
		t.Errorf("reused: %+v", r.Stats())
	}
	if *f.starts[0].ClientRequestToken == *f.starts[1].ClientRequestToken {
		t.Error("two statements have one token")
	}
}

// What would change something is not sent, whatever it is asked for.
func TestReadsOnly(t *testing.T) {
	f := &fake{}
	e := f.engine(Options{Empty: func(context.Context, string, string) (bool, error) { return true, nil }})
	ctx := context.Background()
	for _, text := range []string{"drop table lakehouse_dev_gold.t", "-- select\ninsert into t select 1", "explain analyze delete from t", "analyze delete from t"} {
		_, ran := e.Run(ctx, sql(text))
		_, explained := e.Explain(ctx, sql(text))
		_, unloaded := e.Unload(ctx, sql(text), "s3://bucket/folder")
		for _, err := range []error{ran, explained, unloaded} {
			if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "would change something") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if len(f.starts) != 0 {
		t.Errorf("%d statements were started", len(f.starts))
	}
}

func TestTypes(t *testing.T) {
	for _, test := range []struct {
		column types.ColumnInfo
		typ    string
		texts  []any
		want   string
	}{
		{info("c", "boolean"), "boolean", []any{"true", "false", nil}, "true false null"},
		{info("c", "tinyint"), "integer", []any{-128}, "-128"}, {info("c", "integer"), "integer", []any{2147483647}, "2147483647"},
		{info("c", "bigint"), "bigint", []any{"-9223372036854775808"}, "-9223372036854775808"},
		{info("c", "double"), "double", []any{"1.5", "1.0E10", "NaN", "-Infinity", "Infinity"}, "1.5 1e+10 NaN -Inf +Inf"},
		{info("c", "float"), "double", []any{"0.1"}, "0.1"},
		{info("c", "decimal", 10, 2), "decimal(10,2)", []any{"-12345678.90", "0.00", nil}, "-12345678.90 0.00 null"},
		{info("c", "decimal", 38, 0), "decimal(38,0)", []any{"99999999999999999999999999999999999999"}, "99999999999999999999999999999999999999"},
		{info("c", "date"), "date", []any{"2026-02-28"}, "2026-02-28"},
		{info("c", "timestamp"), "timestamp", []any{"2026-02-28 10:11:12.000", "2026-02-28 10:11:12.123456"}, "2026-02-28_10:11:12 2026-02-28_10:11:12.123456"},
		{info("c", "timestamp with time zone"), "timestamp", []any{"2026-07-01 12:00:00.000 Europe/Berlin", "2026-07-01 12:00:00.500 UTC", "2026-07-01 12:00:00.000 -03:30"},
			"2026-07-01_10:00:00 2026-07-01_12:00:00.5 2026-07-01_15:30:00"},
		{info("c", "varchar"), "string", []any{"", "x", nil}, "_ x null"}, {info("c", "varbinary"), "string", []any{"54 58 4e", "", nil}, "54584e _ null"},
		{info("c", "array"), "string", []any{"[1, 2]"}, "[1,_2]"},
	} {
		f := &fake{columns: []types.ColumnInfo{test.column}}
		for _, text := range test.texts {
			f.rows = append(f.rows, texts(text))
		}
		r := mustRun(t, f.engine(Options{}), sql("select 1"))
		lines, err := drain(r)
		for i, line := range lines {
			if lines[i] = strings.ReplaceAll(line, " ", "_"); line == "" {
				lines[i] = "_"
			}
		}
		if got := strings.Join(lines, " "); got != test.want || err != nil || r.Columns()[0].Type.String() != test.typ {
			t.Errorf("%s: %s %s, %v, want %s", *test.column.Type, r.Columns()[0].Type, got, err, test.want)
		}
	}
	for kind, text := range map[string]string{"boolean": "maybe", "integer": "1.5", "bigint": "", "double": "x", "date": "2026-02-30", "timestamp": "now",
		"timestamp with time zone": "2026-01-01 00:00:00.000 Nowhere/Town", "decimal": "1,5"} {
		f := &fake{columns: []types.ColumnInfo{info("c", kind, 10, 2)}, rows: [][]*string{texts(text)}}
		if _, err := drain(mustRun(t, f.engine(Options{}), sql("select 1"))); err == nil || !strings.Contains(err.Error(), "row 1 of the result") || !strings.Contains(err.Error(), "column c") {
			t.Errorf("%s %q: %v", kind, text, err)
		}
	}
}

// What is no query has no header, and rows that are short.
func TestNoQuery(t *testing.T) {
	f := &fake{kind: types.StatementTypeUtility, columns: []types.ColumnInfo{info("tab_name", "string"), info("more", "string")}, rows: [][]*string{texts("a"), texts("b", "c")}}
	if lines, err := drain(mustRun(t, f.engine(Options{}), sql("show tables"))); err != nil || !slices.Equal(lines, []string{"a|null", "b|c"}) {
		t.Errorf("%v, %v", lines, err)
	}
	text, err := f.engine(Options{}).Explain(context.Background(), sql("select 1"))
	if err != nil || text != "a\nbc\n" || *f.starts[1].QueryString != "explain select 1" {
		t.Errorf("%q, %v", text, err)
	}
	empty := &fake{columns: []types.ColumnInfo{info("c", "varchar")}}
	if lines, err := drain(mustRun(t, empty.engine(Options{}), sql("select 1"))); err != nil || len(lines) != 0 {
		t.Errorf("no rows: %v, %v", lines, err)
	}
}

func TestFailures(t *testing.T) {
	failure := func(category, kind int32, retryable bool) *types.AthenaError {
		return &types.AthenaError{ErrorCategory: &category, ErrorType: &kind, Retryable: retryable}
	}
	for _, test := range []struct {
		name    string
		reason  string
		failure *types.AthenaError
		class   diag.Class
		next    string
	}{
		{"syntax", "line 1:1: mismatched input 'selec'", failure(2, 1006, false), diag.Usage, ""},
		{"no table", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lakehouse_dev_silver.x' does not exist", failure(2, 1301, false), diag.Usage, "write tables as ${silver}.transactions"},
		{"cutoff", "Bytes scanned limit was exceeded", failure(2, 1201, false), diag.Budget, "athena.scan_limit_bytes"},
		{"denied", "Access denied when writing output to url", failure(2, 401, false), diag.Usage, "policy show athena-query"},
		{"mismatch", "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch", failure(2, 233, false), diag.Unexpected, "catalog check"},
		{"resources", "Query exhausted resources at this scale factor", failure(3, 104, false), diag.Transient, "ask again"},
		{"retryable", "internal", failure(1, 0, true), diag.Transient, "ask again"},
		{"system", "GENERIC_INTERNAL_ERROR: null", failure(1, 500, false), diag.Transient, "AWS is to know of query id-1"},
		{"without words", "", failure(3, 7, false), diag.Unexpected, ""},
		{"nothing", "odd", nil, diag.Unexpected, ""},
	} {
		f := &fake{state: types.QueryExecutionStateFailed, reason: test.reason, failure: test.failure, pending: 1}
		_, err := f.engine(Options{}).Run(context.Background(), sql("select 1"))
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != test.class || !strings.Contains(typed.Next, test.next) || !strings.Contains(typed.Msg, "id-1") || !strings.Contains(typed.Msg, test.reason) {
			t.Errorf("%s: %+v", test.name, err)
		}
	}
	f := &fake{state: types.QueryExecutionStateCancelled}
	if _, err := f.engine(Options{}).Run(context.Background(), sql("select 1")); err == nil || !strings.Contains(err.Error(), "was stopped in Athena by somebody else") {
		t.Errorf("cancelled elsewhere: %v", err)
	}
	f.reason = "Query cancelled! : Bytes scanned limit was exceeded: data scanned limit"
	if _, err := f.engine(Options{}).Run(context.Background(), sql("select 1")); diag.ClassOf(err) != diag.Budget {
		t.Errorf("cancelled by the workgroup: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		err   error
		class diag.Class
		text  string
	}{
		{&types.InvalidRequestException{Message: aws.String("WorkGroup lakehouse-dev is not found.")}, diag.Usage, "the workgroup lakehouse-dev cannot be used"},
		{&types.InvalidRequestException{Message: aws.String("Queries of this type are not supported")}, diag.Usage, "Queries of this type"},
		{&types.TooManyRequestsException{Message: aws.String("Rate exceeded")}, diag.Transient, "the query was not started in Athena"},
		{refusal("ExpiredTokenException", "The security token included in the request is expired"), diag.Transient, "expired"},
		{refusal("AccessDeniedException", "not authorized to perform: athena:StartQueryExecution"), diag.Usage, "not authorized"},
	} {
		f := &fake{startErr: test.err}
		_, err := f.engine(Options{}).Run(context.Background(), sql("select 1"))
		if diag.ClassOf(err) != test.class || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%v: %d %v", test.err, diag.ClassOf(err), err)
		}
	}
	f := &fake{getErr: refusal("ThrottlingException", "Rate exceeded")}
	if _, err := f.engine(Options{}).Run(context.Background(), sql("select 1")); diag.ClassOf(err) != diag.Transient || !strings.Contains(err.Error(), "query id-1 in Athena cannot be followed") {
		t.Errorf("lost sight: %v", err)
	}
	if !slices.Equal(f.stopped, []string{"id-1"}) {
		t.Errorf("who is not followed is not stopped: %v", f.stopped)
	}
	f.stopErr = refusal("ThrottlingException", "Rate exceeded")
	var lost *diag.Error
	if _, err := f.engine(Options{}).Run(context.Background(), sql("select 1")); !errors.As(err, &lost) || !strings.Contains(lost.Msg, "may still run there") || !strings.Contains(lost.Next, "stop-query-execution --query-execution-id id-1") {
		t.Errorf("lost sight, not stopped: %+v", err)
	}
	f = &fake{resultErr: refusal("InternalServerException", "oops")}
	if _, err := f.engine(Options{}).Run(context.Background(), sql("select 1")); err == nil || !strings.Contains(err.Error(), "the result of query id-1 cannot be read") {
		t.Errorf("no result: %v", err)
	}
	long := query.Statement{Query: queries.Query{SQL: "select :a", Parameters: []queries.Parameter{{Name: "a", Type: "string"}}}, Values: []queries.Value{{Name: "a", Type: "string", Text: strings.Repeat("x", 1023)}}}
	f = &fake{}
	if _, err := f.engine(Options{}).Run(context.Background(), long); diag.ClassOf(err) != diag.Usage || len(f.starts) > 0 {
		t.Errorf("a long value: %v", err)
	}
}

// Ctrl-C stops the statement in Athena, whenever it comes.
func TestInterrupted(t *testing.T) {
	for _, at := range []int{1, 2, 5} {
		ctx, cancel := context.WithCancel(context.Background())
		f := &fake{pending: 1000, scanned: 123_000_000, onLook: func(n int) {
			if n == at {
				cancel()
			}
		}}
		_, err := f.engine(Options{}).Run(ctx, sql("select 1"))
		if !errors.Is(err, context.Canceled) || diag.ClassOf(err) != diag.Interrupted || !slices.Equal(f.stopped, []string{"id-1"}) ||
			err.Error() != "query id-1 was stopped in Athena; it had read 123 MB, which is charged" {
			t.Errorf("at look %d: %v, stopped %v", at, err, f.stopped)
		}
	}
	// Also while it is being started: the answer, which names it, is waited for.
	ctx, cancel := context.WithCancel(context.Background())
	f := &fake{pending: 1000, onStart: cancel}
	if _, err := f.engine(Options{}).Run(ctx, sql("select 1")); !errors.Is(err, context.Canceled) || !slices.Equal(f.stopped, []string{"id-1"}) {
		t.Errorf("while it starts: %v, stopped %v", err, f.stopped)
	}
	ctx, cancel = context.WithCancel(context.Background())
	f = &fake{pending: 1000, stopErr: refusal("AccessDeniedException", "no"), onLook: func(int) { cancel() }}
	_, err := f.engine(Options{}).Run(ctx, sql("select 1"))
	if err == nil || !strings.Contains(err.Error(), "query id-1 may still run in Athena") {
		t.Errorf("cannot be stopped: %v", err)
	}
}

func TestMaxScan(t *testing.T) {
	f := &fake{scanned: 50_000_000, columns: []types.ColumnInfo{info("c", "varchar")}}
	estimate := func(context.Context, query.Statement) (int64, error) { return 40_000_000, nil }
	if _, err := f.engine(Options{MaxScan: 30_000_000, Estimate: estimate}).Run(context.Background(), sql("select 1")); diag.ClassOf(err) != diag.Budget || len(f.starts) > 0 {
		t.Errorf("before: %v, %d started", err, len(f.starts))
	}
	_, err := f.engine(Options{MaxScan: 45_000_000, Estimate: estimate}).Run(context.Background(), sql("select 1"))
	if diag.ClassOf(err) != diag.Budget || !strings.Contains(err.Error(), "has read 50 MB, and was allowed 45 MB") {
		t.Errorf("after: %v", err)
	}
	if _, err := f.engine(Options{MaxScan: 60_000_000, Estimate: estimate}).Run(context.Background(), sql("select 1")); err != nil {
		t.Errorf("enough: %v", err)
	}
}

// A large result comes from the file that Athena wrote, with null and the empty
// text apart, and with little memory.
func TestLargeResult(t *testing.T) {
	const n = 2_000_000
	f := &fake{size: 3, location: "s3://lake/athena-results/id-1.csv", columns: []types.ColumnInfo{info("i", "bigint"), info("text", "varchar"), info("amount", "decimal", 18, 2)}}
	for i := range 5 {
		f.rows = append(f.rows, texts(i, "x", "1.00"))
	}
	in, out := io.Pipe()
	go func() {
		w := &strings.Builder{}
		w.WriteString("\"i\",\"text\",\"amount\"\n")
		for i := range n {
			switch i % 3 {
			case 0:
				fmt.Fprintf(w, "\"%d\",\"a \"\"text\"\", with\nlines\",\"%d.25\"\n", i, i)
			case 1:
				fmt.Fprintf(w, "\"%d\",\"\",\n", i)
			default:
				fmt.Fprintf(w, "\"%d\",,\"0.00\"\n", i)
			}
			if w.Len() > 1<<16 || i == n-1 {
				if _, err := io.WriteString(out, w.String()); err != nil {
					return
				}
				w.Reset()
			}
		}
		out.Close()
	}()
	object := &file{Reader: in}
	r := mustRun(t, f.engine(Options{Objects: func(_ context.Context, bucket, key string) (storage.Stream, error) {
		if bucket != "lake" || key != "athena-results/id-1.csv" {
			return nil, fmt.Errorf("%s, %s", bucket, key)
		}
		return object, nil
	}}), sql("select 1"))
	rows, peak := int64(0), uint64(0)
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			if got := record.Column(1).ValueStr(0) + record.Column(1).ValueStr(1); got != "a \"text\", with\nlines" || record.Column(1).IsNull(1) || !record.Column(1).IsNull(2) || !record.Column(2).IsNull(1) {
				t.Errorf("the first rows: %v", record)
			}
		}
		rows += record.NumRows()
		record.Release()
		if rows%(batchRows*64) == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	if err := r.Close(); err != nil || !object.closed || rows != n || r.Stats().Rows != n {
		t.Errorf("%d rows, closed %v, %v", rows, object.closed, err)
	}
	if peak > 100<<20 {
		t.Errorf("%d MiB of memory", peak>>20)
	}
}

// Where the file of a large result is not there, its rows come in pages.
func TestMissingObject(t *testing.T) {
	f := &fake{size: 2, location: "s3://lake/results/id-1.csv", columns: []types.ColumnInfo{info("i", "bigint")}, rows: [][]*string{texts(1), texts(2), texts(3), texts(nil)}}
	missing := func(err error) Options {
		return Options{Objects: func(context.Context, string, string) (storage.Stream, error) { return nil, err }}
	}
	lines, err := drain(mustRun(t, f.engine(missing(fmt.Errorf("open: %w", fs.ErrNotExist))), sql("select 1")))
	if err != nil || !slices.Equal(lines, []string{"1", "2", "3", "null"}) {
		t.Errorf("%v, %v", lines, err)
	}
	if _, err := f.engine(missing(fs.ErrPermission)).Run(context.Background(), sql("select 1")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("not allowed to read it: %v", err)
	}
}

// A file that is not the result of the query is not taken for it.
func TestWrongObject(t *testing.T) {
	for content, want := range map[string]string{
		"\"j\"\n\"1\"\n":       `has the columns ["j"], and the query ["i"]`,
		"\"i\"\n\"1\",\"2\"\n": "with 2 fields, and there are 1 columns",
		"\"i\"\n\"1":           "ends within a value",
		"\"i\"\n\"1\"":         "ends within a record",
		"\"i\"\n\"x\"\n":       `"x" of column i is not bigint`,
		"\"i\"\n\"1\"2\n":      "has something behind a value",
		"":                     "EOF",
	} {
		f := &fake{size: 1, location: "s3://lake/x.csv", columns: []types.ColumnInfo{info("i", "bigint")}, rows: [][]*string{texts(1), texts(2)}}
		r, err := f.engine(Options{Objects: func(context.Context, string, string) (storage.Stream, error) {
			return &file{Reader: strings.NewReader(content)}, nil
		}}).
			Run(context.Background(), sql("select 1"))
		if err == nil {
			_, err = drain(r)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}

func TestUnload(t *testing.T) {
	f := &fake{updated: 42, scanned: 20_000_000}
	var asked []string
	o := Options{Empty: func(_ context.Context, bucket, prefix string) (bool, error) {
		asked = append(asked, bucket+" "+prefix)
		return prefix != "full/", nil
	}}
	stats, err := f.engine(o).Unload(context.Background(), sql("select * from ${gold}.t"), "s3://out/a'b/")
	want := "unload (select * from \"lakehouse_dev_gold\".t\n) to 's3://out/a''b/' with (format = 'PARQUET', compression = 'SNAPPY')"
	if err != nil || stats.Rows != 42 || stats.Location != "s3://out/a'b/" || *f.starts[0].QueryString != want || asked[0] != "out a'b/" {
		t.Errorf("%+v, %v, %q", stats, err, asked)
	}
	for _, place := range []string{"s3://out/full", "out/x", "s3://out", "s3://out/", "/tmp/x"} {
		if _, err := f.engine(o).Unload(context.Background(), sql("select 1"), place); diag.ClassOf(err) != diag.Usage {
			t.Errorf("%s: %v", place, err)
		}
	}
	if len(f.starts) != 1 {
		t.Errorf("%d statements", len(f.starts))
	}
}

func FuzzReader(f *testing.F) {
	f.Add("\"a\",,\"\"\n\"x\"\"y\",\"1\n2\",z\n")
	f.Add("\"a\"b\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := newReader(strings.NewReader(text))
		var again strings.Builder
		for {
			row, err := r.record(nil)
			if err != nil {
				break
			}
			for i, v := range row {
				if i > 0 {
					again.WriteByte(',')
				}
				if v != nil {
					again.WriteString(`"` + strings.ReplaceAll(*v, `"`, `""`) + `"`)
				}
			}
			again.WriteByte('\n')
		}
		// What was read is read the same again when it is written as Athena does.
		first, second := newReader(strings.NewReader(text)), newReader(strings.NewReader(again.String()))
		for {
			a, errA := first.record(nil)
			b, errB := second.record(nil)
			if errA != nil {
				return
			}
			if errB != nil || !slices.EqualFunc(a, b, func(x, y *string) bool { return (x == nil) == (y == nil) && (x == nil || *x == *y) }) {
				t.Fatalf("%q, then %q: %v", text, again.String(), errB)
			}
		}
	})
}
