package project

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// rawQualifier forces a raw column in a silver expression.
const rawQualifier = "raw"

// silver binds a table's columns; its checks are bound when all tables are known.
func (b *binder) silver(e *config.Entry[config.Silver]) {
	s := &silverDraft{cfg: &e.Value, bad: map[string]bool{}, Silver: &Silver{Name: e.Name, LatestBy: -1, Pos: e.Pos}}
	b.silvers = append(b.silvers, s)
	b.silverFrom(s)
	for _, c := range s.cfg.Columns.Entries {
		s.Columns = append(s.Columns, &Column{Name: c.Name, Type: c.Value.Type.Value, Required: c.Value.Required.Value, Pos: c.Pos})
		if c.Value.Type.Value.Kind == schema.Invalid {
			s.bad[c.Name] = true
			b.incomplete = true
		}
	}
	b.silverKeys(s)
	s.Distinct, s.Buckets = s.cfg.Distinct.Value, int(s.cfg.Buckets.Value)
	s.Limits = limits(s.cfg.Limits)
	r := b.rawOf(s)
	for i := range s.Columns {
		r.collect(i)
	}
	s.Raw = r.used.list
	for i := range s.Columns {
		b.column(s, r, i)
	}
	b.orderColumns(s, r)
	b.requireRaw(s)
}

func limits(c *config.Limits) Limits {
	l := Limits{QuarantinedShare: -1, QuarantinedRows: -1}
	if c != nil && c.Quarantined.IsSet() {
		l.QuarantinedShare = float64(c.Quarantined.Value)
	}
	if c != nil && c.QuarantinedRows.IsSet() {
		l.QuarantinedRows = c.QuarantinedRows.Value
	}
	return l
}

// silverFrom finds the dataset of a table.
func (b *binder) silverFrom(s *silverDraft) {
	name, pos := s.Name, s.Pos
	if s.cfg.From.IsSet() {
		name, pos = s.cfg.From.Value, s.cfg.From.Pos
	}
	if s.From = b.project.Dataset(name); s.From != nil || name == "" {
		if s.From != nil && name != s.Name {
			b.add(pos, "name the dataset and the table alike; the same files may be the source of two datasets",
				"silver table %q is made from the dataset %q: the ledger needs one silver table for each dataset, of its name", s.Name, name)
		}
		return
	}
	hint := diag.Suggest(name, b.cfg.Bronze.Names())
	if !s.cfg.From.IsSet() {
		hint = "say which one it is made from with `from:`"
		if near := diag.Nearest(name, b.cfg.Bronze.Names()); near != "" {
			hint = "write from: " + near
		}
	}
	b.add(pos, hint, "there is no bronze dataset %q", name)
}

// columnOf returns the index of a column that the file names, or -1.
func (b *binder) columnOf(s *silverDraft, name config.String) int {
	names := s.cfg.Columns.Names()
	i := slices.Index(names, name.Value)
	if i >= 0 || name.Value == "" {
		b.incomplete = b.incomplete || i < 0
		return i
	}
	hint := suggest("its columns", name.Value, names)
	if slices.Contains(lineage, name.Value) {
		hint = "only columns of the file can be used here, not those that lakectl adds"
	}
	b.add(name.Pos, hint, "silver.%s has no column %q", s.Name, name.Value)
	return -1
}

// lineage are the columns that lakectl adds to silver tables.
var lineage = []string{QualityFlag, QualityIssues, SourceFile, SourceRow, IngestionTimestamp, IngestionDate, ProcessedTimestamp}

// silverKeys resolves key, latest_by and partition_by.
func (b *binder) silverKeys(s *silverDraft) {
	for _, name := range s.cfg.Key.Items {
		if i := b.columnOf(s, name); i >= 0 {
			if s.Columns[i].Type.Kind == schema.Double {
				b.add(name.Pos, "make it a decimal or a bigint", "the key column %q is a double, of which equality is not reliable", name.Value)
			}
			s.Columns[i].Required = true
			s.Key = append(s.Key, i)
		}
	}
	if s.cfg.LatestBy.IsSet() {
		s.LatestBy = b.columnOf(s, s.cfg.LatestBy)
	}
	for _, name := range s.cfg.PartitionBy.Items {
		if i := b.columnOf(s, name); i >= 0 {
			b.partitionType(name, s.Columns[i].Type)
			s.PartitionBy = append(s.PartitionBy, i)
		}
	}
	if n := len(s.Columns); n > 0 && len(s.PartitionBy) == n {
		b.add(s.cfg.PartitionBy.Pos, "", "at least one column must not be a partition")
	}
}

// partitionType refuses types whose values make poor folder names.
func (b *binder) partitionType(name config.String, t schema.Type) {
	switch t.Kind {
	case schema.Double, schema.Decimal:
		b.add(name.Pos, "use a date, string, integer or boolean", "a %s cannot be a partition", t)
	case schema.Timestamp:
		b.add(name.Pos, "partition by a date made of it: cast(x as date)", "a timestamp cannot be a partition")
	default:
	}
}

// rawOf prepares the resolution of names in a table's expressions.
func (b *binder) rawOf(s *silverDraft) *resolver {
	r := &resolver{
		table: s, names: newNameSet(s.cfg.Columns.Names()), raw: newNameSet(nil), used: newNameSet(nil),
		reads: make([][]int, len(s.Columns)), at: make([][]diag.Pos, len(s.Columns)),
	}
	if s.From != nil { // otherwise any name will do: the dataset is reported
		names, known := b.knownRaw(s.From)
		r.raw, r.known = newNameSet(names), known
	}
	return r
}

// resolver finds what names in the expressions of a silver table mean: another
// silver column of that name, else the raw column of that name.
type resolver struct {
	table *silverDraft
	names *nameSet // silver columns
	raw   *nameSet // known raw columns
	known bool     // they are all there are
	used  *nameSet // raw columns that are read, by slot
	reads [][]int  // by column: the silver columns that it reads
	at    [][]diag.Pos
	scope expr.Scope
	twins []int // by column of scope: the silver column of its name, or -1
}

// collect finds what column i reads.
func (r *resolver) collect(i int) {
	c := r.table.cfg.Columns.Entries[i]
	if !c.Value.Expr.IsSet() {
		r.use(sourceName(c))
		return
	}
	refs, _ := expr.References(c.Value.Expr.Text()) // its problems are those of Bind
	for _, ref := range refs {
		j := -1
		if ref.Qualifier == "" {
			j = r.names.index(ref.Name)
		}
		switch {
		case j >= 0 && j != i:
			if !slices.Contains(r.reads[i], j) {
				r.reads[i], r.at[i] = append(r.reads[i], j), append(r.at[i], ref.Pos)
			}
		case ref.Qualifier == "" || strings.EqualFold(ref.Qualifier, rawQualifier):
			r.use(ref.Name)
		}
	}
}

// sourceName is the raw column that a column without expr is.
func sourceName(c config.Entry[config.Column]) string {
	if c.Value.From.IsSet() {
		return c.Value.From.Value
	}
	return c.Name
}

// use marks a raw column as read, if there is one of that name.
func (r *resolver) use(name string) {
	if config.Reserved(name) {
		return
	}
	if i := r.raw.index(name); i >= 0 {
		name = r.raw.list[i]
	} else if r.known || r.blanks(name) {
		return
	}
	if r.used.index(name) < 0 {
		r.used.add(name)
	}
}

// blanks says whether a name cannot be that of a raw column because blanks in
// those are underscores.
func (r *resolver) blanks(name string) bool {
	from := r.table.From
	return from != nil && from.NormaliseNames && !strings.EqualFold(config.NormaliseName(name), name)
}

// scopeOf returns what the expression of column i may name, until the next
// call. Silver columns may be null here even if they are required: the row is
// judged only afterwards.
func (r *resolver) scopeOf(i int) expr.Scope {
	if r.scope.Columns == nil {
		r.makeScope()
	}
	for k := range r.scope.Columns {
		c, twin := &r.scope.Columns[k], r.twins[k]
		if c.Qualifier == rawQualifier {
			c.Hidden = twin >= 0 && twin != i
		} else {
			c.Hidden = twin == i || c.Type.Kind == schema.Invalid
		}
	}
	return r.scope
}

// makeScope lists the raw columns that are read and the silver columns, and
// which silver column has the name of each.
func (r *resolver) makeScope() {
	for slot, name := range r.used.list {
		r.twins = append(r.twins, r.names.index(name))
		r.scope.Columns = append(r.scope.Columns, expr.ScopeColumn{
			Qualifier: rawQualifier, Name: name, Type: schema.T(schema.String), Nullable: true, Slot: slot,
		})
	}
	for i, c := range r.table.Columns {
		r.twins = append(r.twins, i)
		r.scope.Columns = append(r.scope.Columns, expr.ScopeColumn{Name: c.Name, Type: c.Type, Nullable: true, Slot: len(r.used.list) + i})
	}
}

// column binds column i.
func (b *binder) column(s *silverDraft, r *resolver, i int) {
	c, e := s.Columns[i], s.cfg.Columns.Entries[i]
	c.Reads = r.reads[i]
	switch {
	case c.Type.Kind == schema.Invalid:
	case !e.Value.Expr.IsSet():
		c.Program = b.parse(r, e)
	case e.Value.Expr.Value == "":
		b.incomplete = true
	case b.rawProblem(r, i) || b.reads(e.Value.Expr.Text(), without(s.bad, c.Name), ""):
	default:
		c.Program = b.bind(e.Value.Expr.Text(), r.scopeOf(i), c.Type)
	}
}

func without(bad map[string]bool, name string) map[string]bool {
	if !bad[name] {
		return bad
	}
	out := map[string]bool{}
	for k := range bad {
		out[k] = k != name
	}
	return out
}

// rawProblem reports names in an expression that are neither silver nor raw
// columns, which Bind would report as well but knows fewer names to suggest.
func (b *binder) rawProblem(r *resolver, i int) bool {
	refs, _ := expr.References(r.table.cfg.Columns.Entries[i].Value.Expr.Text())
	found := false
	for _, ref := range refs {
		switch {
		case ref.Qualifier != "" && !strings.EqualFold(ref.Qualifier, rawQualifier):
			continue
		case ref.Qualifier == "" && r.names.index(ref.Name) >= 0 && r.names.index(ref.Name) != i:
			continue
		case r.used.index(ref.Name) >= 0 && !config.Reserved(ref.Name):
			continue
		}
		found = true
		b.noRaw(r, ref.Name, ref.Pos, slices.Concat(r.names.list, r.raw.list))
	}
	return found
}

// noRaw reports a raw column that does not exist.
func (b *binder) noRaw(r *resolver, name string, pos diag.Pos, options []string) {
	if config.Reserved(name) {
		b.add(pos, "lakectl fills it in by itself", "%q cannot be used here", name)
		return
	}
	hint := diag.Suggest(name, options)
	switch {
	case r.blanks(name):
		hint = "its names are normalised: write " + config.NormaliseName(name)
	case hint == "":
		hint = suggest("the raw columns", name, r.raw.list)
	}
	b.add(pos, hint, "bronze.%s has no column %q", r.table.From.Name, name)
}

// parse makes the program of a column that is a raw column.
func (b *binder) parse(r *resolver, e config.Entry[config.Column]) *expr.Program {
	name := sourceName(e)
	slot := r.used.index(name)
	if slot < 0 || config.Reserved(name) {
		pos, options := e.Pos, r.raw.list
		if e.Value.From.IsSet() {
			pos = e.Value.From.Pos
		}
		if name != "" && !(config.Reserved(name) && !e.Value.From.IsSet()) { // reported by config
			b.noRaw(r, name, pos, options)
		}
		b.incomplete = true
		return nil
	}
	c := e.Value
	p := expr.Parse{Location: c.Timezone.Value, AllowNaN: c.AllowNaN.Value}
	for _, f := range c.Format.Items {
		p.Formats = append(p.Formats, f.Value)
		if !c.Type.Value.Temporal() {
			continue
		}
		if _, err := vec.CompileLayout(f.Value, c.Type.Value.Kind); err != nil {
			b.add(f.Pos, "write for example yyyy-MM-dd HH:mm:ss", "%q is not a layout: %v", f.Value, err)
		}
	}
	in := expr.ScopeColumn{Qualifier: rawQualifier, Name: r.used.list[slot], Type: schema.T(schema.String), Nullable: true, Slot: slot}
	return expr.BindParse(in, c.Type.Value, p)
}

// orderColumns finds the order in which columns are computed, or the cycles.
func (b *binder) orderColumns(s *silverDraft, r *resolver) {
	sorted, cycles := order(len(s.Columns), func(i int) []int { return r.reads[i] })
	s.Order = sorted
	for _, cycle := range cycles {
		names := make([]string, 0, len(cycle)+1)
		for _, i := range append(cycle, cycle[0]) {
			names = append(names, s.Columns[i].Name)
		}
		last := cycle[len(cycle)-1]
		pos := r.at[last][slices.Index(r.reads[last], cycle[0])]
		b.add(pos, "write raw."+names[0]+" if the raw column is meant", "columns are made of one another: %s", strings.Join(names, " -> "))
	}
}

// requireRaw adds the raw columns that required columns are to those without
// which a file fails.
func (b *binder) requireRaw(s *silverDraft) {
	if s.From == nil {
		return
	}
	for i, c := range s.Columns {
		e := s.cfg.Columns.Entries[i]
		if !c.Required || e.Value.Expr.IsSet() || c.Program == nil {
			continue
		}
		name := s.Raw[c.Program.Columns()[0]]
		if !slices.ContainsFunc(s.From.RequiredColumns, func(r string) bool { return strings.EqualFold(r, name) }) {
			s.From.RequiredColumns = append(s.From.RequiredColumns, name)
		}
	}
}
