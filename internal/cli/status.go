package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/term"
)

// StatusOptions are the settings of `lakectl status`.
type StatusOptions struct {
	App  *App
	Runs int // how many of the last runs to show
}

func newStatusCmd(app *App, runF func(*StatusOptions) error) *cobra.Command {
	opts := &StatusOptions{App: app}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "What is in the lake: tables, freshness, failed checks, runs",
		Example: `  lakectl status
  lakectl status --json | jq '.tables[] | {table, rows, newest}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runStatus(cmd.Context(), opts)
		},
	}
	cmd.Flags().IntVar(&opts.Runs, "runs", 5, "show the last `N` runs")
	return cmd
}

// status is the result of `status --json`.
type status struct {
	Project     string                `json:"project"`
	Environment string                `json:"environment"`
	Lake        string                `json:"lake"`
	Commit      uint64                `json:"commit"`            // 0 in an empty lake
	Pending     uint64                `json:"pending,omitempty"` // a commit that is being published
	Committed   *time.Time            `json:"committed"`
	Lock        *lake.LockInfo        `json:"lock"` // null if nobody holds it
	Tables      []tableStatus         `json:"tables"`
	Ledger      []pipeline.LedgerLine `json:"ledger"`
	Failed      []lake.CheckResult    `json:"failed_checks"`
	Runs        []*pipeline.Result    `json:"runs"`
}

// tableStatus is one table of a lake.
type tableStatus struct {
	Table     string    `json:"table"`
	Rows      int64     `json:"rows"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"`
	Newest    string    `json:"newest,omitempty"`    // the newest value of NewestOf
	NewestOf  string    `json:"newest_of,omitempty"` // a date or timestamp column
	Commit    uint64    `json:"commit"`
	Committed time.Time `json:"committed"`
	Orphan    bool      `json:"orphan,omitempty"` // lakehouse.yaml no longer has it
}

func runStatus(ctx context.Context, opts *StatusOptions) error {
	app := opts.App
	w, err := app.look(ctx)
	if err != nil {
		return err
	}
	st, err := w.status(ctx, opts.Runs)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(st)
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	return app.printStatus(st, clock())
}

// status collects what there is to know of the lake.
func (w *workspace) status(ctx context.Context, runs int) (*status, error) {
	st := &status{Project: w.Project.Name, Environment: w.Project.Environment, Lake: w.Project.Lake, Commit: w.State.Sequence,
		Tables: []tableStatus{}, Ledger: []pipeline.LedgerLine{}, Failed: []lake.CheckResult{}, Runs: []*pipeline.Result{}}
	if w.State.Pending != nil {
		st.Pending = w.State.Pending.Sequence
	}
	if n := len(w.State.Commits); n > 0 {
		st.Committed = &w.State.Commits[n-1].Time
	}
	var err error
	if st.Lock, err = w.Lake.Holder(ctx); err != nil {
		return nil, err
	}
	for _, ref := range w.tableOrder() {
		t := w.State.Tables[ref]
		st.Tables = append(st.Tables, w.tableStatus(t))
		for _, c := range t.Checks {
			if c.Failed > 0 && c.OnFail != project.Quarantine.String() {
				st.Failed = append(st.Failed, c)
			}
		}
	}
	st.Ledger = append(st.Ledger, pipeline.Ledger(w.State)...)
	last, err := pipeline.Runs(ctx, w.Lake.Bucket(), runs)
	st.Runs = append(st.Runs, last...)
	slices.SortStableFunc(st.Runs, func(a, b *pipeline.Result) int { return b.Started.Compare(a.Started) })
	return st, err
}

// tableOrder returns the tables of the lake: those of the project in its order,
// layer by layer, then all others.
func (w *workspace) tableOrder() []lake.TableRef {
	var order []lake.TableRef
	add := func(layer, name string) { order = append(order, lake.TableRef{Layer: layer, Name: name}) }
	for _, b := range w.Project.Bronze {
		add(lake.Bronze, b.Name)
	}
	for _, s := range w.Project.Silver {
		add(lake.Silver, s.Name)
	}
	for _, g := range w.Project.Gold {
		add(lake.Gold, g.Name)
	}
	for _, b := range w.Project.Bronze {
		add(lake.Quarantine, b.Name)
	}
	for _, ref := range w.State.TableRefs() {
		if !slices.Contains(order, ref) {
			order = append(order, ref)
		}
	}
	return slices.DeleteFunc(order, func(ref lake.TableRef) bool { return w.State.Tables[ref] == nil })
}

func (w *workspace) tableStatus(t *lake.Table) tableStatus {
	st := tableStatus{Table: t.Ref.String(), Commit: t.Sequence, Committed: t.Time, Orphan: w.orphan(t.Ref)}
	st.Files, st.Rows, st.Bytes = t.Size()
	st.Newest, st.NewestOf = w.newest(t)
	return st
}

// orphan says whether the project no longer has a table.
func (w *workspace) orphan(ref lake.TableRef) bool {
	switch ref.Layer {
	case lake.Bronze:
		return w.Project.Dataset(ref.Name) == nil
	case lake.Silver:
		return w.Project.SilverTable(ref.Name) == nil
	case lake.Gold:
		return w.Project.GoldTable(ref.Name) == nil
	}
	return false
}

// newest says how new the data of a table is, and by which column: of silver
// what decides between versions, if that is a time; else the newest of all dates
// and times that are the data's own; else when it was ingested.
func (w *workspace) newest(t *lake.Table) (value, column string) {
	if s := w.Project.SilverTable(t.Ref.Name); t.Ref.Layer == lake.Silver && s != nil && s.LatestBy >= 0 {
		if c := s.Columns[s.LatestBy]; c.Type.Temporal() {
			return newest(t, c.Name), c.Name
		}
	}
	for _, c := range t.Schema {
		typ, err := schema.ParseType(c.Type)
		if err != nil || !typ.Temporal() || config.Reserved(c.Name) {
			continue
		}
		if v := newest(t, c.Name); v > value {
			value, column = v, c.Name
		}
	}
	if column == "" {
		value, column = newest(t, project.IngestionTimestamp), project.IngestionTimestamp
	}
	return value, column
}

// newest returns the greatest value of a date or timestamp column, which texts
// order as values do.
func newest(t *lake.Table, column string) string {
	most := ""
	for _, f := range t.Files() {
		if value := f.Partition[column]; value != nil {
			most = max(most, *value)
		}
		if stats := f.Stats[column]; stats.Max != nil {
			most = max(most, *stats.Max)
		}
	}
	return most
}

// printStatus shows the status to people.
func (app *App) printStatus(st *status, now time.Time) error {
	s := &summary{out: app.IO.Out}
	s.title(st.Project+"/"+st.Environment, app.short(st.Lake))
	s.statusHead(st, now)
	if st.Commit == 0 && st.Pending == 0 {
		return s.err
	}
	t := term.NewTable("table", ">rows", ">files", ">size", "newest data", "changed")
	for _, table := range st.Tables {
		newest := table.Newest[:min(len(table.Newest), len("2026-11-23 09:45"))]
		if table.Orphan {
			newest = "not in lakehouse.yaml"
		}
		t.Add(table.Table, term.Count(table.Rows), term.Count(int64(table.Files)), term.Size(table.Bytes), newest, age(table.Committed, now))
	}
	s.table("Tables", "", t)
	s.ledger(st.Ledger, nil)
	s.failedChecks(st.Failed)
	s.lastRuns(st.Runs, now)
	return s.err
}

// statusHead says where the lake is in its history, and who is writing to it.
func (s *summary) statusHead(st *status, now time.Time) {
	switch {
	case st.Committed != nil:
		s.printf("  commit %d, %s\n", st.Commit, ago(*st.Committed, now))
	case st.Pending == 0:
		s.printf("  the lake is empty: `lakectl run` builds it\n")
	}
	if st.Pending > 0 {
		s.printf("  %s\n", s.out.Paint(term.Yellow, fmt.Sprintf("commit %d is being published", st.Pending)))
	}
	if st.Lock != nil {
		text := "locked by " + term.Clean(st.Lock.Owner.String()) + " since " + ago(st.Lock.Acquired, now)
		if gone(st.Lock) {
			text += ", which is gone: the next run takes over"
		}
		s.printf("  %s\n", s.out.Paint(term.Yellow, text))
	}
}

func (s *summary) failedChecks(list []lake.CheckResult) {
	var failed []pair
	for _, c := range list {
		failed = append(failed, pair{c.Table.String() + "." + c.Name, found(c)})
	}
	s.pairs("Checks that failed", "when their table was last built", term.Yellow, failed)
}

func (s *summary) lastRuns(runs []*pipeline.Result, now time.Time) {
	t := term.NewTable("run", "started", ">took", "outcome", ">records", "commits")
	t.Style = func(row, column int) term.Style {
		if column != 3 {
			return term.Plain
		}
		return outcomeStyle(runs[row].Outcome)
	}
	for _, r := range runs {
		records := int64(0)
		for _, b := range r.Bronze {
			records += b.Records
		}
		var numbers []string
		for _, c := range r.Commits {
			numbers = append(numbers, fmt.Sprint(c.Sequence))
		}
		t.Add(r.Run, age(r.Started, now), term.Duration(seconds(r.Seconds)), r.Outcome, term.Count(records), strings.Join(numbers, " "))
	}
	s.table("Last runs", "", t)
	if len(runs) == 0 {
		return
	}
	last := runs[0]
	var stopped []pair
	for _, g := range last.Gates {
		if g.Accepted == "" {
			stopped = append(stopped, pair{g.Name, g.Message})
		}
	}
	switch {
	case last.Outcome == pipeline.Stopped && len(stopped) > 0:
		s.pairs("Gates that stopped the last run", "", term.Red, stopped)
	case last.Error != "" && last.Outcome != pipeline.Interrupted:
		s.title("Why the last run failed", "")
		for line := range strings.Lines(last.Error) {
			s.printf("  %s\n", term.Clean(strings.TrimRight(line, "\n")))
		}
	}
}

func outcomeStyle(outcome string) term.Style {
	switch outcome {
	case pipeline.Partly:
		return term.Yellow
	case pipeline.Stopped, pipeline.Failed:
		return term.Red
	}
	return term.Green
}

// ago says when something was: the time, and how long ago that is.
func ago(t, now time.Time) string {
	return fmt.Sprintf("%s (%s)", t.UTC().Format("2006-01-02 15:04:05"), age(t, now))
}

// age says how long ago something was.
func age(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < 0:
		return "later than now"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	default:
		return term.Plural(int64(d/(24*time.Hour)), "day", "days") + " ago"
	}
}
