package pipeline

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/internal/gold"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
)

// gold rebuilds the selected gold tables whose inputs have changed, in one commit.
func (r *run) gold(ctx context.Context, rebuild map[lake.TableRef]bool) error {
	if len(r.o.Selection.Gold) == 0 {
		return nil
	}
	tx, err := r.l.Begin(ctx, r.lease, lake.TxOptions{Run: r.result.Run, Layer: lake.Gold})
	if err != nil {
		return err
	}
	defer tx.Abort(ctx) //nolint:errcheck // the next run deletes what is left
	layer := &goldLayer{run: r, tx: tx, state: tx.Base(), files: map[lake.TableRef][]lake.FileChange{}}
	var tables []*project.Gold
	for _, g := range r.o.Selection.Gold {
		if layer.outdated(g) || rebuild[goldRef(g)] && layer.ready(g) {
			tables = append(tables, g)
		}
	}
	if len(tables) == 0 {
		return nil
	}
	if err := layer.build(ctx, tables); err != nil {
		return err
	}
	if err := r.gate(tx, layer.gates); err != nil {
		return err
	}
	return r.commit(ctx, tx, lake.Gold)
}

// goldLayer is the gold layer of a run on its way.
type goldLayer struct {
	run   *run
	tx    *lake.Tx
	state *lake.State
	files map[lake.TableRef][]lake.FileChange // of the tables built
	gates []Gate
}

// upstream returns the silver tables that a gold table reads.
func upstream(g *project.Gold) []*project.Silver {
	tables := []*project.Silver{g.From}
	for _, j := range g.Joins {
		tables = append(tables, j.Table)
	}
	return tables
}

// ready says whether the table that a gold table is made from exists.
func (l *goldLayer) ready(g *project.Gold) bool { return l.state.Tables[silverRef(g.From)] != nil }

// outdated says whether a gold table is not made from what silver holds now.
func (l *goldLayer) outdated(g *project.Gold) bool {
	if !l.ready(g) {
		return false
	}
	t := l.state.Tables[goldRef(g)]
	if t == nil || t.Definition != g.Definition {
		return true
	}
	for _, s := range upstream(g) {
		ref := silverRef(s)
		if table := l.state.Tables[ref]; table != nil && t.Consumed[ref] != table.Sequence {
			return true
		}
	}
	return false
}

// build builds the tables and puts them into the transaction.
func (l *goldLayer) build(ctx context.Context, tables []*project.Gold) error {
	begun, r := time.Now(), l.run
	inputs, rows, bytes := map[*project.Silver][]gold.File{}, int64(0), int64(0)
	for _, g := range tables {
		for _, s := range upstream(g) {
			if inputs[s] == nil {
				for _, f := range l.state.Files(silverRef(s)) {
					inputs[s] = append(inputs[s], gold.File{Path: f.Path, Rows: f.Rows, Bytes: f.Bytes, Partition: f.Partition})
					rows, bytes = rows+f.Rows, bytes+f.Bytes
				}
			}
		}
	}
	stage := r.o.Observer.Start("gold", bytes)
	defer stage.Done()
	perRow := float64(bytes) / float64(max(1, rows))
	done, err := r.o.Engine.Gold(ctx, l.tx, gold.Request{Tables: tables, Inputs: inputs, Bucket: r.l.At(l.state), Stager: l.tx},
		gold.Options{Workers: r.o.Workers, Budget: r.budget, Spill: r.spill, Now: r.o.Now,
			Progress: func(rows int64) { stage.Add(rows, int64(float64(rows)*perRow)) },
			Divided: func(g *project.Gold) (func(int64), func()) {
				parts := r.o.Observer.Start("gold."+g.Name+" in parts", 0)
				return func(rows int64) { parts.Add(rows, int64(float64(rows)*perRow)) }, parts.Done
			}})
	if err != nil {
		return err
	}
	for _, result := range done {
		l.stage(result)
	}
	for _, result := range done {
		if err := l.report(ctx, result, begun); err != nil {
			return err
		}
	}
	return nil
}

// stage puts a table that was built into the transaction.
func (l *goldLayer) stage(done gold.Result) {
	ref := goldRef(done.Table)
	consumed := map[lake.TableRef]uint64{}
	for _, s := range upstream(done.Table) {
		if t := l.state.Tables[silverRef(s)]; t != nil {
			consumed[t.Ref] = t.Sequence
		}
	}
	l.tx.SetTable(ref, lake.TableSettings{Definition: done.Table.Definition, Parts: done.Table.Parts, Schema: lake.Columns(done.Table.Table()), Consumed: consumed})
	l.tx.Put(ref, done.Files...)
	l.files[ref] = done.Files
	written := map[string]bool{}
	for _, f := range done.Files {
		written[f.Path] = true
	}
	for _, f := range l.state.Files(ref) {
		if !written[f.Path] {
			l.tx.Remove(ref, f)
		}
	}
}

// report judges a table that was built.
func (l *goldLayer) report(ctx context.Context, done gold.Result, begun time.Time) error {
	checks, err := quality.CheckTable(ctx, l.goldTable(done.Table), done.Table.TableChecks, l.otherSum, l.run.checkOptions(l.tx))
	if err != nil {
		return err
	}
	l.tx.Check(checks...)
	l.gates = append(l.gates, failedTableChecks(checks)...)
	result := TableResult{Table: goldRef(done.Table).String(), Rows: done.Rows, Written: len(done.Files), Parts: parts(done), Checks: checks, Seconds: time.Since(begun).Seconds()}
	for _, f := range done.Files {
		result.Bytes += f.Bytes
	}
	l.run.result.Gold = append(l.run.result.Gold, result)
	return nil
}

// parts returns in how many parts a table was built; 0 if it was built whole.
func parts(done gold.Result) int {
	if done.Parts <= 1 {
		return 0
	}
	return done.Parts
}

// goldTable is a gold table as checks see it.
func (l *goldLayer) goldTable(g *project.Gold) quality.Table {
	ref := goldRef(g)
	files, ok := l.files[ref]
	if !ok {
		files = liveFiles(l.state, ref)
	}
	return quality.Table{Ref: ref, Schema: g.Table(), Partitioned: g.PartitionNames(), Files: files, Open: l.tx}
}

// otherSum is the table that a sum is compared with.
func (l *goldLayer) otherSum(other *project.OtherSum) (quality.Table, error) {
	if other.Gold != nil {
		return l.goldTable(other.Gold), nil
	}
	ref := silverRef(other.Silver)
	return quality.Table{Ref: ref, Schema: other.Silver.Table(), Partitioned: other.Silver.PartitionNames(), Files: liveFiles(l.state, ref), Open: l.tx}, nil
}
