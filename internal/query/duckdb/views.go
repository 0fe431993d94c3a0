package duckdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/queries"
)

// relation is a table of the lake as of a commit.
type relation struct {
	ref        lake.TableRef
	columns    []schema.Column // those in the paths of files, too
	partitions []schema.Column // of them, those in the paths
	files      []*lake.File
	// varied says that files may have fewer columns than the table: those of
	// bronze and quarantine have what was known when they were written.
	varied bool
}

// relationOf returns a table of the lake.
func relationOf(t *lake.Table) (*relation, error) {
	all, inPaths, err := table.Columns(t)
	return &relation{ref: t.Ref, columns: all, partitions: inPaths, files: t.Files(),
		varied: t.Ref.Layer == lake.Bronze || t.Ref.Layer == lake.Quarantine}, err
}

// asksForTables finds statements about the tables that there are.
var asksForTables = regexp.MustCompile(`(?i)^\s*(explain\s+)?(show|describe|summarize)\b|information_schema|duckdb_[a-z]+|pg_catalog`)

// mentioned returns the tables of the lake that a statement mentions, whose rows it
// may read; and the others if it asks what there is, of which it reads no rows.
func mentioned(state *lake.State, sql string) (read, others []lake.TableRef) {
	mentions := queries.Query{SQL: sql}.Mentions()
	for _, ref := range state.TableRefs() {
		named := func(name string) bool {
			return strings.EqualFold(name, ref.String()) || strings.EqualFold(name, alias(ref))
		}
		switch {
		case slices.ContainsFunc(mentions, named):
			read = append(read, ref)
		case asksForTables.MatchString(sql):
			others = append(others, ref)
		}
	}
	return read, others
}

// alias returns the other name of a quarantine, empty for other tables: the Glue
// catalog, which has no database of the kind, knows it among the tables of silver.
func alias(ref lake.TableRef) string {
	if ref.Layer != lake.Quarantine {
		return ""
	}
	return lake.Silver + "." + ref.Name + quarantine.Suffix
}

// bytes is how much the files of a relation have.
func (r *relation) bytes() (total int64) {
	for _, f := range r.files {
		total += f.Bytes
	}
	return total
}

// name returns the relation's name in SQL.
func (r *relation) name() string { return identifier(r.ref.Layer) + "." + identifier(r.ref.Name) }

// view returns the statement that makes the view of a relation, given the paths
// of its files on this machine and the columns that they have: nil if they have
// all.
func (r *relation) view(paths []string, have []string) string {
	items := make([]string, len(r.columns))
	for i, c := range r.columns {
		items[i] = identifier(c.Name)
		switch {
		case len(paths) == 0 || have != nil && !slices.Contains(have, c.Name):
			items[i] = "cast(null as " + c.Type.DuckDB() + ") as " + items[i]
		case c.Type.Kind == schema.Timestamp: // DuckDB sees one with a time zone
			items[i] = "cast(" + items[i] + " as timestamp) as " + items[i]
		default:
			if named := r.saysNull(c, paths); named != "" {
				items[i] = "case " + named + " else " + items[i] + " end as " + items[i]
			}
		}
	}
	from := ""
	if len(paths) == 0 {
		from = " where false"
	} else {
		from = " from " + r.reader(paths)
	}
	return "create view " + r.name() + " as select " + strings.Join(items, ", ") + from + r.aliasView()
}

// pathColumnName is that of the path of a file, where a view needs it.
const pathColumnName = "path of the file"

// saysNull returns the cases of an expression for the files whose partition is the
// text null, in any case of letters: DuckDB takes it for the absence of a value.
// It is empty if there is no such file.
func (r *relation) saysNull(c schema.Column, paths []string) string {
	var b strings.Builder
	for i, f := range r.files {
		if value := f.Partition[c.Name]; value != nil && c.Type.Kind == schema.String && strings.EqualFold(*value, "null") && i < len(paths) {
			fmt.Fprintf(&b, " when %s = %s then %s", identifier(pathColumnName), literal(paths[i]), literal(*value))
		}
	}
	return strings.TrimSpace(b.String())
}

// aliasView returns the statement that makes the view of the other name, to go
// behind the one that makes the first. A table of silver comes first.
func (r *relation) aliasView() string {
	layer, name, ok := strings.Cut(alias(r.ref), ".")
	if !ok {
		return ""
	}
	return "; create view if not exists " + layer + "." + identifier(name) + " as from " + r.name()
}

// reader returns the table function that reads the files.
func (r *relation) reader(paths []string) string {
	var b strings.Builder
	b.WriteString("read_parquet([")
	for i, path := range paths {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(literal(path))
	}
	fmt.Fprintf(&b, "], union_by_name = %v, hive_partitioning = %v", r.varied, len(r.partitions) > 0)
	if len(r.partitions) > 0 {
		types := make([]string, len(r.partitions))
		for i, c := range r.partitions {
			types[i] = literal(c.Name) + ": " + c.Type.DuckDB()
		}
		b.WriteString(", hive_types = {" + strings.Join(types, ", ") + "}")
	}
	if slices.ContainsFunc(r.partitions, func(c schema.Column) bool { return r.saysNull(c, paths) != "" }) {
		b.WriteString(", filename = " + literal(pathColumnName))
	}
	b.WriteString(")")
	return b.String()
}

// identifier returns a name as SQL quotes it.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal returns a text as SQL quotes it.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
