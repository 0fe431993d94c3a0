package queries

import (
	"slices"
	"testing"
)

func TestMentions(t *testing.T) {
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{"select * from silver.transactions", []string{"silver.transactions"}},
		{`select * from ${gold}.daily join "Silver" . "Transactions" using (a) join ${gold}.daily`, []string{"gold.daily", "silver.transactions"}},
		{"select 'silver.a' -- silver.b\n from /* silver.c */ gold.d where x = 'it''s gold.e'", []string{"gold.d"}},
		{"select mysilver.a, silver2.b from QUARANTINE.x", []string{"quarantine.x"}},
		{"select 1", nil},
	} {
		if got := (Query{SQL: test.sql}).Mentions(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.sql, got, test.want)
		}
	}
}
