package setup

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
)

// refreshed are the refreshes that came.
func (w *world) refreshed() []string {
	var list []string
	for _, sql := range changes(w.account) {
		if rest, ok := strings.CutPrefix(sql, `alter external table "SHOP".`); ok {
			list = append(list, rest)
		} else if !strings.HasPrefix(sql, "merge into ") {
			w.t.Errorf("sync sent %s", sql)
		}
	}
	return list
}

func (w *world) sync(o SyncOptions) (*Result, error) {
	w.t.Helper()
	return w.open().Sync(w.t.Context(), w.lake, o)
}

// wantSync syncs, and looks at what was sent and what Snowflake then reads.
func (w *world) wantSync(o SyncOptions, want ...string) *Result {
	w.t.Helper()
	r, err := w.sync(o)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(want, w.refreshed()); diff != "" {
		w.t.Errorf("refreshes (-want +got):\n%s", diff)
	}
	return r
}

// same says that Snowflake has the files of the lake.
func (w *world) same() {
	w.t.Helper()
	for name, folder := range map[string]string{"SHOP.SILVER.ORDERS": "silver/orders/", "SHOP.GOLD.TOTAL": "gold/total/"} {
		want := map[string]int64{}
		for file, rows := range w.account.Lake {
			if path := strings.TrimPrefix(file, "s3://the-lake/"); strings.HasPrefix(path, "top/"+folder) {
				want[path] = rows
			}
		}
		if got := w.account.Thing("external table", name).Files; !maps.Equal(want, got) {
			w.t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
}

func TestSync(t *testing.T) {
	w := newWorld(t)
	if r := w.wantSync(SyncOptions{}); r.Commit != 0 || len(r.Tables) != 0 {
		t.Errorf("of an empty lake: %+v", r)
	}
	w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 3, "silver/orders/day=2026-11-02/shop=a/x.parquet": 4, "gold/total/x.parquet": 1})
	if r := w.wantSync(SyncOptions{DryRun: true}); len(r.Tables) != 2 || !r.DryRun {
		t.Errorf("%+v", r)
	}
	w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`, `"GOLD"."TOTAL" refresh`)
	w.same()
	if r := w.wantSync(SyncOptions{}); r.UpToDate != 2 {
		t.Errorf("%+v", r)
	}
	w.commit(map[string]int64{"silver/orders/day=2026-11-02/shop=a/x.parquet": 5, "silver/orders/day=2026-11-03/shop=it%27s/x.parquet": 1})
	w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": -1})
	r := w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh 'day=2026-11-01/shop=a/'`, `"SILVER"."ORDERS" refresh 'day=2026-11-02/shop=a/'`,
		`"SILVER"."ORDERS" refresh 'day=2026-11-03/shop=it%27s/'`)
	w.same()
	want := []TableResult{{Table: "silver.orders", Name: "SHOP.SILVER.ORDERS", Commit: 3, Why: "Snowflake is at commit 1 of it, the lake at 3",
		Partitions: []string{"day=2026-11-01/shop=a", "day=2026-11-02/shop=a", "day=2026-11-03/shop=it%27s"}}}
	if diff := cmp.Diff(want, r.Tables); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.wantSync(SyncOptions{Full: true, Tables: []lake.TableRef{{Layer: lake.Gold, Name: "total"}}}, `"GOLD"."TOTAL" refresh`)
	w.commit(map[string]int64{"gold/total/x.parquet": 2})
	w.wantSync(SyncOptions{}, `"GOLD"."TOTAL" refresh`)
	w.same()
}

// Wherever a sync breaks off, the next one does the rest, and repeats at most the
// table that it broke off in.
func TestSyncInterrupted(t *testing.T) {
	for at := 1; ; at++ {
		w := newWorld(t)
		w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 3, "gold/total/x.parquet": 1})
		w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`, `"GOLD"."TOTAL" refresh`)
		w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 4, "silver/orders/day=2026-11-02/shop=a/x.parquet": 1, "gold/total/x.parquet": 2})
		broken := errors.New("the connection broke")
		w.account.Fail = func(n int, _ string) error {
			if n >= at {
				return broken
			}
			return nil
		}
		_, err := w.sync(SyncOptions{})
		if err == nil {
			w.same()
			if at < 10 {
				t.Fatalf("it took %d statements only", at)
			}
			return
		}
		w.account.Fail = nil
		if _, err := w.sync(SyncOptions{}); err != nil {
			t.Fatal(err)
		}
		w.same()
		w.account.Sent()
		w.wantSync(SyncOptions{})
	}
}

// What Snowflake was told counts for the same table, of the same lake, alone.
func TestSyncIsNotFooled(t *testing.T) {
	w := newWorld(t)
	w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 3, "gold/total/x.parquet": 1})
	w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`, `"GOLD"."TOTAL" refresh`)
	w.account.Remove("external table", "SHOP.GOLD.TOTAL")
	_, err := w.sync(SyncOptions{})
	var typed *diag.Error
	if !errors.Is(err, ErrNotSetUp) || !errors.As(err, &typed) || typed.Class != diag.Usage || !strings.Contains(err.Error(), "gold.total is not set up in Snowflake: no such external table of lakectl's is in the database SHOP") {
		t.Fatalf("%v", err)
	}
	// The others are told all the same.
	w.commit(map[string]int64{"silver/orders/day=2026-11-02/shop=a/x.parquet": 1})
	w.account.Sent()
	if r, err := w.sync(SyncOptions{}); !errors.Is(err, ErrNotSetUp) || len(r.Tables) != 1 || !slices.Equal(r.Missing, []string{"gold.total"}) {
		t.Errorf("%+v, %v", r, err)
	}
	if got := w.refreshed(); len(got) != 1 {
		t.Errorf("it refreshed %q", got)
	}
	if err := setUp(t, w.open()); err != nil {
		t.Fatal(err)
	}
	w.account.Sent()
	r := w.wantSync(SyncOptions{}, `"GOLD"."TOTAL" refresh`)
	if why := r.Tables[0].Why; why != "the external table is another one than the last that was told" {
		t.Error(why)
	}
	other := newWorld(t)
	other.account, other.run = w.account, 10
	other.commit(map[string]int64{"gold/total/x.parquet": 1})
	r = other.wantSync(SyncOptions{}, `"GOLD"."TOTAL" refresh`)
	if why := r.Tables[0].Why; why != "what was sent last is no commit of this lake" {
		t.Error(why)
	}
	w.account = accounttest.New()
	if _, err := w.sync(SyncOptions{}); !errors.Is(err, ErrNotSetUp) || !strings.Contains(err.Error(), "there is no database SHOP") {
		t.Error(err)
	}
}

func TestSyncOfManyPartitions(t *testing.T) {
	w := newWorld(t)
	w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 3})
	w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`)
	many := map[string]int64{}
	for i := range mostRefreshes + 1 {
		many["silver/orders/day=2026-11-01/shop="+strconv.Itoa(i)+"/x.parquet"] = 1
	}
	w.commit(many)
	w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`)
	w.same()
}

var replaceRegexp = regexp.MustCompile(`, '(%[0-9A-F]{2})', '((?:[^']|'')+)'\)`)

// The expression of a text in the path gives the text again.
func TestPathOfText(t *testing.T) {
	sql := pathColumn(schema.Column{Name: "shop", Type: schema.T(schema.String)})
	if !strings.Contains(sql, `nullif(split_part(split_part(metadata$filename, '/shop=', 2), '/', 1), '__HIVE_DEFAULT_PARTITION__')`) {
		t.Fatal(sql)
	}
	evaluate := func(text string) string {
		for _, m := range replaceRegexp.FindAllStringSubmatch(sql, -1) {
			with := strings.NewReplacer(`\\`, `\`, `''`, `'`).Replace(m[2])
			if code, ok := strings.CutPrefix(with, `\x`); ok {
				n, err := strconv.ParseUint(code, 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				with = string(rune(n))
			}
			text = strings.ReplaceAll(text, m[1], with)
		}
		return text
	}
	texts := []string{"a", "50%", "%25", "%5F", "%%2F", "it's", `\`, "a/b=c:d", "Köln", lake.DefaultPartition, "%255F", " "}
	for c := byte(1); c < 0x80; c++ {
		texts = append(texts, string(c), "%"+string(c)+"5")
	}
	for _, text := range texts {
		path := lake.PartitionPath([]string{"shop"}, []*string{&text})
		if got := evaluate(strings.TrimPrefix(path, "shop=")); got != text {
			t.Errorf("%q is %s, and read as %q", text, path, got)
		}
	}
}

func TestPathOfTypes(t *testing.T) {
	for typ, want := range map[schema.Type]string{
		schema.T(schema.Date):    "::date",
		schema.T(schema.Integer): "::number(10,0)",
		schema.DecimalOf(12, 3):  "::number(12,3)",
		schema.T(schema.Boolean): "::boolean",
	} {
		if got := pathColumn(schema.Column{Name: "p", Type: typ}); got != "nullif(split_part(split_part(metadata$filename, '/p=', 2), '/', 1), '__HIVE_DEFAULT_PARTITION__')"+want {
			t.Error(got)
		}
	}
	if got := pathColumn(schema.Column{Name: "p", Type: schema.T(schema.Timestamp)}); !strings.Contains(got, "'%3A', ':'") || !strings.HasSuffix(got, "::timestamp_ntz(6)") {
		t.Error(got)
	}
}

// Every external table has a column VALUE of its own.
func TestColumnOfTheNameValue(t *testing.T) {
	spec := sampleSpec(t)
	table := Table{Ref: lake.TableRef{Layer: lake.Gold, Name: "kv"}, Columns: schema.Table{Columns: []schema.Column{{Name: "key", Type: schema.T(schema.String)}, {Name: "value", Type: schema.T(schema.Double)}}}}
	spec.Tables = append(spec.Tables, table)
	if body := spec.tableBody(table); !strings.Contains(body, `  "VALUE_" float as (value:"value"::float)`) || !strings.Contains(body, `  "KEY" varchar`) {
		t.Error(body)
	}
	a := accounttest.New()
	for range 2 {
		a.Sent()
		if err := setUp(t, open(t, spec, a)); err != nil {
			t.Fatal(err)
		}
	}
	if again := changes(a); len(again) > 0 {
		t.Errorf("the second time it sent %q", again)
	}
}
