package gold

import (
	"context"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// parts builds a table that does not fit the memory, in parts that do. Each part
// reads the table's sources anew and keeps the rows of its share; what it makes is
// put into a store, which spills, and is merged in the end.
//
// The sources are read again rather than divided on disk, because they are
// columnar and compressed: reading three columns of a table costs less than
// writing and reading them as rows, unless there are very many parts.
type parts struct {
	gold   *project.Gold
	req    Request
	o      Options
	latest map[latestKey]*latest
	store  *engine.Store
	done   []int // the partitions of store that are parts of the result
	begun  int   // partitions of store in use, with those of parts that gave up
	reads  int   // of the sources
	keys   []int // the columns by which each part is in order
}

// maxParts is how many parts a table may have, of either kind of share: each is a
// read of its sources.
const maxParts = 1 << 12

// mostAtOnce is how many parts are made of one that does not fit. The forecast of
// what it needs may be far too high, and too few parts cost less than too many:
// one that gives up early has not read much.
const mostAtOnce = 4

// mergedRows is how many rows of each part are in memory when parts are merged.
const mergedRows = 1 << 10

// inParts builds a table that gave up, being short of memory.
func inParts(ctx context.Context, g *project.Gold, short *shortage, req Request, o Options) (Result, error) {
	progress, done := o.Divided(g)
	defer done()
	o.Progress = progress
	p := newParts(g, req, o)
	defer p.store.Close()
	if err := p.divide(ctx, division{}, short); err != nil {
		return Result{}, err
	}
	return p.write(ctx)
}

func newParts(g *project.Gold, req Request, o Options) *parts {
	p := &parts{gold: g, req: req, o: o}
	p.req.Tables = []*project.Gold{g}
	var types []schema.Type
	all := g.Table().Columns
	for _, c := range all[:len(all)-1] { // without aggregation_timestamp
		types = append(types, c.Type)
	}
	for k := range g.Groups {
		p.keys = append(p.keys, k)
	}
	if !g.Grouped() { // see frame.order
		p.keys = []int{len(types), len(types) + 1}
		types = append(types, schema.T(schema.Bigint), schema.T(schema.Bigint))
	}
	p.store = engine.NewStore(engine.StoreOptions{Types: types, Workers: o.Workers, Budget: o.Budget, Spill: o.Spill, ChunkRows: mergedRows, BatchRows: mergedRows})
	return p
}

// build builds the rows of a division, or of divisions that it is split into if
// they do not fit.
func (p *parts) build(ctx context.Context, d division) error {
	short, err := p.attempt(ctx, d)
	if err != nil || short == nil {
		return err
	}
	return p.divide(ctx, d, short)
}

// divide builds the parts that a division is split into.
func (p *parts) divide(ctx context.Context, d division, short *shortage) error {
	divisions := p.split(d, short)
	if divisions == nil {
		return diag.Errorf(diag.Budget, "gold.%s does not fit the memory: it needs some %d MiB, and cannot be divided into parts that need less", p.gold.Name, max(1, short.need>>20)).
			WithNext("give the run more with --memory")
	}
	for _, part := range divisions {
		if err := p.build(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// fewGroups is how many groups are not worth being divided.
const fewGroups = 64

// split decides how to divide what did not fit. Joins and groups that fall apart
// along the same columns make parts of the result; else rows are divided by what
// takes the most memory. It returns nil if there is no way that would help.
func (p *parts) split(d division, s *shortage) []division {
	limit, _ := p.o.Budget.Limit()
	into := powerOfTwo(1.25*float64(s.need)/float64(max(1, limit)), mostAtOnce)
	if d.alone {
		into = max(2, into)
		if d.need > 0 && s.need > d.need*3/4 { // of rows that fall into one share whatever they are divided by
			d.stuck++
		}
		d.need = s.need
	}
	d.alone = true
	if d.left == nil && s.relations > 0 {
		d.left = s.left
	}
	values := s.value >= 0 && (d.split == byNothing || d.split == byValues && d.value == s.value)
	switch {
	case d.stuck > 2:
		return nil
	case into == 1: // alone it has the memory that it shared with others
		return []division{d}
	case d.left != nil && disjoint(p.gold, d.left) && d.by != byGroups && d.split != byJoins && s.distinct <= s.state+s.relations:
		return d.outwards(byJoins, into)
	case d.left != nil && d.by != byJoins && d.split != byValues && s.relations > max(s.state, s.distinct):
		return d.inwards(byJoins, into)
	case values && s.distinct > s.state:
		d.value = s.value
		return d.inwards(byValues, into)
	case s.groups > fewGroups && d.by != byJoins:
		return d.outwards(byGroups, into)
	case values:
		d.value = s.value
		return d.inwards(byValues, into)
	}
	return nil
}

// outwards returns the divisions whose outer shares are parts of this one's.
func (d division) outwards(by dividend, into uint32) []division {
	if max(1, d.outer.of)*into > maxParts {
		return nil
	}
	var divisions []division
	for _, part := range d.outer.split(into) {
		d.outer, d.by = part, by
		divisions = append(divisions, d)
	}
	return divisions
}

// inwards returns the division with more inner shares.
func (d division) inwards(by dividend, into uint32) []division {
	of := max(1, d.inner.of) * into
	if of > maxParts {
		return nil
	}
	d.inner, d.split = share{of: of}, by
	return []division{d}
}

// attempt builds a division and puts its rows into the store. It returns why it
// gave up, or nil if it did not.
func (p *parts) attempt(ctx context.Context, d division) (*shortage, error) {
	to := &partSink{store: p.store, part: p.begun}
	p.begun++
	finish, read := func(j *job) error { return j.rows.finish(ctx) }, p.pass
	if d.absorbs() {
		read = p.passes
	}
	short, err := read(ctx, d, to, finish)
	if err == nil && short == nil {
		p.done = append(p.done, to.part)
	}
	return short, err
}

// passes reads the sources for each inner share, and finishes what they come to.
func (p *parts) passes(ctx context.Context, d division, to sink, finish func(*job) error) (*shortage, error) {
	total, err := p.prepare(ctx, d, to)
	if err != nil {
		return nil, err
	}
	defer total.close()
	j := total.jobs[0]
	for _, inner := range d.inner.each() {
		next := d
		next.inner = inner
		short, err := p.pass(ctx, next, nil, func(part *job) error {
			j.rows.(*grouped).absorb(part.rows.(*grouped), part.closed())
			return nil
		})
		if err != nil || short != nil {
			return short, err
		}
		if j.gaveUp() {
			return j.looked(), nil
		}
	}
	err = finish(j)
	return j.looked(), err // which may have given up on the way
}

// pass reads the sources for one share of rows, and finishes them.
func (p *parts) pass(ctx context.Context, d division, to sink, finish func(*job) error) (*shortage, error) {
	b, err := p.prepare(ctx, d, to)
	if err != nil {
		return nil, err
	}
	defer b.close()
	p.reads++
	if err := b.scanAll(ctx); err != nil {
		return nil, err
	}
	j := b.jobs[0]
	if !j.gaveUp() {
		if err := finish(j); err != nil {
			return nil, err
		}
	}
	return j.looked(), nil
}

// prepare makes the build of a division.
func (p *parts) prepare(ctx context.Context, d division, to sink) (*build, error) {
	b := newBuild(p.req, p.o)
	b.latest, b.division, b.sink = p.latest, &d, to
	if err := b.findLatest(ctx); err != nil {
		b.close()
		return nil, err
	}
	p.latest = b.latest
	b.addJobs()
	return b, nil
}

// write merges the parts into the table.
func (p *parts) write(ctx context.Context) (Result, error) {
	b := newBuild(p.req, p.o)
	out := newOutput(p.gold, b)
	defer out.abort()
	tasks, task, columns := p.tasks(), 0, len(p.gold.Table().Columns)-1
	if err := out.begin(ctx, tasks); err != nil {
		return Result{}, err
	}
	scan := engine.SortedScan{Parts: p.done, Keys: p.keys, Rows: resultRows}
	err := p.store.ScanSorted(scan, func(cols []arrow.Array, n int) error {
		if err := out.add(0, task, cols[:columns], n); err != nil || task == tasks {
			return err
		}
		task++
		return out.done(ctx, 0, task-1)
	})
	if err != nil {
		return Result{}, err
	}
	if err := out.done(ctx, 0, tasks); err != nil {
		return Result{}, err
	}
	result, err := out.finish(ctx)
	result.Parts = p.reads
	return result, err
}

// tasks returns how many full batches the parts are, with what is left over. Very
// long texts make it more batches; the last ones are one task.
func (p *parts) tasks() int {
	rows := int64(0)
	for _, part := range p.done {
		rows += p.store.Rows(part)
	}
	return int(rows / resultRows)
}

// partSink puts the rows of a part into a store.
type partSink struct {
	store *engine.Store
	part  int
}

func (s *partSink) begin(context.Context, int) error { return nil }

func (s *partSink) add(worker, task int, cols []arrow.Array, n int) error {
	return s.store.Append(worker, uint64(task+1), s.part, cols, firstRows(n))
}

func (s *partSink) done(context.Context, int, int) error { return nil }
