package querytest

import (
	"errors"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// A rule that changes lets all rows out of quarantine; what is left of it is a
// table without files.
func TestRebuilt(t *testing.T) {
	l := emptyLab(t)
	l.Write("customers_1.csv", customerOne)
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-31 10:00:00,1.50,2,completed\nT2,C1,P1,2026-03-31 10:00:00,-0.50,2,completed\n")
	l.MustRun()
	checkLineage(t, l)
	columns := []string{"source_file", "silver_rows", "quarantined_rows", "superseded_rows", "waiting_rows", "processed_at"}
	l.Now = l.Now.AddDate(0, 0, 1)
	l.Edit(`expect: "amount >= 0"`, `expect: "amount >= -1"`)
	l.MustRun(func(o *pipeline.Options) { o.RebuildChanged = true })
	if rows := l.Rows("quarantine.transactions"); len(rows) > 0 {
		t.Fatalf("in quarantine: %v", rows)
	}
	expect(t, "lineage", only(askNamed(l, "lineage"), columns...), "customers_1.csv|1|0|0|0|2026-04-01 06:00:00", "transactions_1.csv|2|0|0|0|2026-04-02 06:00:00")
	expect(t, "silver_quality", only(askNamed(l, "silver_quality"), "dataset", "ingestion_date", "judged_rows", "passed_rows", "quarantined_rows"),
		"customers|2026-04-01|1|1|0", "transactions|2026-04-01|2|2|0")
	expect(t, "gold_daily", only(askNamed(l, "gold_daily"), "transaction_date", "total_revenue"), "2026-03-31|2")
}

// Customers who come after their purchases: the answers are as if they had come
// before, and before they do there are answers about all that does
// not ask for them.
func TestCustomersComeLater(t *testing.T) {
	l := emptyLab(t)
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-31 10:00:00,1.50,2,completed\nT2,C2,P1,2026-03-31 10:00:00,0.50,2,completed\n")
	l.MustRun()
	checkSnapshot(t, l, model(l).Transactions.Silver.Rows)
	checkDays(t, l, "2026-01-01")
	for _, name := range []string{"lineage", "silver_quality", "customer_segments"} {
		_, err := tryAsk(l, find(t, named(t), name))
		var typed *diag.Error
		if !errors.As(err, &typed) || !strings.HasPrefix(typed.Msg, "there is no table ") || !strings.Contains(typed.Msg, ".customer") || !strings.Contains(typed.Next, "lakectl run") && !strings.Contains(typed.Next, "did you mean") {
			t.Errorf("%s: %+v", name, err)
		}
	}
	l.Write("customers_1.csv", customerOne)
	l.MustRun()
	checkAll(t, l)
	expect(t, "lineage", only(askNamed(l, "lineage"), "source_file", "silver_rows", "warned_rows"), "customers_1.csv|1|0", "transactions_1.csv|2|1")
}
