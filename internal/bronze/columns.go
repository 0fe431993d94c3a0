package bronze

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// Columns that follow the raw columns of a bronze file.
func added() []schema.Column {
	return []schema.Column{
		{Name: project.SourceFile, Type: schema.T(schema.String)},
		{Name: project.SourceRow, Type: schema.T(schema.Bigint)},
		{Name: project.IngestionTimestamp, Type: schema.T(schema.Timestamp)},
	}
}

// Schema returns the columns of a bronze table with these raw columns.
func Schema(raw []string) schema.Table {
	var t schema.Table
	for _, name := range raw {
		t.Columns = append(t.Columns, schema.Column{Name: name, Type: schema.T(schema.String), Nullable: true})
	}
	t.Columns = append(t.Columns, added()...)
	return t
}

// RawColumns is the inverse of Schema: the raw columns of a bronze table.
func RawColumns(t schema.Table) []string {
	names := t.Names()
	return names[:max(0, len(names)-len(added()))]
}

// reserved are the names of columns that lakectl adds to bronze and quarantine.
var reserved = []string{project.SourceFile, project.SourceRow, project.IngestionTimestamp, project.IngestionDate,
	"source_line", "source_offset", "raw_record", "stage", "reasons", "run_id"}

// Names returns the names of a file's columns as the lake has them, and an
// error of class Partial if they cannot be told apart there.
func Names(d *project.Bronze, file string, header []string) ([]string, error) {
	names := slices.Clone(header)
	seen := map[string]string{}
	for i, name := range names {
		if d.NormaliseNames {
			names[i] = config.NormaliseName(name)
		}
		if slices.ContainsFunc(reserved, func(ours string) bool { return strings.EqualFold(ours, names[i]) }) {
			return nil, diag.Errorf(diag.Partial, "%s: the column %q has a name that lakectl uses itself", file, name).
				WithNext("rename the column in the file, or give the columns names in lakehouse.yaml (header: false, skip_lines: 1, columns: [...])")
		}
		folded := schema.FoldName(names[i])
		if other, ok := seen[folded]; ok {
			return nil, diag.Errorf(diag.Partial, "%s: the columns %q and %q have one name when case is ignored", file, other, name).
				WithNext("rename one of them in the file")
		}
		seen[folded] = name
	}
	for _, name := range d.RequiredColumns {
		if !slices.ContainsFunc(names, func(have string) bool { return strings.EqualFold(have, name) }) {
			return nil, diag.Errorf(diag.Partial, "%s: the column %q is missing, which is required", file, name).
				WithNext("%s", missingColumn(name, names))
		}
	}
	return names, nil
}

// missingColumn says what to do about a file without a column.
func missingColumn(name string, has []string) string {
	next := "upload the file again with it; it has " + strings.Join(has, ", ")
	if hint := diag.Suggest(name, has); hint != "" {
		next += "; " + hint
	}
	return next
}

// union returns known with the names that it does not have, and those. Names
// that differ from a known one in case alone are spelt as it in place.
func union(known, names []string) (all, fresh []string) {
	all = known
	for i, name := range names {
		at := slices.IndexFunc(all, func(other string) bool { return strings.EqualFold(other, name) })
		if at >= 0 {
			names[i] = all[at]
			continue
		}
		all, fresh = append(slices.Clip(all), name), append(fresh, name)
	}
	return all, fresh
}
