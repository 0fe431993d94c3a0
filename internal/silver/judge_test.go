package silver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

const judgeYAML = `
bronze:
  t: {source: "t*.csv"}
  r: {source: "r*.csv"}
silver:
  r:
    key: code
    columns: {code: {type: string}}
  t:
    columns:
      c: {type: integer, expr: "a + b"}
      a: {type: integer, required: true}
      b: {type: integer}
      s: {type: string, required: true}
      d: {type: integer, expr: "b + a"}
      code: {type: string}
    checks:
      last:     {expect: "b < 10"}
      first:    {expect: "a + b < 100"}
      loose:    {expect: "b < 50", null_ok: true}
      divides:  {expect: "100 / b > 0", null_ok: true}
      flagged:  {expect: "s <> 'odd'", on_fail: flag}
      flagged2: {expect: "b <> 7", on_fail: flag}
      known:    {references: {dataset: r, column: code}}
      never:    {expect: "b <> 13", on_fail: fail}
`

// judgeRow judges one row of a, b, s and code; "-" is null. It returns the
// reasons, the flags and the fatal checks, as text.
func judgeRow(t *testing.T, coded bool, values ...string) (reasons, flags, fatal string) {
	t.Helper()
	table := silverOf(t, bind(t, judgeYAML), "t")
	set := quality.NewSet(schema.T(schema.String))
	set.Add(text(false, some("known")...))
	refs := make(sets, len(table.Checks))
	refs[slices.IndexFunc(table.Checks, func(c *project.Check) bool { return c.References != nil })] = set
	j := newJudge(table, refs)
	raw := make([]arrow.Array, len(table.Raw))
	for i, name := range table.Raw {
		value := &values[slices.Index([]string{"a", "b", "s", "code"}, name)]
		if *value == "-" {
			value = nil
		}
		raw[i] = text(coded, value)
	}
	v, err := j.judge(raw, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, found := v.quarantined()
	if len(found) > 0 {
		for _, r := range found[0] {
			reasons += fmt.Sprintf("%s(%s=%s) ", r.Check, r.Column, r.Value)
		}
	}
	_, issues := j.flags(v)
	if !issues.IsNull(0) {
		flags = vec.TextOf(issues).Value(0)
	}
	for _, f := range v.fatal {
		fatal += f.reason.Check + " "
	}
	return strings.TrimSpace(reasons), flags, strings.TrimSpace(fatal)
}

func TestReasonsStandInTheOrderOfTheFile(t *testing.T) {
	for _, test := range []struct {
		values                string // a, b, s, code
		reasons, flags, fatal string
	}{
		{"1 2 x known", "", "", ""},
		{"1 2 x -", "", "", ""}, // null refers to nothing
		{"1 2 x other", "known(code=other)", "", ""},
		// Columns in the file's order, then checks in theirs; c and d read a failed column.
		{"x y - -", "type:a(a=x) type:b(b=y) required:s(s=)", "", ""},
		{"- 2 - -", "required:a(a=) required:s(s=)", "", ""},
		{"x 20 odd other", "type:a(a=x) last(b=20) known(code=other)", "flagged", ""},
		{"99 20 x -", "last(b=20) first(a, b=a=99, b=20)", "", ""},
		// A null fails a check unless it is null_ok.
		{"1 - x -", "last(b=null) first(a, b=a=1, b=null)", "flagged2", "never"},
		{"1 70 x -", "last(b=70) loose(b=70)", "", ""},
		// null_ok is for nulls, not for errors.
		{"1 0 x -", "divides(b=0)", "", ""},
		{"2147483647 1 x -", "type:c(c=2147483647 + 1) type:d(d=1 + 2147483647) first(a, b=a=2147483647, b=1)", "", ""},
		{"1 7 odd known", "", "flagged,flagged2", ""},
		{"1 13 x -", "last(b=13)", "", "never"},
	} {
		for _, coded := range []bool{false, true} {
			reasons, flags, fatal := judgeRow(t, coded, strings.Fields(test.values)...)
			if reasons != test.reasons || flags != test.flags || fatal != test.fatal {
				t.Errorf("%s: %q, flags %q, fatal %q\nwant %q, flags %q, fatal %q", test.values, reasons, flags, fatal, test.reasons, test.flags, test.fatal)
			}
		}
	}
}

func TestLongValuesAreCutInReasons(t *testing.T) {
	reasons, _, _ := judgeRow(t, false, "1", "2", "x", strings.Repeat("é", 1<<20))
	if want := "known(code=" + strings.Repeat("é", 100) + "...)"; reasons != want {
		t.Errorf("a reason of %d bytes: %.300s", len(reasons), reasons)
	}
}

func TestGroupsKeepTheOrderOfRows(t *testing.T) {
	rows := []int32{6, 1, 2, 4, 5}
	for _, test := range []struct {
		ids  []int32
		want []string
	}{
		{[]int32{9, 3, 0, 9, 3, 0, 3}, []string{"0 [2 5]", "3 [6 1 4]"}},
		{[]int32{9, 3e6, 0, 9, 3e6, 0, 3e6}, []string{"0 [2 5]", "3000000 [6 1 4]"}}, // which are sorted, not counted
	} {
		var got []string
		collect := func(id int32, rows []int32) error {
			got = append(got, fmt.Sprint(id, rows))
			return nil
		}
		if err := groupRows(rows, test.ids, collect); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%v, %v, want %v", got, err, test.want)
		}
		stop := errors.New("stop")
		if err := groupRows(rows, test.ids, func(int32, []int32) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%v, want %v", err, stop)
		}
	}
}

func TestWinners(t *testing.T) {
	at := vec.Nulls(schema.T(schema.Bigint), 1)
	both := vec.NewBuilder(schema.T(schema.Bigint), nil)
	both.Append(vec.Int64s([]int64{7, 7, 3}), []int32{0, 1, 2})
	both.Append(at, []int32{0})
	c := &candidateBatch{all: []arrow.Array{both.Array()}}
	latest, last, first := comparison{latestBy: 0}, comparison{latestBy: -1}, comparison{first: true, latestBy: -1}
	for _, test := range []struct {
		group []int32 // in the order of ingestion
		how   comparison
		want  int32
	}{
		{[]int32{0, 1}, latest, 1}, // as late: the one ingested later
		{[]int32{1, 0}, latest, 0},
		{[]int32{0, 2, 3}, latest, 0},
		{[]int32{2, 3}, latest, 2}, // null is lowest
		{[]int32{3}, latest, 3},
		{[]int32{0, 2}, last, 2},
		{[]int32{0, 2}, first, 0},
	} {
		if got := c.winner(test.group, test.how); got != test.want {
			t.Errorf("%+v of %v is %d, want %d", test.how, test.group, got, test.want)
		}
	}
}
