package project

import (
	"fmt"
	"strings"
	"testing"
)

// TestAllCyclesAreReported has several cycles of columns and of references: one
// is reported for each, at the name that closes it.
func TestAllCyclesAreReported(t *testing.T) {
	text := strings.Replace(header, "y}}", "y}, v: {source: z}}", 1) + `silver:
  t:
    columns:
      a: {type: string, expr: "b"}
      b: {type: string, expr: "a || c"}
      c: {type: string, expr: "lower(b)"}
      d: {type: string, expr: "e"}
      e: {type: string, expr: "d"}
      f: {type: string, expr: "a || e || raw.f"}
    checks: {x: {references: {dataset: u, column: f}}}
  u:
    columns: {f: {type: string}}
    checks: {x: {references: {dataset: t, column: f}}, y: {references: {dataset: v, column: f}}}
  v:
    columns: {f: {type: string}}
    checks: {x: {references: {dataset: u, column: f}}}
`
	_, got := bindText(t, text, nil)
	const want = `lakehouse.yaml:8:32: columns are made of one another: a -> b -> a; write raw.a if the raw column is meant
lakehouse.yaml:9:38: columns are made of one another: b -> c -> b; write raw.b if the raw column is meant
lakehouse.yaml:11:32: columns are made of one another: d -> e -> d; write raw.d if the raw column is meant
lakehouse.yaml:16:40: tables refer to one another: t -> u -> t; one of these references has to go
lakehouse.yaml:19:40: tables refer to one another: u -> v -> u; one of these references has to go`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOrderEnds(t *testing.T) {
	all := make([]int, 50)
	for i := range all {
		all[i] = i
	}
	sorted, cycles := order(len(all), func(i int) []int { return all[i+1:] })
	if fmt.Sprint(cycles) != "[]" || len(sorted) != len(all) || sorted[0] != 49 {
		t.Errorf("%v, cycles %v", sorted, cycles)
	}
	if _, cycles := order(len(all), func(int) []int { return all }); len(cycles) != maxCycles {
		t.Errorf("%d cycles", len(cycles))
	}
}
