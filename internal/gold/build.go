package gold

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
)

// Options are settings of a build that do not change its rows, but for the time.
type Options struct {
	Workers int
	Budget  *budget.Budget
	Spill   *engine.Spill // for tables with partitions
	Now     time.Time     // aggregation_timestamp
	// Progress is told of rows of silver that were read. It may be nil and must be
	// safe for concurrent use.
	Progress func(rows int64)
	// Divided is told of each table that is built in parts, when that begins; it
	// returns who is told of the rows that are read for it, and of the end. It may
	// be nil.
	Divided func(g *project.Gold) (progress func(rows int64), done func())
}

// Request is what a build works on.
type Request struct {
	Tables []*project.Gold
	// Inputs are the files of the silver tables that Tables read, by table. A
	// table that is not there has no rows.
	Inputs map[*project.Silver][]File
	Bucket storage.Bucket
	Stager table.Stager
}

// File is a file of a silver table.
type File struct {
	Path      string
	Rows      int64
	Bytes     int64
	Partition map[string]*string // the values that stand in its path
}

// Result is one table that was built.
type Result struct {
	Table *project.Gold
	Rows  int64
	Parts int               // how often its sources were read, as it did not fit the memory; else 1
	Files []lake.FileChange // by path; one for each partition, in a table without partitions exactly one
}

// Build builds the tables anew and returns a result for each, in their order.
// An error of class diag.Gate says that the data does not allow it, such as a
// sum that does not fit its type; it names table, column and group.
func Build(ctx context.Context, req Request, o Options) ([]Result, error) {
	o.Workers = max(1, o.Workers)
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	if o.Divided == nil {
		o.Divided = func(*project.Gold) (func(int64), func()) { return func(int64) {}, func() {} }
	}
	results := make([]Result, len(req.Tables))
	short, err := together(ctx, req, o, results)
	if err != nil {
		return nil, err
	}
	for i, s := range short {
		if s == nil {
			continue
		}
		if results[i], err = inParts(ctx, req.Tables[i], s, req, o); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// together builds all tables in one go. It sets the results of those that did not
// give up, and returns of the others why.
func together(ctx context.Context, req Request, o Options, results []Result) ([]*shortage, error) {
	b := newBuild(req, o)
	defer b.close()
	if err := b.findLatest(ctx); err != nil {
		return nil, err
	}
	b.addJobs()
	if err := b.scanAll(ctx); err != nil {
		return nil, err
	}
	short := make([]*shortage, len(b.jobs))
	for i, j := range b.jobs {
		if !j.gaveUp() {
			var err error
			if results[i], err = j.finish(ctx); err != nil {
				return nil, err
			}
		}
		short[i] = j.looked()
		j.free()
	}
	return short, nil
}

// build is one Build.
type build struct {
	req       Request
	o         Options
	sources   map[*project.Silver]*source
	codes     *codebook
	jobs      []*job
	memory    *memory
	latest    map[latestKey]*latest
	relations []*relation
	reading   *source   // that is being scanned
	division  *division // nil: of all rows
	sink      sink      // of a part; nil: the tables' own
}

func (b *build) addJobs() {
	for _, g := range b.req.Tables {
		j := newJob(b, g)
		b.jobs = append(b.jobs, j)
		b.memory.jobs = append(b.memory.jobs, j)
	}
}

// stopped says that all jobs gave up.
func (b *build) stopped() bool {
	return len(b.jobs) > 0 && !slices.ContainsFunc(b.jobs, func(j *job) bool { return !j.gaveUp() })
}

func newBuild(req Request, o Options) *build {
	m := newMemory(o.Budget)
	b := &build{req: req, o: o, sources: map[*project.Silver]*source{}, codes: newCodebook(m), memory: m}
	for _, g := range req.Tables {
		for _, j := range g.Joins {
			for _, on := range j.On {
				b.codes.unite(column{g.From, on.Left}, column{j.Table, on.Right})
			}
		}
	}
	return b
}

// source returns the silver table as the build reads it.
func (b *build) source(s *project.Silver) *source {
	src := b.sources[s]
	if src == nil {
		src = newSource(s, b)
		b.sources[s] = src
	}
	return src
}

// relation returns the rows of a source that pass filters, as a side of joins.
func (b *build) relation(src *source, filters []filter) *relation {
	same := func(r *relation) bool {
		return r.source == src && slices.EqualFunc(r.filters, filters, filter.equal)
	}
	if i := slices.IndexFunc(b.relations, same); i >= 0 {
		return b.relations[i]
	}
	r := &relation{source: src, filters: filters, workers: b.o.Workers, account: b.memory.account()}
	b.relations = append(b.relations, r)
	return r
}

// scanAll reads the sources for all relations and jobs. A source is read when
// all that its jobs join is there; if tables join each other both ways, its
// relations come first and its jobs in a second scan.
func (b *build) scanAll(ctx context.Context) error {
	waiting := slices.Clone(b.jobs)
	for {
		waiting = slices.DeleteFunc(waiting, (*job).gaveUp)
		src, relations, jobs := b.next(waiting)
		if src == nil {
			return nil
		}
		var consumers []consumer
		for _, r := range relations {
			consumers = append(consumers, r)
		}
		for _, j := range jobs {
			consumers = append(consumers, j)
		}
		b.reading = src
		if err := src.scan(ctx, b.o.Workers, consumers); errors.Is(err, errStopped) {
			return nil
		} else if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(j *job) bool { return slices.Contains(jobs, j) })
	}
}

// next returns the source to be scanned now, the relations to be loaded and the
// jobs to be done with it; nil when nothing is left.
func (b *build) next(waiting []*job) (src *source, relations []*relation, jobs []*job) {
	blocked := true
	consider := func(s *source) {
		if src != nil && !blocked {
			return
		}
		r, ready, rest := b.consumersOf(s, waiting)
		if len(r)+len(ready) > 0 && (rest == 0 || src == nil) {
			src, relations, jobs, blocked = s, r, ready, rest > 0
		}
	}
	for _, r := range b.relations {
		if !r.givenUp.Load() {
			consider(r.source)
		}
	}
	for _, j := range waiting {
		consider(j.sides[j.stream].source)
	}
	return src, relations, jobs
}

// consumersOf returns what is to be loaded from a source, the jobs that it can
// stream to now, and how many it cannot yet.
func (b *build) consumersOf(s *source, waiting []*job) (relations []*relation, ready []*job, rest int) {
	for _, r := range b.relations {
		if r.source == s && !r.loaded && !r.givenUp.Load() {
			relations = append(relations, r)
		}
	}
	for _, j := range waiting {
		switch {
		case j.sides[j.stream].source != s:
		case j.ready():
			ready = append(ready, j)
		default:
			rest++
		}
	}
	return relations, ready, rest
}

func (b *build) close() {
	for _, j := range b.jobs {
		j.abort()
	}
	b.memory.release()
}
