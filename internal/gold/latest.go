package gold

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// latestKey says of what the greatest value is asked.
type latestKey struct {
	table  *project.Silver
	column int
	where  string // identity of the condition on the rows; "" is none
}

func latestOf(g *project.Gold) latestKey {
	k := latestKey{table: g.From, column: g.Latest}
	if g.Where != nil {
		k.where = identity(g.Where)
	}
	return k
}

// latest is the greatest value of a column among some rows of a table.
type latest struct {
	value any     // as expr.Node.Value; nil: there are no such rows, or all are null
	files []bound // the greatest value of the column in each file, by the file's order
}

// bound is a greatest value. A file of nulls alone has the value nil.
type bound struct {
	value any
	known bool // and it occurs
}

// skips says that a file has no row with the greatest value.
func (l *latest) skips(file int) bool {
	b := l.files[file]
	return b.known && (b.value == nil || l.value == nil || compareValues(b.value, l.value) < 0)
}

// program is the condition that the column has the greatest value.
func (l *latest) program(t schema.Table, column int) *expr.Program {
	c := columnProgram(t, column).Root
	literal := &expr.Node{Op: expr.OpLiteral, Type: c.Type, Value: l.value, Nullable: l.value == nil}
	return &expr.Program{Root: &expr.Node{Op: expr.OpEq, Type: schema.T(schema.Boolean), Args: []*expr.Node{c, literal}, Nullable: true}}
}

// findLatest finds the greatest values that tables with `latest` ask for: from
// the statistics of the files if they say it exactly, else by reading the
// column.
func (b *build) findLatest(ctx context.Context) error {
	if b.latest != nil {
		return nil
	}
	b.latest = map[latestKey]*latest{}
	for _, g := range b.req.Tables {
		key := latestOf(g)
		if g.Latest < 0 || b.latest[key] != nil {
			continue
		}
		l := &latest{}
		src := b.source(g.From)
		var err error
		if l.files, err = src.bounds(ctx, b.o.Workers, g.Latest); err != nil {
			return err
		}
		exact := g.Where == nil
		for _, f := range l.files {
			exact = exact && f.known
			l.value = greatest(l.value, f.value)
		}
		if !exact {
			if l.value, err = b.greatest(ctx, g); err != nil {
				return err
			}
		}
		b.latest[key] = l
	}
	return nil
}

// greatest reads the column for its greatest value among the rows that g uses.
func (b *build) greatest(ctx context.Context, g *project.Gold) (any, error) {
	src := b.source(g.From)
	m := &maximum{column: src.column(g.Latest), states: make([]*engine.Aggregation, b.o.Workers)}
	if g.Where != nil {
		m.filters = []filter{{term: src.term(g.Where), name: "gold." + g.Name + ": where"}}
	}
	m.typ = src.table.Columns[g.Latest].Type
	if err := src.scan(ctx, b.o.Workers, []consumer{m}); err != nil {
		return nil, err
	}
	return m.value, nil
}

// maximum is a consumer that finds the greatest value of a column.
type maximum struct {
	column  int
	typ     schema.Type
	filters []filter
	states  []*engine.Aggregation // by worker
	value   any
}

func (m *maximum) needs() []int {
	terms := []int{m.column}
	for _, f := range m.filters {
		terms = append(terms, f.terms()...)
	}
	return terms
}

func (m *maximum) skips(int) bool                       { return false }
func (m *maximum) begin(context.Context, int) error     { return nil }
func (m *maximum) done(context.Context, int, int) error { return nil }

func (m *maximum) add(_ context.Context, b *batch) error {
	keep, err := b.filter(nil, m.filters)
	if err != nil {
		return err
	}
	values, _, err := b.values(m.column)
	if err != nil {
		return err
	}
	if m.states[b.worker] == nil {
		m.states[b.worker] = m.newState()
	}
	state := m.states[b.worker]
	state.Update(state.Groups().Add(nil, nil, b.n, keep), []engine.Column{{Values: values}})
	return nil
}

func (m *maximum) newState() *engine.Aggregation {
	return engine.NewAggregation(engine.NewGroups(nil), []engine.Aggregate{{Function: engine.Max, In: m.typ, Out: m.typ}})
}

func (m *maximum) end(context.Context) error {
	total := m.newState()
	for _, s := range m.states {
		if s != nil {
			total.Merge(s)
		}
	}
	out, err := total.Finish([]uint32{1})
	if err != nil {
		return err
	}
	m.value = valueOf(out[0], 0)
	return nil
}

// bounds returns the greatest value of a column in each file.
func (s *source) bounds(ctx context.Context, workers, column int) ([]bound, error) {
	bounds, name := make([]bound, len(s.files)), s.table.Columns[column].Name
	err := engine.ForEach(ctx, workers, len(s.files), func(ctx context.Context, _, i int) error {
		f := s.files[i]
		if _, inPath := f.Partition[name]; inPath {
			id, err := s.partitions.AddValues(f.Partition)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
			for k, c := range s.inPath {
				if c == column {
					bounds[i] = bound{valueOf(s.partitions.Columns(id, 1)[k], 0), f.Rows > 0}
				}
			}
			return nil
		}
		r, err := table.Open(ctx, s.bucket, f.Path)
		if err != nil {
			return err
		}
		defer r.Close()
		if at := r.File().Table().Index(name); at >= 0 {
			bounds[i] = boundOf(r.File().Stats(at), r.Rows())
		}
		return nil
	})
	return bounds, err
}

// longestExact is the longest text that statistics have in full.
const longestExact = 63

func boundOf(s parquetio.ColumnStats, rows int64) bound {
	switch max := s.Max.(type) {
	case string:
		return bound{max, s.HasBounds && len(max) <= longestExact}
	case []byte:
		return bound{}
	}
	return bound{s.Max, s.HasBounds || s.Nulls == rows}
}

func greatest(a, b any) any {
	if a == nil || b != nil && compareValues(a, b) < 0 {
		return b
	}
	return a
}

// compareValues orders two values of one type, neither nil.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case int32:
		return cmp.Compare(a, b.(int32))
	case float64: // bounds have no NaN
		return cmp.Compare(a, b.(float64))
	case decimal128.Num:
		return a.Cmp(b.(decimal128.Num))
	case bool:
		return bytes.Compare(bit(a), bit(b.(bool)))
	default:
		panic(fmt.Sprintf("gold: a value of %T", a))
	}
}

func bit(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// valueOf returns the value of a row as expr.Node.Value has it; nil is null.
func valueOf(a arrow.Array, row int) any {
	if a.IsNull(row) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(row)
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(row))
	case *array.Boolean:
		return a.Value(row)
	case *array.Int32:
		return int64(a.Value(row))
	case *array.Int64:
		return a.Value(row)
	case *array.Date32:
		return int32(a.Value(row))
	case *array.Timestamp:
		return int64(a.Value(row))
	case *array.Float64:
		return a.Value(row)
	case *array.Decimal128:
		return a.Value(row)
	default:
		panic(fmt.Sprintf("gold: a value of %s", a.DataType()))
	}
}
