package project

import (
	"math/big"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// checked is a table whose checks are bound.
type checked struct {
	layer, name string
	table       schema.Table
	checks      config.Map[config.TableCheck]
}

// tableChecks binds the table checks of all tables.
func (b *binder) tableChecks() {
	for _, s := range b.silvers {
		s.TableChecks = b.checksOf(checked{layerSilver, s.Name, s.Table(), s.cfg.TableChecks})
	}
	for _, g := range b.golds {
		if !g.bad {
			g.TableChecks = b.checksOf(checked{layerGold, g.Name, g.Table(), g.cfg.TableChecks})
		}
	}
}

func (b *binder) checksOf(t checked) []*TableCheck {
	var out []*TableCheck
	for _, e := range t.checks.Entries {
		c := &TableCheck{Name: e.Name, OnFail: onFail(e.Value.OnFail), MinRows: -1, MaxRows: -1, Pos: e.Pos}
		b.tableCheck(t, c, &e.Value)
		out = append(out, c)
	}
	return out
}

func (b *binder) tableCheck(t checked, c *TableCheck, cfg *config.TableCheck) {
	switch {
	case cfg.RowCount != nil:
		c.Kind = RowCount
		if cfg.RowCount.Min.IsSet() {
			c.MinRows = cfg.RowCount.Min.Value
		}
		if cfg.RowCount.Max.IsSet() {
			c.MaxRows = cfg.RowCount.Max.Value
		}
	case cfg.Unique.IsSet():
		c.Kind = Unique
		for _, name := range cfg.Unique.Items {
			b.checkColumn(t, c, name)
		}
	case cfg.NullShare != nil:
		c.Kind, c.MaxNulls = NullShare, float64(cfg.NullShare.Max.Value)
		b.checkColumn(t, c, cfg.NullShare.Column)
	case cfg.Newest != nil:
		c.Kind, c.Within = Newest, cfg.Newest.Within.Value
		if typ := b.checkColumn(t, c, cfg.Newest.Column); typ.Kind != schema.Invalid && !typ.Temporal() {
			b.add(cfg.Newest.Column.Pos, "", "newest looks at a date or timestamp, but %q is %s", cfg.Newest.Column.Value, typ)
		}
	case cfg.Sum != nil:
		c.Kind, c.Min, c.Max = Sum, cfg.Sum.Min.Value.Rat, cfg.Sum.Max.Value.Rat
		b.sum(t, c, cfg.Sum)
	default:
		b.incomplete = true
	}
}

// checkColumn adds a column to a check and returns its type, Invalid if it is unknown.
func (b *binder) checkColumn(t checked, c *TableCheck, name config.String) schema.Type {
	i := b.indexOf(t.table, t.layer+"."+t.name, name)
	if i < 0 {
		return schema.Type{}
	}
	c.Columns = append(c.Columns, i)
	return t.table.Columns[i].Type
}

func (b *binder) sum(t checked, c *TableCheck, cfg *config.Sum) {
	own := b.checkColumn(t, c, cfg.Column)
	b.numeric(cfg.Column, own)
	if cfg.Equals == nil {
		return
	}
	c.Equals = &OtherSum{Column: -1, Tolerance: new(big.Rat)}
	if cfg.Tolerance.Value.Rat != nil {
		c.Equals.Tolerance = cfg.Tolerance.Value.Rat
	}
	other, scope := b.otherTable(t, c.Equals, cfg.Equals.Table)
	if len(other.Columns) == 0 {
		return
	}
	c.Equals.Column = b.indexOf(other, cfg.Equals.Table.Value, cfg.Equals.Column)
	c.Equals.Where = b.condition(cfg.Equals.Where, scope)
	if c.Equals.Column < 0 {
		return
	}
	theirs := other.Columns[c.Equals.Column].Type
	b.numeric(cfg.Equals.Column, theirs)
	if (own.Kind == schema.Double || theirs.Kind == schema.Double) && c.Equals.Tolerance.Sign() == 0 {
		b.add(c.Pos, "give a tolerance, such as 0.01", "sums of doubles are not exact")
	}
}

func (b *binder) numeric(name config.String, t schema.Type) {
	if t.Kind != schema.Invalid && !t.Numeric() {
		b.add(name.Pos, "", "a sum is of numbers, but %q is %s", name.Value, t)
	}
}

// otherTable finds the table that a sum is compared with. Without columns the
// table is not known, which is reported.
func (b *binder) otherTable(t checked, other *OtherSum, name config.String) (schema.Table, expr.Scope) {
	layer, table := splitTable(name.Value)
	if name.Value == "" {
		b.incomplete = true
		return schema.Table{}, expr.Scope{}
	}
	s, g := b.findSilver(table), b.findGold(table)
	switch {
	case s != nil && (layer == layerSilver || layer == ""):
		other.Silver = s.Silver
		return s.Table(), tableScope(s)
	case g != nil && (layer == layerGold || layer == "") && t.layer == layerSilver:
		b.add(name.Pos, "put the check into the gold table", "a silver table is published before gold ones, so it cannot be compared with gold.%s", table)
	case g != nil && (layer == layerGold || layer == "") && g.bad:
		b.incomplete = true
	case g != nil && (layer == layerGold || layer == ""):
		other.Gold = g.Gold
		return g.Table(), goldScope(g)
	default:
		var names []string
		for _, s := range b.silvers {
			names = append(names, layerSilver+"."+s.Name)
		}
		for _, g := range b.golds {
			names = append(names, layerGold+"."+g.Name)
		}
		hint := diag.Suggest(name.Value, names)
		if hint == "" {
			hint = diag.Suggest(layerSilver+"."+table, names)
		}
		b.add(name.Pos, hint, "there is no table %q", name.Value)
	}
	return schema.Table{}, expr.Scope{}
}

// goldScope is what a condition on a gold table may name.
func goldScope(g *goldDraft) expr.Scope {
	var scope expr.Scope
	for i, c := range g.Table().Columns {
		scope.Columns = append(scope.Columns, expr.ScopeColumn{Qualifier: g.Name, Name: c.Name, Type: c.Type, Nullable: c.Nullable, Slot: i})
	}
	return scope
}
