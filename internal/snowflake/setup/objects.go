package setup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/queries"
)

// table is the full name of an external table.
func (s *Spec) table(t Table) string { return s.in(t.Ref.Layer, t.Ref.Name) }

// key is SCHEMA.NAME.
func (t Table) key() string { return strings.ToUpper(t.Ref.Layer + "." + t.Ref.Name) }

func (p *planner) schemaSteps() {
	what := map[string]string{machinery: "what lakectl itself needs; readers need nothing of it", strings.ToUpper(p.Schema): "views for people",
		"SILVER": "clean tables; not for readers, since they have what raw rows had of people", "GOLD": "business tables"}
	for _, name := range p.schemas() {
		o, ok := p.state.schemas[name]
		if !ok {
			p.object(Step{Action: Create, Kind: "schema", Name: name, Why: "it has " + what[name],
				SQL: fmt.Sprintf("create schema if not exists %s\n  with managed access\n  %s", p.in(name), p.comment("%s", what[name]))})
			continue
		}
		if !p.foreign("schema", name, o.comment) && o.owner != p.Owner() {
			p.refuse("choose another `schema:` or `database:` in lakehouse.yaml, or hand it over: grant ownership on schema "+p.in(name)+" to role "+ident(p.Owner())+" copy current grants",
				"the schema %s.%s belongs to the role %s", strings.ToUpper(p.Database), name, o.owner)
		}
	}
}

func (p *planner) machinerySteps() {
	if o, ok := p.state.formats[formatName]; !ok {
		p.object(Step{Action: Create, Kind: "file format", Name: machinery + "." + formatName, Why: "it says how the files of the lake are read",
			SQL: fmt.Sprintf("create file format if not exists %s\n  type = parquet\n  %s\n  %s",
				p.in(machinery, formatName), strings.Join(formatOptions(), " = false\n  ")+" = false", p.comment("the files of the lake"))})
	} else if p.own("file format", machinery+"."+formatName, o) {
		p.alterFormat(o)
	}
	if o, ok := p.state.tables[syncedName]; !ok {
		p.object(Step{Action: Create, Kind: "table", Name: machinery + "." + syncedName, Why: "it remembers the last commit that was sent of each table", SQL: p.syncedTable()})
	} else {
		p.own("table", machinery+"."+syncedName, o)
	}
}

// formatOptions are those of the file format, all of them false: binary values are
// no texts, and moments have no time zone of a session. The scanner would have it
// otherwise whatever else is said, and is yet to become Snowflake's default.
func formatOptions() []string {
	return []string{"binary_as_text", "use_logical_type", "use_vectorized_scanner"}
}

// alterFormat corrects how files are read.
func (p *planner) alterFormat(o object) {
	var have map[string]any
	if json.Unmarshal([]byte(o.options), &have) != nil {
		return // Snowflake does not say
	}
	for _, option := range formatOptions() {
		if have[strings.ToUpper(option)] == true {
			p.object(Step{Action: Alter, Kind: "file format", Name: machinery + "." + formatName, Why: option + " is on: files would be read as other values",
				SQL: fmt.Sprintf("alter file format %s set %s = false", p.in(machinery, formatName), option)})
		}
	}
}

// own refuses what has a name of ours and was not made by lakectl.
func (p *planner) own(kind, name string, o object) bool {
	if !p.foreign(kind, name, o.comment) && !p.ours(o.comment) {
		p.refuse("rename or drop it if nobody needs it, and run `lakectl snowflake setup` again",
			"the %s %s.%s was not made by lakectl", kind, strings.ToUpper(p.Database), name)
	}
	return p.err == nil
}

func (p *planner) stageSteps() {
	for _, layer := range layers() {
		name := strings.ToUpper(layer) + "." + stageName
		o, ok := p.state.stages[name]
		if !ok {
			p.object(Step{Action: Create, Kind: "stage", Name: name, Why: "it is the folder of " + layer, SQL: p.stage(layer)})
			continue
		}
		if !p.own("stage", name, o) {
			return
		}
		if i := p.state.integration; i == nil || later(i.created, o.created) {
			p.object(Step{Action: Replace, Kind: "stage", Name: name, Why: "the integration " + p.Integration() + " was made after it: it belongs to one that is gone",
				SQL: strings.Replace(p.stage(layer), "create stage if not exists", "create or replace stage", 1)})
			p.replaced = append(p.replaced, name)
			continue
		}
		if o.url != p.root(layer) || o.integration != p.Integration() {
			p.object(Step{Action: Alter, Kind: "stage", Name: name, Why: fmt.Sprintf("it is at %s by the integration %s, not at %s by %s", o.url, o.integration, p.root(layer), p.Integration()),
				SQL: fmt.Sprintf("alter stage %s set\n  url = %s\n  storage_integration = %s", p.in(layer, stageName), literal(p.root(layer)), ident(p.Integration()))})
		}
	}
}

// stage is the statement that makes the stage of a layer.
func (s *Spec) stage(layer string) string {
	return fmt.Sprintf("create stage if not exists %s\n  url = %s\n  storage_integration = %s\n  %s",
		s.in(layer, stageName), literal(s.root(layer)), ident(s.Integration()), s.comment("%s of the lake", layer))
}

func (p *planner) tableSteps() {
	for _, t := range p.Tables {
		body := p.tableBody(t)
		comment := p.comment("%s; definition %s", t.Ref, hash(body))
		o, ok := p.state.externals[t.key()]
		if !ok {
			p.object(Step{Action: Create, Kind: "external table", Name: t.key(), Why: "it reads " + t.Ref.Dir() + "/ of the lake",
				SQL: "create external table if not exists " + p.table(t) + " " + body + "\n  " + comment})
			continue
		}
		if !p.own("external table", t.key(), o) {
			return
		}
		why := p.cutOff(t, o)
		if why == "" {
			why = p.tableDiffers(t, o, hash(body))
		}
		if why != "" {
			p.object(Step{Action: Replace, Kind: "external table", Name: t.key(), Why: why + grantsStay,
				SQL: "create or replace external table " + p.table(t) + " " + body + "\n  copy grants\n  " + comment})
		}
	}
}

// cutOff says why an external table can no longer be read. Stages, and tables
// from their stage and file format, know what they use by a hidden id, not by its
// name: of one that was dropped and made again they know nothing.
func (p *planner) cutOff(t Table, o object) string {
	stage := strings.ToUpper(t.Ref.Layer) + "." + stageName
	for _, uses := range []struct {
		name string
		of   map[string]object
		key  string
	}{{"stage " + stage, p.state.stages, stage}, {"file format " + machinery + "." + formatName, p.state.formats, formatName}} {
		if used, ok := uses.of[uses.key]; !ok || slices.Contains(p.replaced, uses.key) || later(used.created, o.created) {
			return "the " + uses.name + " was made after it: it belongs to one that is gone"
		}
	}
	if o.invalid != "" {
		return "Snowflake calls it invalid: " + o.invalid
	}
	return ""
}

// tableBody is the definition of an external table, from its columns on.
func (s *Spec) tableBody(t Table) string {
	var lines, keys []string
	for _, c := range t.Columns.Columns {
		expression := fileColumn(c)
		if slices.Contains(t.Keys, c.Name) {
			expression = pathColumn(c)
		}
		lines = append(lines, fmt.Sprintf("  %s %s as (%s)", ident(columnName(c.Name)), strings.ToLower(sqlType(c.Type)), expression))
	}
	for _, key := range t.Keys {
		keys = append(keys, ident(columnName(key)))
	}
	body := "(\n" + strings.Join(lines, ",\n") + "\n)"
	if len(keys) > 0 {
		body += "\n  partition by (" + strings.Join(keys, ", ") + ")"
	}
	// A table that is replaced must not be empty until sync comes, which then
	// notes the commit.
	return body + fmt.Sprintf("\n  location = @%s/%s/\n  refresh_on_create = true\n  auto_refresh = false\n  pattern = '.*[.]parquet'\n  file_format = (format_name = %s)",
		s.in(t.Ref.Layer, stageName), t.Ref.Name, literal(s.in(machinery, formatName)))
}

// tableDiffers says why an external table is not as it should be.
func (s *Spec) tableDiffers(t Table, o object, want string) string {
	have := slices.DeleteFunc(slices.Clone(o.columns), func(c column) bool { return c.name == wholeRow })
	types := map[string]string{}
	for _, c := range have {
		types[c.name] = plainType(c.typ)
	}
	for _, c := range t.Columns.Columns {
		name, typ := columnName(c.Name), sqlType(c.Type)
		switch got, ok := types[name]; {
		case !ok:
			return fmt.Sprintf("it lacks the column %s %s", name, typ)
		case got != typ:
			return fmt.Sprintf("its column %s is %s, not %s", name, got, typ)
		}
		delete(types, name)
	}
	for _, c := range have {
		if _, extra := types[c.name]; extra {
			return fmt.Sprintf("it has a column %s, which the lake has not", c.name)
		}
	}
	if !strings.HasSuffix(o.comment, "definition "+want) {
		return "its definition has changed: partitions, expressions or place"
	}
	return ""
}

// grantsStay says what is left of a thing that is replaced.
const grantsStay = "; its grants stay, and not the policies and tags that others have put on it"

// plainType is a type of DESC without the lengths that lakectl leaves to
// Snowflake.
func plainType(typ string) string {
	for _, name := range []string{"VARCHAR", "BINARY"} {
		if strings.HasPrefix(typ, name+"(") {
			return name
		}
	}
	return typ
}

func (p *planner) viewSteps() {
	for _, v := range p.Views {
		text, lacks := p.viewSQL(v)
		name := strings.ToUpper(p.Schema + "." + v.Name)
		if lacks != "" {
			p.plan.LeftOut = append(p.plan.LeftOut, fmt.Sprintf("%s: %s", v.Name, lacks))
			continue
		}
		full := p.in(p.Schema, v.Name)
		comment := p.comment("%s; definition %s", v.Description, hash(text))
		o, ok := p.state.views[strings.ToUpper(v.Name)]
		switch {
		case !ok:
			p.object(Step{Action: Create, Kind: "view", Name: name, Why: v.Description,
				SQL: fmt.Sprintf("create secure view if not exists %s\n  %s\nas\n%s", full, comment, text)})
		case !p.own("view", name, o):
			return
		case !o.secure || !strings.HasSuffix(o.comment, "definition "+hash(text)):
			why := "its definition has changed"
			if !o.secure {
				why = "it is no secure view: who may read it could learn of rows that it leaves out"
			}
			p.object(Step{Action: Replace, Kind: "view", Name: name, Why: why + grantsStay,
				SQL: fmt.Sprintf("create or replace secure view %s\n  copy grants\n  %s\nas\n%s", full, comment, text)})
		}
	}
}

// viewSQL returns the select of a view, or what the project lacks for it.
func (s *Spec) viewSQL(v queries.View) (text, lacks string) {
	for _, need := range v.Needs {
		at := slices.IndexFunc(s.Tables, func(t Table) bool { return t.Ref.String() == need.Table })
		if at < 0 {
			return "", "the lake has no table " + need.Table
		}
		for _, column := range need.Columns {
			if s.Tables[at].Columns.Index(column) < 0 {
				return "", fmt.Sprintf("%s has no column %s", need.Table, column)
			}
		}
	}
	replace := []string{}
	for _, layer := range layers() {
		replace = append(replace, "${"+layer+"}", s.in(layer))
	}
	if v.Each == "" {
		return strings.NewReplacer(replace...).Replace(v.SQL), ""
	}
	var parts []string
	for _, t := range s.Tables {
		if t.Ref.Layer == v.Each {
			parts = append(parts, strings.NewReplacer(append(replace, "${table}", s.table(t), "${name}", literal(t.Ref.Name))...).Replace(v.SQL))
		}
	}
	if len(parts) == 0 {
		return "", "the lake has no tables in " + v.Each
	}
	return strings.Join(parts, "\nunion all\n"), ""
}

// readerSteps plans what readers may do, also with what is yet to come.
func (p *planner) readerSteps() {
	db, gold, views := strings.ToUpper(p.Database), "GOLD", strings.ToUpper(p.Schema)
	reader := func(privilege, kind, name, on, why string) {
		step, missing := p.granting(grant{role: p.Reader(), privilege: privilege, kind: kind, name: name, on: on, why: why})
		if missing {
			p.object(step)
		}
	}
	reader("USAGE", "DATABASE", db, "database "+p.database(), "readers find the schemas in it")
	for _, name := range []string{gold, views} {
		reader("USAGE", "SCHEMA", db+"."+name, "schema "+p.in(name), "readers find what is in it")
	}
	const later = "also those that are yet to be made"
	reader("SELECT", "EXTERNAL TABLE", p.future(gold, "EXTERNAL TABLE"), "future external tables in schema "+p.in(gold), later)
	reader("SELECT", "VIEW", p.future(views, "VIEW"), "future views in schema "+p.in(views), later)
	p.selects(gold, "EXTERNAL TABLE", p.tablesOf(gold), "all external tables in schema "+p.in(gold))
	p.selects(views, "VIEW", p.viewNames(), "all views in schema "+p.in(views))
}

// future is what SHOW FUTURE GRANTS calls what is yet to be made in a schema.
func (s *Spec) future(schema, kind string) string {
	return strings.ToUpper(s.Database) + "." + schema + ".<" + kind + ">"
}

// selects grants all of a schema at once, if something of it is not granted yet.
// Those that were there before the grant for the future need it.
func (p *planner) selects(schema, kind string, names []string, on string) {
	foreseen := p.state.grants[grantKey(p.Reader(), "SELECT", kind, p.future(schema, kind))]
	for _, name := range names {
		if _, there := p.state.there(schema, name); !there && foreseen {
			continue
		}
		full := strings.ToUpper(p.Database) + "." + schema + "." + name
		if step, missing := p.granting(grant{role: p.Reader(), privilege: "SELECT", kind: kind, name: full, on: on, why: "readers read them"}); missing {
			p.object(step)
			return
		}
	}
}

func (p *planner) tablesOf(schema string) []string {
	var list []string
	for _, t := range p.Tables {
		if strings.EqualFold(t.Ref.Layer, schema) {
			list = append(list, strings.ToUpper(t.Ref.Name))
		}
	}
	return list
}

func (p *planner) viewNames() []string {
	var list []string
	for _, v := range p.Views {
		if _, lacks := p.viewSQL(v); lacks == "" {
			list = append(list, strings.ToUpper(v.Name))
		}
	}
	return list
}

// there finds an external table or a view.
func (st *state) there(schema, name string) (object, bool) {
	if o, ok := st.externals[schema+"."+name]; ok {
		return o, true
	}
	o, ok := st.views[name]
	return o, ok
}
