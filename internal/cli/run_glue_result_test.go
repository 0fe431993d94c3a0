package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
)

const layersProject = `project: shop
lake: ./lake
bronze: {orders: {source: "orders_*.csv"}}
silver: {orders: {columns: {id: {type: bigint, required: true}}}}
gold: {all: {from: orders}}
`

// What the jobs of a run in Glue did is read from the lake: the runs that are a part
// of it, and files that failed whole, which fail the run.
func TestLayersOfAGlueRun(t *testing.T) {
	app, out, _ := testApp(t)
	for name, text := range map[string]string{"lakehouse.yaml": layersProject, "orders_1.csv": "id\n1\nx\n", "orders_2.csv": ""} {
		if err := os.WriteFile(filepath.Join(app.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(app.Dir)
	for _, layer := range []struct {
		name, partOf string
		code         diag.Class
	}{{"bronze", "this", diag.Partial}, {"silver", "this", 0}, {"gold", "", 0}} {
		app.Clock = func() time.Time { return time.Now().Add(-time.Minute) }
		app.Getenv = func(key string) string { return map[string]string{partOfVariable: layer.partOf}[key] }
		if got := app.Run(t.Context(), []string{"run", layer.name, "--quiet"}); got != int(layer.code) {
			t.Fatalf("%s: exit code %d", layer.name, got)
		}
	}
	w, err := app.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := &glueRun{app: app, w: w, result: &glueResult{Run: "this"}}
	err = g.gather(t.Context())
	if diag.ClassOf(err) != diag.Partial || !strings.Contains(err.Error(), "orders_2.csv") {
		t.Errorf("the error is %v", err)
	}
	var layers []string
	for _, r := range g.result.Runs {
		for _, c := range r.Commits {
			layers = append(layers, c.Layer)
		}
	}
	if got := strings.Join(layers, " "); got != "bronze silver" {
		t.Errorf("the layers are %q", got)
	}
	s := &summary{out: app.IO.Out}
	g.printLayers(s)
	for _, want := range []string{"orders", "silver.orders", "type:id"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "gold.all") {
		t.Errorf("what another run did is shown:\n%s", out)
	}
}

func TestTogether(t *testing.T) {
	all := together([]*pipeline.Result{
		{Commits: []pipeline.Commit{{Sequence: 1}}, Bronze: []pipeline.BronzeResult{{Dataset: "a"}}, Ledger: []pipeline.LedgerLine{{Dataset: "a", Read: 1}}, Seconds: 2},
		{Commits: []pipeline.Commit{{Sequence: 2}}, Silver: []pipeline.TableResult{{Table: "silver.a"}}, Ledger: []pipeline.LedgerLine{{Dataset: "a", Read: 2}}, Seconds: 3},
		{},
	})
	if len(all.Commits) != 2 || len(all.Bronze) != 1 || len(all.Silver) != 1 || all.Seconds != 5 || all.Ledger[0].Read != 2 {
		t.Errorf("together they are %+v", all)
	}
}
