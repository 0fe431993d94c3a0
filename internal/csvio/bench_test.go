package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// transactions is a file of seven columns and about 75 bytes a row.
func transactions(rows int, quoted bool) []byte {
	r := rand.New(rand.NewPCG(3, 3))
	status := []string{"completed", "pending", "failed", "refunded"}
	format := "TXN%010d,CUST%06d,PROD%04d,%s,%d.%02d,%d,%s\n"
	if quoted {
		format = "\"TXN%010d\",\"CUST%06d\",\"PROD%04d\",\"%s\",\"%d.%02d\",\"%d\",\"%s\"\n"
	}
	out := []byte("transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n")
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		at := start.Add(time.Duration(r.IntN(366*86400)) * time.Second).Format("2006-01-02 15:04:05")
		out = fmt.Appendf(out, format, i, r.IntN(500_000), r.IntN(1000), at, r.IntN(1000), r.IntN(100), 1+r.IntN(9), status[r.IntN(4)])
	}
	return out
}

func benchmarkRead(b *testing.B, file []byte, d Dialect, parse bool) {
	b.Helper()
	var pool Pool
	p := (*Parser)(nil)
	var rows int64
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		s, err := NewSplitter(bytes.NewReader(file), d, Options{Buffers: &pool})
		if err != nil {
			b.Fatal(err)
		}
		if p == nil {
			p = NewParser(d, len(s.Header()))
		}
		for {
			seg, err := s.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if parse {
				batch, err := p.Parse(seg)
				if err != nil {
					b.Fatal(err)
				}
				rows += int64(batch.Records)
				batch.Record.Release()
			} else {
				rows += int64(bytes.Count(seg.data, []byte{'\n'}))
			}
			seg.Release()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}

func BenchmarkRead(b *testing.B) {
	plain, quoted := transactions(200_000, false), transactions(200_000, true)
	lazy, escape := DefaultDialect(), DefaultDialect()
	lazy.LazyQuotes, escape.Escape = true, '\\'
	nulls := DefaultDialect()
	nulls.Nulls = []string{"NULL", ""}
	for _, bench := range []struct {
		name  string
		file  []byte
		d     Dialect
		parse bool
	}{
		{"plain", plain, DefaultDialect(), true},
		{"plain/crlf", bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")), DefaultDialect(), true},
		{"plain/nulls", plain, nulls, true},
		{"plain/split", plain, DefaultDialect(), false},
		{"quoted", quoted, DefaultDialect(), true},
		{"quoted/split", quoted, DefaultDialect(), false},
		{"quoted/lazy", quoted, lazy, true},
		{"quoted/escape", quoted, escape, true},
	} {
		b.Run(bench.name, func(b *testing.B) { benchmarkRead(b, bench.file, bench.d, bench.parse) })
	}
}
