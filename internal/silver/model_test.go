package silver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quality"
)

// The model makes a table of all raw rows at once, row by row.

// modelYAML is the table of the model. VARIANT and KNOWN differ from test to test.
const modelYAML = `
bronze:
  t: {source: "t*.csv"}
  r: {source: "r*.csv"}
silver:
  r:
    key: code
    columns: {code: {type: string}}
  t:
    VARIANT
    columns:
      id:     {type: integer}
      region: {type: string, expr: "upper(trim(region))"}
      at:     {type: timestamp}
      day:    {type: date, expr: "cast(at as date)"}
      amount: {type: "decimal(6,2)"}
      twice:  {type: "decimal(8,2)", expr: "amount * 2"}
      ref:    {type: string}
      note:   {type: string}
    checks:
      positive: {expect: "amount >= 0"}
      not_big:  {expect: "twice < 100", on_fail: flag, null_ok: true}
      noted:    {expect: "length(note) > 1", on_fail: flag}
      known:    {references: {dataset: r, column: code}, column: ref, on_fail: KNOWN}
`

var modelRaw = []string{"id", "region", "at", "amount", "ref", "note"}

// variant is a table of the model.
type variant struct {
	yaml        string
	key         []string // nil: every row counts
	distinct    bool
	latest      bool // by at
	partitioned string
	known       string // on_fail of the reference
}

// cell is a raw text and what it means: ok says that it is a value, null that it is none.
type cell struct {
	raw   string
	value string
	kind  byte // 'v' value, 'n' null, 'x' no value of the type
}

var cells = map[string][]cell{
	"id": {{"1", "1", 'v'}, {"2", "2", 'v'}, {" 3", "3", 'v'}, {"4", "4", 'v'}, {"5", "5", 'v'}, {"6", "6", 'v'}, {"+7", "7", 'v'},
		{"8", "8", 'v'}, {"", "", 'n'}, {"x", "", 'x'}},
	"region": {{"n", "N", 'v'}, {"N ", "N", 'v'}, {"s", "S", 'v'}, {"s", "S", 'v'}, {"w/e", "W/E", 'v'}, {"  ", "", 'v'}},
	"at": {{"2026-01-01 10:00", "2026-01-01 10:00:00", 'v'}, {"2026-01-01T10:00:00Z", "2026-01-01 10:00:00", 'v'}, {"2026-01-02 10:00", "2026-01-02 10:00:00", 'v'},
		{"2026-01-02 09:00", "2026-01-02 09:00:00", 'v'}, {"2026-01-03 00:00", "2026-01-03 00:00:00", 'v'}, {"", "", 'n'}, {"soon", "", 'x'}},
	"amount": {{"1", "1.00", 'v'}, {"7.5", "7.50", 'v'}, {"-1", "-1.00", 'v'}, {"60", "60.00", 'v'}, {"1.005", "", 'x'}, {"", "", 'n'}},
	"ref":    {{"a", "a", 'v'}, {"b", "b", 'v'}, {"c", "c", 'v'}, {"", "", 'n'}},
	"note": {{"fine", "fine", 'v'}, {"fine", "fine", 'v'}, {"?", "?", 'v'}, {"", "", 'n'},
		{strings.Repeat("long ", 300), strings.Repeat("long ", 300), 'v'}},
}

var doubled = map[string]string{"1.00": "2.00", "7.50": "15.00", "-1.00": "-2.00", "60.00": "120.00"}

// modelRow is a row of bronze. A nil cell is a null.
type modelRow struct {
	file   string
	number int
	order  int // of the file
	commit uint64
	cells  map[string]*cell
}

// judged is what becomes of a row.
type judged struct {
	*modelRow
	values  map[string]string // null is "null"
	reasons []quality.Reason
	flags   []string
}

func (v variant) judge(r *modelRow, refs map[string]bool) *judged {
	j := &judged{modelRow: r, values: map[string]string{}}
	failed := map[string]bool{}
	column := func(name string, c *cell, required bool) {
		if c == nil || c.kind == 'n' {
			c = &cell{kind: 'n'}
		}
		if name == v.partitioned && c.value == "" && c.kind == 'v' {
			c = &cell{kind: 'n'} // the folder of '' is that of null
		}
		j.values[name] = "null"
		switch {
		case c.kind == 'v':
			j.values[name] = c.value
		case c.kind == 'x':
			failed[name] = true
			j.reasons = append(j.reasons, quality.Reason{Check: "type:" + name, Column: name, Value: c.raw})
		case required && !failed[name]:
			failed[name] = true
			j.reasons = append(j.reasons, quality.Reason{Check: "required:" + name, Column: name})
		}
	}
	derived := func(name, from string, value func(string) string) {
		j.values[name] = "null"
		failed[name] = failed[from]
		if x := j.values[from]; x != "null" {
			j.values[name] = value(x)
		}
	}
	required := func(name string) bool { return !v.distinct && slices.Contains(v.key, name) }
	column("id", r.cells["id"], required("id"))
	column("region", r.cells["region"], required("region"))
	column("at", r.cells["at"], required("at"))
	derived("day", "at", func(x string) string { return x[:10] })
	column("amount", r.cells["amount"], required("amount"))
	derived("twice", "amount", func(x string) string { return doubled[x] })
	column("ref", r.cells["ref"], false)
	column("note", r.cells["note"], false)
	fails := func(check, column, onFail string, fail bool) {
		switch {
		case failed[column] || !fail:
		case onFail == "flag":
			j.flags = append(j.flags, check)
		default:
			j.reasons = append(j.reasons, quality.Reason{Check: check, Column: column, Value: j.values[column]})
		}
	}
	fails("positive", "amount", "quarantine", j.values["amount"] == "null" || j.values["amount"] == "-1.00")
	fails("not_big", "twice", "flag", j.values["twice"] == "120.00")
	fails("noted", "note", "flag", len(j.values["note"]) < 2 || j.values["note"] == "null")
	fails("known", "ref", v.known, j.values["ref"] != "null" && !refs[j.values["ref"]])
	return j
}

// made is what the model makes of all rows.
type made struct {
	silver, quarantine []map[string]string
	totals             map[string]lake.Totals
}

// make settles which rows count. entered says when the rows that were in
// silver before entered it.
func (v variant) make(rows []*modelRow, refs map[string]bool, entered map[string]string, now string) made {
	m := made{totals: map[string]lake.Totals{}}
	count := func(r *modelRow, t lake.Totals) { m.totals[r.file] = m.totals[r.file].Add(t) }
	groups := map[string][]*judged{}
	for i, r := range rows {
		j := v.judge(r, refs)
		if len(j.reasons) > 0 {
			count(r, lake.Totals{Quarantined: 1})
			m.quarantine = append(m.quarantine, map[string]string{"row": fmt.Sprint(r.file, " ", r.number), "reasons": quality.Reasons(j.reasons)})
			continue
		}
		key := fmt.Sprint(i)
		if v.key != nil {
			key = ""
			for _, name := range v.key {
				key += j.values[name] + "|"
			}
		}
		groups[key] = append(groups[key], j)
	}
	for _, group := range groups {
		winner := slices.MaxFunc(group, v.compare)
		for _, j := range group {
			switch {
			case j == winner:
				count(j.modelRow, lake.Totals{Silver: 1})
				m.silver = append(m.silver, j.row(entered, now))
			case v.distinct:
				count(j.modelRow, lake.Totals{Duplicate: 1})
			default:
				count(j.modelRow, lake.Totals{Superseded: 1})
			}
		}
	}
	return m
}

// compare orders versions of a key; the greatest counts.
func (v variant) compare(a, b *judged) int {
	latest := 0
	if v.latest {
		rank := func(j *judged) string { return strings.TrimPrefix(j.values["at"], "null") }
		latest = cmp.Compare(rank(a), rank(b))
	}
	d := cmp.Or(latest, cmp.Compare(a.order, b.order), cmp.Compare(a.number, b.number))
	if v.distinct {
		return -d
	}
	return d
}

func (j *judged) row(entered map[string]string, now string) map[string]string {
	out := map[string]string{"source_file": j.file, "source_row": fmt.Sprint(j.number), "ingestion_timestamp": stamp(at(j.commit).UnixMicro()),
		"ingestion_date": at(j.commit).Format("2006-01-02"), "data_quality_flag": "PASSED", "data_quality_issues": "null", "processed_timestamp": now}
	if was := entered[out["source_file"]+" "+out["source_row"]]; was != "" {
		out["processed_timestamp"] = was
	}
	if len(j.flags) > 0 {
		out["data_quality_flag"], out["data_quality_issues"] = "WARNED", strings.Join(j.flags, ",")
	}
	for name, value := range j.values {
		out[name] = value
	}
	return out
}
