package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
)

const benchRows = 1 << 17

// benchRow is the same row for parquet-go's GenericWriter.
type benchRow struct {
	ID       string `parquet:"transaction_id"`
	Customer string `parquet:"customer_id"`
	Product  string `parquet:"product_id"`
	Raw      string `parquet:"raw_date"`
	Amount   string `parquet:"raw_amount"`
	Status   string `parquet:"status,dict"`
	File     string `parquet:"source_file,dict"`
	Row      int64  `parquet:"source_row"`
	Quantity int32  `parquet:"quantity"`
	Revenue  int64  `parquet:"revenue,decimal(2:18)"`
}

func benchData() ([]benchRow, schema.Table) {
	r := rand.New(rand.NewPCG(1, 1))
	rows := make([]benchRow, benchRows)
	for i := range rows {
		amount := r.IntN(1_000_000)
		rows[i] = benchRow{fmt.Sprintf("TXN%09d", i), fmt.Sprintf("CUST%06d", r.IntN(100_000)), fmt.Sprintf("PROD%04d", r.IntN(2000)),
			fmt.Sprintf("2026-11-%02dT%02d:%02d:%02d", 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60)), fmt.Sprintf("%d.%02d", amount/100, amount%100),
			[]string{"completed", "pending", "failed", "refunded"}[r.IntN(4)], "transactions_01.csv", int64(i), int32(1 + r.IntN(10)), int64(amount)}
	}
	text := schema.T(schema.String)
	return rows, schema.Table{Columns: []schema.Column{
		{Name: "transaction_id", Type: text}, {Name: "customer_id", Type: text}, {Name: "product_id", Type: text}, {Name: "raw_date", Type: text},
		{Name: "raw_amount", Type: text}, {Name: "status", Type: text}, {Name: "source_file", Type: text}, {Name: "source_row", Type: schema.T(schema.Bigint)},
		{Name: "quantity", Type: schema.T(schema.Integer)}, {Name: "revenue", Type: schema.DecimalOf(18, 2)}}}
}

// benchBatches cuts the rows into batches of 4096. With coded, texts come as
// dictionaries where a parser would find few values.
func benchBatches(rows []benchRow, table schema.Table, coded bool) []arrow.Record {
	var out []arrow.Record
	for from := 0; from < len(rows); from += 4096 {
		columns := make([][]any, 10)
		for _, r := range rows[from : from+4096] {
			for k, v := range []any{r.ID, r.Customer, r.Product, r.Raw, r.Amount, r.Status, r.File, r.Row, r.Quantity, decimal128.FromI64(r.Revenue)} {
				columns[k] = append(columns[k], v)
			}
		}
		arrays := make([]arrow.Array, 10)
		for k := range arrays {
			arrays[k] = arrayOf(table.Columns[k].Type, columns[k])
			if coded && (k == 2 || k == 5 || k == 6) {
				arrays[k] = codedArray(columns[k])
			}
		}
		out = append(out, recordOf(table, arrays...))
	}
	return out
}

func codedArray(values []any) arrow.Array {
	at := map[any]int32{}
	var entries []any
	index := make([]int32, len(values))
	for i, v := range values {
		k, ok := at[v]
		if !ok {
			k = int32(len(entries))
			at[v] = k
			entries = append(entries, v)
		}
		index[i] = k
	}
	return codes(arrayOf(schema.T(schema.String), entries), index...)
}

func BenchmarkWrite(b *testing.B) {
	rows, table := benchData()
	for _, c := range []struct {
		name    string
		o       WriterOptions
		coded   bool
		strings bool
	}{
		{"snappy", WriterOptions{}, false, false}, {"coded", WriterOptions{}, true, false}, {"bloom", WriterOptions{Bloom: []string{"transaction_id"}}, true, false},
		{"zstd", WriterOptions{Codec: Zstd}, false, false}, {"plain", WriterOptions{Codec: Uncompressed}, false, false},
		{"sevenStrings", WriterOptions{}, false, true}, {"sevenStringsCoded", WriterOptions{}, true, true},
	} {
		batches, table := benchBatches(rows, table, c.coded), table
		if c.strings {
			table = schema.Table{Columns: table.Columns[:7]}
			for i := range batches {
				batches[i] = recordOf(table, batches[i].Columns()[:7]...)
			}
		}
		b.Run(c.name, func(b *testing.B) {
			before := cpuTime()
			var size int64
			for b.Loop() {
				w, err := NewWriter(io.Discard, table, c.o)
				if err != nil {
					b.Fatal(err)
				}
				for _, rec := range batches {
					if err := w.Write(rec); err != nil {
						b.Fatal(err)
					}
				}
				s, err := w.Close()
				if err != nil {
					b.Fatal(err)
				}
				size = s.Bytes
			}
			perRow(b, before)
			b.ReportMetric(float64(size)/benchRows, "B/row")
		})
	}
	b.Run("GenericWriter", func(b *testing.B) {
		before := cpuTime()
		var size countingWriter
		for b.Loop() {
			size = 0
			w := parquet.NewGenericWriter[benchRow](&size, parquet.Compression(&parquet.Snappy))
			if _, err := w.Write(rows); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b, before)
		b.ReportMetric(float64(size)/benchRows, "B/row")
	})
}

// cpuTime is what the process has used: on a busy machine it tells more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func perRow(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N)/benchRows, "cpu-ns/row")
}

type countingWriter int64

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}

// BenchmarkWriteParallel encodes four row groups in two goroutines.
func BenchmarkWriteParallel(b *testing.B) {
	rows, table := benchData()
	batches := benchBatches(rows, table, true)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				w, err := NewWriter(io.Discard, table, WriterOptions{})
				if err != nil {
					b.Fatal(err)
				}
				groups, done := make([]*RowGroup, 4), make(chan error)
				for i := range groups {
					groups[i] = w.BeginRowGroup()
				}
				for k := range workers {
					go func() {
						for i := k; i < 4; i += workers {
							for _, rec := range batches[i*len(batches)/4 : (i+1)*len(batches)/4] {
								if err := groups[i].Write(rec); err != nil {
									done <- err
									return
								}
							}
							groups[i].Encode()
						}
						done <- nil
					}()
				}
				for range workers {
					if err := <-done; err != nil {
						b.Fatal(err)
					}
				}
				for _, g := range groups {
					if err := w.Append(g); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, before)
		})
	}
}

func BenchmarkRead(b *testing.B) {
	rows, table := benchData()
	file, _ := writeFile(b, table, WriterOptions{}, benchBatches(rows, table, true)...)
	b.Run("batches", func(b *testing.B) {
		before := cpuTime()
		for b.Loop() {
			f, err := Open(bytes.NewReader(file), int64(len(file)), ReaderOptions{})
			if err != nil {
				b.Fatal(err)
			}
			var n int64
			for g := range f.RowGroups() {
				r, err := f.RowGroup(g, nil)
				if err != nil {
					b.Fatal(err)
				}
				for {
					rec, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					n += rec.NumRows()
				}
			}
			if n != benchRows {
				b.Fatal(n)
			}
		}
		perRow(b, before)
	})
	b.Run("GenericReader", func(b *testing.B) {
		before := cpuTime()
		buf := make([]benchRow, 4096)
		for b.Loop() {
			r := parquet.NewGenericReader[benchRow](bytes.NewReader(file))
			for {
				if _, err := r.Read(buf); err != nil {
					break
				}
			}
			r.Close()
		}
		perRow(b, before)
	})
}
