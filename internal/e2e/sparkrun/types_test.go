//go:build e2e

package sparkrun

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// typesTable is a table with a column of each type.
const typesTable = `  types:
    partition_by: [day, yes]
    columns:
      id:    {type: integer}
      big:   {type: bigint, from: number}
      whole: {type: "decimal(38,0)", from: number}
      small: {type: "decimal(38,38)", from: fraction}
      money: {type: "decimal(18,2)", from: fraction, required: true}
      real:  {type: double, allow_nan: true}
      plain: {type: double, from: real}
      yes:   {type: boolean, from: truth}
      day:   {type: date}
      at:    {type: timestamp, timezone: Europe/Berlin}
      other: {type: date, from: odd, format: ["dd.MM.yyyy", "yyyyMMdd"]}
      text:  {type: string}
    checks:
      positive: {expect: "real > 0", null_ok: true, on_fail: flag}
      a_text:   {expect: "length(text) < 5"}
      both:     {expect: "money < 100 and big >= 0", null_ok: true}
      divides:  {expect: "100 / id > 1", null_ok: true, on_fail: flag}
      late:     {expect: "at > timestamp '1900-01-01 00:00:00'", on_fail: flag}
`

// typesYAML has every type, at its edges.
const typesYAML = `project: types
lake: ./lake
bronze:
  types: {source: "types_*.csv"}
  unlike: {source: "types_*.csv"}
  newest: {source: "types_*.csv"}
  decimals: {source: "types_*.csv"}
  made: {source: "types_*.csv"}
silver:
` + typesTable + `  unlike:
    distinct: true
    columns:
      real:  {type: double, allow_nan: true}
      whole: {type: "decimal(38,0)", from: number}
      at:    {type: timestamp}
  newest:
    key: yes
    latest_by: real
    columns:
      id:   {type: integer}
      real: {type: double, allow_nan: true}
      yes:  {type: boolean, from: truth}
  decimals:
    key: [whole, day]
    latest_by: at
    partition_by: day
    columns:
      whole: {type: "decimal(38,0)", from: number}
      day:   {type: date}
      at:    {type: timestamp}
      id:    {type: integer}
  made:
    columns:
      id:     {type: integer}
      upper:  {type: string, expr: "upper(trim(text))"}
      first:  {type: string, expr: "substr(text, -2, 1)"}
      part:   {type: string, expr: "split_part(text, 'x', id)"}
      found:  {type: string, expr: "regexp_extract(text, '([a-zé]+)$', 1)"}
      swaps:  {type: string, expr: "regexp_replace(text, '(.)b', '$1-')"}
      month:  {type: date, expr: "date_trunc('month', day)"}
      next:   {type: date, expr: "date_add('month', id, day)"}
      day:    {type: date}
      weeks:  {type: integer, expr: "date_diff('week', date '1970-01-01', day)"}
      share:  {type: "decimal(20,6)", expr: "cast(fraction as decimal(10,4)) / id"}
      twice:  {type: integer, expr: "id * 1073741824"}
      round:  {type: "decimal(12,1)", expr: "round(cast(fraction as decimal(12,4)), 1)"}
      least:  {type: integer, expr: "least(id, 3)"}
      kind:   {type: string, expr: "case when id = 0 then 'none' when 10 / id > 4 then 'small' else 'large' end"}
      hash:   {type: string, expr: "sha256(text)"}
      rest:   {type: integer, expr: "-7 % id"}
      like_x: {type: boolean, expr: "text like '%x_'"}
`

const typesHeader = "id,number,fraction,real,truth,day,at,odd,text\n"

func typesFiles() []string {
	return []string{typesHeader +
		"1,99999999999999999999999999999999999999,0.99999999999999999999999999999999999999,NaN,true,2026-01-01,2026-01-01 10:00:00,01.02.2026,abc\n" +
		"2,-99999999999999999999999999999999999999,-0.00000000000000000000000000000000000001,-0.0,f,0001-01-01,0001-01-02T00:00:00Z,20260201,\n" +
		"3,9223372036854775807,0.5,0.0,yes,9999-12-31,9999-12-31 23:59:59.999999,,x\n" +
		"4,-9223372036854775808,0.25,Inf,no,1582-10-10,1582-10-10 12:00:00,31.12.9999,axbxc\n" +
		"5,0,0.005,-Inf,0,1500-02-29,1500-02-28 00:00:00,00010101,éab\n" +
		"6,9223372036854775808,0.10,1e400,1,1969-12-31,1969-12-31T23:59:59.999999+14:00,,longer than four\n" +
		"7,1,100.01,1e-320,T,2026-03-29,2026-03-29 02:30:00,2026-01-01,abab\n" +
		"8,1,99.99,1.7976931348623157e308,FALSE,2026-10-25,2026-10-25 02:30:00,29.02.2025,bb\n" +
		"9,-1,1.000,4.9e-324,maybe,2026-02-30,2026-01-01 10:00:60,,cc\n" +
		"0,1,1.001,,,,,,dd\n" +
		"x,1.5,abc,abc,2,26-1-1,10:00,xx," + strings.Repeat("é", 150) + "\n" +
		"2147483648,+5, .5 ,+1.,t, 2026-01-01 ,2026-01-01 10:00:00.1234567,,\"\"\n",
		typesHeader +
			"11,99999999999999999999999999999999999999,0.99,NaN,true,2026-01-01,2026-01-01 10:00:00,,abc\n" +
			"12,0,0.5,-0.0,f,0001-01-01,0001-01-02T00:00:00Z,20260201,\n" +
			"13,9223372036854775807,0.5,0.0,yes,9999-12-31,9999-12-31 23:59:59.999998,,x\n" +
			"14,000,0.50,-0,no,,1582-10-10 12:00:00,,\n" +
			"15,1,,,,1582-10-10,,,x\n" +
			"17,2,1.25,NaN,true,2026-01-01,2026-01-01 10:00:00,,y\n" +
			"18,3,1.5,nan,true,2026-01-01,2026-01-01 10:00:00,,z\n" +
			"16,-9223372036854775808,0.25,-Inf,no,1582-10-10,1582-10-10 12:00:01,31.12.9999,axbxc\n",
	}
}

// TestTypesAtTheirEdges types, judges and tells apart extreme values.
func TestTypesAtTheirEdges(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	for i, file := range typesFiles() {
		for _, l := range []*lab.Lab{got, want} {
			l.Write("lakehouse.yaml", typesYAML)
			l.Write("types_"+string(rune('1'+i))+".csv", file)
		}
		inTurns(t, got, want, true)
		compare(t, got, want)
		sameLedgers(t, got, want)
	}
}
