package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

func rebuildChanged(o *pipeline.Options) { o.RebuildChanged = true }
func replay(o *pipeline.Options)         { o.Replay = true }

func TestChangedDefinitionsAreNoticedAndRebuilt(t *testing.T) {
	old := `customer_segment:
        type: string
        expr: "case when loyalty_points >= 1000 then 'premium' when loyalty_points >= 100 then 'regular' else 'new' end"`
	with := `customer_segment:
        type: string
        expr: "case when loyalty_points >= 10 then 'regular' else 'new' end"`
	for i, test := range []struct {
		name, old, with string
		tables          []string // that are named and rebuilt
	}{
		{"a silver column", old, with, []string{"silver.customers", "silver.transactions", "gold.customer_analytics"}},
		{"a check", "amount >= 0", "amount >= 10", []string{"silver.transactions", "gold.daily_sales", "gold.latest_snapshot"}},
		{"a gold measure", "customer_lifetime_value: {expr: \"coalesce(sum(transactions.revenue), 0)\"", "customer_lifetime_value: {expr: \"coalesce(max(transactions.revenue), 0)\"", []string{"gold.customer_analytics"}},
		{"a partition", "partition_by: transaction_date", "partition_by: status", []string{"silver.transactions", "gold.daily_sales"}},
		{"buckets", "key: transaction_id\n", "key: transaction_id\n    buckets: 3\n", []string{"silver.transactions (+buckets)", "gold.daily_sales"}},
		{"no partition", "    partition_by: transaction_date\n", "", []string{"silver.transactions", "gold.daily_sales"}},
	} {
		if i%thin > 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			l := sampleLab(t)
			stock := l.Generate(small(21))
			inBatches(l, stock, arrivals(stock)["two batches"])
			l.Edit(test.old, test.with)
			before := l.Tree()
			_, err := l.Run()
			wantClass(t, err, diag.Usage, test.tables...)
			lab.SameTree(t, l.Tree("_lakectl/runs/"), without(before, "_lakectl/runs/"))
			asked := 0
			_, err = l.Run(func(o *pipeline.Options) {
				o.Confirm = func([]pipeline.DefinitionChange) (bool, error) { asked++; return false, nil }
			})
			wantClass(t, err, diag.Usage)
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			lab.SameTree(t, l.Tree("_lakectl/runs/"), without(before, "_lakectl/runs/"))
			l.MustRun(rebuildChanged)
			l.CheckLedger()
			fresh := sampleLab(t)
			fresh.Edit(test.old, test.with)
			inBatches(fresh, stock, arrivals(stock)["two batches"])
			lab.SameContents(t, l.Contents(byRun), fresh.Contents(byRun))
			if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
				t.Errorf("the run after it: %s", again.Outcome)
			}
		})
	}
}

func without(tree map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for name, data := range tree {
		if len(name) < len(prefix) || name[:len(prefix)] != prefix {
			out[name] = data
		}
	}
	return out
}

// TestReplayAfterALoosenedRule: rows that pass now enter silver, and lose
// against later versions of their keys as if they had never been away.
func TestReplayAfterALoosenedRule(t *testing.T) {
	l := sampleLab(t)
	stock := l.Generate(small(22))
	inBatches(l, stock, arrivals(stock)["in turns"])
	quarantined := l.Ledger()[1].Quarantined
	l.Edit(`{expect: "amount >= 0", on_fail: quarantine}`, `{expect: "amount >= 0", on_fail: flag}`)
	_, err := l.Run(replay)
	wantClass(t, err, diag.Usage, "silver.transactions")
	l.MustRun(replay, rebuildChanged)
	l.CheckLedger()
	if now := l.Ledger()[1].Quarantined; now >= quarantined {
		t.Errorf("%d rows were in quarantine, %d still are", quarantined, now)
	}
	fresh := sampleLab(t)
	fresh.Edit(`{expect: "amount >= 0", on_fail: quarantine}`, `{expect: "amount >= 0", on_fail: flag}`)
	inBatches(fresh, stock, [][]string{stock.Names})
	lab.SameContents(t, l.Contents(byRun), fresh.Contents(byRun))
}

// TestReplayWithTheSameRulesChangesNothing judges all of quarantine again.
func TestReplayWithTheSameRulesChangesNothing(t *testing.T) {
	l := sampleLab(t)
	quarantineUnknown(l)
	stock := l.Generate(small(23))
	inBatches(l, stock, arrivals(stock)["in turns"])
	want, ledger := l.Contents(), l.FileLedger("transactions")
	silver := l.Tree("_lakectl/", "quarantine/", "gold/")
	l.Now = l.Now.Add(time.Hour)
	result := l.MustRun(replay)
	lab.SameContents(t, l.Contents(), want)
	lab.SameTree(t, l.Tree("_lakectl/", "quarantine/", "gold/"), silver)
	for file, totals := range l.FileLedger("transactions") {
		if totals != ledger[file] {
			t.Errorf("ledger of %s was %+v and is %+v", file, ledger[file], totals)
		}
	}
	if len(result.Silver) == 0 {
		t.Error("nothing was judged")
	}
}

// TestSelectedTablesAloneAreBuilt leaves the others as they are until they are
// selected.
func TestSelectedTablesAloneAreBuilt(t *testing.T) {
	l := sampleLab(t)
	stock := l.Generate(small(24))
	l.Arrive(stock)
	for _, step := range []struct {
		tables []string
		want   []string
	}{
		{[]string{"bronze"}, []string{"bronze.customers", "bronze.transactions", "quarantine.customers", "quarantine.transactions"}},
		{[]string{"silver.customers"}, []string{"bronze.customers", "bronze.transactions", "quarantine.customers", "quarantine.transactions", "silver.customers"}},
	} {
		selection, err := l.Project().Select(step.tables)
		if err != nil {
			t.Fatal(err)
		}
		l.MustRun(func(o *pipeline.Options) { o.Selection = selection })
		state, err := l.Open().State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, ref := range state.TableRefs() {
			names = append(names, ref.String())
		}
		slices.Sort(names)
		if !slices.Equal(names, step.want) {
			t.Errorf("%v: the tables are %v, want %v", step.tables, names, step.want)
		}
	}
	l.MustRun()
	l.CheckLedger()
	once := sampleLab(t)
	inBatches(once, stock, [][]string{stock.Names})
	lab.SameContents(t, l.Contents(), once.Contents())
}
