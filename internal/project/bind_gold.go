package project

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// gold binds a business table; its table checks are bound when all are known.
func (b *binder) gold(e *config.Entry[config.Gold]) {
	g := &goldDraft{cfg: &e.Value, Gold: &Gold{Name: e.Name, Latest: -1, Pos: e.Pos}}
	b.golds = append(b.golds, g)
	b.project.Gold = append(b.project.Gold, g.Gold)
	if g.from = b.table(g.cfg.From, nil); g.from == nil {
		g.bad = true
		return
	}
	g.From = g.from.Silver
	if !b.reads(g.cfg.Where.Text(), g.from.bad, "", g.from.Name) {
		g.Where = b.condition(g.cfg.Where, tableScope(g.from))
	}
	if g.cfg.Latest.IsSet() {
		g.Latest = b.silverColumn(g.from, g.cfg.Latest)
	}
	for i := range g.cfg.Join.Entries {
		b.join(g, &g.cfg.Join.Entries[i])
	}
	b.oneToMany(g)
	if g.bad {
		return
	}
	b.goldColumns(g)
	if !g.bad {
		b.goldPartitions(g)
	}
}

// tableScope is what a condition on a silver table alone may name: its columns
// and those that lakectl adds, with or without the table's name.
func tableScope(s *silverDraft) expr.Scope {
	var scope expr.Scope
	scopeOf(&scope, s, 0, false)
	return scope
}

// scopeOf adds a table's columns, which begin at slot first. Those of a joined
// table may be null, and their bare names are hidden by names already there.
func scopeOf(scope *expr.Scope, s *silverDraft, first int, joined bool) {
	taken := map[string]bool{}
	for _, c := range scope.Columns {
		// Only names of the first table win over those of joined ones. A bare name
		// of two joined tables is ambiguous, which is for the user to resolve.
		taken[c.Name] = taken[c.Name] || c.Qualifier == scope.Columns[0].Qualifier
	}
	for i, c := range s.Table().Columns {
		if c.Type.Kind == schema.Invalid {
			continue
		}
		scope.Columns = append(scope.Columns, expr.ScopeColumn{
			Qualifier: s.Name, Name: c.Name, Type: c.Type, Nullable: c.Nullable || joined, Slot: first + i, Hidden: taken[c.Name],
		})
	}
}

// scope is what the columns of a gold table may name.
func (g *goldDraft) scope() expr.Scope {
	scope := tableScope(g.from)
	for i, j := range g.Joins {
		scopeOf(&scope, g.join[i], j.First, true)
	}
	return scope
}

// silverColumn returns the index in Table() of a column that the file names, or -1.
func (b *binder) silverColumn(s *silverDraft, name config.String) int {
	return b.indexOf(s.Table(), "silver."+s.Name, name)
}

// indexOf returns the index of a column of a table, or -1 and a problem.
func (b *binder) indexOf(t schema.Table, table string, name config.String) int {
	i := t.Index(name.Value)
	switch {
	case name.Value == "":
		b.incomplete = true
	case i < 0:
		b.add(name.Pos, suggest("its columns", name.Value, t.Names()), "%s has no column %q", table, name.Value)
	}
	return i
}

// join binds one join.
func (b *binder) join(g *goldDraft, e *config.Entry[config.Join]) {
	s := b.table(config.String{Value: e.Name, Pos: e.Pos}, nil)
	if s == nil {
		g.bad = true
		return
	}
	if s == g.from {
		b.add(e.Pos, "join another table", "silver.%s is joined with itself", s.Name)
		g.bad = true
		return
	}
	j := &Join{Table: s.Silver, First: g.Slots(), Pos: e.Pos}
	for _, pair := range e.Value.On.Pairs {
		b.joinOn(g, s, j, pair)
	}
	if !b.reads(e.Value.Where.Text(), s.bad, "", s.Name) {
		j.Where = b.condition(e.Value.Where, tableScope(s))
	}
	j.Unique = len(s.Key) > 0
	for _, k := range s.Key {
		j.Unique = j.Unique && slices.ContainsFunc(j.On, func(on JoinOn) bool { return on.Right == k })
	}
	g.Joins, g.join = append(g.Joins, j), append(g.join, s)
}

func (b *binder) joinOn(g *goldDraft, s *silverDraft, j *Join, pair config.OnPair) {
	left := b.silverColumn(g.from, pair.Left)
	right := b.silverColumn(s, pair.Right)
	if left < 0 || right < 0 {
		return
	}
	from, to := g.From.Table().Columns[left].Type, s.Table().Columns[right].Type
	if from != to && from.Kind != schema.Invalid && to.Kind != schema.Invalid {
		b.add(pair.Right.Pos, "give both the same type", "%s.%s is %s, %s.%s is %s", g.From.Name, pair.Left.Value, from, s.Name, pair.Right.Value, to)
	}
	j.On = append(j.On, JoinOn{Left: left, Right: right})
}

// oneToMany reports joins of which several may match several rows.
func (b *binder) oneToMany(g *goldDraft) {
	var many *Join
	for _, j := range g.Joins {
		switch {
		case j.Unique || len(j.On) == 0:
		case many == nil:
			many = j
		default:
			b.add(j.Pos, "join it in a gold table of its own, or on its whole key", "a second join, after %s, may match several rows: sums would count twice", many.Table.Name)
		}
	}
}

// goldColumns binds groups and measures, or columns.
func (b *binder) goldColumns(g *goldDraft) {
	scope := g.scope()
	for _, e := range g.cfg.GroupBy.Entries {
		g.Groups = append(g.Groups, b.goldColumn(g, e, scope))
	}
	for _, e := range g.cfg.Measures.Entries {
		g.Measures = append(g.Measures, b.goldMeasure(g, e, scope))
	}
	for _, e := range g.cfg.Columns.Entries {
		g.Columns = append(g.Columns, b.goldColumn(g, e, scope))
	}
	if len(g.Groups)+len(g.Measures)+len(g.Columns) == 0 {
		b.allColumns(g)
	}
}

// unusable says whether a column's expression or type is already reported, or
// reads what is.
func (b *binder) unusable(g *goldDraft, m config.Measure) bool {
	bad := m.Expr.Value == "" || m.Type.IsSet() && m.Type.Value.Kind == schema.Invalid
	bad = bad || b.reads(m.Expr.Text(), g.from.bad, "", g.from.Name)
	for _, s := range g.join {
		bad = bad || b.reads(m.Expr.Text(), s.bad, "", s.Name)
	}
	if bad {
		g.bad, b.incomplete = true, true
	}
	return bad
}

func (b *binder) goldColumn(g *goldDraft, e config.Entry[config.Measure], scope expr.Scope) *GoldColumn {
	c := &GoldColumn{Name: e.Name, Type: e.Value.Type.Value, Pos: e.Pos}
	if b.unusable(g, e.Value) {
		return c
	}
	if c.Program = b.bind(e.Value.Expr.Text(), scope, c.Type); c.Program == nil {
		g.bad = true
		return c
	}
	c.Type, c.Nullable = c.Program.Type(), c.Program.Nullable()
	return c
}

func (b *binder) goldMeasure(g *goldDraft, e config.Entry[config.Measure], scope expr.Scope) *GoldMeasure {
	m := &GoldMeasure{Name: e.Name, Type: e.Value.Type.Value, Pos: e.Pos}
	if b.unusable(g, e.Value) {
		return m
	}
	var problems diag.List
	if m.Type.Kind == schema.Invalid {
		m.Measure, problems = expr.BindMeasure(e.Value.Expr.Text(), scope)
	} else {
		m.Measure, problems = expr.BindMeasureAs(e.Value.Expr.Text(), scope, m.Type)
	}
	b.problems.Add(problems)
	if m.Measure == nil {
		g.bad = true
		return m
	}
	m.Type, m.Nullable = m.Measure.Type(), m.Measure.Post.Nullable()
	return m
}

// allColumns makes the table one of all columns of the silver table.
func (b *binder) allColumns(g *goldDraft) {
	if len(g.from.bad) > 0 || len(g.Joins) > 0 {
		g.bad, b.incomplete = true, true // reported where it was wrong
		return
	}
	scope := tableScope(g.from)
	for i, c := range g.From.Table().Columns {
		p := b.bind(diag.Text{Value: `"` + c.Name + `"`, Start: g.Pos}, expr.Scope{Columns: scope.Columns[i : i+1]}, schema.Type{})
		if p == nil {
			g.bad = true
			continue
		}
		g.Columns = append(g.Columns, &GoldColumn{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Program: p, Pos: g.Pos})
	}
}

func (b *binder) goldPartitions(g *goldDraft) {
	t := g.Table()
	for _, name := range g.cfg.PartitionBy.Items {
		i := b.indexOf(t, "gold."+g.Name, name)
		if i < 0 {
			continue
		}
		if name.Value == AggregationTime {
			b.add(name.Pos, "choose another column", "%s is the same in all rows of a run", AggregationTime)
			continue
		}
		b.partitionType(name, t.Columns[i].Type)
		g.PartitionBy = append(g.PartitionBy, i)
		if t.Columns[i].Type.Kind == schema.String {
			g.emptyAsNull(i)
		}
	}
}

// emptyAsNull makes the empty text null in column i of the table. It has no
// folder of its own, so where it names a partition it is null from the start:
// groups of ” and of null would be two rows that read alike.
func (g *Gold) emptyAsNull(i int) {
	plain := slices.Concat(g.Groups, g.Columns)
	if i < len(plain) {
		plain[i].Program, plain[i].Nullable = nullIfEmpty(plain[i].Program), true
		return
	}
	m := g.Measures[i-len(plain)]
	m.Measure, m.Nullable = &expr.Measure{Aggregates: m.Measure.Aggregates, Post: nullIfEmpty(m.Measure.Post)}, true
}

// nullIfEmpty returns the program of nullif(p, ”).
func nullIfEmpty(p *expr.Program) *expr.Program {
	typ := p.Type()
	empty := &expr.Node{Op: expr.OpLiteral, Type: typ, Value: ""}
	return &expr.Program{Root: &expr.Node{Op: expr.OpNullIf, Type: typ, Pos: p.Root.Pos, Nullable: true, Args: []*expr.Node{p.Root, empty}}}
}

// findGold returns the draft of a gold table, or nil.
func (b *binder) findGold(name string) *goldDraft {
	return find(b.golds, func(g *goldDraft) bool { return g.Name == name })
}

// splitTable splits layer.table; the layer is empty if it is not named.
func splitTable(name string) (layer, table string) {
	layer, table, found := strings.Cut(name, ".")
	if !found {
		return "", name
	}
	return layer, table
}
