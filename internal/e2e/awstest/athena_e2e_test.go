//go:build e2e

package awstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/athena"
	"github.com/lakectl/lakectl/internal/vec"
	"github.com/lakectl/lakectl/queries"
)

// answers tells moto what Athena answers to the next statement: the columns, as
// "name type", and rows of texts and nil.
func answers(t *testing.T, columns []string, rows ...[]any) {
	t.Helper()
	type datum map[string]any
	var info []datum
	header := []any{}
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		item := datum{"Name": name, "Type": kind}
		if p, s := 0, 0; strings.HasPrefix(kind, "decimal") {
			if _, err := fmt.Sscanf(kind, "decimal(%d,%d)", &p, &s); err != nil {
				t.Fatal(err)
			}
			item = datum{"Name": name, "Type": "decimal", "Precision": p, "Scale": s}
		}
		info, header = append(info, item), append(header, name)
	}
	var lines []datum
	for _, row := range append([][]any{header}, rows...) {
		data := []datum{}
		for _, v := range row {
			d := datum{}
			if v != nil {
				d["VarCharValue"] = v
			}
			data = append(data, d)
		}
		lines = append(lines, datum{"Data": data})
	}
	body, err := json.Marshal(datum{"region": "eu-central-1", "results": []datum{{"rows": lines, "column_info": info}}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(os.Getenv("E2E_AWS_ENDPOINT")+"/moto-api/static/athena/query-results", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status, err)
	}
}

// workgroup makes one that no other test has, and returns an engine in it.
func workgroup(t *testing.T, s *session.Session, o athena.Options) *athena.Engine {
	t.Helper()
	o.Workgroup = fmt.Sprintf("group-%d", time.Now().UnixNano())
	o.Database = func(layer string) string { return "lakehouse_dev_" + layer }
	if _, err := sdk.NewFromConfig(s.Config).CreateWorkGroup(t.Context(), &sdk.CreateWorkGroupInput{Name: &o.Workgroup,
		Configuration: &types.WorkGroupConfiguration{}}); err != nil {
		t.Fatal(err)
	}
	return athena.New(s, o)
}

// A statement goes through its states with its parameters as literals, and its
// rows have the types that Athena says. (moto runs no SQL: it answers what it was
// told to, in one page, and has read nothing.)
func TestAthena(t *testing.T) {
	s := moto(t)
	var states []string
	e := workgroup(t, s, athena.Options{OnState: func(state string) { states = append(states, state) }})
	transition(t, "athena::execution", `{"progression": "manual", "times": 2}`)
	answers(t, []string{"s varchar", "n bigint", "m decimal(10,2)", "d date", "at timestamp", "b boolean", "x double", "raw varbinary", "list array"},
		[]any{"Grüße, 漢字", "9007199254740993", "-12.50", "2026-02-28", "2026-01-02 03:04:05.678", "true", "1.0E10", "54 58", "[1, 2]"},
		[]any{"", nil, nil, nil, nil, nil, nil, nil, nil})
	st := query.Statement{
		Query: queries.Query{SQL: "select :s, :d from ${silver}.transactions",
			Parameters: []queries.Parameter{{Name: "s", Type: "string"}, {Name: "d", Type: "date"}}},
		Values: []queries.Value{{Name: "s", Type: "string", Text: "O'Brien; --"}, {Name: "d", Type: "date", Text: "2026-01-01"}},
	}
	r, err := e.Run(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Grüße, 漢字|9007199254740993|-12.50|2026-02-28|2026-01-02 03:04:05.678|true|1e+10|5458|[1, 2]", strings.Repeat("|null", 8)}
	if got := lines(t, r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !slices.Equal(states, []string{"queued", "running", "succeeded"}) {
		t.Errorf("states %v", states)
	}
	id := r.Stats().ID
	out, err := sdk.NewFromConfig(s.Config).GetQueryExecution(t.Context(), &sdk.GetQueryExecutionInput{QueryExecutionId: &id})
	if err != nil {
		t.Fatal(err)
	}
	x := out.QueryExecution
	if *x.Query != `select ?, ? from "lakehouse_dev_silver".transactions` || !slices.Equal(x.ExecutionParameters, []string{"'O''Brien; --'", "DATE '2026-01-01'"}) {
		t.Errorf("%s with %q", *x.Query, x.ExecutionParameters)
	}
}

// lines reads a result to its end and closes it.
func lines(t *testing.T, r query.Result) (list []string) {
	t.Helper()
	defer r.Close()
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			if n := r.Stats().Rows; n != int64(len(list)) {
				t.Errorf("%d rows are told, %d are there", n, len(list))
			}
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(record.NumRows()) {
			values := make([]string, record.NumCols())
			for c, column := range record.Columns() {
				if values[c] = "null"; !column.IsNull(i) {
					values[c] = string(vec.AppendText(nil, column, i))
				}
			}
			list = append(list, strings.Join(values, "|"))
		}
		record.Release()
	}
}

// What moto has no answer for has no rows, what is no value of its column is told
// with its place, and of 2,500 rows none is lost.
func TestAthenaResults(t *testing.T) {
	s := moto(t)
	e := workgroup(t, s, athena.Options{})
	ask := func(text string) query.Result {
		t.Helper()
		r, err := e.Run(t.Context(), query.Statement{Query: queries.Query{SQL: text}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	answers(t, []string{"n bigint"})
	if got := lines(t, ask("select 0")); len(got) != 0 {
		t.Errorf("no rows: %q", got)
	}
	answers(t, []string{"n bigint"}, []any{"1"}, []any{"many"})
	r := ask("select 1")
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), `row 2 of the result: "many" of column n is not bigint`) {
		t.Errorf("no number: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	var rows [][]any
	for i := range 2500 {
		rows = append(rows, []any{fmt.Sprint(i)})
	}
	answers(t, []string{"n bigint"}, rows...)
	if got := lines(t, ask("select 2500")); len(got) != 2500 || got[2499] != "2499" {
		t.Errorf("%d rows", len(got))
	}
}

// A statement that does not end is stopped when its context ends.
func TestAthenaStop(t *testing.T) {
	s := moto(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := workgroup(t, s, athena.Options{OnState: func(state string) {
		if state == "running" {
			cancel()
		}
	}})
	transition(t, "athena::execution", `{"progression": "manual", "times": 3}`)
	_, err := e.Run(ctx, query.Statement{Query: queries.Query{SQL: "select 'slow'"}})
	if diag.ClassOf(err) != diag.Interrupted || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was stopped in Athena") {
		t.Fatal(err)
	}
	var id string
	if _, err := fmt.Sscanf(err.Error(), "query %s was", &id); err != nil {
		t.Fatal(err)
	}
	out, err := sdk.NewFromConfig(s.Config).GetQueryExecution(t.Context(), &sdk.GetQueryExecutionInput{QueryExecutionId: &id})
	if err != nil || out.QueryExecution.Status.State != types.QueryExecutionStateCancelled {
		t.Errorf("%+v, %v", out, err)
	}
}
