//go:build cgo

package duckdb

import (
	"context"
	"testing"
)

// BenchmarkStatement is what every statement takes, whatever it asks.
func BenchmarkStatement(b *testing.B) {
	e := emptyLake(b, Options{})
	for b.Loop() {
		if _, _, err := ask(context.Background(), e, sql("select 1")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		d, err := openDatabase(nil)
		if err != nil {
			b.Fatal(err)
		}
		d.close()
	}
}
