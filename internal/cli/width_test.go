package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/catalog"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/doctor"
)

// longName is a project's name of thirty characters.
const longName = "retail-lakehouse-of-the-north1"

// fits reports lines that are wider than a terminal of so many columns.
func fits(t *testing.T, what, text string, columns int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > columns {
			t.Errorf("%s: %d columns: %s", what, n, line)
		}
	}
}

// Tables of jobs and crawlers with long names fit a terminal, and tell the layers
// apart; a pipe has them whole.
func TestLongNamesOfGlue(t *testing.T) {
	f := newFakeGlue()
	app, _, errs := gluing(t, f)
	yaml := strings.NewReplacer("project: shop", "project: "+longName, "s3://lake/shop", "s3://a-bucket-with-quite-a-long-name-of-its-own/and/a/prefix").Replace(glueProject)
	if err := os.WriteFile(filepath.Join(app.Dir, "lakehouse.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, layer := range glue.Layers() {
		job := longName + "-dev-" + layer
		f.jobs[job] = object{"Name": job, "GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 10}
		f.crawlers[job] = object{"Name": job}
		f.runs = append(f.runs, &fakeRun{job: job, id: "jr_" + strings.Repeat("0123456789abcdef", 4) + layer})
	}
	for _, command := range []string{"job ls", "job status", "job status silver", "crawler ls", "crawler status"} {
		for _, columns := range []int{0, 80, 100} {
			var out bytes.Buffer
			app.IO.Out.Writer, app.IO.Out.Terminal, app.IO.Out.Width = &out, columns > 0, columns
			if code := app.Run(t.Context(), strings.Fields(command)); code != 0 {
				t.Fatalf("%s: exit code %d: %s", command, code, errs)
			}
			if columns == 0 {
				if !strings.Contains(out.String(), longName+"-dev-silver") || strings.Contains(out.String(), "…") {
					t.Errorf("%s, piped:\n%s", command, &out)
				}
				continue
			}
			fits(t, command, out.String(), columns)
			if !strings.Contains(out.String(), "silver") {
				t.Errorf("%s: the layers cannot be told apart:\n%s", command, &out)
			}
		}
	}
}

// What doctor, the alarms and the catalog say of long names and paths fits a
// terminal; nothing of it is left out, and commands stay whole.
func TestLongNamesInWords(t *testing.T) {
	const columns = 80
	path := "s3://a-bucket-with-quite-a-long-name-of-its-own/silver/" + longName + "/dt=2026-11-23/part-00000.parquet"
	app, _, _ := testApp(t)
	var out bytes.Buffer
	app.IO.Out.Writer, app.IO.Out.Terminal, app.IO.Out.Width = &out, true, columns
	r := newDoctorReport(app, nil, []doctor.Check{{Name: "role simulation"}})
	r.titles[doctor.Lake] = path
	r.add(doctor.Result{Group: doctor.Lake, Check: "catalog", Finding: diag.Findf(diag.Bad, "%s is archived", path).
		WithRemedy("`lakectl deploy --env dev` puts it right, then look at %s", path)})
	s := &summary{out: app.IO.Out}
	m := &monitored{cloud: &cloud{Who: session.Identity{Account: "111122223333", Region: "eu-central-1"}, Names: names.Names{Project: longName, Environment: "dev"}}}
	s.alarms(m, []monitor.Alarm{{Name: "x", Kind: "a-watch-of-" + longName + "-" + longName, State: monitor.Ringing, Reason: "of " + path, Next: "look at " + path}}, app.Clock())
	table := "silver." + longName + "_" + longName
	if err := app.printFindings(&catalog.Findings{Differences: []catalog.Difference{{Table: table, Kind: "partition", What: path + " is not there"}}}); err != nil {
		t.Fatal(err)
	}
	fits(t, "all", out.String(), columns)
	plain := strings.Join(strings.Fields(out.String()), "")
	if n := strings.Count(plain, path); n < 5 || !strings.Contains(out.String(), "`lakectl deploy --env dev`") {
		t.Errorf("%d times the path:\n%s", n, &out)
	}
}
