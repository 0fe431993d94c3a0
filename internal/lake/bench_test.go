package lake

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/internal/storage/local"
)

// BenchmarkCommit makes a commit that replaces 365 partitions of 64 KiB each
// on a local folder, with and without syncs.
func BenchmarkCommit(b *testing.B) {
	for _, noSync := range []bool{true, false} {
		b.Run(fmt.Sprintf("nosync=%v", noSync), func(b *testing.B) {
			bucket, err := local.New(b.TempDir(), local.Options{NoSync: noSync})
			if err != nil {
				b.Fatal(err)
			}
			l, err := Open(b.Context(), bucket, Options{})
			if err != nil {
				b.Fatal(err)
			}
			lease, err := l.Lock(b.Context(), LockOptions{})
			if err != nil {
				b.Fatal(err)
			}
			content := bytes.Repeat([]byte("0123456789abcdef"), 4096)
			b.SetBytes(int64(365 * len(content)))
			for b.Loop() {
				benchCommit(b, l, lease, content)
			}
			if err := lease.Release(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func benchCommit(b *testing.B, l *Lake, lease *Lease, content []byte) {
	b.Helper()
	tx, err := l.Begin(b.Context(), lease, TxOptions{Run: "r", Layer: Silver})
	if err != nil {
		b.Fatal(err)
	}
	for day := range 365 {
		path := fmt.Sprintf("silver/transactions/day=%d/data.parquet", day)
		w, err := tx.Stage(b.Context(), silverTx, path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
		tx.Put(silverTx, FileChange{Path: path, Rows: 1})
	}
	if _, err := tx.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkOpen opens a lake of 3000 commits, with and without its checkpoints.
func BenchmarkOpen(b *testing.B) {
	for _, every := range []uint64{100, 1 << 60} {
		b.Run(fmt.Sprintf("checkpoint every %d", every), func(b *testing.B) {
			bucket := newMem()
			l, err := Open(b.Context(), bucket, Options{CheckpointEvery: every})
			if err != nil {
				b.Fatal(err)
			}
			lease, err := l.Lock(b.Context(), LockOptions{})
			if err != nil {
				b.Fatal(err)
			}
			for i := range 3000 {
				smallCommit(b, l, lease, i)
			}
			for b.Loop() {
				if _, err := Open(b.Context(), bucket, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			lease.stop()
		})
	}
}

func smallCommit(b *testing.B, l *Lake, lease *Lease, i int) {
	b.Helper()
	tx, err := l.Begin(b.Context(), lease, TxOptions{Run: "r", Layer: Silver})
	if err != nil {
		b.Fatal(err)
	}
	path := fmt.Sprintf("silver/transactions/day=%d/data.parquet", i%365)
	w, err := tx.Stage(b.Context(), silverTx, path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
	tx.Put(silverTx, FileChange{Path: path, Rows: 1})
	tx.Ingest(Input{Dataset: "transactions", SourceFile: fmt.Sprintf("tx_%d.csv", i), Records: 1})
	if _, err := tx.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
}
