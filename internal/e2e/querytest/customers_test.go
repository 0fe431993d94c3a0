package querytest

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample/samplemodel"
)

// checkSegments adds up the completed transactions of each customer, with a date
// or without.
func checkSegments(t *testing.T, l *lab.Lab) {
	t.Helper()
	type segment struct {
		name                            string
		customers, buyers, transactions int
		revenue                         exact
		last                            string
	}
	m, segments, of, bought := model(l), map[string]*segment{}, map[string]*segment{}, map[string]bool{}
	for _, c := range m.Customers.Silver.Rows {
		name := c["customer_segment"]
		if segments[name] == nil {
			segments[name] = &segment{name: name}
		}
		segments[name].customers++
		of[c["customer_id"]] = segments[name]
	}
	var total exact
	for _, r := range m.Transactions.Silver.Rows {
		s := of[r["customer_id"]]
		if r["status"] != "completed" || s == nil {
			continue
		}
		if !bought[r["customer_id"]] {
			bought[r["customer_id"]] = true
			s.buyers++
		}
		s.transactions++
		s.revenue.add(r["revenue"])
		total.add(r["revenue"])
		s.last = max(s.last, r["transaction_date"])
	}
	var list []*segment
	for _, s := range segments {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *segment) int {
		return cmp.Or(b.revenue.Cmp(&a.revenue.Rat), cmp.Compare(a.name, b.name))
	})
	var want []lab.Row
	for _, s := range list {
		row := lab.Row{"customer_segment": s.name, "customers": strconv.Itoa(s.customers), "buyers": strconv.Itoa(s.buyers), "transactions": strconv.Itoa(s.transactions),
			"revenue": digits(&s.revenue.Rat, 2), "buyers_percent": percent(whole(s.buyers), whole(s.customers), 1)}
		if total.Sign() != 0 {
			row["revenue_percent"] = percent(&s.revenue.Rat, &total.Rat, 1)
		}
		if s.buyers > 0 {
			row["revenue_per_buyer"] = digits(new(big.Rat).Quo(&s.revenue.Rat, whole(s.buyers)), 2)
		}
		if s.last != "" {
			row["last_purchase_date"] = s.last
		}
		want = append(want, row)
	}
	same(t, "customer_segments", askNamed(l, "customer_segments"), want)
}

// null is a status that is greater than all that there are.
const null = "\U0010ffff"

// checkSnapshot adds up rows of silver that came on one day.
func checkSnapshot(t *testing.T, l *lab.Lab, rows []samplemodel.Row) {
	t.Helper()
	type status struct {
		name                 string
		n, warned, quantity  int
		customers            map[string]bool
		revenue              exact
		first, last, onWhich string
	}
	byStatus, total := map[string]*status{}, exact{}
	for _, r := range rows {
		name, ok := r["status"]
		if !ok {
			name = null
		}
		s := byStatus[name]
		if s == nil {
			s = &status{name: name, customers: map[string]bool{}, onWhich: l.Now.UTC().Format("2006-01-02")}
			byStatus[s.name] = s
		}
		s.n++
		s.quantity += mustInt(r["quantity"])
		s.customers[r["customer_id"]] = true
		s.revenue.add(r["revenue"])
		total.add(r["revenue"])
		if r["data_quality_flag"] == "WARNED" {
			s.warned++
		}
		if day := r["transaction_date"]; day != "" {
			s.last = max(s.last, day)
			if s.first == "" || day < s.first {
				s.first = day
			}
		}
	}
	var list []*status
	for _, s := range byStatus {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *status) int {
		return cmp.Or(b.revenue.Cmp(&a.revenue.Rat), cmp.Compare(a.name, b.name))
	})
	var want []lab.Row
	for _, s := range list {
		row := lab.Row{"ingestion_date": s.onWhich, "status": s.name, "transactions": strconv.Itoa(s.n), "customers": strconv.Itoa(len(s.customers)),
			"quantity": strconv.Itoa(s.quantity), "revenue": digits(&s.revenue.Rat, 2), "warned_rows": strconv.Itoa(s.warned), "first_day": s.first, "last_day": s.last}
		if total.Sign() != 0 {
			row["revenue_percent"] = percent(&s.revenue.Rat, &total.Rat, 1)
		}
		for name, value := range row {
			if value == null || value == "" && name != "status" {
				delete(row, name)
			}
		}
		want = append(want, row)
	}
	same(t, "latest_snapshot", askNamed(l, "latest_snapshot"), want)
}
