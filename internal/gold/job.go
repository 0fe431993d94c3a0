package gold

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
)

// job is one gold table in work: how its rows are put together from the sides
// of its joins. Side 0 is the table that is joined from, side k+1 join k. One
// side streams, the others are relations.
type job struct {
	gold   *project.Gold
	build  *build
	sides  []side
	stream int // the side that streams
	inputs []input
	byText map[string]int // inputs by the identity of their programs
	rows   rowsJob

	filters []filter        // of the side that streams
	share   []filter        // of its rows, where the table is built in parts
	latest  *latest         // of side 0 where it streams; nil: no such filter
	matched *engine.Matched // rows of side 0 that have a match, where it does not stream
	workers []*frame        // by worker
	account *account        // of the tables of joins
	output  *output
	sink    sink // output, or what keeps the rows of a part

	accounts []*account // all of its own, under the memory's lock
	shortage *shortage  // why it gave up, under the memory's lock
	givenUp  atomic.Bool
	before   int64 // its size before its rows streamed
}

// sink takes the rows of a table, task by task.
type sink interface {
	begin(ctx context.Context, tasks int) error
	add(worker, task int, cols []arrow.Array, n int) error
	done(ctx context.Context, worker, task int) error
}

// rowsJob is what becomes of the rows: groups or rows of their own.
type rowsJob interface {
	begin(ctx context.Context, tasks int) error
	add(ctx context.Context, f *frame) error
	done(ctx context.Context, worker, task int) error
	finish(ctx context.Context) error
	// forget drops what a worker has, since the job gave up.
	forget(worker int)
}

// side is one table of a join.
type side struct {
	source   *source
	first    int       // slot of its first column
	relation *relation // nil: it streams
	left     []int     // the columns of side 0 that are compared
	right    []int     // with these of this side
	table    *engine.JoinTable
	// rowOf is, for each row of side 0 where that is a relation, the row of this
	// side that it joins.
	rowOf []int32
}

// input is an expression over the rows of a job.
type input struct {
	program *expr.Program // over the slots of the job
	side    int           // the one side that it reads; severalSides otherwise
	term    int           // of that side's source
	codes   *engine.Codes // of severalSides
	slots   []int         // of severalSides: what it reads,
	columns []int         // and the inputs that these slots are
}

const severalSides = -1

func newJob(b *build, g *project.Gold) *job {
	j := &job{gold: g, build: b, byText: map[string]int{}, workers: make([]*frame, b.o.Workers), output: newOutput(g, b)}
	if j.sink = b.sink; j.sink == nil {
		j.sink = j.output
	}
	j.account = j.newAccount()
	for _, t := range append([]*project.Join{nil}, g.Joins...) {
		if t == nil {
			j.sides = append(j.sides, side{source: b.source(g.From)})
			continue
		}
		s := side{source: b.source(t.Table), first: t.First}
		for _, on := range t.On {
			s.left, s.right = append(s.left, on.Left), append(s.right, on.Right)
		}
		if j.sides = append(j.sides, s); !t.Unique {
			j.stream = len(j.sides) - 1
		}
	}
	j.planFilters()
	j.planKeys()
	if g.Grouped() {
		j.rows = newGrouped(j)
	} else {
		j.rows = newProjected(j)
	}
	return j
}

// planFilters puts the filters to the sides, and makes relations of those that
// do not stream.
func (j *job) planFilters() {
	for i := range j.sides {
		s := &j.sides[i]
		filters := j.filtersOf(i)
		if share := j.shareOf(i); i == j.stream {
			j.filters, j.share = filters, share
		} else {
			filters = append(filters, share...)
			s.relation = j.build.relation(s.source, filters)
			s.relation.users = append(s.relation.users, j)
			s.relation.numbered = s.relation.numbered || i == 0 && j.build.division != nil && !j.gold.Grouped()
		}
	}
}

func (j *job) filtersOf(i int) []filter {
	src, where, name := j.sides[i].source, j.gold.Where, "where"
	if i > 0 {
		where, name = j.gold.Joins[i-1].Where, "where of join "+src.silver.Name
	}
	var filters []filter
	if where != nil {
		filters = append(filters, filter{term: src.term(where), name: fmt.Sprintf("gold.%s: %s", j.gold.Name, name)})
	}
	if i == 0 && j.gold.Latest >= 0 {
		latest := j.build.latest[latestOf(j.gold)]
		filters = append(filters, filter{term: src.term(latest.program(src.table, j.gold.Latest)), name: "gold." + j.gold.Name + ": latest"})
		if j.stream == 0 {
			j.latest = latest
		}
	}
	return filters
}

// shareOf returns the share of a side's rows that the build is about, if it is
// divided by what a join compares.
func (j *job) shareOf(i int) []filter {
	d, s := j.build.division, &j.sides[i]
	columns := d.columnsOf(i, s)
	if columns == nil {
		return nil
	}
	by := &rowShare{share: d.joins()}
	for _, c := range columns {
		by.columns = append(by.columns, s.source.column(c))
	}
	return []filter{{share: by}}
}

// planKeys asks for the codes of the columns that joins compare.
func (j *job) planKeys() {
	code := func(s *side, column int) {
		if s.relation != nil {
			s.relation.code(column)
		} else {
			s.source.coded(s.source.column(column))
		}
	}
	for i := range j.sides {
		s := &j.sides[i]
		for k := range s.left {
			code(&j.sides[0], s.left[k])
			code(s, s.right[k])
		}
	}
}

// input returns the number of an expression over the slots of the job.
func (j *job) input(p *expr.Program) int {
	text := identity(p)
	if i, ok := j.byText[text]; ok {
		return i
	}
	in := input{program: p, side: j.stream}
	for n, slot := range p.Columns() {
		if at := j.sideOf(slot); n == 0 {
			in.side = at
		} else if at != in.side {
			in.side = severalSides
		}
	}
	switch {
	case in.side == j.stream:
		s := j.sides[in.side]
		in.term = s.source.term(rebased(p, s.first))
	case in.side != severalSides && p.Root.Op == expr.OpColumn:
		s := j.sides[in.side]
		in.term = s.relation.store(p.Root.Slot - s.first)
	default: // computed row by row of the job
		in.side, in.slots = severalSides, p.Columns()
		for _, slot := range in.slots {
			in.columns = append(in.columns, j.input(j.slot(slot)))
		}
	}
	j.byText[text] = len(j.inputs)
	j.inputs = append(j.inputs, in)
	return len(j.inputs) - 1
}

// coded returns the number of an expression and the codes of its values.
func (j *job) coded(p *expr.Program) (int, *engine.Codes) {
	i := j.input(p)
	in := &j.inputs[i]
	if in.side == severalSides {
		if in.codes == nil {
			in.codes = j.build.codes.add(p.Type())
		}
		return i, in.codes
	}
	s := &j.sides[in.side]
	if s.relation != nil {
		s.relation.code(p.Root.Slot - s.first)
	}
	return i, s.source.coded(in.term)
}

// codesOf returns the codes of an input that was planned as coded.
func (j *job) codesOf(in *input) *engine.Codes {
	if in.side == severalSides {
		return in.codes
	}
	return j.sides[in.side].source.terms[in.term].codes
}

func (j *job) sideOf(slot int) int {
	at := 0
	for i := range j.sides {
		if slot >= j.sides[i].first {
			at = i
		}
	}
	return at
}

// slot returns the program that reads a slot.
func (j *job) slot(slot int) *expr.Program {
	s := &j.sides[j.sideOf(slot)]
	p := columnProgram(s.source.table, slot-s.first)
	p.Root.Slot = slot
	return p
}

// ready says whether all relations that the job needs are there.
func (j *job) ready() bool {
	return !slices.ContainsFunc(j.sides, func(s side) bool { return s.relation != nil && !s.relation.loaded })
}

func (j *job) needs() []int {
	var terms []int
	for _, f := range slices.Concat(j.filters, j.share) {
		terms = append(terms, f.terms()...)
	}
	for _, in := range j.inputs {
		if in.side == j.stream {
			terms = append(terms, in.term)
		}
	}
	streamed := j.sides[j.stream]
	keys := slices.Clone(streamed.right)
	if j.stream == 0 {
		for _, s := range j.sides {
			keys = append(keys, s.left...)
		}
	}
	for _, c := range keys {
		terms = append(terms, streamed.source.column(c))
	}
	return terms
}

// skips says that no row of a file passes the filters.
func (j *job) skips(file int) bool {
	return j.gaveUp() || j.latest != nil && j.latest.skips(file)
}

// begin indexes the relations.
func (j *job) begin(ctx context.Context, tasks int) error {
	for i := range j.sides {
		s := &j.sides[i]
		if i > 0 && i != j.stream {
			s.table = engine.NewJoinTable(s.relation.keys(s.right), s.relation.n)
			if row, twin, unique := s.table.Unique(); !unique {
				return diag.Errorf(diag.Unexpected, "gold.%s: silver.%s has two rows with %s (rows %d and %d), but it is joined as unique",
					j.gold.Name, s.source.silver.Name, s.relation.keyText(s.relation.terms(s.right), int(row)), row, twin)
			}
		}
		if i == j.stream && i > 0 {
			s.table = engine.NewJoinTable(j.sides[0].relation.keys(s.left), j.sides[0].relation.n)
		}
		if s.table != nil {
			j.account.add(s.table.Bytes())
		}
	}
	if j.stream > 0 {
		j.joinRelations()
	}
	err := j.rows.begin(ctx, tasks)
	j.before = j.size()
	return err
}

// joinRelations finds the rows that side 0, a relation, joins.
func (j *job) joinRelations() {
	from := j.sides[0].relation
	j.matched = engine.NewMatched(from.n)
	for i := range j.sides {
		if s := &j.sides[i]; i > 0 && i != j.stream {
			s.rowOf = s.table.One(nil, from.keys(s.left), from.n+1)
			orLast(s.rowOf, s.relation.n)
		}
	}
}

// orLast replaces NoRow by the row of nulls.
func orLast(rows []int32, last int) {
	for i, row := range rows {
		if row == engine.NoRow {
			rows[i] = int32(last)
		}
	}
}

// keys returns the codes of columns.
func (r *relation) keys(columns []int) [][]uint32 {
	keys := make([][]uint32, len(columns))
	for i, t := range r.terms(columns) {
		keys[i] = r.codes[t]
	}
	return keys
}

// terms returns the terms of columns.
func (r *relation) terms(columns []int) []int {
	terms := make([]int, len(columns))
	for i, c := range columns {
		terms[i] = r.source.column(c)
	}
	return terms
}

func (j *job) add(ctx context.Context, b *batch) error {
	if j.gaveUp() {
		j.rows.forget(b.worker)
		return nil
	}
	f := j.frame(b.worker)
	if j.share != nil {
		share, err := b.filter(nil, j.share)
		if err != nil {
			return err
		}
		f.mine.only(b, rowsOf(share)) // rows of other shares must not get codes
		b = f.mine
	}
	if err := f.join(b); err != nil || f.n == 0 { // without a match there is no row to add
		return err
	}
	return j.rows.add(ctx, f)
}

func (j *job) done(ctx context.Context, worker, task int) error {
	return j.rows.done(ctx, worker, task)
}

// end adds the rows of side 0 that have found no match, where it did not stream.
func (j *job) end(ctx context.Context) error {
	if j.stream == 0 || j.gaveUp() {
		return nil
	}
	const rows = 1 << 15
	b := j.sides[j.stream].source.newBatch(0)
	f := j.frame(0)
	for missing := range slices.Chunk(j.matched.Missing(j.sides[0].relation.n), rows) {
		b.nulls(len(missing))
		f.unmatched(b, missing)
		if err := j.rows.add(ctx, f); err != nil {
			return err
		}
	}
	return j.rows.done(ctx, 0, lastTask)
}

// lastTask stands for the rows without a match, which come after all tasks.
const lastTask = -1

func (j *job) frame(worker int) *frame {
	if j.workers[worker] == nil {
		j.workers[worker] = newFrame(j, worker)
	}
	return j.workers[worker]
}

// finish writes what is left and returns the result.
func (j *job) finish(ctx context.Context) (Result, error) {
	if err := j.rows.finish(ctx); err != nil || j.gaveUp() {
		return Result{}, err
	}
	return j.output.finish(ctx)
}

func (j *job) abort() { j.output.abort() }

var (
	_ consumer = (*job)(nil)
	_ consumer = (*relation)(nil)
)
