package gold

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEmptyTextInPartitionColumns has ” and null in columns that name folders,
// as a key, as a measure and as a column of its own: they are one value.
func TestEmptyTextInPartitionColumns(t *testing.T) {
	p := bindGold(t, `
  by_key:
    from: visits
    group_by: {p: "replace(customer_id, 'a', '')"}
    measures: {n: "count(*)"}
    partition_by: p
  by_measure:
    from: visits
    group_by: {minutes: minutes}
    measures: {p: "max(replace(customer_id, 'a', ''))"}
    partition_by: p
  rows:
    from: visits
    columns: {p: "replace(customer_id, 'a', '')", minutes: minutes}
    partition_by: p
  not_a_partition:
    from: visits
    group_by: {p: "replace(customer_id, 'a', '')"}
    measures: {n: "count(*)"}
`)
	l := newTestLake()
	s := p.SilverTable("visits")
	for i, customer := range []value{"a", nil, "b", nil} {
		row := make([]value, len(s.Table().Columns))
		l.randomRows(rand.New(rand.NewPCG(1, 1)), s, 1)
		copy(row, l.rows[s][len(l.rows[s])-1])
		row[0], row[2] = customer, int64(i)
		l.rows[s][len(l.rows[s])-1] = row
	}
	l.write(t, rand.New(rand.NewPCG(1, 1)), s)
	results, err := l.build(t, p, 2)
	if err != nil {
		t.Fatal(err)
	}
	const none = "p=__HIVE_DEFAULT_PARTITION__/"
	at := " 2026-11-23 09:30:00"
	for i, want := range [][]string{
		{none + " 3" + at, "p=b/ 1" + at},
		{none + " 0" + at, none + " 1" + at, none + " 3" + at, "p=b/ 2" + at},
		{none + " 0" + at, none + " 1" + at, none + " 3" + at, "p=b/ 2" + at},
		{"  1" + at, " b 1" + at, " null 2" + at},
	} {
		lines := l.lines(t, results[i])
		if slices.Sort(lines); !slices.Equal(lines, want) {
			t.Errorf("%s: %q, want %q", results[i].Table.Name, lines, want)
		}
		if c := results[i].Table.Table().Columns; i < 3 && !c[0].Nullable && !c[1].Nullable {
			t.Errorf("%s: no column may be null", results[i].Table.Name)
		}
	}
}
