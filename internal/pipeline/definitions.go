package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// DefinitionChange is a table whose definition is not the one that it was built by.
type DefinitionChange struct {
	Table lake.TableRef
	// Parts are the places in lakehouse.yaml that changed, such as
	// columns.amount, or the tables upstream that did. + and - mark what is new
	// and what is gone.
	Parts []string
}

// String says which table, and what of it.
func (c DefinitionChange) String() string {
	const most = 4
	parts := c.Parts
	if len(parts) == 0 {
		return c.Table.String()
	}
	if len(parts) > most {
		parts = append(slices.Clone(parts[:most]), "...")
	}
	return c.Table.String() + " (" + strings.Join(parts, ", ") + ")"
}

// errDeclined is the end of a run that the user did not want.
var errDeclined = diag.Errorf(diag.Usage, "the definitions of tables have changed, and rebuilding them was declined; nothing was done")

// changedDefinitions returns the tables that are to be rebuilt: those selected
// whose definition is not the one that they were built by.
func (r *run) changedDefinitions(state *lake.State) (map[lake.TableRef]bool, error) {
	rebuild := map[lake.TableRef]bool{}
	var changed []DefinitionChange
	note := func(ref lake.TableRef, definition string, parts map[string]string) {
		t := state.Tables[ref]
		if t != nil && t.Definition != "" && t.Definition != definition {
			changed = append(changed, DefinitionChange{ref, changedParts(t.Parts, parts)})
			rebuild[ref] = true
		}
		rebuild[ref] = rebuild[ref] || r.o.FullRefresh
	}
	for _, s := range r.o.Selection.Silver {
		note(silverRef(s), s.Definition, s.Parts)
	}
	for _, g := range r.o.Selection.Gold {
		note(goldRef(g), g.Definition, g.Parts)
	}
	for _, text := range r.readOtherwise(state) {
		r.o.Observer.Warning(text)
		r.result.Warnings = append(r.result.Warnings, text)
	}
	if len(changed) == 0 || r.o.RebuildChanged || r.o.FullRefresh {
		return rebuild, nil
	}
	if r.o.Confirm == nil {
		return nil, diag.Errorf(diag.Usage, "the definitions of tables have changed since they were built, and definitions never mix in one table: %s", list(changed)).
			WithNext("run again with --rebuild-changed to rebuild them, or put lakehouse.yaml back as it was; --dry-run says what would change")
	}
	ok, err := r.o.Confirm(changed)
	if err == nil && !ok {
		err = errDeclined
	}
	return rebuild, err
}

// readOtherwise warns of datasets whose files are read in another way now than
// when they were last taken in, by another quote or other nulls: bronze never
// changes, so that a rebuild does not read them again.
func (r *run) readOtherwise(state *lake.State) []string {
	var warnings []string
	for _, d := range r.o.Selection.Bronze {
		t := state.Tables[bronzeRef(d)]
		if t == nil || t.Definition == "" || t.Definition == d.Definition {
			continue
		}
		files := len(state.Datasets[d.Name].Inputs)
		warnings = append(warnings, fmt.Sprintf("%s is read in another way now, but files are read once: what came of the %d taken in before stays as it is, rebuilt or not; "+
			"to read them again, build the lake anew in another folder", t.Ref, files))
	}
	return warnings
}

func list(changed []DefinitionChange) string {
	texts := make([]string, len(changed))
	for i, c := range changed {
		texts[i] = c.String()
	}
	return strings.Join(texts, ", ")
}

// changedParts compares the hashes of the parts of two definitions.
func changedParts(old, now map[string]string) []string {
	var parts []string
	if old == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch was, ok := old[name]; {
		case !ok:
			parts = append(parts, "+"+name)
		case was != now[name]:
			parts = append(parts, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[name]; !ok {
			parts = append(parts, "-"+name)
		}
	}
	return parts
}
