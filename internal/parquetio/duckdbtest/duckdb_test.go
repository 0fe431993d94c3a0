package duckdbtest

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
)

// column is a column of the test file: its type and its value in row i, as an
// SQL literal and as the builder takes it.
type column struct {
	schema.Column
	duckdb string
	value  func(i int) (literal string, v any)
}

// rows of the test file; groupRows of each row group but the last.
const (
	rows      = 3000
	groupRows = 1200
)

func decimalColumn(name string, p, s int, unscaled func(i int) decimal128.Num) column {
	typ := schema.DecimalOf(p, s)
	return column{schema.Column{Name: name, Type: typ, Nullable: true}, typ.DuckDB(), func(i int) (string, any) {
		v := unscaled(i)
		return fmt.Sprintf("'%s'::%s", v.ToString(int32(s)), typ.DuckDB()), v
	}}
}

func small(i int) decimal128.Num { return decimal128.FromI64(int64(i*7919%20000 - 10000)) }

// large has values beyond 64 bits on both sides of zero.
func large(i int) decimal128.Num {
	v := decimal128.New(int64(i%17-8)<<40, uint64(i)*0x9e3779b97f4a7c15)
	return v
}

// columns are in no alphabetical order, to see that the order stays.
func columns() []column {
	text := func(name, format string, nullable bool, of func(i int) int) column {
		return column{schema.Column{Name: name, Type: schema.T(schema.String), Nullable: nullable}, "VARCHAR", func(i int) (string, any) {
			v := fmt.Sprintf(format, of(i))
			return "'" + v + "'", v
		}}
	}
	long := strings.Repeat("日本x", 30)
	return []column{
		text("name", "n%06d", false, func(i int) int { return i * 7919 % rows }),
		text("city", "city %d", true, func(i int) int { return i * i % 13 }),
		text("long", long+"%05d"+long, true, func(i int) int { return i % 700 }),
		text("longest", strings.Repeat("\U0010ffff", 20)+"%d", true, func(i int) int { return i }),
		{schema.Column{Name: "b", Type: schema.T(schema.Boolean), Nullable: true}, "BOOLEAN", func(i int) (string, any) { return fmt.Sprint(i/900%2 == 0), i/900%2 == 0 }},
		{schema.Column{Name: "i", Type: schema.T(schema.Integer)}, "INTEGER", func(i int) (string, any) {
			v := int32(i*7919%rows-rows/2) * 500_000
			return fmt.Sprint(v), v
		}},
		{schema.Column{Name: "a", Type: schema.T(schema.Bigint), Nullable: true}, "BIGINT", func(i int) (string, any) {
			v := int64(i%100-50) << 56
			return fmt.Sprint(v), v
		}},
		{schema.Column{Name: "d", Type: schema.T(schema.Double), Nullable: true}, "DOUBLE", func(i int) (string, any) {
			v := float64(i%2000-1000) / 8
			return fmt.Sprintf("%g::DOUBLE", v), v
		}},
		{schema.Column{Name: "nan", Type: schema.T(schema.Double), Nullable: true}, "DOUBLE", func(i int) (string, any) {
			if i == 7 || i == 2700 {
				return "'NaN'::DOUBLE", math.NaN()
			}
			return fmt.Sprintf("%d::DOUBLE", i%5), float64(i % 5)
		}},
		decimalColumn("d5", 5, 2, small),
		decimalColumn("d18", 18, 4, small),
		decimalColumn("d19", 19, 2, small),
		decimalColumn("d38", 38, 10, large),
		{schema.Column{Name: "day", Type: schema.T(schema.Date), Nullable: true}, "DATE", func(i int) (string, any) {
			v := i%400 - 200
			return fmt.Sprintf("('1970-01-01'::DATE + %d)", v), arrow.Date32(v)
		}},
		{schema.Column{Name: "ts", Type: schema.T(schema.Timestamp), Nullable: true}, "TIMESTAMP WITH TIME ZONE", func(i int) (string, any) {
			v := int64(i*7919%rows-rows/2) * 86_400_000_001
			return fmt.Sprintf("to_timestamp(0) + to_microseconds(%d)", v), arrow.Timestamp(v)
		}},
		{schema.Column{Name: "raw", Type: schema.T(schema.Binary), Nullable: true}, "BLOB", func(i int) (string, any) {
			v := []byte(fmt.Sprintf("\xff\x00%d", i%50))
			return fmt.Sprintf(`'\xFF\x00%d'::BLOB`, i%50), v
		}},
	}
}

func isNull(c column, row int) bool { return c.Nullable && row%11 == 3 }

// writeFile writes all rows, in small pages so that values lie in their middle.
func writeFile(t *testing.T, cols []column, codec parquetio.Codec) string {
	t.Helper()
	var table schema.Table
	var bloom []string
	for _, c := range cols {
		table.Columns = append(table.Columns, c.Column)
		if c.Type.Kind != schema.Boolean && c.Type.Kind != schema.Binary {
			bloom = append(bloom, c.Name)
		}
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquetio.NewWriter(out, table, parquetio.WriterOptions{Codec: codec, PageRows: 250, RowGroupRows: groupRows, Bloom: bloom})
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < rows; from += 1000 {
		if err := w.Write(batch(table, cols, from, from+1000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func batch(table schema.Table, cols []column, from, to int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
	for k, c := range cols {
		for i := from; i < to; i++ {
			if isNull(c, i) {
				b.Field(k).AppendNull()
				continue
			}
			_, v := c.value(i)
			switch f := b.Field(k).(type) {
			case *array.StringBuilder:
				f.Append(v.(string))
			case *array.BinaryBuilder:
				f.Append(v.([]byte))
			case *array.BooleanBuilder:
				f.Append(v.(bool))
			case *array.Int32Builder:
				f.Append(v.(int32))
			case *array.Int64Builder:
				f.Append(v.(int64))
			case *array.Float64Builder:
				f.Append(v.(float64))
			case *array.Decimal128Builder:
				f.Append(v.(decimal128.Num))
			case *array.Date32Builder:
				f.Append(v.(arrow.Date32))
			case *array.TimestampBuilder:
				f.Append(v.(arrow.Timestamp))
			}
		}
	}
	return b.NewRecord()
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("SET TimeZone='UTC'; SET threads=1"); err != nil {
		t.Fatal(err)
	}
	return db
}

// texts returns a query's result as text, a line for each row.
func texts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		cells, refs := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			refs[i] = &cells[i]
		}
		if err := rows.Scan(refs...); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.TrimSuffix(fmt.Sprintln(cells...), "\n"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

func TestDuckDBReadsWhatWasWritten(t *testing.T) {
	db, cols := open(t), columns()
	path := writeFile(t, cols, parquetio.Snappy)
	described := texts(t, db, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '"+path+"')")
	for i, c := range cols {
		if want := c.Name + " " + c.duckdb; described[i] != want {
			t.Errorf("column %d is %q, want %q", i, described[i], want)
		}
		differences(t, db, path, c)
	}
	for _, codec := range []parquetio.Codec{parquetio.Zstd, parquetio.Uncompressed} {
		other := writeFile(t, cols, codec)
		query := fmt.Sprintf(`SELECT count(*), count(*) FILTER (one IS DISTINCT FROM two) FROM '%s' one POSITIONAL JOIN '%s' two`, path, other)
		if got, want := texts(t, db, query)[0], fmt.Sprintf("%d 0", rows); got != want {
			t.Errorf("%s: rows and differences are %s, want %s", codec, got, want)
		}
	}
}

// differences compares all rows of a column with a table built from literals.
func differences(t *testing.T, db *sql.DB, path string, c column) {
	t.Helper()
	var literals strings.Builder
	for i := range rows {
		if i > 0 {
			literals.WriteString(",")
		}
		literal := "NULL"
		if !isNull(c, i) {
			literal, _ = c.value(i)
		}
		fmt.Fprintf(&literals, "(%d,%s)", i, literal)
	}
	query := fmt.Sprintf(`SELECT count(*), count(*) FILTER (f.v IS DISTINCT FROM w.v) FROM
		(SELECT file_row_number AS i, "%s" AS v FROM read_parquet('%s', file_row_number=true)) f
		JOIN (VALUES %s) w(i, v) ON f.i = w.i`, c.Name, path, literals.String())
	if got, want := texts(t, db, query)[0], fmt.Sprintf("%d 0", rows); got != want {
		t.Errorf("%s: rows and differences are %s, want %s", c.Name, got, want)
	}
}

// TestDuckDBFindsEveryValue filters by each value, so that statistics, bloom
// filters and dictionaries decide what is read.
func TestDuckDBFindsEveryValue(t *testing.T) {
	db, cols := open(t), columns()
	path := writeFile(t, cols, parquetio.Snappy)
	for _, c := range cols {
		counts := map[string]int{}
		nulls := 0
		for i := range rows {
			if isNull(c, i) {
				nulls++
				continue
			}
			literal, _ := c.value(i)
			counts[literal]++
		}
		if got := texts(t, db, fmt.Sprintf(`SELECT count(*) FROM '%s' WHERE "%s" IS NULL`, path, c.Name))[0]; got != fmt.Sprint(nulls) {
			t.Errorf("%s: %s nulls, want %d", c.Name, got, nulls)
		}
		for i := range rows {
			literal, _ := c.value(i)
			want, ok := counts[literal]
			if !ok || i%17 != 0 && len(counts) > 100 {
				continue
			}
			counts[literal] = 0 // asked once
			if want == 0 {
				continue
			}
			for _, condition := range []string{"= " + literal, "BETWEEN " + literal + " AND " + literal} {
				query := fmt.Sprintf(`SELECT count(*) FROM '%s' WHERE "%s" %s`, path, c.Name, condition)
				if got := texts(t, db, query)[0]; got != fmt.Sprint(want) {
					t.Fatalf("%s: %s rows, want %d", query, got, want)
				}
			}
		}
	}
}

// TestDuckDBComparesWithNaN: NaN is greater than every number.
func TestDuckDBComparesWithNaN(t *testing.T) {
	db := open(t)
	path := writeFile(t, columns(), parquetio.Snappy)
	if got := texts(t, db, "SELECT count(*) FROM '"+path+"' WHERE nan > 1000"); got[0] != "2" {
		t.Errorf("%s rows above 1000, want the 2 NaN", got[0])
	}
}

func TestDuckDBSeesStatistics(t *testing.T) {
	db, cols := open(t), columns()
	path := writeFile(t, cols, parquetio.Snappy)
	for _, c := range cols {
		query := fmt.Sprintf(`SELECT count(*), sum(stats_null_count), count(stats_min_value), count(bloom_filter_offset), sum(num_values),
			bool_and(stats_min_value::%[3]s <= m.lo AND stats_max_value::%[3]s >= m.hi)
			FROM parquet_metadata('%[1]s'), (SELECT min("%[2]s") lo, max("%[2]s") hi FROM '%[1]s' WHERE false) m WHERE path_in_schema = '%[2]s'`, path, c.Name, c.duckdb)
		if c.duckdb == "BLOB" {
			query = strings.ReplaceAll(query, "stats_min_value::BLOB", "NULL::BLOB")
			query = strings.ReplaceAll(query, "stats_max_value::BLOB", "NULL::BLOB")
		}
		nulls := 0
		for i := range rows {
			if isNull(c, i) {
				nulls++
			}
		}
		bounds, blooms := 3, 3
		switch c.Name {
		case "nan":
			bounds = 1 // no NaN in the second row group
		case "longest":
			bounds = 0 // nothing of 64 bytes is greater
		}
		if c.duckdb == "BOOLEAN" || c.duckdb == "BLOB" {
			blooms = 0
		}
		if got, want := texts(t, db, query)[0], fmt.Sprintf("3 %d %d %d %d <nil>", nulls, bounds, blooms, rows); got != want {
			t.Errorf("%s: row groups, nulls, bounds, blooms, values: %s, want %s", c.Name, got, want)
		}
	}
}

// TestDuckDBBoundsAreExact compares the bounds of each row group with its rows.
func TestDuckDBBoundsAreExact(t *testing.T) {
	db, cols := open(t), columns()
	path := writeFile(t, cols, parquetio.Snappy)
	for _, c := range cols {
		switch c.Name {
		case "nan", "longest", "long", "raw":
			continue // cut or without bounds; raw is printed with escapes
		}
		query := fmt.Sprintf(`SELECT count(*) FROM parquet_metadata('%[1]s') m JOIN
			(SELECT file_row_number // %[4]d AS g, min("%[2]s") AS lo, max("%[2]s") AS hi FROM read_parquet('%[1]s', file_row_number=true) GROUP BY 1) r
			ON m.row_group_id = r.g WHERE path_in_schema = '%[2]s' AND stats_min_value::%[3]s = lo AND stats_max_value::%[3]s = hi`, path, c.Name, c.duckdb, groupRows)
		if got := texts(t, db, query)[0]; got != "3" {
			t.Errorf("%s: %s of 3 row groups have exact bounds", c.Name, got)
		}
	}
}

func TestDuckDBReadsAFileWithoutRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquetio.NewWriter(out, schema.Table{Columns: []schema.Column{{Name: "c", Type: schema.DecimalOf(20, 2)}}}, parquetio.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, open(t), "SELECT count(*), max(typeof(c)) FROM '"+path+"'"); got[0] != "0 <nil>" {
		t.Errorf("got %s", got)
	}
}
