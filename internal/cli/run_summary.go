package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/term"
)

// printRun shows the result of a run, also of one that failed on its way.
func (app *App) printRun(w *workspace, r *pipeline.Result, err error) error {
	switch {
	case app.json:
		return app.printJSON(r)
	case app.quiet || r.Run == "":
		return nil
	case err == nil && len(r.Commits) == 0 && r.Recovered == 0:
		return app.printNothing(w, r)
	}
	s := &summary{out: app.IO.Out}
	if err != nil && !worthShowing(err) {
		if len(r.Commits) > 0 {
			s.runHead(r)
		}
		return s.err
	}
	s.runHead(r)
	s.filesTakenIn(r)
	s.ledger(r.Ledger, pipeline.Ledger(w.State))
	s.reasons(r)
	s.checks(r)
	s.tables(r)
	s.gates(r)
	s.where(w, r, err)
	return s.err
}

// worthShowing says whether a run that failed did what is worth a summary.
func worthShowing(err error) bool {
	class := diag.ClassOf(err)
	return class == diag.Gate || class == diag.Partial
}

// printNothing is the line of a run that had nothing to do.
func (app *App) printNothing(w *workspace, r *pipeline.Result) error {
	files, settling := 0, 0
	for _, b := range r.Bronze {
		files, settling = files+b.Unchanged, settling+b.Settling
	}
	text := "nothing to do: "
	switch {
	case w.State.Sequence == 0:
		text += "no files were taken in yet"
	case len(r.Bronze) > 0:
		text += fmt.Sprintf("no new files (%s known), all tables are up to date", term.Count(int64(files)))
	default:
		text += "the tables are up to date with bronze"
	}
	if settling > 0 {
		text += fmt.Sprintf("; %s left alone, they may still be being written", term.Plural(int64(settling), "new file is", "new files are"))
	}
	_, err := fmt.Fprintln(app.IO.Out, text)
	return err
}

// summary writes sections, each with a title, with a blank line between them.
type summary struct {
	out   term.Stream
	begun bool
	err   error
}

func (s *summary) printf(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.out, format, args...)
	}
}

// title begins a section.
func (s *summary) title(text, rest string) {
	if s.begun {
		s.printf("\n")
	}
	s.begun = true
	s.printf("%s", s.out.Paint(term.Bold, text))
	if most := s.out.Columns(); most > 0 { // a path, or an id
		rest = term.Shorten(rest, max(most-term.Width(text)-2, 16))
	}
	if rest != "" {
		s.printf("  %s", s.out.Paint(term.Dim, rest))
	}
	s.printf("\n")
}

// table writes a table below a title; without rows there is no section.
func (s *summary) table(title, rest string, t *term.Table) {
	if t.Len() == 0 {
		return
	}
	s.title(title, rest)
	t.Indent = 2
	if s.err == nil {
		s.err = t.Write(s.out)
	}
}

// pair is a thing and what there is to say of it.
type pair struct{ name, text string }

// pairs writes a section of two columns. On a terminal the second one is broken
// into lines that fit; it begins below a name that leaves little room beside it.
func (s *summary) pairs(title, rest string, style term.Style, list []pair) {
	if len(list) == 0 {
		return
	}
	s.title(title, rest)
	most := s.out.Columns() / 2
	width := 0
	for _, p := range list {
		if n := term.Width(p.name); most == 0 || n <= most {
			width = max(width, n)
		}
	}
	indent := strings.Repeat(" ", width+4)
	for _, p := range list {
		blanks := width - term.Width(p.name)
		s.printf("  %s", s.out.Paint(style, p.name))
		if blanks < 0 {
			s.printf("\n%s", indent)
		} else {
			s.printf("%s  ", strings.Repeat(" ", blanks))
		}
		s.printf("%s\n", strings.Join(term.Wrap(p.text, s.out.Columns()-len(indent)), "\n"+indent))
	}
}

func (s *summary) runHead(r *pipeline.Result) {
	if r.DryRun {
		s.title("Dry run: nothing was written to the lake", pace(r))
	} else {
		title, rest := "Run "+r.Run, r.Project+"/"+r.Environment+"  "
		if most := s.out.Columns(); most > 0 && term.Width(title+"  "+rest+pace(r)) > most {
			rest += term.Duration(seconds(r.Seconds))
		} else {
			rest += pace(r)
		}
		s.title(title, rest)
		s.printf("  %s%s\n", s.out.Paint(outcomeStyle(r.Outcome), r.Outcome), commits(r))
	}
	if touched := touchedFiles(r); touched > 0 && len(r.Commits) > 0 {
		s.printf("  %s written again with the same content: that was noted\n", term.Plural(touched, "known file was", "known files were"))
	}
	if r.Recovered > 0 {
		s.printf("  commit %d, which an earlier run left half-published, was published first\n", r.Recovered)
	}
}

// pace says how long a run took, and how many records that is in a second.
func pace(r *pipeline.Result) string {
	records := int64(0)
	for _, b := range r.Bronze {
		records += b.Records
	}
	text, took := term.Duration(seconds(r.Seconds)), seconds(r.Seconds)
	if rate := term.Rate(records, took); rate != "" {
		text += fmt.Sprintf("  %s, %s", term.Plural(records, "record", "records"), rate)
	}
	return text
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// touchedFiles returns how many files were there again as they were.
func touchedFiles(r *pipeline.Result) int64 {
	n := 0
	for _, b := range r.Bronze {
		n += b.Touched
	}
	return int64(n)
}

// commits says which commits a run made, behind its outcome.
func commits(r *pipeline.Result) string {
	var parts []string
	for _, c := range r.Commits {
		parts = append(parts, fmt.Sprintf("%d (%s)", c.Sequence, c.Layer))
	}
	if len(parts) == 0 {
		return ""
	}
	text := "commit " + parts[0]
	if len(parts) > 1 {
		text = "commits " + strings.Join(parts, ", ")
	}
	if slices.Contains([]string{pipeline.Stopped, pipeline.Interrupted, pipeline.Failed}, r.Outcome) {
		return " after " + text // they are in the lake
	}
	return ": " + text
}

func (s *summary) filesTakenIn(r *pipeline.Result) {
	titles := []string{"dataset", ">files", ">records", ">size", ">rows/s", ">known already"}
	if slices.ContainsFunc(r.Bronze, func(b pipeline.BronzeResult) bool { return len(b.Failed) > 0 }) {
		titles = append(titles, ">failed")
	}
	t := term.NewTable(titles...)
	for _, b := range r.Bronze {
		if b.Files > 0 || len(b.Failed) > 0 {
			cells := []string{b.Dataset, term.Count(int64(b.Files)), term.Count(b.Records), term.Size(b.Bytes), rate(b.Records, b.Seconds),
				dash(int64(b.Unchanged)), dash(int64(len(b.Failed)))}
			t.Add(cells[:len(titles)]...)
		}
	}
	title := "Files taken in"
	if r.DryRun {
		title = "Files that would be taken in"
	}
	s.table(title, "", t)
	for _, b := range r.Bronze {
		if len(b.ColumnsAdded) > 0 {
			s.printf("  new columns in bronze.%s: %s\n", b.Dataset, term.Clean(strings.Join(b.ColumnsAdded, ", ")))
		}
		if b.Settling > 0 {
			s.printf("  %s of %s left alone: they may still be being written\n", term.Plural(int64(b.Settling), "file", "files"), b.Dataset)
		}
	}
}

// rate writes rows for each second, without the unit that stands in the title.
func rate(rows int64, secs float64) string {
	if secs < 0.001 {
		return ""
	}
	return strings.TrimSuffix(term.Rate(rows, seconds(secs)), " rows/s")
}

// dash writes a number, and nothing much for none.
func dash(n int64) string {
	if n == 0 {
		return "-"
	}
	return term.Count(n)
}

// ledger shows where all records are, and below each dataset how that changed
// since the ledger before, if anything was known of it then.
func (s *summary) ledger(now, before []pipeline.LedgerLine) {
	l := newLedgerTable(now)
	for _, line := range now {
		l.add(line.Dataset, line, term.Percent(line.Quarantined, line.Read), plain)
		if was := lineOf(before, line.Dataset); was.Read > 0 && was != line {
			l.add("  change", difference(line, was), "", signed)
		}
	}
	l.table.Style = func(row, _ int) term.Style {
		if l.dim[row] {
			return term.Dim
		}
		return term.Plain
	}
	s.table("Ledger", "every record of every file is in exactly one place", l.table)
}

// ledgerTable is a table of ledger lines. Columns of what there is none of are
// left out.
type ledgerTable struct {
	table               *term.Table
	duplicates, waiting bool
	dim                 map[int]bool
}

func newLedgerTable(lines []pipeline.LedgerLine) *ledgerTable {
	l := &ledgerTable{dim: map[int]bool{}}
	for _, line := range lines {
		l.duplicates, l.waiting = l.duplicates || line.Duplicate != 0, l.waiting || line.Waiting != 0
	}
	titles := []string{"dataset", ">read", ">= silver", ">+ quarantined", ">", ">+ superseded"}
	if l.duplicates {
		titles = append(titles, ">+ duplicate")
	}
	if l.waiting {
		titles = append(titles, ">+ waiting")
	}
	l.table = term.NewTable(titles...)
	return l
}

func (l *ledgerTable) add(name string, line pipeline.LedgerLine, share string, number func(int64) string) {
	row := []string{name, number(line.Read), number(line.Silver), number(line.Quarantined), share, number(line.Superseded)}
	if l.duplicates {
		row = append(row, number(line.Duplicate))
	}
	if l.waiting {
		row = append(row, number(line.Waiting))
	}
	l.dim[l.table.Len()] = share == ""
	l.table.Add(row...)
}

func plain(n int64) string { return term.Count(n) }

// signed writes a change; none is a dash.
func signed(n int64) string {
	if n > 0 {
		return "+" + term.Count(n)
	}
	return dash(n)
}

// lineOf returns the line of a dataset, or an empty one.
func lineOf(lines []pipeline.LedgerLine, dataset string) pipeline.LedgerLine {
	for _, l := range lines {
		if l.Dataset == dataset {
			return l
		}
	}
	return pipeline.LedgerLine{}
}

// difference returns by how much a line has changed.
func difference(now, before pipeline.LedgerLine) pipeline.LedgerLine {
	return pipeline.LedgerLine{Files: now.Files - before.Files, Read: now.Read - before.Read, Waiting: now.Waiting - before.Waiting,
		Totals: now.Sub(before.Totals)}
}

// checks shows what was found and did not move a row.
func (s *summary) checks(r *pipeline.Result) {
	var list []pair
	for _, c := range flagged(slices.Concat(r.Silver, r.Gold)) {
		list = append(list, pair{c.Table.String() + "." + c.Name, found(c)})
	}
	s.pairs("Warnings", "these checks flag, they stop nothing", term.Yellow, list)
}

// flagged returns the checks that failed and only flag.
func flagged(tables []pipeline.TableResult) []lake.CheckResult {
	var list []lake.CheckResult
	for _, t := range tables {
		for _, c := range t.Checks {
			if c.Failed > 0 && c.OnFail == project.Flag.String() {
				list = append(list, c)
			}
		}
	}
	return list
}

// found says what a check found.
func found(c lake.CheckResult) string {
	if c.Detail != "" {
		return c.Detail
	}
	return fmt.Sprintf("%s of %s fail", term.Count(c.Failed), term.Plural(c.Rows, "row", "rows"))
}

func (s *summary) tables(r *pipeline.Result) {
	t := term.NewTable("table", ">rows", ">files written", ">size", ">took", "")
	add := func(result pipeline.TableResult, took string) {
		how := ""
		switch {
		case result.Rebuilt:
			how = "rebuilt"
		case result.Parts > 0:
			how = fmt.Sprintf("in %d parts, for --memory", result.Parts)
		}
		t.Add(result.Table, term.Count(result.Rows), term.Count(int64(result.Written)), term.Size(result.Bytes), took, how)
	}
	for _, result := range r.Silver {
		add(result, term.Duration(seconds(result.Seconds)))
	}
	for i, result := range r.Gold { // all of them are built in one go
		took := ""
		if i == 0 {
			took = term.Duration(seconds(result.Seconds))
		}
		add(result, took)
	}
	title := "Tables written"
	switch {
	case r.DryRun:
		title = "Tables that would be written"
	case r.Outcome == pipeline.Stopped || r.Outcome == pipeline.Failed:
		title = "Tables that were made; those of the layer that failed are not published"
	}
	s.table(title, "", t)
}

// gates shows the gates that were let pass; those that stopped the run are its
// error.
func (s *summary) gates(r *pipeline.Result) {
	var list []pair
	for _, g := range r.Gates {
		if g.Accepted != "" {
			list = append(list, pair{g.Name, g.Message + "; accepted: " + g.Accepted})
		}
	}
	s.pairs("Gates that were let pass", "", term.Yellow, list)
}

// where says where to look next.
func (s *summary) where(w *workspace, r *pipeline.Result, err error) {
	if r.DryRun {
		return
	}
	var next []pair
	if dataset := mostQuarantined(r.Ledger); dataset != "" {
		next = append(next, pair{"lakectl quarantine show " + dataset, "the rows that were not good enough, and why"})
	}
	if err == nil && len(w.Project.Gold) > 0 {
		next = append(next, pair{"lakectl show gold." + w.Project.Gold[0].Name, "the first rows of a table"})
	}
	s.pairs("Where to look next", "", term.Plain, append(next, pair{"lakectl status", "what is in the lake"}))
}

// mostQuarantined returns the dataset with most rows in quarantine, or "".
func mostQuarantined(ledger []pipeline.LedgerLine) string {
	name, most := "", int64(0)
	for _, l := range ledger {
		if l.Quarantined > most {
			name, most = l.Dataset, l.Quarantined
		}
	}
	return name
}
