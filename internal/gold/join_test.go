package gold

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNoStreamedRowHasAMatch has a batch of the side that streams of which no
// row is joined, first of all.
func TestNoStreamedRowHasAMatch(t *testing.T) {
	p := bindGold(t, `
  keys:
    from: transactions
    join: {visits: {on: customer_id}}
    group_by: {minutes: visits.minutes}
    measures: {n: "count(*)"}
  both:
    from: transactions
    join: {visits: {on: customer_id}}
    group_by: {quantity: quantity}
    measures: {last: "max(concat_ws('-', status, visits.customer_id))"}
  rows:
    from: transactions
    join: {visits: {on: customer_id}}
    columns: {both: "coalesce(visits.minutes, 0) + quantity"}
`)
	l, r := newTestLake(), rand.New(rand.NewPCG(1, 1))
	sales, visits := p.SilverTable("transactions"), p.SilverTable("visits")
	l.randomRows(r, sales, 2)
	l.randomRows(r, visits, 3)
	for i, row := range l.rows[sales] {
		row[1], row[7], row[9] = "same", int64(i), "sold"
	}
	for _, row := range l.rows[visits] {
		row[0], row[2] = "other", int64(5)
	}
	l.write(t, r, sales)
	l.write(t, r, visits)
	results, err := l.build(t, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	at := " 2026-11-23 09:30:00"
	for i, want := range [][]string{{" null 2" + at}, {" 0 sold" + at, " 1 sold" + at}, {" 0" + at, " 1" + at}} {
		lines := l.lines(t, results[i])
		if slices.Sort(lines); !slices.Equal(lines, want) {
			t.Errorf("%s: %q, want %q", results[i].Table.Name, lines, want)
		}
	}
}
