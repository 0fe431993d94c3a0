package project

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
)

// definitionFormat is part of every hash. It changes when the meaning of the
// same definition does, so that tables made under the old one are rebuilt.
const definitionFormat = "lakectl/1"

// A definition holds what decides which rows a table has, and nothing else:
// not where files lie, not limits and table checks, which only decide whether
// they are published.
type definition struct {
	Format   string   `json:"format"`
	Layer    string   `json:"layer"`
	Name     string   `json:"name"`
	Upstream []string `json:"upstream"` // hashes
	Body     any      `json:"body"`
}

func (d definition) hash() string {
	d.Format = definitionFormat
	data, err := json.Marshal(d)
	if err != nil {
		panic("project: a definition is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// define fills in the hashes of all tables.
func (p *Project) define() {
	for _, b := range p.Bronze {
		b.Definition = b.define()
	}
	for _, s := range p.Silver { // after those it refers to
		s.Definition = s.define(&p.Config.Silver.Get(s.Name).Value)
	}
	for _, g := range p.Gold {
		g.Definition = g.define(&p.Config.Gold.Get(g.Name).Value)
	}
}

func (b *Bronze) define() string {
	d := b.Dialect
	return definition{Layer: layerBronze, Body: map[string]any{
		"delimiter": d.Delimiter, "quote": d.Quote, "escape": d.Escape, "header": d.Header, "columns": d.Columns, "skip": d.Skip,
		"nulls": d.Nulls, "max_field": d.MaxField, "lazy_quotes": d.LazyQuotes, "normalise_names": b.NormaliseNames,
	}}.hash()
}

func (s *Silver) define(c *config.Silver) string {
	columns := make([]any, len(s.Columns))
	for i, col := range s.Columns {
		e := c.Columns.Entries[i].Value
		columns[i] = map[string]any{
			"name": col.Name, "type": col.Type.String(), "required": col.Required, "expr": canonical(e.Expr), "from": e.From.Value,
			"format": e.Format.Values(), "allow_nan": e.AllowNaN.Value, "timezone": zoneName(e.Timezone),
		}
	}
	upstream := []string{s.From.Definition}
	checks := make([]any, len(s.Checks))
	for i, check := range s.Checks {
		e := c.Checks.Entries[i].Value
		body := map[string]any{"name": check.Name, "expect": canonical(e.Expect), "null_ok": check.NullOK, "on_fail": check.OnFail.String()}
		if r := check.References; r != nil {
			body["refers"] = s.Columns[check.Reads[0]].Name
			body["to"] = r.Table.Name + "." + r.Table.Columns[r.Column].Name
			upstream = append(upstream, r.Table.Definition)
		}
		checks[i] = body
	}
	return definition{Layer: layerSilver, Name: s.Name, Upstream: upstream, Body: map[string]any{
		"from": s.From.Name, "columns": columns, "checks": checks, "key": c.Key.Values(), "latest_by": c.LatestBy.Value,
		"partition_by": s.PartitionNames(), "distinct": s.Distinct,
	}}.hash()
}

func (g *Gold) define(c *config.Gold) string {
	upstream := []string{g.From.Definition}
	joins := make([]any, len(g.Joins))
	for i, j := range g.Joins {
		upstream = append(upstream, j.Table.Definition)
		on := make([]string, len(j.On))
		for k, pair := range c.Join.Entries[i].Value.On.Pairs {
			on[k] = pair.Left.Value + "=" + pair.Right.Value
		}
		joins[i] = map[string]any{"table": j.Table.Name, "on": on, "where": canonical(c.Join.Entries[i].Value.Where)}
	}
	return definition{Layer: layerGold, Name: g.Name, Upstream: upstream, Body: map[string]any{
		"from": g.From.Name, "where": canonical(c.Where), "latest": c.Latest.Value, "join": joins, "group_by": expressions(c.GroupBy),
		"measures": expressions(c.Measures), "columns": expressions(c.Columns), "partition_by": g.PartitionNames(),
	}}.hash()
}

// expressions lists named expressions with the types they are given.
func expressions(m config.Map[config.Measure]) []any {
	out := make([]any, m.Len())
	for i, e := range m.Entries {
		typ := ""
		if e.Value.Type.IsSet() {
			typ = e.Value.Type.Value.String()
		}
		out[i] = []string{e.Name, canonical(e.Value.Expr), typ}
	}
	return out
}

func zoneName(z config.Zone) string {
	if z.Value == nil {
		return "UTC"
	}
	return z.Value.String()
}

// canonical returns an expression with one blank for each run of blanks and
// line ends that stand outside of quotes, so that laying it out anew changes
// no hash.
func canonical(s config.String) string {
	var out strings.Builder
	var quote rune
	space := false
	for _, c := range strings.TrimSpace(s.Value) {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case strings.ContainsRune(" \t\r\n", c):
			space = true
			continue
		case c == '\'' || c == '"':
			quote = c
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(c)
	}
	return out.String()
}

// String returns the word of the file.
func (o OnFail) String() string {
	switch o {
	case Flag:
		return "flag"
	case Fail:
		return "fail"
	default:
		return "quarantine"
	}
}
