package task

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/lakectl/lakectl/internal/bronze"
	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
)

// Environment is what a task works with.
type Environment struct {
	Project *project.Project
	Bucket  storage.Bucket // of the lake
	Open    func(ctx context.Context, path string) (io.ReadCloser, error)
	Temp    string // folder for what does not fit the memory; empty is the system's
}

// memory is how many bytes of rows that go to quarantine a task holds; more go to disk.
const memory = 256 << 20

// Run does what the order says; in is what follows it. The report is never nil,
// and has the error that Run returns.
func Run(ctx context.Context, o Order, in *bufio.Reader, env Environment) (*Report, error) {
	r := &Report{}
	err := run(ctx, o, in, env, r)
	if err != nil {
		r = &Report{Error: FailureOf(err)}
	}
	return r, err
}

func run(ctx context.Context, o Order, in *bufio.Reader, env Environment, r *Report) error {
	stager, err := lake.NewStager(env.Bucket, o.Staging)
	if err != nil {
		return err
	}
	spill := engine.NewSpill(env.Temp)
	defer spill.Close()
	store := engine.StoreOptions{Budget: budget.New(memory), Spill: spill}
	switch o.Kind {
	case Ingest:
		r.Ingest, err = ingest(ctx, o, env, stager, store)
	case Write:
		r.Files, err = write(ctx, o, in, env, stager)
	case Changed:
		r.Files, err = changed(ctx, o, in, env, stager)
	case Rejected:
		r.Files, err = rejected(ctx, o, in, env, stager, store)
	default:
		return fmt.Errorf("there is no task of the kind %q", o.Kind)
	}
	if err != nil {
		return err
	}
	return stager.Fill(r.Files)
}

// ingest takes a raw file in.
func ingest(ctx context.Context, o Order, env Environment, stager *lake.Stager, store engine.StoreOptions) (*Ingested, error) {
	d := env.Project.Dataset(o.Table.Name)
	if d == nil || o.File == nil {
		return nil, fmt.Errorf("the project has no dataset %s, or the order no file", o.Table)
	}
	done, err := bronze.Ingest(ctx, bronze.Request{Dataset: d, Files: []source.File{*o.File}, Columns: o.RawColumns, Sequence: stager.Sequence(), Open: env.Open, Stager: stager},
		bronze.Options{Workers: 1, Store: store, Now: o.Now, Run: o.Staging.Run})
	if err != nil {
		return nil, err
	}
	if !slices.Equal(done.Columns, o.RawColumns) {
		done.Failed, done.Inputs, done.Put, done.Quarantined = append(done.Failed, bronze.Changing(o.File.Path)), nil, nil, nil
	}
	out := &Ingested{Inputs: done.Inputs, Put: done.Put, Quarantined: done.Quarantined, Damage: done.Damage, Records: done.Records, Bytes: done.Bytes}
	for _, err := range done.Failed {
		out.Failed = append(out.Failed, FailureOf(err))
	}
	if err := stager.Fill(out.Put); err != nil {
		return nil, err
	}
	return out, stager.Fill(out.Quarantined)
}
