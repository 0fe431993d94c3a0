package bronze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/table"
)

// Options are settings of an ingestion that do not change its rows.
type Options struct {
	Workers     int
	Store       engine.StoreOptions // Budget and Spill, for damaged records
	Now         time.Time           // start of the run: ingestion_timestamp
	Run         string
	SegmentSize int // bytes that a worker parses at a time; 0 is the default
	// Progress is told of the records and the bytes (as they lie) taken in. It
	// may be nil and must be safe for concurrent use.
	Progress func(records, bytes int64)
}

// Request is the files to take in.
type Request struct {
	Dataset *project.Bronze
	Files   []source.File
	// Columns are the raw columns that the table has so far.
	Columns  []string
	Sequence uint64 // the number that the commit will have
	Open     func(ctx context.Context, path string) (io.ReadCloser, error)
	Stager   table.Stager
}

// Result is what was taken in. Nothing of it is visible before it is committed.
type Result struct {
	Columns     []string // raw columns of the table, old ones first
	Inputs      []lake.Input
	Put         []lake.FileChange
	Quarantined []lake.FileChange // records that could not be read
	Failed      []error           // one for each file that failed whole, naming it
	Damage      map[string]int64  // damaged records by kind
	Records     int64
	Bytes       int64
}

// Ingest takes the files in.
func Ingest(ctx context.Context, req Request, o Options) (*Result, error) {
	o.Workers = max(1, o.Workers)
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	in := &ingest{req: req, o: o, result: &Result{Columns: req.Columns, Damage: map[string]int64{}}}
	files, err := in.plan(ctx)
	if err == nil {
		err = in.run(ctx, files)
	}
	if err != nil {
		return nil, fmt.Errorf("bronze.%s: %w", req.Dataset.Name, err)
	}
	for _, f := range files {
		in.collect(f)
	}
	return in.result, nil
}

// ingest is one ingestion on its way.
type ingest struct {
	req    Request
	o      Options
	pool   csvio.Pool
	result *Result
}

// plan reads the headers of all files, so that all files of the commit are
// written with the same columns. Files without a usable one fail here.
func (in *ingest) plan(ctx context.Context) ([]*file, error) {
	var files []*file
	for _, src := range in.req.Files {
		f := &file{in: in, source: src}
		f.wake.L = &f.mu
		err := f.readHeader(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx) // which is not the file's failure
		}
		if err == nil {
			f.names, err = Names(in.req.Dataset, src.Path, f.header)
		}
		if err != nil {
			in.result.Failed = append(in.result.Failed, Failed(err))
			continue
		}
		in.result.Columns, f.columnsAdded = union(in.result.Columns, f.names)
		if len(in.req.Columns) == 0 {
			f.columnsAdded = nil // the first files of a table add nothing to it
		}
		files = append(files, f)
	}
	return files, nil
}

// Failed is the error of a file that could not be read: of class Partial, unless
// it is one that says more.
func Failed(err error) error {
	if diag.ClassOf(err) != diag.Unexpected {
		return err
	}
	return diag.Errorf(diag.Partial, "%w", err).WithNext("see to it that the file can be read, and run again")
}

// Plan is what the headers of files say.
type Plan struct {
	Files   []source.File       // that can be taken in
	Columns []string            // raw columns of the table, old ones first
	Added   map[string][]string // by path of a file: the columns that it adds
	Failed  []error             // one for each file without a usable header
}

// PlanFiles reads the headers of the files of a request, for those who take them
// in one by one: with the columns of the plan, each file is taken in alike.
func PlanFiles(ctx context.Context, req Request) (*Plan, error) {
	in := &ingest{req: req, result: &Result{Columns: req.Columns}}
	files, err := in.plan(ctx)
	if err != nil {
		return nil, err
	}
	p := &Plan{Columns: in.result.Columns, Added: map[string][]string{}, Failed: in.result.Failed}
	for _, f := range files {
		p.Files = append(p.Files, f.source)
		p.Added[f.source.Path] = f.columnsAdded
	}
	return p, nil
}

// job is a segment of a file, or its end when there is no segment.
type job struct {
	file    *file
	index   int
	segment *csvio.Segment
}

// run has one goroutine cut the files into segments and the workers parse,
// encode and append them.
func (in *ingest) run(ctx context.Context, files []*file) error {
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job, in.o.Workers)
	group.Go(func() error {
		defer close(jobs)
		for _, f := range files {
			if err := in.cut(ctx, f, jobs); err != nil {
				return err
			}
		}
		return nil
	})
	for worker := range in.o.Workers {
		group.Go(func() error {
			var parse parsers
			for j := range jobs {
				if err := j.file.take(ctx, worker, j, &parse); err != nil {
					j.file.abandon(err)
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	for _, f := range files {
		if err != nil || f.failure != nil {
			f.discard()
		}
	}
	return err
}

// cut sends the segments of a file to the workers. A file that cannot be read
// to its end fails alone.
func (in *ingest) cut(ctx context.Context, f *file, jobs chan<- job) error {
	sum := sha256.New()
	segments, raw, err := f.open(ctx, sum)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		f.abandon(err)
		return nil
	}
	defer raw.Close()
	if !slices.Equal(segments.Header(), f.header) {
		f.abandon(Changing(f.source.Path))
		return nil
	}
	for index := 0; ; index++ {
		seg, err := segments.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, io.EOF):
			if _, err := io.Copy(io.Discard, raw); err != nil {
				f.abandon(fmt.Errorf("%s: %w", f.source.Path, err))
				return nil
			}
			if err := f.unchanged(raw); err != nil {
				f.abandon(err)
				return nil
			}
			f.sum = hex.EncodeToString(sum.Sum(nil))
			return send(ctx, jobs, job{file: f, index: index})
		case err != nil:
			f.abandon(err)
			return nil
		}
		if err := send(ctx, jobs, job{f, index, seg}); err != nil {
			return err
		}
	}
}

func send(ctx context.Context, jobs chan<- job, j job) error {
	select {
	case jobs <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// collect adds a finished file to the result.
func (in *ingest) collect(f *file) {
	if f.failure != nil {
		in.result.Failed = append(in.result.Failed, Failed(f.failure))
		return
	}
	in.result.Inputs = append(in.result.Inputs, lake.Input{Dataset: in.req.Dataset.Name, SourceFile: f.source.Path, Size: f.source.Size,
		Version: f.source.Version, SHA256: f.sum, Records: f.records, Damaged: f.damaged, ColumnsAdded: f.columnsAdded})
	in.result.Put = append(in.result.Put, f.put...)
	in.result.Quarantined = append(in.result.Quarantined, f.quarantined...)
	in.result.Records += f.records
	in.result.Bytes += f.source.Size
	for kind, n := range f.kinds {
		in.result.Damage[kind] += n
	}
}

// changing is the error of a file that is being written while it is read. Half of
// a file must not be taken in: its name would be used up.
func changing(path, how string) error {
	return diag.Errorf(diag.Partial, "%s: the file changed while it was taken in: %s", path, how).
		WithNext("run again when it is written whole; settle: 60s leaves files alone that may still be being written")
}

// Changing is the error of a file whose header is not what it was when the files
// of the commit were looked at.
func Changing(path string) error { return changing(path, "its header is not what it was") }

// Changed is the error of a file that was ingested and has other content now.
func Changed(path string, commit uint64) error {
	return diag.Errorf(diag.Partial, "%s: the file has changed since commit %d ingested it; its new content was not taken in", path, commit).
		WithNext("put the old content back, or give the new content a name of its own")
}

// Unnamed is the error of a file whose path is not UTF-8: the log and the table
// could not name it, so that it would be taken in again by every run.
func Unnamed(path string) error {
	return diag.Errorf(diag.Partial, "%q: the name of the file is not UTF-8; it was not taken in", path).
		WithNext("rename the file")
}
