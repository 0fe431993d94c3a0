package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

const shopYAML = `
project: shop
lake: ./lake
bronze:
  orders: {source: "orders*.csv"}
silver:
  orders:
    key: id
    columns:
      id:     {type: integer}
      amount: {type: "decimal(8,2)"}
    checks:
      positive: {expect: "amount > 0"}
      possible: {expect: "amount < 5000", on_fail: fail}
    limits: {quarantined: 40%}
gold:
  total: {from: orders, group_by: {id: id}, measures: {amount: "sum(amount)"}}
`

// shop is a project whose raw files are in memory.
type shop struct {
	t      *testing.T
	files  map[string]source.File
	text   map[string]string
	opened []string
	fails  map[string]error // of opening a file
	lake   *lake.Lake
	runs   int
	yaml   string
}

func newShop(t *testing.T) *shop {
	l, err := lake.Open(t.Context(), mem.New(mem.Options{}), lake.Options{LeaseTTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, files: map[string]source.File{}, text: map[string]string{}, fails: map[string]error{}, lake: l, yaml: shopYAML}
}

// List implements Sources.
func (s *shop) List(context.Context, []string) ([]source.File, error) {
	var files []source.File
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		files = append(files, s.files[name])
	}
	return files, nil
}

// Open implements Sources.
func (s *shop) Open(_ context.Context, path string) (io.ReadCloser, error) {
	s.opened = append(s.opened, path)
	if err := s.fails[path]; err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(s.text[path])), nil
}

// put writes a file, as version of it.
func (s *shop) put(name, version string, lines ...string) {
	s.text[name] = strings.Join(append([]string{"id,amount"}, lines...), "\n")
	s.files[name] = source.File{Path: name, Size: int64(len(s.text[name])), Version: version}
}

func (s *shop) project() *project.Project {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "lakehouse.yaml")
	if err := os.WriteFile(file, []byte(s.yaml), 0o644); err != nil {
		s.t.Fatal(err)
	}
	cfg, problems := config.Load(file, config.Options{})
	if len(problems) > 0 {
		s.t.Fatal(problems.Err())
	}
	p, problems := project.Bind(cfg, nil)
	if len(problems) > 0 {
		s.t.Fatal(problems.Err())
	}
	return p
}

func (s *shop) run(change ...func(*Options)) (*Result, error) {
	s.t.Helper()
	p := s.project()
	all, err := p.Select(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.runs++
	s.opened = nil
	o := Options{Selection: all, Workers: 2, Memory: 1 << 30, SpillDir: s.t.TempDir(), Now: time.Date(2026, 5, 1, s.runs, 0, 0, 0, time.UTC), Sources: s}
	for _, c := range change {
		c(&o)
	}
	return Run(s.t.Context(), p, s.lake, o)
}

// want runs and checks how that ends, and the orders in silver and quarantine.
func (s *shop) want(outcome string, silver, quarantined int64, change ...func(*Options)) *Result {
	s.t.Helper()
	r, err := s.run(change...)
	if r.Outcome != outcome || (err == nil) != (outcome == Succeeded || outcome == NothingToDo) {
		s.t.Fatalf("%s, %v, want %s", r.Outcome, err, outcome)
	}
	if len(r.Ledger) != 1 || r.Ledger[0].Silver != silver || r.Ledger[0].Quarantined != quarantined {
		s.t.Fatalf("the ledger is %+v, want %d rows in silver, %d in quarantine", r.Ledger, silver, quarantined)
	}
	return r
}

func TestRunsAreRepeatable(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5", "2,6", "2,7")
	if r := s.want(Succeeded, 2, 0); len(r.Commits) != 3 || r.Ledger[0].Superseded != 1 {
		t.Errorf("%+v", r)
	}
	s.want(NothingToDo, 2, 0)
	s.put("orders2.csv", "1", "3,x", "4,8")
	if _, err := s.run(); diag.ClassOf(err) != diag.Gate {
		t.Errorf("half of a file in quarantine: %v, want the gate to fail", err)
	}
	r := s.want(Succeeded, 3, 1, func(o *Options) { o.Accept = map[string]string{"silver.orders.quarantined": "known"} })
	if len(r.Gates) != 1 || r.Gates[0].Accepted != "known" || !strings.Contains(r.Gates[0].Message, "orders2.csv: 1 of 2 records") {
		t.Errorf("%+v", r.Gates)
	}
	if r := s.want(NothingToDo, 3, 1); len(s.opened) > 0 {
		t.Errorf("%v were opened by %+v", s.opened, r)
	}
}

func TestTouchedFilesAreReadOnce(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5")
	s.want(Succeeded, 1, 0)
	s.put("orders1.csv", "touched", "1,5")
	if s.run(); !slices.Equal(s.opened, []string{"orders1.csv"}) {
		t.Errorf("%v were opened", s.opened)
	}
	if s.want(NothingToDo, 1, 0); len(s.opened) > 0 {
		t.Errorf("%v were opened again", s.opened)
	}
}

// Files that changed or cannot be read fail alone.
func TestBadFilesDoNotStopOthers(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5")
	s.put("orders2.csv", "1", "2,5")
	s.want(Succeeded, 2, 0)
	s.put("orders1.csv", "2", "1,9")
	s.put("orders2.csv", "2", "2,9")
	s.put("orders3.csv", "1", "3,9")
	s.fails["orders2.csv"] = errors.New("permission denied")
	r, err := s.run()
	if r.Outcome != Partly || diag.ClassOf(err) != diag.Partial || r.Ledger[0].Silver != 3 || len(r.Bronze[0].Failed) != 2 {
		t.Fatalf("%v: %+v", err, r)
	}
	for i, want := range []string{"orders1.csv: the file has changed", "orders2.csv: permission denied"} {
		if got := r.Bronze[0].Failed[i]; !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The lake's log is JSON, in which a name that is not UTF-8 comes back as another:
// the file would be taken in by every run, and its rows counted again.
func TestFilesWithoutAUsableNameAreNotTakenIn(t *testing.T) {
	s := newShop(t)
	s.put("orders\xff.csv", "1", "1,10")
	s.put("orders_1.csv", "1", "2,20")
	for range 2 {
		result, err := s.run()
		if diag.ClassOf(err) != diag.Partial || !strings.Contains(err.Error(), `"orders\xff.csv": the name of the file is not UTF-8`) {
			t.Fatalf("error %v", err)
		}
		if line := result.Ledger[0]; line.Read != 1 || line.Silver != 1 {
			t.Errorf("the ledger is %+v", line)
		}
	}
}

func TestReplayOfNothingChangesNothing(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5")
	replay := func(o *Options) { o.Replay = true }
	s.want(Succeeded, 1, 0)
	s.want(NothingToDo, 1, 0, replay)
	s.put("orders2.csv", "1", "2,5", "3,5", "4,x")
	s.want(Succeeded, 3, 1)
	if r := s.want(NothingToDo, 3, 1, replay); r.Silver[0].Judged != 1 || *r.Silver[0].Changes != (lake.Totals{}) {
		t.Errorf("%+v", r.Silver)
	}
}

func TestFailedChecksStopTheRun(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5", "2,6000", "3,7000")
	r, err := s.run()
	if diag.ClassOf(err) != diag.Gate || r.Outcome != Stopped || len(r.Commits) != 1 {
		t.Fatalf("%v: %+v", err, r)
	}
	want := []Gate{{Name: "silver.orders.possible", Message: `2 rows fail, such as orders1.csv: row 2: amount is "6000.00"`}}
	if !slices.Equal(r.Gates, want) || !strings.Contains(err.Error(), want[0].Message) {
		t.Errorf("%+v: %v", r.Gates, err)
	}
	accepted := s.want(Succeeded, 3, 0, func(o *Options) { o.Accept = map[string]string{"silver.orders.possible": "a large customer"} })
	if len(accepted.Gates) != 1 || accepted.Gates[0].Accepted != "a large customer" {
		t.Errorf("%+v", accepted.Gates)
	}
}

func TestChangedDefinitionsAreAskedFor(t *testing.T) {
	s := newShop(t)
	s.put("orders1.csv", "1", "1,5", "2,-0.5", "3,6")
	s.want(Succeeded, 2, 1)
	s.yaml = strings.Replace(shopYAML, "amount > 0", "amount > -1", 1)
	if _, err := s.run(); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "silver.orders (checks.positive), gold.total (silver.orders)") {
		t.Errorf("without a terminal: %v", err)
	}
	var asked []string
	answer := false
	confirm := func(o *Options) {
		o.Confirm = func(changed []DefinitionChange) (bool, error) {
			asked = nil
			for _, c := range changed {
				asked = append(asked, c.String())
			}
			return answer, nil
		}
	}
	if r, err := s.run(confirm); !errors.Is(err, errDeclined) || len(r.Commits) > 0 || fmt.Sprint(asked) != "[silver.orders (checks.positive) gold.total (silver.orders)]" {
		t.Errorf("%v was asked; %v, %+v", asked, err, r)
	}
	answer = true
	if r := s.want(Succeeded, 3, 0, confirm); !r.Silver[0].Rebuilt {
		t.Errorf("%+v", r.Silver)
	}
	s.want(NothingToDo, 3, 0)
}

func TestExceeds(t *testing.T) {
	hundred := 100.0 // a variable, as constants divide exactly
	share := func(f float64) project.Limits { return project.Limits{QuarantinedShare: f, QuarantinedRows: -1} }
	for _, test := range []struct {
		limits            project.Limits
		quarantined, read int64
		want              string
	}{
		{share(0.05), 5, 100, ""},
		{share(0.05), 6, 100, "6 of 100 records are quarantined (6.0 %), at most 5 % may be"},
		{share(0.7 / hundred), 7, 1000, ""}, // 0.7% as it is read
		{share(0.7 / hundred), 8, 1000, "8 of 1000 records are quarantined (0.8 %), at most 0.7 % may be"},
		{share(0.07), 8, 100, "8 of 100 records are quarantined (8.0 %), at most 7 % may be"},
		{share(0), 1, 1_000_000_000, "1 of 1000000000 records are quarantined (0.0 %), at most 0 % may be"},
		{share(0), 0, 0, ""},
		{share(-1), 100, 100, ""},
		{project.Limits{QuarantinedShare: -1, QuarantinedRows: 3}, 3, 4, ""},
		{project.Limits{QuarantinedShare: -1, QuarantinedRows: 3}, 4, 4, "4 of 4 records are quarantined, at most 3 may be"},
	} {
		if got := exceeds(test.limits, test.quarantined, test.read); got != test.want {
			t.Errorf("%d of %d with %+v: %q, want %q", test.quarantined, test.read, test.limits, got, test.want)
		}
	}
}

func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		err     error
		commits int
		want    string
	}{
		{nil, 0, NothingToDo}, {nil, 1, Succeeded}, {diag.Errorf(diag.Partial, "x"), 0, Partly},
		{errors.Join(diag.Errorf(diag.Partial, "x"), diag.Errorf(diag.Gate, "y")), 1, Stopped}, {errors.New("x"), 1, Failed}, {context.Canceled, 1, Interrupted},
	} {
		r := &run{result: &Result{Commits: make([]Commit, test.commits)}}
		if got := r.outcome(test.err); got != test.want {
			t.Errorf("%v with %d commits: %s, want %s", test.err, test.commits, got, test.want)
		}
	}
}

func TestChangedParts(t *testing.T) {
	old, now := map[string]string{"a": "1", "b": "2", "c": "3"}, map[string]string{"a": "1", "b": "x", "d": "4"}
	if got, want := fmt.Sprint(changedParts(old, now)), "[b +d -c]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := changedParts(nil, now); got != nil {
		t.Errorf("of a table that does not know its parts: %v", got)
	}
}
