package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
)

// target is a table of the lake as the catalog should have it.
type target struct {
	ref            lake.TableRef
	database, name string
	location       string // of its folder, with a slash at the end
	columns, keys  []types.Column
	partitions     map[string]partition // by key
	commit         lake.CommitInfo      // the last that changed the table
	warnings       []string
}

// full is the table's name with that of its database.
func (t *target) full() string { return t.database + "." + t.name }

// partition is a folder of a table.
type partition struct {
	values   []string // decoded, in the order of the keys; Hive's word for null
	location string   // encoded as in the path, with a slash at the end
	path     string   // the folders below the table's
}

// key tells the values of a partition from all others.
func key(values []string) string { return strings.Join(values, "\x00") }

// place says where a table of the lake is in the catalog.
func (c *Catalog) place(ref lake.TableRef) (database, name string) {
	if ref.Layer == lake.Quarantine {
		return c.names.Database(lake.Silver), ref.Name + quarantine.Suffix
	}
	return c.names.Database(ref.Layer), ref.Name
}

// targets returns what the catalog should have, and warnings about what it
// cannot. A table whose schema this lakectl cannot read is an error.
func (c *Catalog) targets(s *lake.State) ([]*target, []string, error) {
	var list []*target
	var warnings []string
	taken := map[string]lake.TableRef{}
	for _, ref := range order(s) {
		if s.Tables[ref].Schema == nil {
			continue // no commit has said yet what it is
		}
		t, err := c.target(s, s.Tables[ref])
		if err != nil {
			return nil, nil, err
		}
		if other, ok := taken[t.full()]; ok {
			warnings = append(warnings, fmt.Sprintf("%s is not in the catalog: %s has its name there, %s", ref, other, t.full()))
			continue
		}
		taken[t.full()] = ref
		list, warnings = append(list, t), append(warnings, t.warnings...)
	}
	return list, warnings, nil
}

// order returns the tables of the lake as people think of them: layer by layer,
// quarantine last.
func order(s *lake.State) []lake.TableRef {
	layers := []string{lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine}
	refs := slices.DeleteFunc(s.TableRefs(), func(ref lake.TableRef) bool { return !slices.Contains(layers, ref.Layer) })
	slices.SortStableFunc(refs, func(a, b lake.TableRef) int { return slices.Index(layers, a.Layer) - slices.Index(layers, b.Layer) })
	return refs
}

// target returns what the catalog should have of one table.
func (c *Catalog) target(s *lake.State, table *lake.Table) (*target, error) {
	t := &target{ref: table.Ref, partitions: map[string]partition{}}
	t.database, t.name = c.place(table.Ref)
	t.location = c.root + table.Ref.Dir() + "/"
	if n := table.Sequence; n >= 1 && n <= uint64(len(s.Commits)) {
		t.commit = s.Commits[n-1]
	}
	all, err := lake.SchemaOf(table.Schema)
	if err != nil {
		return nil, diag.Errorf(diag.Unexpected, "the schema of %s cannot be used: %w", table.Ref, err).
			WithNext("use a lakectl that is at least as new as the one that wrote it")
	}
	names, err := c.keys(table)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		typ := schema.T(schema.Date) // ingestion_date of bronze and quarantine is in the path alone
		if at := all.Index(name); at >= 0 {
			typ = all.Columns[at].Type
		}
		t.keys = append(t.keys, column(name, typ))
	}
	t.columns, t.warnings = columns(table.Ref, all.Without(names...))
	return t, t.addPartitions(table.Files())
}

// keys returns the names of the columns by which a table is partitioned: those
// of its folders; of a table without rows, those that the project says, if it
// still has the table.
func (c *Catalog) keys(table *lake.Table) ([]string, error) {
	files := table.Files()
	at := slices.IndexFunc(files, func(f *lake.File) bool { return f.Rows > 0 })
	if names, ok := c.declaredKeys(table.Ref); ok && at < 0 {
		return names, nil
	}
	if len(files) == 0 {
		return nil, nil
	}
	names, _, err := split(table.Ref, files[max(at, 0)].Path)
	return names, err
}

// declaredKeys returns the partition columns that the project gives a table.
func (c *Catalog) declaredKeys(ref lake.TableRef) (names []string, ok bool) {
	switch ref.Layer {
	case lake.Bronze, lake.Quarantine:
		return []string{project.IngestionDate}, true
	case lake.Silver:
		for _, s := range c.project.Silver {
			if s.Name == ref.Name {
				return s.PartitionNames(), true
			}
		}
	case lake.Gold:
		for _, g := range c.project.Gold {
			if g.Name == ref.Name {
				return g.PartitionNames(), true
			}
		}
	}
	return nil, false
}

// split returns the partition of a file: its columns, and its values with Hive's
// word for null.
func split(ref lake.TableRef, path string) (names, values []string, err error) {
	names, texts, err := lake.ParsePartitionPath(folder(ref, path))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, text := range texts {
		value := lake.DefaultPartition
		if text != nil {
			value = *text
		}
		values = append(values, value)
	}
	return names, values, nil
}

// folder returns the folders of a file below its table's.
func folder(ref lake.TableRef, path string) string {
	path = strings.TrimPrefix(path, ref.Dir()+"/")
	return path[:max(strings.LastIndexByte(path, '/'), 0)]
}

// addPartitions adds the partitions that have rows.
func (t *target) addPartitions(files []*lake.File) error {
	rows, literal := map[string]int64{}, map[string]bool{}
	for _, f := range files { // by path: the folder of null comes after that of the text that is the word for it
		path := folder(t.ref, f.Path)
		if rows[path] += f.Rows; len(t.keys) == 0 || f.Rows == 0 {
			continue
		}
		names, values, err := split(t.ref, f.Path)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(names, t.keys, func(name string, k types.Column) bool { return name == *k.Name }) {
			return diag.Errorf(diag.Unexpected, "%s: %s is partitioned by %s, and this file is not", f.Path, t.ref, join(t.keys)).
				WithNext("build the table anew: `lakectl run %s --full-refresh`", t.ref)
		}
		literal[path] = len(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v != lake.DefaultPartition })) !=
			strings.Count(path+"/", "="+lake.DefaultPartition+"/")
		t.partitions[key(values)] = partition{values: values, location: t.location + path + "/", path: path}
	}
	for _, path := range slices.Sorted(maps.Keys(literal)) {
		if literal[path] {
			t.warnings = append(t.warnings, fmt.Sprintf("%s: the text %s of the partition %s means null to Athena", t.ref, lake.DefaultPartition, path))
		}
	}
	return nil
}

// join lists the names of columns.
func join(columns []types.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = *c.Name
	}
	return strings.Join(names, ", ")
}
