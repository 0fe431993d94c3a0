package quality

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
)

var (
	now    = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	orders = lake.TableRef{Layer: lake.Silver, Name: "orders"}
)

// bucket stages files by writing them.
type bucket struct{ storage.Bucket }

func (bucket) Sequence() uint64 { return 1 }

func (b bucket) Stage(ctx context.Context, _ lake.TableRef, path string) (storage.Writer, error) {
	return b.Create(ctx, path, storage.CreateOptions{})
}

// noFiles is the Opener of tests that need no file.
type noFiles struct{}

var errOpened = errors.New("a file was opened")

func (noFiles) Open(context.Context, string) (storage.Object, error) { return nil, errOpened }

// columns reads "name type, name type"; all are nullable.
func columns(text string) schema.Table {
	var t schema.Table
	for column := range strings.SplitSeq(text, "; ") {
		name, typ, _ := strings.Cut(column, " ")
		parsed, err := schema.ParseType(typ)
		if err != nil {
			panic(err)
		}
		t.Columns = append(t.Columns, schema.Column{Name: name, Type: parsed, Nullable: true})
	}
	return t
}

// makeTable writes files of rows, a text for each; values are parted by "|" and
// null is "-". A file of partitioned rows must be of one partition.
func makeTable(t testing.TB, s schema.Table, partitioned []string, files ...[]string) Table {
	t.Helper()
	b := bucket{mem.New(mem.Options{})}
	out := Table{Ref: orders, Schema: s, Partitioned: partitioned, Open: b}
	inFile := s.Without(partitioned...)
	for i, rows := range files {
		target := table.Target{Table: orders, Path: path.Join(orders.Dir(), fmt.Sprintf("%d.parquet", i)), Partition: map[string]*string{}}
		cols := make([]arrow.Array, 0, len(inFile.Columns))
		for c, column := range s.Columns {
			builder := array.NewBuilder(memory.DefaultAllocator, column.Type.Arrow())
			for _, row := range rows {
				text := strings.Split(row, "|")[c]
				switch {
				case inFile.Index(column.Name) < 0 && text != "-":
					target.Partition[column.Name] = &text
				case inFile.Index(column.Name) < 0:
					target.Partition[column.Name] = nil
				case text == "-":
					builder.AppendNull()
				default:
					if err := builder.AppendValueFromString(text); err != nil {
						t.Fatal(err)
					}
				}
			}
			if inFile.Index(column.Name) >= 0 {
				cols = append(cols, builder.NewArray())
			}
		}
		w, err := table.Create(t.Context(), b, target, inFile, parquetio.WriterOptions{RowGroupRows: max(100, len(rows)/8)})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteColumns(cols, len(rows)); err != nil {
			t.Fatal(err)
		}
		file, err := w.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out.Files = append(out.Files, file)
	}
	return out
}

func noOther(*project.OtherSum) (Table, error) { return Table{}, errors.New("there is no other table") }

func options() Options { return Options{Workers: 2, Spill: engine.NewSpill(""), Now: now} }

// judge runs one check and returns whether it failed and its detail.
func judge(t *testing.T, tab Table, check project.TableCheck, other func(*project.OtherSum) (Table, error)) (bool, string) {
	t.Helper()
	check.Name, check.OnFail = "check", project.Flag
	results, err := CheckTable(t.Context(), tab, []*project.TableCheck{&check}, other, options())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Table != orders || results[0].Name != "check" || results[0].OnFail != "flag" || results[0].Rows != tab.data().Rows() {
		t.Fatalf("results %+v", results)
	}
	return results[0].Failed == 1, results[0].Detail
}

func rat(text string) *big.Rat {
	if text == "" {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return r
}

func TestRowCountAndNullShare(t *testing.T) {
	tab := makeTable(t, columns("id string; day date; email string"), []string{"day"},
		[]string{"a|2026-01-01|x", "b|2026-01-01|-"}, []string{"c|-|-"})
	tab.Files = append(tab.Files, lake.FileChange{Path: "_lakectl/keys/x", Kind: lake.Index, Rows: 99})
	tab.Open = noFiles{}
	empty := Table{Ref: orders, Schema: tab.Schema, Partitioned: tab.Partitioned, Open: noFiles{}}
	rows := func(least, most int64) project.TableCheck {
		return project.TableCheck{Kind: project.RowCount, MinRows: least, MaxRows: most}
	}
	nulls := func(column int, most float64) project.TableCheck {
		return project.TableCheck{Kind: project.NullShare, Columns: []int{column}, MaxNulls: most}
	}
	for _, test := range []struct {
		tab    Table
		check  project.TableCheck
		failed bool
		detail string
	}{
		{tab, rows(3, -1), false, "3 rows; at least 3 wanted"},
		{tab, rows(1204113, -1), true, "3 rows; at least 1,204,113 wanted"},
		{tab, rows(-1, 2), true, "3 rows; at most 2 allowed"},
		{tab, rows(1, 3), false, "3 rows; 1 to 3 wanted"},
		{empty, rows(1, -1), true, "0 rows; at least 1 wanted"},
		{tab, nulls(0, 0), false, "id is null in 0 of 3 rows (0 %); at most 0 % allowed"},
		{tab, nulls(2, 0.5), true, "email is null in 2 of 3 rows (66.67 %); at most 50 % allowed"},
		{tab, nulls(2, 2.0/3), false, "email is null in 2 of 3 rows (66.67 %); at most 66.67 % allowed"},
		{tab, nulls(1, 0.1), true, "day is null in 1 of 3 rows (33.33 %); at most 10 % allowed"},
		{empty, nulls(1, 0), false, "no rows; at most 0 % may be null"},
	} {
		if failed, detail := judge(t, test.tab, test.check, noOther); failed != test.failed || detail != test.detail {
			t.Errorf("failed %v, %q; want %v, %q", failed, detail, test.failed, test.detail)
		}
	}
}

// 0.7 % as a double is a little less than 7 of 1,000.
func TestNullShareAtItsBound(t *testing.T) {
	percent := 0.7
	tab := Table{Ref: orders, Schema: columns("x string"), Files: []lake.FileChange{{Rows: 1000, Stats: map[string]lake.ColumnStats{"x": {Nulls: 7}}}}}
	check := project.TableCheck{Kind: project.NullShare, Columns: []int{0}, MaxNulls: percent / 100}
	if failed, detail := judge(t, tab, check, noOther); failed {
		t.Error(detail)
	}
	tab.Files[0].Stats["x"] = lake.ColumnStats{Nulls: 8}
	if failed, detail := judge(t, tab, check, noOther); !failed {
		t.Error(detail)
	}
}

func TestNewest(t *testing.T) {
	s := columns("at timestamp; day date; when date")
	tab := makeTable(t, s, []string{"day"},
		[]string{"2026-03-31 21:14:05|2026-11-22|2026-11-20", "-|2026-11-22|-"}, []string{"-|-|-"},
		[]string{"2026-03-30 00:00:00.5|2026-11-21|2026-11-21"}, []string{})
	future := makeTable(t, s, nil, []string{"2026-11-23 09:00:00.25|2027-01-01|0001-01-01"})
	old := makeTable(t, s, nil, []string{"2026-11-21 08:59:59.75|-|-"})
	empty := Table{Ref: orders, Schema: s, Open: noFiles{}}
	for _, test := range []struct {
		tab    Table
		column int
		within time.Duration
		failed bool
		detail string
	}{
		{tab, 0, 48 * time.Hour, true, "newest at is 2026-03-31 21:14:05, 236 days 11 hours old; at most 48h allowed"},
		{tab, 0, 6000 * time.Hour, false, "newest at is 2026-03-31 21:14:05, 236 days 11 hours old; at most 6000h allowed"},
		{tab, 1, 33 * time.Hour, false, "newest day is 2026-11-22, 1 day 9 hours old; at most 33h allowed"},
		{tab, 1, 33*time.Hour - time.Second, true, "newest day is 2026-11-22, 1 day 9 hours old; at most 32h59m59s allowed"},
		{tab, 2, 90 * time.Minute, true, "newest when is 2026-11-21, 2 days 9 hours old; at most 1h30m allowed"},
		{future, 0, time.Second, false, "newest at is 2026-11-23 09:00:00.25, less than a second in the future; at most 1s allowed"},
		{future, 1, time.Second, false, "newest day is 2027-01-01, 38 days 15 hours in the future; at most 1s allowed"},
		{future, 2, time.Hour, true, "newest when is 0001-01-01, 739,942 days 9 hours old; at most 1h allowed"},
		{old, 0, 48 * time.Hour, true, "newest at is 2026-11-21 08:59:59.75, 2 days old; at most 48h allowed"},
		{old, 1, 48 * time.Hour, true, "day is null in every row, so there is no newest; at most 48h allowed"},
		{empty, 0, 48 * time.Hour, true, "the table has no rows, so there is no newest at; at most 48h allowed"},
	} {
		check := project.TableCheck{Kind: project.Newest, Columns: []int{test.column}, Within: test.within}
		for _, stats := range []bool{true, false} {
			tab := test.tab
			if stats {
				tab.Open = noFiles{}
			} else {
				tab = withoutBounds(tab)
			}
			if failed, detail := judge(t, tab, check, noOther); failed != test.failed || detail != test.detail {
				t.Errorf("with statistics %v: failed %v, %q; want %v, %q", stats, failed, detail, test.failed, test.detail)
			}
		}
	}
}

// withoutBounds returns the table as if nothing were known of its values.
func withoutBounds(t Table) Table {
	files := t.Files
	t.Files = nil
	for _, f := range files {
		f.Stats = nil
		t.Files = append(t.Files, f)
	}
	return t
}

func TestUnique(t *testing.T) {
	s := columns("id string; day date; n double; flag boolean")
	tab := makeTable(t, s, []string{"day"},
		[]string{"a|2026-01-01|NaN|true", "b|2026-01-01|-0|true", "-|2026-01-01|5|-"},
		[]string{"a|2026-01-02|NaN|true", "-|2026-01-02|0|-", "c|2026-01-02|7|-"},
		[]string{"b|-|8|false", "d|-|-|-"})
	for _, test := range []struct {
		columns []int
		failed  bool
		detail  string
	}{
		{[]int{0}, true, `id = "a" stands in 2 rows; 2 values repeat, in 4 rows; none may repeat in 6 rows (2 with a null do not count)`},
		{[]int{0, 1}, false, "no id, day repeats in 4 rows (4 with a null do not count); none may"},
		{[]int{2}, true, "n = 0 stands in 2 rows; 2 values repeat, in 4 rows; none may repeat in 7 rows (1 with a null do not count)"},
		{[]int{1}, true, "day = 2026-01-01 stands in 3 rows; 2 values repeat, in 6 rows; none may repeat in 6 rows (2 with a null do not count)"},
		{[]int{3, 0}, true, `flag = true, id = "a" stands in 2 rows; none may repeat in 4 rows (4 with a null do not count)`},
	} {
		check := project.TableCheck{Kind: project.Unique, Columns: test.columns}
		failed, detail := judge(t, tab, check, noOther)
		if failed != test.failed || detail != test.detail {
			t.Errorf("failed %v, %q; want %v, %q", failed, detail, test.failed, test.detail)
		}
	}
	empty := Table{Ref: orders, Schema: s, Open: noFiles{}}
	if failed, detail := judge(t, empty, project.TableCheck{Kind: project.Unique, Columns: []int{0}}, noOther); failed || detail != "no id repeats in 0 rows; none may" {
		t.Error(failed, detail)
	}
}

func TestSum(t *testing.T) {
	huge := strings.Repeat("9", 38)
	s := columns("amount decimal(10,2); big decimal(38,0); n bigint; x double; store integer")
	tab := makeTable(t, s, []string{"store"},
		[]string{"1.10|" + huge + "|9223372036854775807|1e300|7", "2.25|" + huge + "|9223372036854775807|0.1|7"},
		[]string{"-|-|-|-1e300|8"}, []string{"-0.35|-|2|-|-"})
	broken := makeTable(t, s, nil, []string{"-|-|-|NaN|-"}, []string{"-|-|-|+Inf|-"})
	empty := Table{Ref: orders, Schema: s, Open: noFiles{}}
	for _, test := range []struct {
		tab         Table
		column      int
		least, most string
		failed      bool
		detail      string
	}{
		{tab, 0, "3", "3", false, "sum of amount is 3.00; 3 to 3 wanted"},
		{tab, 0, "3.001", "", true, "sum of amount is 3.00; at least 3.001 wanted"},
		{tab, 1, "", huge, true, "sum of big is 1" + huge[1:] + "8; at most " + huge + " allowed"},
		{tab, 2, "18446744073709551616", "18446744073709551616", false, "sum of n is 18446744073709551616; 18446744073709551616 to 18446744073709551616 wanted"},
		{tab, 3, "0", "", false, "sum of x is 0.1; at least 0 wanted"},
		{tab, 4, "22", "22", false, "sum of store is 22; 22 to 22 wanted"},
		{broken, 3, "0", "", true, "sum of x is NaN; at least 0 wanted"},
		{broken, 0, "0", "", false, "sum of amount is 0; at least 0 wanted"},
		{empty, 0, "0.01", "", true, "sum of amount is 0; at least 0.01 wanted"},
	} {
		check := project.TableCheck{Kind: project.Sum, Columns: []int{test.column}, Min: rat(test.least), Max: rat(test.most)}
		if failed, detail := judge(t, test.tab, check, noOther); failed != test.failed || detail != test.detail {
			t.Errorf("failed %v, %q; want %v, %q", failed, detail, test.failed, test.detail)
		}
	}
}

func TestSumEqualsAnother(t *testing.T) {
	ours := makeTable(t, columns("revenue decimal(38,2); x double"), nil, []string{"10.50|0.1", "4.50|0.2"})
	theirs := makeTable(t, columns("status string; amount decimal(10,3); x double; n integer"), nil,
		[]string{"done|10.000|0.2|1", "open|99.000|9|2", "-|1.000|9|0"}, []string{"done|5.004|0.1|3"})
	theirs.Ref.Name = "sales"
	var scope expr.Scope
	for i, c := range theirs.Schema.Columns {
		scope.Columns = append(scope.Columns, expr.ScopeColumn{Name: c.Name, Type: c.Type, Nullable: true, Slot: i})
	}
	for _, test := range []struct {
		column, other    int
		where, tolerance string
		failed           bool
		detail           string
	}{
		{0, 1, "status = 'done'", "0.01", false, "sum of revenue is 15.00; that of the chosen rows of silver.sales.amount is 15.004, a difference of 0.004; at most 0.01 allowed"},
		{0, 1, "status = 'done'", "0", true, "sum of revenue is 15.00; that of the chosen rows of silver.sales.amount is 15.004, a difference of 0.004; they must be equal"},
		{0, 1, "", "100", true, "sum of revenue is 15.00; that of silver.sales.amount is 115.004, a difference of 100.004; at most 100 allowed"},
		{0, 1, "amount < 11 and status <> 'open'", "0.01", false, "sum of revenue is 15.00; that of the chosen rows of silver.sales.amount is 15.004, a difference of 0.004; at most 0.01 allowed"},
		{1, 2, "status = 'done'", "0.001", false, "sum of x is 0.30000000000000004; that of the chosen rows of silver.sales.x is 0.30000000000000004, a difference of 0; at most 0.001 allowed"},
		{0, 1, "10 / n > 3", "100", true, "sum of revenue is 15.00; that of the chosen rows of silver.sales.amount is not known: its condition has no value for 1 row, such as a division by zero: 10 / 0"},
		{0, 3, "status = 'none'", "15", false, "sum of revenue is 15.00; that of the chosen rows of silver.sales.n is 0, a difference of 15; at most 15 allowed"},
	} {
		equals := &project.OtherSum{Column: test.other, Tolerance: rat(test.tolerance)}
		if test.where != "" {
			program, problems := expr.BindCondition(diag.Text{Value: test.where}, scope)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			equals.Where = program
		}
		check := project.TableCheck{Kind: project.Sum, Columns: []int{test.column}, Equals: equals}
		asked := 0
		failed, detail := judge(t, ours, check, func(o *project.OtherSum) (Table, error) {
			if asked++; o != equals {
				t.Error("another sum was asked for")
			}
			return theirs, nil
		})
		if failed != test.failed || detail != test.detail || asked != 1 {
			t.Errorf("%s: failed %v, %q; want %v, %q", test.where, failed, detail, test.failed, test.detail)
		}
	}
}

func TestCheckTableReportsErrors(t *testing.T) {
	tab := makeTable(t, columns("id string"), nil, []string{"a", "b"})
	tab.Open = noFiles{}
	check := &project.TableCheck{Name: "ids", Kind: project.Unique, OnFail: project.Fail, Columns: []int{0}}
	_, err := CheckTable(t.Context(), tab, []*project.TableCheck{check}, noOther, options())
	if !errors.Is(err, errOpened) || !strings.HasPrefix(err.Error(), "table check ids of silver.orders: ") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CheckTable(ctx, tab, []*project.TableCheck{check}, noOther, options()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What stands in the path is known without opening a file.
func TestSumOfPartitions(t *testing.T) {
	seven := "7"
	tab := Table{Ref: orders, Schema: columns("store integer; n bigint"), Partitioned: []string{"store"}, Open: noFiles{}, Files: []lake.FileChange{
		{Path: "a", Rows: 3*constantRows + 1, Partition: map[string]*string{"store": &seven}}, {Path: "b", Rows: 5, Partition: map[string]*string{"store": nil}}}}
	want := big.NewRat(7*(3*constantRows+1), 1)
	if failed, detail := judge(t, tab, project.TableCheck{Kind: project.Sum, Columns: []int{0}, Min: want, Max: want}, noOther); failed {
		t.Error(detail)
	}
}
