package project

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// RawColumns are the names of the raw columns of bronze datasets, as far as
// they are known: from the headers of the files found, or from the lake's log.
// For a dataset that is absent its `columns:` count; without those any name is
// taken for a raw column's.
type RawColumns map[string][]string

// Bind checks a file and makes the plan of it. The problems are sorted; with
// any the Project is nil. cfg may be one that config.Load found problems in:
// Bind then looks for more, says nothing twice, and returns no Project.
func Bind(cfg *config.Config, raw RawColumns) (*Project, diag.List) {
	b := &binder{cfg: cfg, raw: raw, project: &Project{
		Config: cfg, Name: cfg.Project.Value, Environment: cfg.Environment.Value, Lake: cfg.Path(cfg.Lake.Value),
	}}
	for i := range cfg.Bronze.Entries {
		b.bronze(&cfg.Bronze.Entries[i])
	}
	for i := range cfg.Silver.Entries {
		b.silver(&cfg.Silver.Entries[i])
	}
	for _, s := range b.silvers {
		b.silverChecks(s)
	}
	b.orderSilver()
	for i := range cfg.Gold.Entries {
		b.gold(&cfg.Gold.Entries[i])
	}
	b.tableChecks()
	b.problems.Sort()
	if len(b.problems) > 0 || b.incomplete {
		return nil, b.problems
	}
	b.project.define()
	return b.project, nil
}

// binder makes a Project.
type binder struct {
	cfg        *config.Config
	raw        RawColumns
	project    *Project
	silvers    []*silverDraft // in the file's order
	golds      []*goldDraft
	problems   diag.List
	incomplete bool // something was left out because the configuration is wrong there
}

// silverDraft is a silver table on its way to being bound.
type silverDraft struct {
	*Silver
	cfg *config.Silver
	// bad are columns without a usable type. Nothing is said about expressions
	// that read them.
	bad map[string]bool
}

// goldDraft is a gold table on its way to being bound.
type goldDraft struct {
	*Gold
	cfg  *config.Gold
	from *silverDraft
	join []*silverDraft
	bad  bool // its columns are not all known
}

func (b *binder) add(pos diag.Pos, hint, format string, args ...any) {
	b.problems.AddHint(pos, hint, format, args...)
}

// bronze binds a dataset.
func (b *binder) bronze(e *config.Entry[config.Bronze]) {
	c := &e.Value
	d := csvio.Dialect{
		Delimiter: character(c.Delimiter.Value), Quote: character(c.Quote.Value), Escape: character(c.Escape.Value),
		Header: c.Header.Value, Skip: int(c.SkipLines.Value), Nulls: c.Nulls.Values(),
		MaxField: int(c.MaxField.Value), LazyQuotes: c.LazyQuotes.Value,
	}
	if !d.Header {
		d.Columns = c.Columns.Values()
	}
	if d.Validate() != nil { // package config has said why
		b.incomplete = true
	}
	b.project.Bronze = append(b.project.Bronze, &Bronze{
		Name: e.Name, Sources: c.Source.Values(), Dialect: d, NormaliseNames: c.NormaliseNames.Value,
		RequiredColumns: normalised(c.RequiredColumns.Values(), c.NormaliseNames.Value), Settle: c.Settle.Value, Pos: e.Pos,
	})
}

// character returns the byte that a dialect's text stands for; `none` is 0.
func character(text string) byte {
	if len(text) != 1 {
		return 0
	}
	return text[0]
}

func normalised(names []string, normalise bool) []string {
	if !normalise {
		return names
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = config.NormaliseName(n)
	}
	return out
}

// knownRaw returns the raw columns of a dataset and whether they are known.
func (b *binder) knownRaw(from *Bronze) ([]string, bool) {
	if names, ok := b.raw[from.Name]; ok {
		return names, true
	}
	e := b.cfg.Bronze.Get(from.Name)
	if e == nil || !e.Value.Columns.IsSet() {
		return nil, false
	}
	return normalised(e.Value.Columns.Values(), from.NormaliseNames), true
}

// nameSet finds names as expressions do: exactly, else ignoring case.
type nameSet struct {
	list   []string
	exact  map[string]int
	folded map[string]int // the first of those that differ in case alone
}

func newNameSet(names []string) *nameSet {
	s := &nameSet{exact: make(map[string]int, len(names)), folded: make(map[string]int, len(names))}
	for _, n := range names {
		s.add(n)
	}
	return s
}

// add adds a name at the end of the list.
func (s *nameSet) add(name string) {
	if _, ok := s.exact[name]; !ok {
		s.exact[name] = len(s.list)
	}
	if _, ok := s.folded[schema.FoldName(name)]; !ok {
		s.folded[schema.FoldName(name)] = len(s.list)
	}
	s.list = append(s.list, name)
}

// index returns the place of a name in the list, or -1.
func (s *nameSet) index(name string) int {
	if i, ok := s.exact[name]; ok {
		return i
	}
	if i, ok := s.folded[schema.FoldName(name)]; ok {
		return i
	}
	return -1
}

// bind binds an expression, to a type if that is not Invalid.
func (b *binder) bind(text diag.Text, scope expr.Scope, t schema.Type) *expr.Program {
	var p *expr.Program
	var problems diag.List
	if t.Kind == schema.Invalid {
		p, problems = expr.Bind(text, scope)
	} else {
		p, problems = expr.BindAs(text, scope, t)
	}
	b.problems.Add(problems)
	return p
}

// condition binds a condition; nil if the file has none.
func (b *binder) condition(s config.String, scope expr.Scope) *expr.Program {
	if !s.IsSet() {
		return nil
	}
	if s.Value == "" {
		b.incomplete = true
		return nil
	}
	p, problems := expr.BindCondition(s.Text(), scope)
	b.problems.Add(problems)
	return p
}

// reads says whether an expression names one of the bad columns, under any of
// the qualifiers given, the empty one for bare names.
func (b *binder) reads(text diag.Text, bad map[string]bool, qualifiers ...string) bool {
	if len(bad) == 0 {
		return false
	}
	refs, _ := expr.References(text)
	for _, r := range refs {
		if slices.Contains(qualifiers, strings.ToLower(r.Qualifier)) && bad[strings.ToLower(r.Name)] {
			b.incomplete = true
			return true
		}
	}
	return false
}

// suggest returns what was probably meant by a name, or else all there is to
// choose from.
func suggest(what, name string, options []string) string {
	const most = 20
	hint := diag.Suggest(name, options)
	switch {
	case hint != "" || len(options) == 0:
		return hint
	case len(options) > most:
		return what + " are " + strings.Join(options[:most], ", ") + " and others"
	default:
		return what + " are " + strings.Join(options, ", ")
	}
}

// SilverTable returns the silver table of that name, or nil.
func (p *Project) SilverTable(name string) *Silver {
	return find(p.Silver, func(s *Silver) bool { return s.Name == name })
}

// GoldTable returns the gold table of that name, or nil.
func (p *Project) GoldTable(name string) *Gold {
	return find(p.Gold, func(g *Gold) bool { return g.Name == name })
}

// Dataset returns the bronze dataset of that name, or nil.
func (p *Project) Dataset(name string) *Bronze {
	return find(p.Bronze, func(b *Bronze) bool { return b.Name == name })
}

func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}
