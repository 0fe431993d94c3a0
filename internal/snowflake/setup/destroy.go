package setup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Removal is what Destroy would do.
type Removal struct {
	Steps []Step   `json:"steps"` // drops, in order
	Stays []string `json:"stays"` // with the reason
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Remove plans to drop what lakectl made for the project, and nothing else: what
// holds something of others stays. Data is not in Snowflake, and stays in the
// lake.
func (s *Setup) Remove(ctx context.Context) (*Removal, error) {
	st, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	r := &remover{Setup: s, ctx: ctx, state: st, removal: &Removal{Steps: []Step{}, Stays: []string{}}}
	r.insides()
	r.account()
	return r.removal, r.err
}

// remover plans a Removal.
type remover struct {
	*Setup
	ctx     context.Context //nolint:containedctx // it lives as long as one call
	state   *state
	removal *Removal
	kept    bool // a schema stays, and so what it needs
	err     error
}

func (r *remover) drop(kind, name, role, target string) {
	r.removal.Steps = append(r.removal.Steps, Step{Action: Drop, Kind: kind, Name: name, Role: role, Why: "lakectl made it", SQL: "drop " + kind + " if exists " + target})
}

func (r *remover) stays(format string, args ...any) {
	r.removal.Stays = append(r.removal.Stays, fmt.Sprintf(format, args...))
}

// insides plans to drop what is in the database: what others use of ours first.
func (r *remover) insides() {
	for _, name := range sortedKeys(r.state.views) {
		if r.ours(r.state.views[name].comment) {
			r.drop("view", strings.ToUpper(r.Schema)+"."+name, r.Owner(), r.in(r.Schema, name))
		}
	}
	for _, of := range []struct {
		kind    string
		objects map[string]object
	}{{"external table", r.state.externals}, {"stage", r.state.stages}} {
		for _, key := range sortedKeys(of.objects) {
			if schema, name, _ := strings.Cut(key, "."); r.ours(of.objects[key].comment) {
				r.drop(of.kind, key, r.Owner(), r.in(schema, name))
			}
		}
	}
	if o, ok := r.state.formats[formatName]; ok && r.ours(o.comment) {
		r.drop("file format", machinery+"."+formatName, r.Owner(), r.in(machinery, formatName))
	}
	if o, ok := r.state.tables[syncedName]; ok && r.ours(o.comment) {
		r.drop("table", machinery+"."+syncedName, r.Owner(), r.in(machinery, syncedName))
	}
	names := r.schemas()
	slices.Reverse(names)
	for _, name := range names {
		r.schema(name)
	}
}

// schema plans to drop a schema that has nothing of others.
func (r *remover) schema(name string) {
	o, ok := r.state.schemas[name]
	switch {
	case !ok || r.err != nil:
		return
	case !r.ours(o.comment):
		r.stays("the schema %s: lakectl did not make it", name)
		return
	}
	var others []string
	for _, kind := range []string{"objects", "external tables", "stages", "file formats", "sequences", "streams", "tasks", "pipes", "user functions", "user procedures"} {
		var list []record
		if list, r.err = r.rows(r.ctx, fmt.Sprintf("show %s in schema %s", kind, r.in(name))); r.err != nil {
			return
		}
		for _, row := range list {
			if !r.ours(row["comment"]) {
				others = append(others, row["name"])
			}
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		r.stays("the schema %s: it has something of others (%s)", name, strings.Join(slices.Compact(others), ", "))
		r.kept = true
		return
	}
	r.drop("schema", name, r.Owner(), r.in(name))
}

// account plans to drop what is not in the database.
func (r *remover) account() {
	kept := r.kept
	if db := r.state.database; db != nil {
		name := strings.ToUpper(r.Database)
		if others := r.otherSchemas(); !r.ours(db.comment) {
			r.stays("the database %s: lakectl did not make it", name)
			kept = kept || db.owner == r.Owner()
		} else if len(others) > 0 {
			r.stays("the database %s: it has something of others (%s)", name, strings.Join(others, ", "))
			kept = true
		} else {
			r.drop("database", name, r.Owner(), r.database())
		}
	}
	if i := r.state.integration; i != nil && r.ours(i.comment) {
		r.drop("integration", i.Name, accountWide, ident(i.Name))
	}
	if w := r.state.warehouse; w != nil && r.ours(w.comment) {
		r.drop("warehouse", w.name, w.owner, r.warehouse())
	}
	for _, role := range []string{r.Reader(), r.Owner()} {
		o, ok := r.state.roles[role]
		switch {
		case !ok || !r.ours(o.comment):
		case kept:
			r.stays("the role %s: what stays needs it", role)
		default:
			r.drop("role", role, userAdmin, ident(role))
		}
	}
}

// otherSchemas are those of the database that stay. PUBLIC comes with a database,
// and counts if there is something in it.
func (r *remover) otherSchemas() []string {
	dropped := map[string]bool{"INFORMATION_SCHEMA": true}
	if _, ok := r.state.schemas["PUBLIC"]; ok && r.err == nil {
		var list []record
		list, r.err = r.rows(r.ctx, "show objects in schema "+r.in("PUBLIC"))
		dropped["PUBLIC"] = len(list) == 0
	}
	for _, step := range r.removal.Steps {
		if step.Kind == "schema" {
			dropped[step.Name] = true
		}
	}
	return slices.DeleteFunc(sortedKeys(r.state.schemas), func(name string) bool { return dropped[name] })
}
