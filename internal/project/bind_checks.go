package project

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

func onFail(s config.String) OnFail {
	switch s.Value {
	case "flag":
		return Flag
	case "fail":
		return Fail
	default:
		return Quarantine
	}
}

// maxChecks bounds the row checks of a table: their outcomes are bits of a word.
const maxChecks = 64

// silverChecks binds the row checks of a table.
func (b *binder) silverChecks(s *silverDraft) {
	for i, e := range s.cfg.Checks.Entries {
		if i == maxChecks {
			b.add(e.Pos, "combine some with `and`", "a table has at most %d row checks", maxChecks)
		}
		c := &Check{Name: e.Name, OnFail: onFail(e.Value.OnFail), NullOK: e.Value.NullOK.Value, Pos: e.Pos}
		switch {
		case e.Value.Expect.IsSet():
			b.expect(s, c, e.Value.Expect)
		case e.Value.References != nil:
			b.reference(s, c, &e.Value)
		default:
			b.incomplete = true
		}
		s.Checks = append(s.Checks, c)
	}
}

// expect binds a condition on silver columns.
func (b *binder) expect(s *silverDraft, c *Check, text config.String) {
	if b.reads(text.Text(), s.bad, "") {
		return
	}
	var scope expr.Scope
	for i, col := range s.Columns {
		if col.Type.Kind != schema.Invalid {
			scope.Columns = append(scope.Columns, expr.ScopeColumn{Name: col.Name, Type: col.Type, Nullable: true, Slot: len(s.Raw) + i})
		}
	}
	if c.Expect = b.condition(text, scope); c.Expect == nil {
		return
	}
	for _, slot := range c.Expect.Columns() {
		c.Reads = append(c.Reads, slot-len(s.Raw))
	}
	if len(c.Reads) == 0 {
		b.add(text.Pos, "a check looks at columns of the row", "the condition reads no column")
	}
}

// reference binds a reference to another table.
func (b *binder) reference(s *silverDraft, c *Check, cfg *config.Check) {
	target := b.table(cfg.References.Dataset, s)
	if target == nil {
		return
	}
	column := b.columnOf(target, cfg.References.Column)
	referring := cfg.Column
	if !referring.IsSet() {
		referring = cfg.References.Column
		if column >= 0 && s.cfg.Columns.Get(referring.Value) == nil {
			b.add(c.Pos, "say which column refers with `column:`", "silver.%s has no column %q to refer with", s.Name, referring.Value)
			return
		}
	}
	if column < 0 && !cfg.Column.IsSet() {
		return
	}
	own := b.columnOf(s, referring)
	if own < 0 || column < 0 {
		return
	}
	from, to := s.Columns[own].Type, target.Columns[column].Type
	if from != to && from.Kind != schema.Invalid && to.Kind != schema.Invalid {
		hint := "give both the same type"
		if !cfg.Column.IsSet() {
			hint += ", or say which column refers with `column:`"
		}
		b.add(referring.Pos, hint, "%q is %s, silver.%s.%s is %s", referring.Value, from, target.Name, cfg.References.Column.Value, to)
	}
	c.Reads = []int{own}
	c.References = &Reference{Table: target.Silver, Column: column}
	if !slices.Contains(target.Referenced, column) {
		target.Referenced = append(target.Referenced, column)
		slices.Sort(target.Referenced)
	}
}

// table finds another silver table by name.
func (b *binder) table(name config.String, self *silverDraft) *silverDraft {
	if name.Value == "" {
		b.incomplete = true
		return nil
	}
	if self != nil && name.Value == self.Name {
		b.add(name.Pos, "", "silver.%s refers to itself", self.Name)
		return nil
	}
	if s := b.findSilver(name.Value); s != nil {
		return s
	}
	b.noSilver(name)
	return nil
}

func (b *binder) findSilver(name string) *silverDraft {
	return find(b.silvers, func(s *silverDraft) bool { return s.Name == name })
}

// noSilver reports a silver table that does not exist.
func (b *binder) noSilver(name config.String) {
	names := b.cfg.Silver.Names()
	hint := diag.Suggest(name.Value, names)
	bare, qualified := strings.CutPrefix(name.Value, "silver.")
	switch {
	case qualified && b.findSilver(bare) != nil:
		hint = "write " + bare
	case hint != "":
	case b.cfg.Bronze.Get(name.Value) != nil:
		hint = "only bronze has a dataset of that name; make a silver table of it"
	case b.cfg.Gold.Get(name.Value) != nil:
		hint = "gold tables cannot be read here, only silver ones"
	default:
		hint = suggest("the silver tables", name.Value, names)
	}
	b.add(name.Pos, hint, "there is no silver table %q", name.Value)
}

// orderSilver puts the silver tables after those they refer to, or reports a cycle.
func (b *binder) orderSilver() {
	needs := func(i int) []int {
		var out []int
		for _, c := range b.silvers[i].Checks {
			if c.References != nil {
				out = append(out, slices.IndexFunc(b.silvers, func(s *silverDraft) bool { return s.Silver == c.References.Table }))
			}
		}
		return out
	}
	sorted, cycles := order(len(b.silvers), needs)
	for _, cycle := range cycles {
		b.referenceCycle(cycle)
	}
	for _, i := range sorted {
		b.project.Silver = append(b.project.Silver, b.silvers[i].Silver)
	}
}

func (b *binder) referenceCycle(cycle []int) {
	names := make([]string, 0, len(cycle)+1)
	for _, i := range append(cycle, cycle[0]) {
		names = append(names, b.silvers[i].Name)
	}
	last := b.silvers[cycle[len(cycle)-1]]
	for i, c := range last.Checks {
		if c.References != nil && c.References.Table.Name == names[0] {
			b.add(last.cfg.Checks.Entries[i].Value.References.Dataset.Pos, "one of these references has to go",
				"tables refer to one another: %s", strings.Join(names, " -> "))
			return
		}
	}
}
