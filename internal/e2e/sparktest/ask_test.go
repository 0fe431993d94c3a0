//go:build e2e

package sparktest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/schema"
)

// spark collects queries, has evaluate.py answer them and checks the answers.
type spark struct {
	*testing.T
	tables  map[string]table
	queries []query
}

// table is a table as evaluate.py wants it.
type table struct {
	Columns []column `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// query computes items; check gets the columns of each.
type query struct {
	Select []string `json:"select"`
	From   string   `json:"from"`

	items []item
	check func(k int, a answer)
}

// item is what a query computes: one or more columns.
type item struct {
	name  string
	sql   []string
	types []string
}

// answer is what Spark says to a query.
type answer struct {
	Error string   `json:"error"`
	Types []string `json:"types"`
	Rows  [][]any  `json:"rows"`
}

func (s *spark) ask(items []item, from string, check func(k int, a answer)) {
	q := query{From: from, items: items, check: check}
	for _, it := range items {
		q.Select = append(q.Select, it.sql...)
	}
	s.queries = append(s.queries, q)
}

// run asks Spark and checks all answers.
func (s *spark) run() {
	s.Helper()
	for i, answers := range s.answers() {
		at := 0
		for k, it := range s.queries[i].items {
			if a := part(answers, at, len(it.sql)); a.Error != "" {
				s.Errorf("%s: %s\n%.1500s", it.name, a.Error, it.sql)
			} else if !slices.Equal(a.Types, it.types) {
				s.Errorf("%s is %v instead of %v", it.name, a.Types, it.types)
			} else {
				s.queries[i].check(k, a)
			}
			at += len(it.sql)
		}
	}
}

// part cuts n columns out of the answer to a query, or puts them together of
// the answers to each of its expressions.
func part(answers []answer, at, n int) answer {
	if len(answers) == 1 && answers[0].Error == "" {
		out := answer{Types: answers[0].Types[at : at+n]}
		for _, row := range answers[0].Rows {
			out.Rows = append(out.Rows, row[at:at+n])
		}
		return out
	}
	var out answer
	for _, a := range answers[at : at+n] {
		if a.Error != "" {
			return a
		}
		out.Types = append(out.Types, a.Types...)
		for i, row := range a.Rows {
			if len(out.Rows) == i {
				out.Rows = append(out.Rows, nil)
			}
			out.Rows[i] = append(out.Rows[i], row...)
		}
	}
	return out
}

// answers runs evaluate.py.
func (s *spark) answers() [][]answer {
	s.Helper()
	python := os.Getenv("E2E_PYTHON")
	if python == "" {
		s.Fatal("E2E_PYTHON does not say which Python has pyspark; run `make e2e`")
	}
	data, err := json.Marshal(map[string]any{"tables": s.tables, "queries": s.queries})
	if err != nil {
		s.Fatal(err)
	}
	in, out := filepath.Join(s.TempDir(), "in.json"), filepath.Join(s.TempDir(), "out.json")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		s.Fatal(err)
	}
	if text, err := exec.CommandContext(s.Context(), python, "evaluate.py", in, out).CombinedOutput(); err != nil {
		s.Fatalf("%v\n%s", err, text)
	}
	file, err := os.Open(out)
	if err != nil {
		s.Fatal(err)
	}
	defer file.Close()
	var answers [][]answer
	d := json.NewDecoder(file)
	d.UseNumber()
	if err := d.Decode(&answers); err != nil {
		s.Fatal(err)
	}
	return answers
}

// tableOf returns rows as a table with a column id in front.
func tableOf(columns []exprtest.Column, rows []exprtest.Row) table {
	t := table{Columns: []column{{"id", "int"}}}
	for _, c := range columns {
		t.Columns = append(t.Columns, column{c.Name, c.Type.Spark()})
	}
	for i, row := range rows {
		cells := []any{i}
		for j, v := range row {
			cells = append(cells, cell(v, columns[j].Type))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// cell returns a value as it travels.
func cell(v any, t schema.Type) any {
	switch x := v.(type) {
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case *big.Rat:
		return x.FloatString(int(t.Scale))
	default:
		return v
	}
}

// value returns what has travelled in the evaluator's form.
func value(t *testing.T, raw any, typ schema.Type) any {
	t.Helper()
	if raw == nil {
		return nil
	}
	switch typ.Kind {
	case schema.String, schema.Boolean:
		return raw
	case schema.Double:
		f, err := strconv.ParseFloat(raw.(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	r, ok := new(big.Rat).SetString(fmt.Sprint(raw))
	if !ok {
		t.Fatalf("%v is no %v", raw, typ)
	}
	switch typ.Kind {
	case schema.Decimal:
		return r
	case schema.Date:
		return exprtest.Date(r.Num().Int64())
	case schema.Timestamp:
		return exprtest.Timestamp(r.Num().Int64())
	}
	return new(big.Int).Set(r.Num())
}

// askReadings has raw texts typed, and compares with Eval.
func askReadings(s *spark) {
	for k, reading := range exprtest.Readings() {
		name := fmt.Sprintf("texts%d", k)
		texts := table{Columns: []column{{"id", "int"}, {"x", "string"}}}
		for i, text := range reading.Texts {
			texts.Rows = append(texts.Rows, []any{i, text})
		}
		s.tables[name] = texts
		p := expr.BindParse(expr.ScopeColumn{Name: "x", Type: schema.T(schema.String), Nullable: true}, reading.Type, reading.Parse)
		it := item{fmt.Sprintf("%v %+v", reading.Type, reading.Parse), []string{p.Spark(), p.SparkFails()}, []string{reading.Type.Spark(), "boolean"}}
		s.ask([]item{it}, "FROM "+name+" ORDER BY id", func(_ int, a answer) {
			want, failed := evaluated(s.T, p, reading.Texts)
			for i, row := range a.Rows {
				if got := value(s.T, row[0], reading.Type); !exprtest.Same(got, want[i]) || row[1] != failed[i] {
					s.Errorf("%s: %q: got %s failed %v, want %s failed %v", it.name, reading.Texts[i], exprtest.Text(got), row[1], exprtest.Text(want[i]), failed[i])
				}
			}
		})
	}
}

// evaluated types texts with Eval.
func evaluated(t *testing.T, p *expr.Program, texts []string) (values []any, failed []bool) {
	t.Helper()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(texts, nil)
	arr, errs, err := p.Eval(expr.NewScratch(), []arrow.Array{b.NewArray()}, len(texts))
	if err != nil {
		t.Fatal(err)
	}
	failed = make([]bool, len(texts))
	for _, e := range errs {
		failed[e.Row] = true
	}
	return exprtest.Values(arr), failed
}
