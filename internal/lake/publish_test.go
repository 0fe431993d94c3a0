package lake

import (
	"slices"
	"testing"
)

// Readers of the folders may miss a row that moves, and never find it twice: what
// loses rows, or goes, does so before anything grows.
func TestFilesGoBeforeOthersGrow(t *testing.T) {
	const day1, day2, day3, sales = "silver/transactions/day=1/data.parquet", "silver/transactions/day=2/data.parquet",
		"silver/transactions/day=3/data.parquet", "gold/sales/data.parquet"
	const newKeys, oldKeys = "_lakectl/keys/silver.transactions/3.idx", "_lakectl/keys/silver.transactions/2.idx"
	names := []string{day1, day2, day3, sales, newKeys, oldKeys}
	for until, want := range map[uint64][]string{
		3: {day1, day3, day2, newKeys, oldKeys}, // the first shrinks, the second goes
		4: {day1, sales, day2, day3},            // the first goes
	} {
		b := newMem()
		if err := script(t, b, process("first"), until-1); err != nil {
			t.Fatal(err)
		}
		before, order := map[string]string{}, []string(nil)
		look := func() {
			for _, name := range names {
				if now := hashOf(t, b, name); before[name] != now {
					before[name], order = now, append(order, name)
				}
			}
		}
		look()
		order = nil
		if err := script(t, watched{b, look}, process("second"), until); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(order, want) {
			t.Errorf("commit %d changes %q, want %q", until, order, want)
		}
	}
}
