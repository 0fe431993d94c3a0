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

// A definition holds what decides which rows a table has and by what they are
// parted into files, and nothing else: not where files lie, not limits and table
// checks, which only decide whether they are published.

// define fills in the hashes of all tables.
func (p *Project) define() {
	for _, b := range p.Bronze {
		b.Definition = b.define()
	}
	for _, s := range p.Silver { // after those it refers to
		s.Definition, s.Parts = s.define(&p.Config.Silver.Get(s.Name).Value)
	}
	for _, g := range p.Gold {
		g.Definition, g.Parts = g.define(&p.Config.Gold.Get(g.Name).Value)
	}
}

func (b *Bronze) define() string {
	d := b.Dialect
	return hashOf(map[string]any{
		"format": definitionFormat, "layer": layerBronze,
		"delimiter": d.Delimiter, "quote": d.Quote, "escape": d.Escape, "header": d.Header, "columns": d.Columns, "skip": d.Skip,
		"nulls": d.Nulls, "max_field": d.MaxField, "lazy_quotes": d.LazyQuotes, "normalise_names": b.NormaliseNames,
	})
}

func (s *Silver) define(c *config.Silver) (hash string, parts map[string]string) {
	var d definitionParts
	for i, col := range s.Columns {
		e := c.Columns.Entries[i].Value
		d.add("columns."+col.Name, map[string]any{
			"at": i, "type": col.Type.String(), "required": col.Required, "expr": canonical(e.Expr), "from": e.From.Value,
			"format": e.Format.Values(), "allow_nan": e.AllowNaN.Value, "timezone": zoneName(e.Timezone),
		})
	}
	d.add("bronze."+s.From.Name, s.From.Definition)
	for i, check := range s.Checks {
		e := c.Checks.Entries[i].Value
		body := map[string]any{"at": i, "expect": canonical(e.Expect), "null_ok": check.NullOK, "on_fail": check.OnFail.String()}
		if r := check.References; r != nil {
			body["refers"] = s.Columns[check.Reads[0]].Name
			body["to"] = r.Table.Name + "." + r.Table.Columns[r.Column].Name
			d.add("silver."+r.Table.Name, r.Table.Definition)
		}
		d.add("checks."+check.Name, body)
	}
	d.add("from", s.From.Name)
	d.add("key", c.Key.Values())
	d.add("latest_by", c.LatestBy.Value)
	d.add("partition_by", s.PartitionNames())
	d.add("distinct", s.Distinct)
	if s.Buckets > 1 { // one is what all tables had once, whose definitions are still the same
		d.add("buckets", s.Buckets)
	}
	return d.hash(layerSilver, s.Name)
}

func (g *Gold) define(c *config.Gold) (hash string, parts map[string]string) {
	var d definitionParts
	d.add("silver."+g.From.Name, g.From.Definition)
	for i, j := range g.Joins {
		d.add("silver."+j.Table.Name, j.Table.Definition)
		on := make([]string, len(j.On))
		for k, pair := range c.Join.Entries[i].Value.On.Pairs {
			on[k] = pair.Left.Value + "=" + pair.Right.Value
		}
		d.add("join."+j.Table.Name, map[string]any{"at": i, "on": on, "where": canonical(c.Join.Entries[i].Value.Where)})
	}
	d.add("from", g.From.Name)
	d.add("where", canonical(c.Where))
	d.add("latest", c.Latest.Value)
	d.expressions("group_by.", c.GroupBy)
	d.expressions("measures.", c.Measures)
	d.expressions("columns.", c.Columns)
	d.add("partition_by", g.PartitionNames())
	return d.hash(layerGold, g.Name)
}

// definitionParts collects the parts of a definition, each by its place in the file.
type definitionParts struct{ hashes map[string]string }

// add adds a part.
func (p *definitionParts) add(name string, body any) {
	if p.hashes == nil {
		p.hashes = map[string]string{}
	}
	p.hashes[name] = hashOf(body)[:16]
}

// expressions adds named expressions with the types they are given.
func (p *definitionParts) expressions(prefix string, m config.Map[config.Measure]) {
	for i, e := range m.Entries {
		typ := ""
		if e.Value.Type.IsSet() {
			typ = e.Value.Type.Value.String()
		}
		p.add(prefix+e.Name, []any{i, canonical(e.Value.Expr), typ})
	}
}

// hash returns the hash of the whole and those of the parts.
func (p *definitionParts) hash(layer, name string) (string, map[string]string) {
	return hashOf(map[string]any{"format": definitionFormat, "layer": layer, "name": name, "parts": p.hashes}), p.hashes
}

// hashOf returns the hash of a value's JSON, in which keys are sorted.
func hashOf(body any) string {
	data, err := json.Marshal(body)
	if err != nil {
		panic("project: a definition is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
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
