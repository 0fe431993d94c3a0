package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/term"
)

// reportTimeout is how long a run that is done waits for CloudWatch and SNS.
const reportTimeout = 10 * time.Second

// reportRun tells AWS how a run on a lake on S3 went: its figures go to
// CloudWatch, and a failure to the topic of alarms. What does not arrive is a
// warning, also in the result: the run is what it is. Where AWS is may be known
// already; if c is nil it is asked for.
//
// Nothing is told of a run that did not begin, as another one holds the lock;
// of one that somebody at a terminal is told about, as it was used wrongly; nor
// of one that was interrupted before it changed anything. What an interrupted
// run did counts, but it is no failure. Where the lake cannot be opened, or
// lakehouse.yaml is wrong, there was no run: the alarm of freshness is for that.
func (app *App) reportRun(ctx context.Context, w *workspace, c *cloud, result *pipeline.Result, runErr error) {
	interrupted := ctx.Err() != nil || diag.ClassOf(runErr) == diag.Interrupted
	if !onS3(w.Config.Lake.Value) || !w.Config.AWS.Metrics.Value || app.unreported(result, runErr, interrupted) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
	defer cancel()
	if err := app.report(ctx, w, c, runReport{result, runErr, interrupted}); err != nil {
		refused := session.Refused(runErr) // which is said of the run already
		for _, single := range apart(err) {
			if session.Refused(single) {
				if refused {
					continue
				}
				refused = true
			}
			text := reportWarning(single)
			result.Warnings = append(result.Warnings, text)
			app.warn(lines(text))
		}
	}
}

// reportWarning says on one line what could not be sent, why, and what to do.
func reportWarning(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		what, _, _ := strings.Cut(err.Error(), ": operation error") // of the SDK, which says much
		return fmt.Sprintf("%s: there was no answer within %s", strings.TrimSuffix(what, ": "+context.DeadlineExceeded.Error()), term.Duration(reportTimeout))
	}
	f := describe(err)
	if f.next != "" {
		return f.message + "; " + f.next
	}
	return f.message
}

func (app *App) unreported(result *pipeline.Result, err error, interrupted bool) bool {
	switch class := diag.ClassOf(err); {
	case result.DryRun, class == diag.Locked, class == diag.Usage && app.IO.Interactive:
		return true
	default:
		return interrupted && len(result.Commits) == 0
	}
}

// runReport is a run that is to be told of.
type runReport struct {
	result      *pipeline.Result
	err         error
	interrupted bool
}

func (app *App) report(ctx context.Context, w *workspace, c *cloud, r runReport) error {
	if c == nil {
		var err error
		if c, err = openCloud(ctx, w.Config); err != nil {
			return notSent(err)
		}
	}
	// The clock is the real one, also where that of the run stands still:
	// CloudWatch takes no figures of long ago.
	m, now := monitor.New(c.Session, c.Names), app.Clock()
	sent := make(chan error, 1) // at the same time, so that neither takes the other's
	go func() { sent <- notSent(m.Send(ctx, r.figures(w.Project, now))) }()
	var published error
	if r.err != nil && !r.interrupted {
		published = notSent(m.Publish(ctx, r.failure(w, now)))
	}
	return errors.Join(<-sent, published)
}

// notSent says what an error is about, which is not the run itself.
func notSent(err error) error {
	if err == nil {
		return nil
	}
	var typed *diag.Error
	if !errors.As(err, &typed) {
		return fmt.Errorf("monitoring: %w", err)
	}
	return &diag.Error{Class: typed.Class, Msg: "monitoring: " + typed.Msg, Next: typed.Next, Err: err}
}

// figures are what CloudWatch is told of a run: of all tables of the project,
// also of those that were left as they are.
func (r runReport) figures(p *project.Project, now time.Time) *monitor.Run {
	run := &monitor.Run{Ended: now, Seconds: r.result.Seconds, Succeeded: r.err == nil, Failed: r.err != nil && !r.interrupted}
	for _, d := range p.Bronze {
		run.Tables = append(run.Tables, r.bronze(d.Name))
	}
	for _, s := range p.Silver {
		run.Tables = append(run.Tables, r.table(r.result.Silver, lake.Silver, s.Name))
	}
	for _, g := range p.Gold {
		run.Tables = append(run.Tables, r.table(r.result.Gold, lake.Gold, g.Name))
	}
	return run
}

func (r runReport) bronze(name string) monitor.Figures {
	f := monitor.Figures{Table: monitor.Table{Layer: lake.Bronze, Dataset: name}}
	for _, b := range r.result.Bronze {
		if b.Dataset != name {
			continue
		}
		f.Processed, f.Seconds, f.Failed = b.Records, b.Seconds, int64(len(b.Failed))
		if r.refused(lake.Bronze) {
			f.Failed += b.Records
			continue
		}
		f.Bytes = b.BytesWritten
		for _, records := range b.Damaged {
			f.Quarantined += records
		}
	}
	return f
}

func (r runReport) table(results []pipeline.TableResult, layer, name string) monitor.Figures {
	f := monitor.Figures{Table: monitor.Table{Layer: layer, Dataset: name}}
	ref := f.String()
	for _, t := range results {
		if t.Table != ref {
			continue
		}
		f.Processed, f.Seconds = t.Judged, t.Seconds
		if layer == lake.Gold {
			f.Processed = t.Rows
		}
		if r.refused(layer) {
			f.Failed = f.Processed
			continue
		}
		f.Bytes = t.Bytes
		if t.Changes != nil {
			f.Quarantined = max(0, t.Changes.Quarantined)
		}
	}
	for _, g := range r.result.Gates {
		if g.Accepted == "" && strings.HasPrefix(g.Name, ref+".") {
			f.QualityFailures++
		}
	}
	return f
}

// refused says whether what a run made of a layer was not published.
func (r runReport) refused(layer string) bool {
	return r.err != nil && !slices.ContainsFunc(r.result.Commits, func(c pipeline.Commit) bool { return c.Layer == layer })
}

// failure is the message of a run that failed. It says which gates and which
// files failed, and how many rows, but not what is in them: a message goes by
// mail to people who need not be allowed to see the rows.
func (r runReport) failure(w *workspace, now time.Time) *monitor.Failure {
	class := diag.ClassOf(r.err)
	f := &monitor.Failure{Run: r.result.Run, Ended: now, Class: className(class), ExitCode: int(class), What: "a run failed"}
	gates, files := r.failedGates(), r.failedFiles(w)
	switch {
	case len(gates) == 1:
		f.What = "a quality gate failed, its layer was not published"
	case len(gates) > 1:
		f.What = fmt.Sprintf("%d quality gates failed, their layer was not published", len(gates))
	case len(files) > 0 && class == diag.Partial:
		f.What = term.Plural(int64(len(files)), "source file", "source files") + " failed, the rest is in the lake"
	}
	f.Details = append(gates, files...)
	for _, err := range apart(r.err) {
		text, next := r.quotable(err, len(gates) > 0)
		f.Details, f.Next = addNew(f.Details, text), addNew(f.Next, next)
	}
	f.Look = []string{"lakectl status, in the folder of the project"}
	if r.result.Run != "" {
		f.Look = append(f.Look, fmt.Sprintf("%s/_lakectl/runs/%s.json", strings.TrimRight(w.Config.Lake.Value, "/"), r.result.Run))
	}
	return f
}

// addNew adds a text, unless it is empty or there.
func addNew(list []string, text string) []string {
	if text == "" || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// quotable is what a message may say of an error beside its gates and files, and
// of what to do. What concerns the data itself may quote it; what concerns the
// machine, the network or lakehouse.yaml does not.
func (r runReport) quotable(err error, gates bool) (text, next string) {
	const withheld = "The error may quote data, so it is not in this message: see below where it is."
	f := describe(err)
	switch class := diag.ClassOf(err); {
	case class == diag.Partial: // what it says may quote the header, which is data if the file has none
		return "", "see what is wrong with the files by `lakectl status`, correct them or take them away, and run again"
	case class == diag.Gate && gates:
		return "", f.next
	case class == diag.Gate:
		return withheld, f.next
	case class == diag.Unexpected && session.Code(err) == "":
		return withheld, ""
	}
	return err.Error(), f.next
}

// failedGates says a line of each gate that stopped the run.
func (r runReport) failedGates() []string {
	var list []string
	for _, g := range r.result.Gates {
		if g.Accepted == "" {
			list = append(list, g.Name+": "+r.counts(g))
		}
	}
	return list
}

// counts says what a gate found in numbers.
func (r runReport) counts(g pipeline.Gate) string {
	for _, t := range append(slices.Clone(r.result.Silver), r.result.Gold...) {
		for _, c := range t.Checks {
			switch {
			case t.Table+"."+c.Name != g.Name:
			case c.Kind == "expect" || c.Kind == "references":
				return fmt.Sprintf("%s of %s fail", term.Count(c.Failed), term.Plural(c.Rows, "row", "rows"))
			default:
				return fmt.Sprintf("the check of the whole table fails (%s)", c.Kind)
			}
		}
	}
	return g.Message // that of a limit, which is all numbers and names of files
}

// failedFiles names the files that failed whole. What is wrong with one may
// quote it.
func (r runReport) failedFiles(w *workspace) []string {
	var list []string
	for _, b := range r.result.Bronze {
		for _, text := range b.Failed {
			file := "a file"
			for _, f := range w.Found[b.Dataset] {
				if strings.HasPrefix(text, f.Path+": ") {
					file = f.Path
				}
			}
			list = append(list, fmt.Sprintf("%s of %s failed whole", file, b.Dataset))
		}
	}
	return list
}
