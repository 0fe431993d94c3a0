//go:build cgo

package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

// prune leaves those files of the statement's tables that it needs. Which these
// are is what DuckDB's optimizer says of each table: its plan names the
// conditions on partitions with which files are left out. The plan is made of
// empty files, for the true ones are not here yet; then DuckDB applies the
// conditions to the partitions that there are. What is not understood of a plan
// leaves all files.
func (r *result) prune(ctx context.Context, sql string, values []string) error {
	for _, rel := range r.relations {
		if len(rel.partitions) == 0 || len(rel.files) < 2 {
			continue
		}
		scans, err := r.scans(ctx, rel, sql, values)
		if err != nil {
			return err
		}
		needed := map[string]bool{}
		for _, condition := range scans {
			if condition == "" {
				needed = nil
				break
			}
			paths, err := r.matching(ctx, rel, condition)
			if err != nil {
				return err
			}
			for _, path := range paths {
				needed[path] = true
			}
		}
		if needed != nil {
			rel.files = slices.DeleteFunc(slices.Clone(rel.files), func(f *lake.File) bool { return !needed[f.Path] })
		}
	}
	return nil
}

// scans returns for each scan of a table in the plan of the statement the
// condition on its partitions, empty if there is none.
func (r *result) scans(ctx context.Context, rel *relation, sql string, values []string) ([]string, error) {
	if misread(r.temp) {
		return []string{""}, nil
	}
	folder, err := os.MkdirTemp(r.temp, "plan")
	if err != nil {
		return nil, noRoom(err)
	}
	defer os.RemoveAll(folder)
	db, err := r.engine.database(r.temp, sql)
	if err != nil {
		return nil, err
	}
	defer db.close()
	// What is known of the values in empty tables must not shape the plan.
	if err := db.exec("set disabled_optimizers = 'statistics_propagation'"); err != nil {
		return nil, err
	}
	for _, other := range r.relations {
		if other == rel {
			err = plan(db, rel, folder)
		} else {
			err = db.exec("create table " + other.name() + " (" + other.definition(other.columns) + ")" + other.aliasView())
		}
		if err != nil {
			return nil, err
		}
	}
	if err := db.lock(nil); err != nil { // the empty files are in the folder for temporary ones
		return nil, err
	}
	p, err := db.prepare(ctx, sql) // whose errors tell places of the statement itself
	if err != nil {
		return nil, err
	}
	p.close()
	text, err := rows(ctx, db, "explain (format json) "+explains.ReplaceAllString(sql, ""), values, 1)
	if err != nil || len(text) == 0 {
		return []string{""}, err
	}
	return conditions(text[0]), nil
}

// explains finds the beginning of a statement that asks for the plan of another.
var explains = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|/\*.*?\*/)*explain(\s+analyze\b)?(\s*\([^)]*\))?\s`)

// definition returns columns as a table has them.
func (r *relation) definition(columns []schema.Column) string {
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = identifier(c.Name) + " " + c.Type.DuckDB()
	}
	return strings.Join(items, ", ")
}

// plan makes the view of a table over empty files in a folder, where their paths
// have the partitions of the true ones.
func plan(db *database, rel *relation, folder string) error {
	var inFiles []string
	for _, c := range rel.columns {
		if !slices.Contains(rel.partitions, c) {
			inFiles = append(inFiles, "cast(null as "+c.Type.DuckDB()+") as "+identifier(c.Name))
		}
	}
	empty := filepath.Join(folder, "empty.parquet")
	if err := db.exec("copy (select " + strings.Join(inFiles, ", ") + " limit 0) to " + literal(empty) + " (format parquet)"); err != nil {
		return err
	}
	paths := make([]string, len(rel.files))
	for i, f := range rel.files {
		paths[i] = filepath.Join(folder, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(paths[i]), 0o700); err != nil {
			return noRoom(err)
		}
		if err := os.Link(empty, paths[i]); err != nil {
			return noRoom(err)
		}
	}
	alike := *rel
	alike.varied = false // all are the one empty file
	return db.exec(alike.view(paths, nil))
}

// operator is one of a plan of DuckDB.
type operator struct {
	Name     string     `json:"name"`
	Children []operator `json:"children"`
	Extra    struct {
		Conditions json.RawMessage `json:"File Filters"`
	} `json:"extra_info"`
}

// conditions returns those on files of all scans in a plan. One scan without is
// enough for all files to be needed, and so is a plan that is not understood.
func conditions(plan string) []string {
	var roots []operator
	if err := json.Unmarshal([]byte(plan), &roots); err != nil {
		return []string{""}
	}
	var list []string
	var walk func(operators []operator)
	walk = func(operators []operator) {
		for _, o := range operators {
			if strings.TrimSpace(o.Name) == "READ_PARQUET" {
				var condition string
				if json.Unmarshal(o.Extra.Conditions, &condition) != nil {
					condition = ""
				}
				list = append(list, condition)
			}
			walk(o.Children)
		}
	}
	walk(roots)
	return list
}

// pathColumn is that of a file, beside its partitions.
func pathColumn() schema.Column {
	return schema.Column{Name: pathColumnName, Type: schema.T(schema.String)}
}

// matching returns the files of a table whose partitions meet a condition: all,
// if DuckDB does not understand what it said itself.
func (r *result) matching(ctx context.Context, rel *relation, condition string) ([]string, error) {
	db, err := r.engine.database(r.temp, condition)
	if err != nil {
		return nil, err
	}
	defer db.close()
	if err := db.exec("create table files (" + rel.definition(append(slices.Clone(rel.partitions), pathColumn())) + ")"); err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("insert into files values ")
	for i, f := range rel.files {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for _, c := range rel.partitions {
			if value := f.Partition[c.Name]; value == nil {
				b.WriteString("null, ")
			} else {
				fmt.Fprintf(&b, "%s, ", literal(*value))
			}
		}
		b.WriteString(literal(f.Path) + ")")
	}
	if err := db.exec(b.String()); err != nil {
		return nil, err
	}
	if err := db.lock(nil); err != nil {
		return nil, err
	}
	paths, err := rows(ctx, db, "select "+identifier(pathColumn().Name)+" from files where "+condition, nil, 0)
	if err != nil && ctx.Err() == nil {
		return rel.paths(), nil
	}
	return paths, err
}

func (r *relation) paths() []string {
	paths := make([]string, len(r.files))
	for i, f := range r.files {
		paths[i] = f.Path
	}
	return paths
}

// rows runs a statement and returns a column of texts.
func rows(ctx context.Context, db *database, sql string, values []string, at int) ([]string, error) {
	p, err := db.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.bind(values); err != nil {
		return nil, err
	}
	s, err := db.stream(ctx, p)
	if err != nil {
		return nil, err
	}
	defer s.close()
	table := arrowSchema(p.columns)
	var texts []string
	for {
		c, err := s.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return texts, nil
			}
			return nil, err
		}
		record, err := c.record(table, p.columns)
		c.free()
		if err != nil {
			return nil, err
		}
		column := record.Column(at).(*array.String)
		for i := range column.Len() {
			texts = append(texts, strings.Clone(column.Value(i)))
		}
		record.Release()
	}
}
