package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

//go:embed sql/*.sql
var scripts embed.FS

// script is what the SQL is filled in with.
type script struct {
	Lake, Temp              string
	Now, Today, Run         string
	Transactions, Customers string // the raw files, quoted
	Partitioned             bool
	Threads                 int
	Sales                   []sales
}

// sales is a gold table of sales by time.
type sales struct{ Table, Name, Expr string }

func newScript(s *settings) (*script, error) {
	p := &script{Lake: s.lake(duckdbSide), Temp: filepath.Join(s.Dir, "duckdb-temp"), Now: s.now().Format(time.DateTime),
		Today: s.now().Format(time.DateOnly), Run: "duckdb", Partitioned: !s.Unpartition, Threads: s.Threads}
	p.Sales = []sales{
		{"daily_sales", "transaction_date", "transaction_date"},
		{"weekly_sales", "week_start", "date_trunc('week', transaction_date)::DATE"},
		{"monthly_sales", "month_start", "date_trunc('month', transaction_date)::DATE"},
	}
	var err error
	if p.Transactions, err = quoted(s.rawDir(), "transactions_*.csv"); err != nil {
		return nil, err
	}
	p.Customers, err = quoted(s.rawDir(), "customers_*.csv")
	return p, err
}

// quoted lists files by their names in a folder, as lakectl names sources.
func quoted(dir, pattern string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return "", err
	}
	for i, f := range files {
		files[i] = "'" + filepath.Base(f) + "'"
	}
	return strings.Join(files, ", "), nil
}

// statements fills in a script and cuts it up.
func (p *script) statements(name string) ([]string, error) {
	t, err := template.ParseFS(scripts, "sql/"+name+".sql")
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := t.Execute(&text, p); err != nil {
		return nil, err
	}
	list := strings.Split(text.String(), ";\n")
	return list[:len(list)-1], nil
}

// run executes a script.
func (p *script) run(ctx context.Context, db *sql.DB, name string) error {
	list, err := p.statements(name)
	if err != nil {
		return err
	}
	for _, statement := range list {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s.sql: %w in %s", name, err, statement)
		}
	}
	return nil
}

// openDuckDB returns a database in memory, with the settings.
func openDuckDB(ctx context.Context, p *script) (*sql.DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // temporary tables and views belong to a connection
	if err := p.run(ctx, db, "settings"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// runDuckDB does the job of the sample project in SQL, in this process, and
// says what its stages took.
func runDuckDB(ctx context.Context, s *settings) (map[string]cost, error) {
	p, err := newScript(s)
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(s.rawDir()); err != nil {
		return nil, err
	}
	for _, table := range tables() {
		if err := os.MkdirAll(filepath.Join(p.Lake, p.folder(table)), 0o755); err != nil {
			return nil, err
		}
	}
	db, err := openDuckDB(ctx, p)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return p.stages(ctx, db)
}

// stages runs the layers, and measures them.
func (p *script) stages(ctx context.Context, db *sql.DB) (map[string]cost, error) {
	m := new(meter)
	for _, stage := range []string{bronzeStage, silverStage, goldStage} {
		if err := m.begin(); err != nil {
			return nil, err
		}
		if err := p.run(ctx, db, stage); err != nil {
			return nil, err
		}
		if err := m.end(stage); err != nil {
			return nil, err
		}
	}
	return m.stages, nil
}

// folder is where the SQL writes a table: it makes no folders but partitions.
func (p *script) folder(table string) string {
	layer, _, _ := strings.Cut(table, "/")
	if layer == bronzeStage || layer == "quarantine" {
		return table + "/ingestion_date=" + p.Today
	}
	return table
}
