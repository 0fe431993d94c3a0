package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/bronze"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/source"
)

// bronze takes in the new files of the selected datasets, in one commit.
func (r *run) bronze(ctx context.Context, state *lake.State) error {
	if len(r.o.Selection.Bronze) == 0 {
		return nil
	}
	tx, err := r.l.Begin(ctx, r.lease, lake.TxOptions{Run: r.result.Run, Layer: lake.Bronze})
	if err != nil {
		return err
	}
	defer tx.Abort(ctx) //nolint:errcheck // the next run deletes what is left
	changed := false
	for _, d := range r.o.Selection.Bronze {
		did, err := r.dataset(ctx, tx, state, d)
		if err != nil {
			return err
		}
		changed = changed || did
	}
	if !changed {
		return nil
	}
	return r.commit(ctx, tx, lake.Bronze)
}

// dataset takes in the new files of one dataset. It says whether there is
// anything to commit.
func (r *run) dataset(ctx context.Context, tx *lake.Tx, state *lake.State, d *project.Bronze) (bool, error) {
	begun := time.Now()
	found, err := r.o.Sources.List(ctx, d.Sources)
	if err != nil {
		return false, err
	}
	result := BronzeResult{Dataset: d.Name}
	fresh, touched, err := r.compare(ctx, tx, state, d, found, &result)
	if err != nil {
		return false, err
	}
	if len(fresh) > 0 {
		if err := r.ingest(ctx, tx, state, d, fresh, &result); err != nil {
			return false, err
		}
	}
	result.Seconds = time.Since(begun).Seconds()
	r.result.Bronze = append(r.result.Bronze, result)
	return result.Files > 0 || touched, nil
}

// compare returns the files that are to be taken in, and says whether there are
// others that were written again with the same content.
func (r *run) compare(ctx context.Context, tx *lake.Tx, state *lake.State, d *project.Bronze, found []source.File, result *BronzeResult) (fresh []source.File, touched bool, err error) {
	for _, f := range found {
		known, change := state.Compare(d.Name, f.Path, f.Size, f.Version)
		switch {
		case !utf8.ValidString(f.Path):
			r.fail(result, bronze.Unnamed(f.Path))
		case d.Settle > 0 && change != lake.Unchanged && r.o.Now.Sub(f.Modified) < d.Settle:
			result.Settling++
		case change == lake.New:
			fresh = append(fresh, f)
		case change == lake.Unchanged:
			result.Unchanged++
		default:
			sum, err := r.sum(ctx, f.Path)
			if ctx.Err() != nil {
				return nil, false, context.Cause(ctx)
			}
			if err != nil {
				r.fail(result, bronze.Failed(err))
				continue
			}
			if sum == known.SHA256 {
				result.Unchanged++
				result.Touched++
				touched = true
				tx.Seen(lake.Seen{Dataset: d.Name, SourceFile: f.Path, Size: f.Size, Version: f.Version})
				continue
			}
			r.fail(result, bronze.Changed(f.Path, known.Ingested))
		}
	}
	return fresh, touched, nil
}

func (r *run) fail(result *BronzeResult, err error) {
	result.Failed = append(result.Failed, err.Error())
	r.failed = append(r.failed, err)
}

// sum returns the SHA-256 of a source file.
func (r *run) sum(ctx context.Context, path string) (string, error) {
	f, err := r.o.Sources.Open(ctx, path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// ingest takes files in.
func (r *run) ingest(ctx context.Context, tx *lake.Tx, state *lake.State, d *project.Bronze, files []source.File, result *BronzeResult) error {
	total := int64(0)
	for _, f := range files {
		total += f.Size
	}
	stage := r.o.Observer.Start("bronze."+d.Name, total)
	defer stage.Done()
	columns, err := rawColumns(state, d)
	if err != nil {
		return err
	}
	done, err := r.o.Engine.Ingest(ctx, tx, bronze.Request{Dataset: d, Files: files, Columns: columns, Sequence: tx.Sequence(), Open: r.o.Sources.Open, Stager: tx},
		bronze.Options{Workers: r.o.Workers, Store: engine.StoreOptions{Budget: r.budget, Spill: r.spill}, Now: r.o.Now, Run: r.result.Run,
			SegmentSize: r.o.SegmentSize, Progress: stage.Add})
	if err != nil {
		return err
	}
	for _, err := range done.Failed {
		r.fail(result, err)
	}
	result.Files, result.Records, result.Damaged, result.Bytes = len(done.Inputs), done.Records, done.Damage, done.Bytes
	if len(done.Inputs) == 0 {
		return nil
	}
	tx.SetTable(bronzeRef(d), lake.TableSettings{Definition: d.Definition, Schema: lake.Columns(bronze.Schema(done.Columns))})
	tx.Put(bronzeRef(d), done.Put...)
	for _, f := range done.Put {
		result.BytesWritten += f.Bytes
	}
	tx.Ingest(done.Inputs...)
	for _, in := range done.Inputs {
		result.ColumnsAdded = append(result.ColumnsAdded, in.ColumnsAdded...)
		tx.AddLedger(lake.LedgerChange{FileVersion: lake.FileVersion{Dataset: d.Name, SourceFile: in.SourceFile, Ingested: tx.Sequence()},
			Totals: lake.Totals{Quarantined: in.Damaged}})
	}
	if len(done.Quarantined) > 0 {
		tx.SetTable(quarantineRef(d.Name), lake.TableSettings{Schema: lake.Columns(quarantine.Schema(done.Columns))})
		tx.Put(quarantineRef(d.Name), done.Quarantined...)
	}
	return nil
}

// rawColumns returns the raw columns that a dataset has in the lake.
func rawColumns(state *lake.State, d *project.Bronze) ([]string, error) {
	t := state.Tables[bronzeRef(d)]
	if t == nil {
		return nil, nil
	}
	s, err := lake.SchemaOf(t.Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Ref, err)
	}
	return bronze.RawColumns(s), nil
}
