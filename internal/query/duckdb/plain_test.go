//go:build cgo

package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// The path of a lake's folder, or of the cache's, is neither a pattern nor a part
// of the data.
func TestOddFolders(t *testing.T) {
	l := sampleLake(t)
	const text = "select (select min(status) || count(*) from bronze.transactions), min(status), count(*), count(distinct transaction_date), min(file_name) " +
		"from silver.transactions, (select min(source_file) as file_name from silver.transactions) where transaction_date > date '2026-10-01'"
	want := mustAsk(t, engineOn(l), sql(text))
	root := t.TempDir()
	for i, name := range []string{"a*b", "status=other", "a'b", "axb", "a b", "a?b", "a[x]b", "a{x,y}b", "transaction_date=2026-01-01", "__x=y%20"} {
		if i >= 10/thin {
			break
		}
		folder := filepath.Join(root, name)
		if err := os.CopyFS(folder, os.DirFS(l.Lake)); err != nil {
			t.Fatal(err)
		}
		e := engineIn(l, folder)
		if got := mustAsk(t, e, sql(text)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if left, err := os.ReadDir(e.o.Temp); err != nil || len(left) > 0 {
			t.Errorf("%s: left: %v, %v", name, left, err)
		}
		e, _ = elsewhere(l, Cache{Folder: filepath.Join(root, "cache", name), Bytes: 1 << 30})
		if got := mustAsk(t, e, sql(text)); !slices.Equal(got, want) {
			t.Errorf("%s, fetched: %v, want %v", name, got, want)
		}
		e, _ = elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
		if e.o.Temp = filepath.Join(root, "temp", name); os.MkdirAll(e.o.Temp, 0o700) != nil {
			t.Fatal(e.o.Temp)
		}
		if got := mustAsk(t, e, sql(text)); !slices.Equal(got, want) {
			t.Errorf("%s for temporary files: %v, want %v", name, got, want)
		}
	}
	e := engineIn(l, filepath.Join(root, "a*b"))
	e.o.Temp = filepath.Join(root, "status=other")
	if _, _, err := ask(context.Background(), e, sql(text)); diag.ClassOf(err) != diag.Usage {
		t.Errorf("both are odd: %v", err)
	}
}

// A link to the lake does not open what else is in it.
func TestLinkIsNoWayIn(t *testing.T) {
	l := sampleLake(t)
	folder := filepath.Join(t.TempDir(), "a=b")
	if err := os.CopyFS(folder, os.DirFS(l.Lake)); err != nil {
		t.Fatal(err)
	}
	e := engineIn(l, folder)
	for _, text := range []string{
		"select count(*) from silver.customers, read_text((select current_setting('temp_directory') || '/lake/_lakectl/log/1.json'))",
		"select count(*) from silver.customers, glob('" + e.o.Temp + "/lakectl-query-link*/lake/*')",
		"select count(*) from silver.customers, read_text('" + e.o.Temp + "/lakectl-query-link*/lake/_lakectl/log/*')",
	} {
		if _, lines, err := ask(context.Background(), e, sql(text)); err == nil {
			t.Errorf("%s: %v", text, lines)
		}
	}
}

// engineIn returns an engine on a copy of a lake.
func engineIn(l *lab.Lab, folder string) *Engine {
	alike := lab.Lab{T: l.T, Lake: folder}
	return engineOn(&alike)
}
