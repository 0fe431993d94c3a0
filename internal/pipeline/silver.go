package pipeline

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/silver"
)

// silver brings the selected silver tables up to date, in one commit.
func (r *run) silver(ctx context.Context, rebuild map[lake.TableRef]bool) error {
	if len(r.o.Selection.Silver) == 0 {
		return nil
	}
	tx, err := r.l.Begin(ctx, r.lease, lake.TxOptions{Run: r.result.Run, Layer: lake.Silver})
	if err != nil {
		return err
	}
	defer tx.Abort(ctx) //nolint:errcheck // the next run deletes what is left
	layer := &silverLayer{run: r, tx: tx, state: tx.Base(), files: map[lake.TableRef][]lake.FileChange{}, index: map[lake.TableRef]string{},
		bad: map[string][]string{}}
	for _, t := range r.o.Selection.Silver {
		if err := layer.table(ctx, t, rebuild[silverRef(t)]); err != nil {
			return err
		}
	}
	if len(layer.files) == 0 {
		return nil
	}
	if err := r.gate(tx, layer.gates); err != nil {
		return errors.Join(err, layer.refused(ctx))
	}
	return r.commit(ctx, tx, lake.Silver)
}

// silverLayer is the silver layer of a run on its way.
type silverLayer struct {
	run   *run
	tx    *lake.Tx
	state *lake.State
	files map[lake.TableRef][]lake.FileChange // of the tables built so far
	index map[lake.TableRef]string            // the index that this commit writes
	bad   map[string][]string                 // files of quarantine that this commit writes, by table
	gates []Gate
}

// moves says whether a build changed anything: a replay of rows that all fail
// again does not.
func (p *tablePlan) moves(done *silver.Result) bool {
	for _, change := range done.Changes {
		if change != (lake.Totals{}) {
			return true
		}
	}
	wrote := slices.ContainsFunc(done.Put, func(f lake.FileChange) bool { return f.Kind == lake.Data })
	return p.rebuild || wrote || !maps.Equal(p.consumed, p.table.Consumed)
}

// refused says what is in the files of quarantine that a failed gate keeps from
// being published.
func (s *silverLayer) refused(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(s.bad)) {
		summary, err := quarantine.Summarise(ctx, s.tx, name, s.bad[name])
		if err != nil {
			return err
		}
		s.run.result.Refused = append(s.run.result.Refused, summary)
	}
	return nil
}

// table brings one table up to date.
func (s *silverLayer) table(ctx context.Context, t *project.Silver, rebuild bool) error {
	plan, err := s.plan(ctx, t, rebuild)
	if err != nil || plan == nil {
		return err
	}
	begun := time.Now()
	stage := s.run.o.Observer.Start("silver."+t.Name, plan.bytes)
	defer stage.Done()
	o := silver.Options{Workers: s.run.o.Workers, Budget: s.run.budget, Spill: s.run.spill, Now: s.run.o.Now, Run: s.run.result.Run,
		Progress: plan.progress(stage)}
	done, err := s.run.o.Engine.Silver(ctx, s.tx, plan.request, o)
	if err == nil && done.NeedsRebuild {
		judged := plan.judged
		if plan, err = s.plan(ctx, t, true); err != nil {
			return err
		}
		plan.judged = judged
		done, err = s.run.o.Engine.Silver(ctx, s.tx, plan.request, o)
	}
	if err != nil {
		return err
	}
	if s.run.o.Replay && !plan.moves(done) {
		s.result(t, plan, done, nil, begun)
		return nil // nothing is published, and nothing that follows from it rebuilt
	}
	s.stage(t, plan, done)
	return s.report(ctx, t, plan, done, begun)
}

// tablePlan is how a table is brought up to date.
type tablePlan struct {
	request  silver.Request
	rebuild  bool
	judged   uint64      // files of commits up to this one were judged by earlier runs, and by the same rules
	table    *lake.Table // before the build; nil if there is none
	consumed map[lake.TableRef]uint64
	removed  []*lake.File // quarantine files that the build makes anew

	rows, bytes int64 // of the inputs
}

// progress tells a stage how far a build is, in bytes of its inputs: a row is
// half done when it is judged, and done when it is written.
func (p *tablePlan) progress(stage Stage) func(judged, written int64) {
	perRow := float64(p.bytes) / float64(max(1, p.rows))
	return func(judged, written int64) { stage.Add(judged, int64(float64(judged+written)*perRow/2)) }
}

// plan says what there is to do for a table; nil if it is up to date.
func (s *silverLayer) plan(ctx context.Context, t *project.Silver, rebuild bool) (*tablePlan, error) {
	source := s.state.Tables[bronzeRef(t.From)]
	if source == nil {
		return nil, nil
	}
	p := &tablePlan{rebuild: rebuild, table: s.state.Tables[silverRef(t)], consumed: map[lake.TableRef]uint64{source.Ref: source.Sequence}}
	since := uint64(0)
	if p.table == nil {
		p.rebuild = true
	} else {
		since = p.table.Consumed[source.Ref]
	}
	if !p.rebuild {
		p.judged = since
	}
	raw, err := rawColumns(s.state, t.From)
	if err != nil {
		return nil, err
	}
	p.request = silver.Request{Table: t, RawColumns: raw, Order: ingestionOrder(s.state.Datasets[t.From.Name]), Sequence: s.tx.Sequence(),
		Bucket: s.run.l.At(s.state), Stager: s.tx, References: make([][]lake.FileChange, len(t.Checks)), Changed: make([]*engine.HashSet, len(t.Checks))}
	referencesChanged, err := s.references(ctx, p)
	if err != nil {
		return nil, err
	}
	s.inputs(p, source, since)
	if !p.rebuild && source.Sequence <= since && !referencesChanged && len(p.request.Replay) == 0 {
		return nil, nil
	}
	return p, nil
}

// inputs says which files a build reads.
func (s *silverLayer) inputs(p *tablePlan, source *lake.Table, since uint64) {
	t := p.request.Table
	if p.rebuild {
		since = 0
	} else {
		p.request.Files, p.request.Indexes = p.table.Files(), p.table.IndexFiles()
	}
	files := source.Files()
	slices.SortStableFunc(files, func(a, b *lake.File) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Source, b.Source))
	})
	for _, f := range files {
		if f.Sequence > since {
			p.request.Inputs = append(p.request.Inputs, f.Path)
			p.rows, p.bytes = p.rows+f.Rows, p.bytes+f.Bytes
		}
	}
	p.request.InputBytes, p.request.InputRows = p.bytes, p.rows
	for _, f := range s.state.Files(quarantineRef(t.Name)) {
		switch {
		case !quarantine.Judged(f.Path):
		case p.rebuild:
			p.removed = append(p.removed, f)
		case s.run.o.Replay || mayReturn(t, p.request.Changed, p.request.RejudgeAll):
			p.request.Replay = append(p.request.Replay, f)
			p.request.Inputs = append(p.request.Inputs, f.Path)
		}
	}
}

// mayReturn says whether rows may leave quarantine because values that they
// refer to came.
func mayReturn(t *project.Silver, changed []*engine.HashSet, all bool) bool {
	for i, c := range t.Checks {
		if c.References != nil && c.OnFail == project.Quarantine && (all || changed[i] != nil) {
			return true
		}
	}
	return false
}

// ingestionOrder numbers the source files of a dataset by commit and path.
func ingestionOrder(d *lake.Dataset) map[string]int64 {
	files := d.Files()
	slices.SortStableFunc(files, func(a, b *lake.InputFile) int { return cmp.Compare(a.Ingested, b.Ingested) })
	order := make(map[string]int64, len(files))
	for i, f := range files {
		order[f.SourceFile] = int64(i)
	}
	return order
}

// references finds the values that checks refer to, and says whether any came
// or went since the table was last judged.
func (s *silverLayer) references(ctx context.Context, p *tablePlan) (changed bool, err error) {
	for i, check := range p.request.Table.Checks {
		if check.References == nil {
			continue
		}
		ref := silverRef(check.References.Table)
		p.request.References[i] = s.current(ref)
		now := s.sequence(ref)
		p.consumed[ref] = now
		if p.rebuild || p.table.Consumed[ref] == now {
			continue
		}
		hashes, known, err := s.changedValues(ctx, ref, p.table.Consumed[ref], check)
		if err != nil {
			return false, err
		}
		if p.rebuild, err = s.failsUnseen(ctx, p, check, hashes, known); err != nil {
			return false, err
		}
		if p.rebuild {
			changed = true
			continue
		}
		if !known {
			p.request.RejudgeAll, changed = true, true
			continue
		}
		if len(hashes) > 0 {
			changed = true
			p.request.Changed[i] = engine.NewHashSet(len(hashes))
			for _, h := range hashes {
				p.request.Changed[i].Add(h)
			}
		}
	}
	return changed, nil
}

// failsUnseen says whether superseded rows may fail a check now because values
// have gone: such rows belong in quarantine, and only a build from scratch finds
// them, for neither the table nor quarantine has them.
func (s *silverLayer) failsUnseen(ctx context.Context, p *tablePlan, check *project.Check, hashes []uint64, known bool) (bool, error) {
	superseded := int64(0)
	for _, f := range s.state.Datasets[p.request.Table.From.Name].Files() {
		superseded += f.Ledger.Superseded
	}
	if check.OnFail == project.Flag || superseded == 0 || known && len(hashes) == 0 {
		return false, nil
	}
	if !known {
		return true, nil
	}
	to := check.References.Table
	return silver.Vanished(ctx, s.tx, to, check.References.Column, s.current(silverRef(to)), hashes)
}

// mostChanged is how many changed values are told apart, in 256 MiB. If there are
// more, all rows that refer to them are judged again.
const mostChanged = 1 << 25

// changedValues returns the hashes of the values that came to a referenced
// table or went from it after a commit; known is false if that is not recorded, or
// if they are too many.
func (s *silverLayer) changedValues(ctx context.Context, ref lake.TableRef, since uint64, check *project.Check) (hashes []uint64, known bool, err error) {
	column := check.References.Table.Columns[check.References.Column].Name
	var paths []string
	for _, c := range s.state.Commits {
		if c.Sequence <= since || !slices.ContainsFunc(c.Tables, func(t lake.TableSummary) bool { return t.Table == ref }) {
			continue
		}
		path := silver.IndexPath(check.References.Table, c.Sequence, "")
		if s.state.Tables[ref].File(path) == nil {
			return nil, false, nil
		}
		paths = append(paths, path)
	}
	if _, built := s.files[ref]; built {
		if s.index[ref] == "" {
			return nil, false, nil
		}
		paths = append(paths, s.index[ref])
	}
	for _, path := range paths {
		more, ok, err := silver.Changed(ctx, s.tx, path, column)
		if err != nil || !ok {
			return nil, false, err
		}
		if hashes = append(hashes, more...); len(hashes) > mostChanged {
			return nil, false, nil
		}
	}
	return hashes, true, nil
}

// current returns the files of a table as they are about to be.
func (s *silverLayer) current(ref lake.TableRef) []lake.FileChange {
	if files, ok := s.files[ref]; ok {
		return files
	}
	return liveFiles(s.state, ref)
}

func liveFiles(state *lake.State, ref lake.TableRef) []lake.FileChange {
	var files []lake.FileChange
	for _, f := range state.Files(ref) {
		files = append(files, f.FileChange)
	}
	return files
}

// sequence returns the commit that last changes a table, this one included.
func (s *silverLayer) sequence(ref lake.TableRef) uint64 {
	if _, ok := s.files[ref]; ok {
		return s.tx.Sequence()
	}
	if t := s.state.Tables[ref]; t != nil {
		return t.Sequence
	}
	return 0
}

// stage puts what a build made into the transaction.
func (s *silverLayer) stage(t *project.Silver, p *tablePlan, done *silver.Result) {
	ref := silverRef(t)
	s.tx.SetTable(ref, lake.TableSettings{Definition: t.Definition, Parts: t.Parts, Schema: lake.Columns(t.Table()), Consumed: p.consumed,
		FullRefresh: p.rebuild && p.table != nil})
	s.tx.Put(ref, done.Put...)
	s.tx.Remove(ref, done.Removed...)
	written := map[string]bool{}
	var files []lake.FileChange
	for _, f := range done.Put {
		written[f.Path] = true
		switch {
		case f.Kind == lake.Data:
			files = append(files, f)
		case f.Path == silver.IndexPath(t, s.tx.Sequence(), ""):
			s.index[ref] = f.Path
		}
	}
	if p.table != nil {
		for _, f := range append(p.table.Files(), p.table.IndexFiles()...) {
			switch {
			case written[f.Path]:
			case p.rebuild:
				s.tx.Remove(ref, f)
			case f.Kind == lake.Data:
				files = append(files, f.FileChange)
			}
		}
	}
	s.files[ref] = files
	// Even without rows there is a quarantine, so that who counts them can ask.
	if q := quarantineRef(t.Name); s.state.Tables[q] == nil || len(done.Quarantined)+len(p.removed)+len(p.request.Replay) > 0 {
		s.tx.SetTable(q, lake.TableSettings{Schema: lake.Columns(quarantine.Schema(p.request.RawColumns))})
		s.tx.Put(q, done.Quarantined...)
		for _, f := range done.Quarantined {
			s.bad[t.Name] = append(s.bad[t.Name], f.Path)
		}
		s.tx.Remove(q, p.removed...)
		s.tx.Remove(q, p.request.Replay...)
	}
	s.ledger(t, p, done)
}

// ledger says where the records of each source file are now.
func (s *silverLayer) ledger(t *project.Silver, p *tablePlan, done *silver.Result) {
	d := s.state.Datasets[t.From.Name]
	if !p.rebuild {
		for name, change := range done.Changes {
			s.tx.AddLedger(lake.LedgerChange{FileVersion: lake.FileVersion{Dataset: d.Name, SourceFile: name, Ingested: d.Inputs[name].Ingested}, Totals: change})
		}
		return
	}
	for _, in := range d.Files() {
		totals := done.Changes[in.SourceFile]
		totals.Quarantined += in.Damaged
		s.tx.SetLedger(in, totals)
	}
}
