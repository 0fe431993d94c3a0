package duckdbtest

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// duck is a DuckDB in memory.
type duck struct {
	t  testing.TB
	db *sql.DB
}

func open(t testing.TB) duck {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := duck{t, db}
	d.do("SET TimeZone = 'UTC'")
	return d
}

func (d duck) do(query string) {
	d.t.Helper()
	if _, err := d.db.Exec(query); err != nil {
		d.t.Fatalf("%v\n%s", err, query)
	}
}

// rows returns the result of a query as text; nulls are "NULL".
func (d duck) rows(query string) [][]string {
	d.t.Helper()
	result, err := d.db.Query(query)
	if err != nil {
		d.t.Fatalf("%v\n%s", err, query)
	}
	defer result.Close()
	names, err := result.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	var out [][]string
	for result.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			d.t.Fatalf("%v\n%s", err, query)
		}
		row := make([]string, len(names))
		for i, v := range values {
			if row[i] = v.String; !v.Valid {
				row[i] = "NULL"
			}
		}
		out = append(out, row)
	}
	if err := result.Err(); err != nil {
		d.t.Fatalf("%v\n%s", err, query)
	}
	return out
}

// same fails the test unless two queries give the same rows, in any order: as
// many, and none of the one that the other lacks.
func (d duck) same(what, got, want string) {
	d.t.Helper()
	count := func(query string) string { return d.rows("SELECT count(*) FROM (" + query + ")")[0][0] }
	if g, w := count(got), count(want); g != w || w == "0" {
		d.t.Errorf("%s: %s rows, want %s", what, g, w)
	}
	if rows := d.rows(fmt.Sprintf("SELECT COLUMNS(*)::VARCHAR FROM ((%s) EXCEPT ALL (%s)) LIMIT 3", got, want)); len(rows) > 0 {
		d.t.Errorf("%s: rows that are not in the raw files, such as %v", what, rows)
	}
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
func name(column string) string {
	return `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
}

// asText makes a column the text that vec.AppendText makes of it.
func asText(c schema.Column) string {
	switch c.Type.Kind {
	case schema.Timestamp:
		return fmt.Sprintf("strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%%f')", name(c.Name))
	case schema.Binary:
		return fmt.Sprintf("hex(%s)", name(c.Name))
	default:
		return fmt.Sprintf("CAST(%s AS VARCHAR)", name(c.Name))
	}
}

// ourText is the same of our own reading.
func ourText(c schema.Column, a arrow.Array, row int) string {
	switch {
	case a.IsNull(row):
		return "NULL"
	case c.Type.Kind == schema.Timestamp:
		return a.(*array.Timestamp).Value(row).ToTime(arrow.Microsecond).UTC().Format("2006-01-02 15:04:05.000000")
	case c.Type.Kind == schema.Binary:
		return fmt.Sprintf("%X", a.(*array.Binary).Value(row))
	}
	return string(vec.AppendText(nil, a, row))
}

// shortest writes a double as vec.AppendDouble does.
func shortest(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return string(vec.AppendDouble(nil, v))
}

// checkLake has DuckDB read every file of every table.
func checkLake(d duck, l *lab.Lab) {
	d.t.Helper()
	opened := l.Open()
	state, err := opened.State(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, ref := range state.TableRefs() {
		described, err := lake.SchemaOf(state.Tables[ref].Schema)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, f := range state.Files(ref) {
			checkFile(d, l, opened, f, fileColumns(described, f))
		}
		checkTable(d, l, state, ref, described)
	}
}

// fileColumns are the columns of a table that stand in a file and not in its path.
func fileColumns(described schema.Table, f *lake.File) []schema.Column {
	return slices.DeleteFunc(slices.Clone(described.Columns), func(c schema.Column) bool {
		_, inPath := f.Partition[c.Name]
		return inPath
	})
}

// checkFile compares schema, order, counts and values of one file.
func checkFile(d duck, l *lab.Lab, opened *lake.Lake, f *lake.File, columns []schema.Column) {
	d.t.Helper()
	path := quote(filepath.Join(l.Lake, f.Path))
	described := d.rows(fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(%s, hive_partitioning = false))", path))
	var want [][]string
	var texts []string
	nulls := make([]int64, len(columns))
	for _, c := range columns {
		kind := c.Type.DuckDB()
		if c.Type.Kind == schema.Timestamp {
			kind = "TIMESTAMP WITH TIME ZONE"
		}
		want = append(want, []string{c.Name, kind})
		texts = append(texts, asText(c))
	}
	if !slices.EqualFunc(described, want, slices.Equal) {
		d.t.Errorf("%s: DuckDB reads the columns %v, want %v", f.Path, described, want)
		return
	}
	theirs := d.rows(fmt.Sprintf("SELECT %s FROM read_parquet(%s, hive_partitioning = false, file_row_number = true) ORDER BY file_row_number", strings.Join(texts, ", "), path))
	if int64(len(theirs)) != f.Rows {
		d.t.Errorf("%s: DuckDB reads %d rows, the commit says %d", f.Path, len(theirs), f.Rows)
		return
	}
	reader, err := table.Open(d.t.Context(), opened.Bucket(), f.Path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer reader.Close()
	at, wrong := 0, 0
	err = reader.ScanAll(columns, func(cols []arrow.Array, n int) error {
		for i := range n {
			for c, col := range cols {
				ours := ourText(columns[c], col, i)
				if col.IsNull(i) {
					nulls[c]++
				}
				if columns[c].Type.Kind == schema.Double && ours != "NULL" {
					theirs[at][c] = shortest(theirs[at][c])
				}
				if theirs[at][c] != ours && wrong < 3 {
					wrong++
					d.t.Errorf("%s, row %d, %s: DuckDB reads %q, we %q", f.Path, at+1, columns[c].Name, theirs[at][c], ours)
				}
			}
			at++
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	checkStatistics(d, path, f, columns, nulls)
}

// checkStatistics compares the null counts in the footer.
func checkStatistics(d duck, path string, f *lake.File, columns []schema.Column, nulls []int64) {
	d.t.Helper()
	for i, c := range columns {
		stats := d.rows(fmt.Sprintf("SELECT coalesce(sum(stats_null_count), 0)::BIGINT, count(*) = count(stats_null_count) FROM parquet_metadata(%s) WHERE path_in_schema = %s", path, quote(c.Name)))
		if f.Rows > 0 && (stats[0][0] != fmt.Sprint(nulls[i]) || stats[0][1] != "true") {
			d.t.Errorf("%s: the footer says %v nulls of %s, there are %d", f.Path, stats[0], c.Name, nulls[i])
		}
	}
}

// checkTable reads a table as a whole, with the partition columns of its path.
func checkTable(d duck, l *lab.Lab, state *lake.State, ref lake.TableRef, described schema.Table) {
	d.t.Helper()
	files := state.Files(ref)
	if len(files) == 0 {
		return
	}
	var parts, selected []string
	for part := range files[0].Partition {
		parts = append(parts, part)
	}
	slices.Sort(parts)
	want := map[string]int64{}
	total := int64(0)
	for _, f := range files {
		key := ""
		for _, part := range parts {
			if v := f.Partition[part]; v == nil {
				key += "NULL|"
			} else {
				key += *v + "|"
			}
		}
		if total += f.Rows; f.Rows > 0 {
			want[key] += f.Rows
		}
	}
	source := fmt.Sprintf("read_parquet(%s, hive_partitioning = %t%s)", quote(filepath.Join(l.Lake, ref.Dir(), "**", "*.parquet")), len(parts) > 0, hiveTypes(parts, described))
	if got := d.rows("SELECT count(*) FROM " + source)[0][0]; got != fmt.Sprint(total) {
		d.t.Errorf("%s: DuckDB reads %s rows, the lake has %d", ref, got, total)
	}
	if len(parts) == 0 {
		return
	}
	for _, part := range parts {
		selected = append(selected, fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), 'NULL')", name(part)))
	}
	got := map[string]int64{}
	for _, row := range d.rows(fmt.Sprintf("SELECT concat(%s, '|'), count(*) FROM %s GROUP BY ALL", strings.Join(selected, ", '|', "), source)) {
		var n int64
		fmt.Sscan(row[1], &n)
		got[row[0]] = n
	}
	for key, n := range want {
		if got[key] != n {
			d.t.Errorf("%s: partition %q has %d rows for DuckDB, want %d", ref, key, got[key], n)
		}
	}
	if len(got) != len(want) {
		d.t.Errorf("%s: DuckDB sees %d partitions, want %d", ref, len(got), len(want))
	}
}

// hiveTypes says of which types the columns in the path are.
func hiveTypes(parts []string, described schema.Table) string {
	var types []string
	for _, part := range parts {
		kind := "DATE" // ingestion_date of bronze and quarantine
		if i := described.Index(part); i >= 0 {
			kind = described.Columns[i].Type.DuckDB()
		}
		types = append(types, fmt.Sprintf("%s: %s", quote(part), kind))
	}
	if types == nil {
		return ""
	}
	return ", hive_types = {" + strings.Join(types, ", ") + "}"
}
