package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// tables are those that both sides make, by their folders.
func tables() []string {
	return append([]string{"bronze/customers", "bronze/transactions", "quarantine/customers", "quarantine/transactions",
		"silver/customers", "silver/transactions", "gold/latest_snapshot"}, smallTables()...)
}

// smallTables are compared row by row.
func smallTables() []string {
	return []string{"gold/daily_sales", "gold/weekly_sales", "gold/monthly_sales", "gold/customer_analytics"}
}

// leftOut are columns that are not compared. DuckDB's side does not have numbers
// of records, which it would pay dearly for, nor what only a lake of lakectl's
// needs. Two lakes of lakectl's differ in the names of their runs.
func (s *settings) leftOut() []string {
	if s.Against == sparkSide {
		return []string{"run_id"}
	}
	return []string{"source_row", "source_line", "source_offset", "raw_record", "stage", "run_id"}
}

// reasonsOf makes reasons comparable: for DuckDB's, the names of checks, in order.
func (s *settings) reasonsOf(side string) string {
	if s.Against == sparkSide {
		return "reasons"
	}
	if side == lakectlSide {
		return `list_sort(list_transform(from_json(reasons, '[{"check":"VARCHAR"}]'), lambda r: r."check"))`
	}
	return "list_sort(reasons)"
}

// column is one of a table, as DuckDB reads it.
type column struct{ Name, Type string }

// The types of times: lakectl's are marked as UTC in the file, those of DuckDB's
// side, which are cheaper to make of text, are UTC without being marked.
const (
	instant  = "TIMESTAMP WITH TIME ZONE"
	dateTime = "TIMESTAMP"
)

// expr is the column's value, made comparable.
func (c column) expr() string {
	if c.Type == dateTime {
		return `"` + c.Name + `"::TIMESTAMP`
	}
	return `"` + c.Name + `"`
}

// comparison reads both lakes.
type comparison struct {
	db       *sql.DB
	settings *settings
}

// compare returns the differences between the lakes, one a line.
func compare(ctx context.Context, s *settings) ([]string, error) {
	p, err := newScript(s)
	if err != nil {
		return nil, err
	}
	db, err := openDuckDB(ctx, p)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "SET TimeZone = 'UTC'"); err != nil {
		return nil, err
	}
	c := comparison{db, s}
	differences := []string{}
	for _, table := range tables() {
		found, err := c.table(ctx, table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", table, err)
		}
		for _, d := range found {
			differences = append(differences, table+": "+d)
		}
	}
	return differences, nil
}

// table compares a table.
func (c comparison) table(ctx context.Context, table string) ([]string, error) {
	var columns [2][]column
	for i, side := range c.settings.sides() {
		var err error
		if columns[i], err = c.columns(ctx, c.from(table, side)); err != nil {
			return nil, err
		}
	}
	if d := differentColumns(c.settings.sides(), columns); len(d) > 0 {
		return d, nil
	}
	var sums [2][]string
	for i, side := range c.settings.sides() {
		var err error
		if sums[i], err = c.sums(ctx, c.from(table, side), columns[0]); err != nil {
			return nil, err
		}
	}
	found := differentSums(c.settings.sides(), columns[0], sums)
	if !slices.Contains(smallTables(), table) {
		return found, nil
	}
	rows, err := c.rows(ctx, table, columns[0])
	return append(found, rows...), err
}

// from is a FROM clause that reads a table of a side, with what both have.
func (c comparison) from(table, side string) string {
	files := fmt.Sprintf("read_parquet('%s/%s/**/*.parquet', hive_partitioning = true)",
		c.settings.lake(side), table)
	without := make([]string, 0, len(c.settings.leftOut()))
	for _, name := range c.settings.leftOut() {
		without = append(without, "'"+name+"'")
	}
	kept := fmt.Sprintf("SELECT columns(name -> name NOT IN (%s)) FROM %s", strings.Join(without, ", "), files)
	if strings.HasPrefix(table, "quarantine/") {
		kept = fmt.Sprintf("SELECT * REPLACE (%s AS reasons) FROM (%s)", c.settings.reasonsOf(side), kept)
	}
	return "(" + kept + ")"
}

// columns returns the columns by name: where a partition column stands is a
// matter of the reader.
func (c comparison) columns(ctx context.Context, from string) ([]column, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE FROM "+from+") ORDER BY 1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []column
	for rows.Next() {
		var col column
		if err := rows.Scan(&col.Name, &col.Type); err != nil {
			return nil, err
		}
		if col.Type == instant {
			col.Type = dateTime
		}
		columns = append(columns, col)
	}
	return columns, rows.Err()
}

// sums returns the number of rows, a sum of hashes of whole rows, and for every
// column the number of its values and a sum of their hashes. None depends on
// the order of rows.
func (c comparison) sums(ctx context.Context, from string, columns []column) ([]string, error) {
	names := exprs(columns)
	list := []string{"count(*)", "sum(hash(" + strings.Join(names, ", ") + "))"}
	for _, name := range names {
		list = append(list, "count("+name+") || ' values, sum of hashes ' || coalesce(sum(hash("+name+")), 0)")
	}
	values, targets := make([]string, len(list)), make([]any, len(list))
	for i := range list {
		list[i] = "coalesce((" + list[i] + ")::VARCHAR, '')"
		targets[i] = &values[i]
	}
	return values, c.db.QueryRowContext(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+from).Scan(targets...)
}

// rows returns the first rows that one side has and the other has not.
func (c comparison) rows(ctx context.Context, table string, columns []column) ([]string, error) {
	row := "{" + strings.Join(fields(columns), ", ") + "} AS r"
	var found []string
	for _, sides := range [][2]string{{lakectlSide, c.settings.Against}, {c.settings.Against, lakectlSide}} {
		query := fmt.Sprintf("SELECT r::VARCHAR FROM (SELECT %s FROM %s EXCEPT ALL SELECT %s FROM %s) ORDER BY 1 LIMIT 3",
			row, c.from(table, sides[0]), row, c.from(table, sides[1]))
		more, err := c.texts(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, row := range more {
			found = append(found, fmt.Sprintf("only %s has %s", sides[0], row))
		}
	}
	return found, nil
}

func exprs(columns []column) []string {
	list := make([]string, len(columns))
	for i, col := range columns {
		list[i] = col.expr()
	}
	return list
}

// fields are the columns as those of a struct.
func fields(columns []column) []string {
	list := exprs(columns)
	for i, col := range columns {
		list[i] = `"` + col.Name + `": ` + list[i]
	}
	return list
}

func (c comparison) texts(ctx context.Context, query string) ([]string, error) {
	rows, err := c.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// differentColumns says which columns only one side has, or as another type.
func differentColumns(sides [2]string, columns [2][]column) []string {
	var found []string
	for i, name := range sides {
		for _, col := range columns[i] {
			if !slices.Contains(columns[1-i], col) {
				found = append(found, fmt.Sprintf("only %s has the column %s %s", name, col.Name, col.Type))
			}
		}
	}
	return found
}

// differentSums says which of what comparison.sums returned differs.
func differentSums(sides [2]string, columns []column, sums [2][]string) []string {
	var found []string
	what := []string{"rows", "sum of hashes of rows"}
	for _, c := range columns {
		what = append(what, "column "+c.Name)
	}
	for i, a := range sums[0] {
		if b := sums[1][i]; a != b {
			found = append(found, fmt.Sprintf("%s: %s has %s; %s has %s", what[i], sides[0], a, sides[1], b))
		}
	}
	return found
}
