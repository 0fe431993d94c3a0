//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/queries"
	"github.com/lakectl/lakectl/sampledata"
)

// sampleLake returns the sample project, run once.
func sampleLake(t testing.TB) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	return l
}

// engineOn returns an engine on the folder of a lake.
func engineOn(l *lab.Lab) *Engine {
	l.T.Helper()
	e, err := New(Options{Lake: l.Open(), Folder: l.Lake, Temp: l.T.TempDir()})
	if err != nil {
		l.T.Fatal(err)
	}
	return e.(*Engine)
}

// elsewhere returns an engine on the same lake as if it were not on this
// machine, and what it fetched: how many files, each time.
func elsewhere(l *lab.Lab, cache Cache) (*Engine, *[]int) {
	e, fetched := engineOn(l), &[]int{}
	e.o.Folder, e.o.Cache = "", cache
	e.o.OnFetch = func(files int, _ int64) { *fetched = append(*fetched, files) }
	return e, fetched
}

func mustAsk(t testing.TB, e query.Engine, st query.Statement) []string {
	t.Helper()
	_, lines, err := ask(context.Background(), e, st)
	if err != nil {
		t.Fatalf("%s: %v", st.Query.SQL, err)
	}
	return lines
}

// A view has the rows of its table, with the table's types.
func TestTables(t *testing.T) {
	l := sampleLake(t)
	e := engineOn(l)
	for _, ref := range []string{"bronze.customers", "bronze.transactions", "silver.customers", "silver.transactions", "quarantine.transactions",
		"gold.daily_sales", "gold.latest_snapshot"} {
		count := mustAsk(t, e, sql("select count(*) from "+ref))
		if want := len(l.Rows(ref)); count[0] != fmt.Sprint(want) || want == 0 {
			t.Errorf("%s: %s rows, want %d", ref, count[0], want)
		}
	}
	columns, _, err := ask(context.Background(), e, sql("select * from silver.transactions limit 1"))
	want := "transaction_id string, customer_id string, product_id string, transaction_timestamp timestamp, transaction_date date, amount decimal(10,2), " +
		"quantity integer, status string, revenue decimal(18,2), data_quality_flag string, data_quality_issues string, source_file string, source_row bigint, " +
		"ingestion_timestamp timestamp, ingestion_date date, processed_timestamp timestamp"
	if got := strings.Join(columns, ", "); got != want || err != nil {
		t.Errorf("columns: %s, %v", got, err)
	}
	if tables := mustAsk(t, e, sql("select table_schema || '.' || table_name from information_schema.tables order by 1")); len(tables) != 13 { // with the other names of both quarantines
		t.Errorf("tables: %v", tables)
	}
	if tables := mustAsk(t, e, sql("SHOW tables;")); len(tables) != 13 || tables[0] != "bronze|customers" {
		t.Errorf("show tables: %v", tables)
	}
}

// A statement reads the tables of the lake, and nothing else, and writes nothing.
func TestOnlyTheLake(t *testing.T) {
	l := sampleLake(t)
	e := engineOn(l)
	before := l.Tree()
	secret := filepath.Join(l.Dir, "lakehouse.yaml")
	inLake := filepath.Join(l.Lake, "silver", "customers")
	for _, text := range []string{
		"select * from read_text('" + secret + "')", "select * from read_csv('/etc/passwd')", "select * from '" + secret + "'",
		"select * from read_text('" + inLake + "/../../../lakehouse.yaml'), silver.customers", "select * from read_csv('" + secret + "'), silver.transactions",
		"analyze copy (select * from silver.transactions) to '" + secret + ".csv'", "select * from glob('" + l.Lake + "/*')",
		"select * from read_parquet('" + l.Lake + "/gold/daily_sales/*.parquet'), silver.customers",
		"select * from read_text('" + l.Lake + "/_lakectl/log/1.json')", "select * from read_csv('https://example.com/x.csv')",
		"select * from read_blob('" + e.o.Temp + "/x')", "select * from sniff_csv('/etc/passwd')", "select * from parquet_metadata('/etc/passwd')",
		"copy (select 1) to '" + inLake + "/x.parquet'", "copy silver.customers to '/tmp/x.csv'", "attach '/tmp/x.db' as x", "install httpfs", "load httpfs",
		"set memory_limit = '1GB'", "set enable_external_access = true", "pragma threads = 1", "create table x as select 1", "drop view silver.customers", "insert into silver.customers select * from silver.customers",
		"delete from silver.customers", "explain analyze copy (select 1) to '" + inLake + "/x.parquet'", "call pragma_version()", "export database '/tmp/x'",
		"checkpoint", "vacuum", "select 1; select 2", "begin transaction", "use silver", "prepare p as select 1", "update silver.customers set full_name = ''",
	} {
		for _, most := range []int64{0, 1 << 40} { // with a limit its plan is looked at first
			e.o.MaxScan = most
			_, lines, err := ask(context.Background(), e, sql(text))
			if err == nil || diag.ClassOf(err) != diag.Usage {
				t.Errorf("%s: %v, %v", text, lines, err)
			}
		}
	}
	lab.SameTree(t, l.Tree(), before)
	if entries, err := os.ReadDir(e.o.Temp); err != nil || len(entries) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", entries, err)
	}
}

// Values are never SQL.
// A dataset of which every record was good has an empty quarantine under both of
// its names, and a table without rows has the column of its folders.
func TestTablesWithoutRows(t *testing.T) {
	l := lab.New(t)
	l.Write("lakehouse.yaml", "project: p\nlake: ./lake\nbronze: {orders: {source: \"*.csv\"}}\nsilver: {orders: {columns: {id: {type: string}}}}\n")
	l.Write("orders.csv", "id,amount\n")
	l.MustRun()
	e := engineOn(l)
	for _, table := range []string{"bronze.orders", "quarantine.orders", "silver.orders_quarantine"} {
		if got := mustAsk(t, e, sql("select count(*), count(id), count(ingestion_date) from "+table+" where ingestion_date >= date '2026-01-01'")); got[0] != "0|0|0" {
			t.Errorf("%s: %q", table, got)
		}
	}
}

func TestValuesAreInert(t *testing.T) {
	e := engineOn(sampleLake(t))
	q := queries.Query{SQL: "select :v, count(*) from ${silver}.customers where customer_id = :v or :v = 'all'", Parameters: []queries.Parameter{{Name: "v", Type: "string"}}}
	for _, value := range []string{"x' or '1'='1", "'; drop view silver.customers; --", "$1", ":v", "${silver}", "?", "\\", "\"", "Größe\n❤", "all"} {
		values, err := q.Bind(map[string]string{"v": value})
		if err != nil {
			t.Fatal(err)
		}
		want := value + "|0"
		if value == "all" {
			want = "all|188"
		}
		if got := mustAsk(t, e, query.Statement{Query: q, Values: values}); got[0] != want {
			t.Errorf("%q: %q", value, got[0])
		}
	}
	typed := queries.Query{SQL: "select :d, :t, :n, :i, :b, :f", Parameters: []queries.Parameter{{Name: "d", Type: "date"}, {Name: "t", Type: "timestamp"},
		{Name: "n", Type: "decimal(10,2)"}, {Name: "i", Type: "bigint"}, {Name: "b", Type: "boolean"}, {Name: "f", Type: "double"}}}
	values, err := typed.Bind(map[string]string{"d": "2026-01-31", "t": "2026-01-31T10:11:12.5", "n": "-1.50", "i": "-7", "b": "true", "f": "0.1"})
	if err != nil {
		t.Fatal(err)
	}
	columns, lines, err := ask(context.Background(), e, query.Statement{Query: typed, Values: values})
	var types []string
	for _, c := range columns {
		types = append(types, c[strings.LastIndex(c, " ")+1:])
	}
	if want := "date timestamp decimal(10,2) bigint boolean double"; err != nil || strings.Join(types, " ") != want || lines[0] != "2026-01-31|2026-01-31 10:11:12.5|-1.50|-7|true|0.1" {
		t.Errorf("%v %v %v", types, lines, err)
	}
}

func TestMistakes(t *testing.T) {
	l := sampleLake(t)
	here := engineOn(l)
	remote, fetched := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	for _, e := range []*Engine{here, remote} {
		checkMistakes(t, e)
	}
	if len(*fetched) > 0 {
		t.Errorf("fetched for statements that are wrong: %v", *fetched)
	}
}

func checkMistakes(t *testing.T, e *Engine) {
	t.Helper()
	for _, test := range []struct{ sql, message, next string }{
		{"select * from transactions", "there is no table transactions in the lake", "write its layer, too: bronze.transactions or quarantine.transactions or silver.transactions"},
		{"select * from silver.transaction", "there is no table silver.transaction in the lake", `did you mean "silver.transactions"?`},
		{"select * from silver.transactions t, silver.what_is_this", "there is no table silver.what_is_this in the lake", "build it with `lakectl run`, or see what there is with `lakectl status`"},
		{"selec * from silver.transactions", "syntax error at or near \"selec\"\n\nLINE 1: selec * from silver.transactions\n        ^", ""},
		{"select * from gold.what_is_this", "there is no table gold.what_is_this in the lake", "build it with `lakectl run`, or see what there is with `lakectl status`"},
		{"", "there is no statement", ""},
		{"select ?", "the statement has 1 parameters, and there are values for 0", "write a parameter as :name, and give its value with --param name=value"},
		{"create table x (i int)", "the statement would change something; a query only reads", "begin it with select or with"},
	} {
		_, _, err := ask(context.Background(), e, sql(test.sql))
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != diag.Usage || typed.Msg != test.message || typed.Next != test.next {
			t.Errorf("%q: %+v", test.sql, err)
		}
	}
	if _, _, err := ask(context.Background(), e, sql("select amout from silver.transactions")); err == nil || !strings.Contains(err.Error(), `"amount"`) {
		t.Errorf("a mistyped column: %v", err)
	}
}

// Whoever reads a table while a run changes it is told, or gets the new one.
func TestChangedMeanwhile(t *testing.T) {
	l := sampleLake(t)
	e := engineOn(l)
	e.ahead = 0 // as if the result were large
	r, err := e.Run(context.Background(), sql("select * from silver.transactions"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.Run(context.Background(), sql("select * from silver.customers"))
	if err != nil {
		t.Fatal(err)
	}
	l.Write("transactions_99.csv", "transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n"+
		"TXN9999999999,CUST00000001,PROD0001,2026-11-01 10:00:00,1.00,1,completed\n")
	l.MustRun()
	if err := drain(r); diag.ClassOf(err) != diag.Transient || err.Error() != "silver.transactions was changed by a run while it was read" {
		t.Errorf("changed: %v", err)
	}
	if err := drain(other); err != nil {
		t.Errorf("not changed: %v", err)
	}
	if got := mustAsk(t, e, sql("select count(*) from silver.transactions where transaction_id = 'TXN9999999999'")); got[0] != "1" {
		t.Errorf("afterwards: %v", got)
	}
}

func drain(r query.Result) error {
	defer r.Close()
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		record.Release()
	}
}

// Files that are not as they were written are not read.
func TestTouchedFiles(t *testing.T) {
	l := sampleLake(t)
	files, err := filepath.Glob(filepath.Join(l.Lake, "silver", "customers", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}
	_, _, err = ask(context.Background(), engineOn(l), sql("select count(*) from silver.customers"))
	if err == nil || !strings.Contains(err.Error(), "was changed by something else than lakectl") {
		t.Errorf("truncated: %v", err)
	}
	e, _ := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	if _, _, err = ask(context.Background(), e, sql("select count(*) from silver.customers")); err == nil || !strings.Contains(err.Error(), "was changed by something else than lakectl") {
		t.Errorf("truncated, elsewhere: %v", err)
	}
}

// Without a folder for temporary files, or one with room, it is told what to set.
func TestNoTemp(t *testing.T) {
	e := engineOn(sampleLake(t))
	e.o.Temp = filepath.Join(e.o.Temp, "missing")
	_, _, asked := ask(context.Background(), e, sql("select 1"))
	_, estimated := Estimate(context.Background(), e.o, sql("select 1"))
	for _, err := range []error{asked, estimated, explain(`IO Error: Could not write file "/tmp/x": No space left on device`)} {
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != diag.Usage || typed.Next != "set TMPDIR to a folder that can be written, and has room" {
			t.Errorf("%+v", err)
		}
	}
	full := explain("Out of Memory Error: failed to offload data block of size 256.0 KiB (3.5 MiB/3.5 MiB used).\nThis limit was set")
	var typed *diag.Error
	if !errors.As(full, &typed) || !strings.HasPrefix(typed.Next, "set TMPDIR to a folder with more room") || strings.Contains(typed.Msg, "\n") {
		t.Errorf("%+v", full)
	}
}

func TestExplain(t *testing.T) {
	e := engineOn(sampleLake(t))
	text, err := e.Explain(context.Background(), sql("select count(*) from silver.transactions where transaction_date > date '2026-10-01'"))
	if err != nil || !strings.Contains(text, "READ_PARQUET") || !strings.Contains(text, "File Filters") {
		t.Errorf("%s, %v", text, err)
	}
}

// Elsewhere, a statement is explained of no more files than it needs; so are
// those that begin with explain themselves.
func TestExplainElsewhere(t *testing.T) {
	l := sampleLake(t)
	const day = "select sum(amount) from silver.transactions where transaction_date = date '2026-10-01'"
	e, fetched := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 0})
	if text, err := e.Explain(context.Background(), sql("-- a day\n"+day)); err != nil || !strings.Contains(text, "READ_PARQUET") {
		t.Errorf("%s, %v", text, err)
	}
	for _, begin := range []string{"explain ", "EXPLAIN\n", "explain analyze ", "-- a plan\nexplain (format text) ", "/* a */ explain /* b */ "} {
		if lines := mustAsk(t, e, sql(begin+day)); !strings.Contains(lines[0], "|") {
			t.Errorf("%s: %q", begin, lines)
		}
	}
	if !slices.Equal(*fetched, []int{1, 1, 1, 1, 1, 1}) {
		t.Errorf("fetched: %v", *fetched)
	}
}

// What tables there are is asked without their files.
func TestShowTablesFetchesNothing(t *testing.T) {
	e, fetched := elsewhere(sampleLake(t), Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	for _, text := range []string{"show tables", "select * from information_schema.columns", "describe silver.transactions"} {
		if lines := mustAsk(t, e, sql(text)); len(lines) < 10 {
			t.Errorf("%s: %v", text, lines)
		}
	}
	if len(*fetched) > 0 {
		t.Errorf("fetched: %v", *fetched)
	}
}

func TestMaxScan(t *testing.T) {
	e := engineOn(sampleLake(t))
	e.o.MaxScan = 20_000
	_, _, err := ask(context.Background(), e, sql("select count(*) from silver.transactions"))
	if diag.ClassOf(err) != diag.Budget {
		t.Errorf("all of it: %v", err)
	}
	r, err := e.Run(context.Background(), sql("select count(*) from silver.transactions where transaction_date = date '2026-10-01'"))
	if err != nil {
		t.Fatal(err)
	}
	if err := drain(r); err != nil || r.Stats().Scanned == 0 || r.Stats().Scanned > 20_000 {
		t.Errorf("a day: %v, %+v", err, r.Stats())
	}
}

// statements are those with which the two ways to read a lake are compared, and
// how many of the files of silver.transactions each needs.
var statements = []struct {
	sql   string
	files int
}{
	{"select count(*), sum(amount) from silver.transactions", all},
	{"select count(*) from silver.transactions where transaction_date = date '2026-10-01'", 1},
	{"select count(*) from silver.transactions where transaction_date between date '2026-10-01' and date '2026-10-07'", 7},
	{"select count(*) from silver.transactions where transaction_date in (date '2026-10-01', date '2026-10-03') and amount > 10", 2},
	{"select count(*) from silver.transactions where not (transaction_date > date '2026-08-02')", 2},
	{"select count(*) from silver.transactions where transaction_date = date '2026-10-01' or amount > 10", all},
	{"select count(*) from silver.transactions where transaction_date is null", 0},
	{"select count(*) from silver.transactions where false", 0},
	{"select count(*) from silver.transactions where extract(month from transaction_date) = 9", all},
	{"select count(*) from silver.transactions a join silver.transactions b using (transaction_date) where a.transaction_date = date '2026-10-01'", 1},
	{"select (select count(*) from silver.transactions where transaction_date = date '2026-10-01') + (select count(*) from silver.transactions where transaction_date = date '2026-10-02')", 2},
	{"with d as (select transaction_date, sum(amount) as s from silver.transactions group by 1) select * from d where transaction_date >= date '2026-10-20' order by 1", 10},
	{"select count(*) from silver.transactions t join silver.customers c on c.customer_id = t.customer_id and t.transaction_date = date '2026-10-01' where c.email is not null", 1},
	{"select count(*) from silver.customers c left join silver.transactions t on c.customer_id = t.customer_id and t.transaction_date = date '2026-10-01'", 1},
	{"select transaction_id from silver.transactions where transaction_date = (select max(transaction_date) from silver.transactions) order by 1", all},
	{"select count(*) from silver.transactions where cast(transaction_date as varchar) like '2026-10-0%'", 9},
	{"select count(*) from silver.transactions where transaction_date = date '2026-10-01' union all select count(*) from silver.transactions", all},
}

const all = -1

// What is fetched of a lake elsewhere is enough for the same answer as on the
// whole of it, and no more than the statement needs.
func TestFetchedIsEnough(t *testing.T) {
	l := sampleLake(t)
	here := engineOn(l)
	days := len(mustAsk(t, here, sql("select distinct transaction_date from silver.transactions")))
	for _, test := range statements {
		e, fetched := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
		want := mustAsk(t, here, sql(test.sql))
		if got := mustAsk(t, e, sql(test.sql)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", test.sql, got, want)
		}
		files := test.files
		if files == all {
			files = days
		}
		if strings.Contains(test.sql, "silver.customers") {
			files++
		}
		if got := sum(*fetched); got != files {
			t.Errorf("%s: %d files were fetched, want %d", test.sql, got, files)
		}
	}
}

func sum(list []int) (total int) {
	for _, n := range list {
		total += n
	}
	return total
}

// What goes wrong because a table was changed while it was read is said as that.
func TestErrorsOfChangedTables(t *testing.T) {
	l := sampleLake(t)
	e := engineOn(l)
	e.ahead = 0
	r, err := e.Run(context.Background(), sql("select * from silver.customers"))
	if err != nil {
		t.Fatal(err)
	}
	l.Write("customers_99.csv", "customer_id,first_name,last_name,email,phone,registration_date,loyalty_points\nCUST99999999,A,B,a@example.com,1,2026-01-01 00:00:00,1\n")
	l.MustRun()
	wrong := errors.New("invalid TType")
	if got := r.(*result).orMoved(wrong); diag.ClassOf(got) != diag.Transient {
		t.Errorf("changed: %v", got)
	}
	r.Close()
	if r, err = e.Run(context.Background(), sql("select * from silver.customers")); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.(*result).orMoved(wrong); !errors.Is(got, wrong) {
		t.Errorf("not changed: %v", got)
	}
}

// Whatever text a partition is named by, its rows are found by it, here and
// elsewhere.
func TestPartitionsOfAnyText(t *testing.T) {
	l := lab.New(t)
	l.Write("lakehouse.yaml", "project: p\nlake: ./lake\nbronze: {t: {source: \"*.csv\"}}\n"+
		"silver: {t: {key: id, partition_by: p, columns: {id: {type: integer}, p: {type: string}}}}\n")
	values := []string{"a b", "a/b", "100%", "%41", "x=y", "q'uote", "über", "漢字", "*", "?q", "[z]", "a+b", "#", "{c}", "semi;colon", "..", ".", "A", "a", "NULL", "null", "Null", "  lead",
		"__HIVE_DEFAULT_PARTITION__"}
	var file strings.Builder
	file.WriteString("id,p\n0,\n")
	for i, v := range values {
		fmt.Fprintf(&file, "%d,\"%s\"\n", i+1, v)
	}
	l.Write("t.csv", file.String())
	l.MustRun()
	remote, _ := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	for _, e := range []*Engine{engineOn(l), remote} {
		if got := mustAsk(t, e, sql("select count(*), count(p), count(distinct p), min(case when p is null then id end) from silver.t")); got[0] != fmt.Sprintf("%d|%d|%d|0", len(values)+1, len(values), len(values)) {
			t.Errorf("%q", got)
		}
		for i, v := range values {
			q := queries.Query{SQL: "select id from silver.t where p = :p", Parameters: []queries.Parameter{{Name: "p", Type: "string"}}}
			st := query.Statement{Query: q, Values: []queries.Value{{Name: "p", Type: "string", Text: v}}}
			if got := mustAsk(t, e, st); !slices.Equal(got, []string{fmt.Sprint(i + 1)}) {
				t.Errorf("%q: %v, want %d", v, got, i+1)
			}
		}
	}
}
