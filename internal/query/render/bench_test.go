package render

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// BenchmarkFormats writes two million rows of eight columns.
func BenchmarkFormats(b *testing.B) {
	columns := []schema.Column{
		{Name: "id", Type: schema.T(schema.String)}, {Name: "customer", Type: schema.T(schema.Bigint)},
		{Name: "quantity", Type: schema.T(schema.Integer)}, {Name: "amount", Type: schema.DecimalOf(12, 2)},
		{Name: "rate", Type: schema.T(schema.Double)}, {Name: "day", Type: schema.T(schema.Date)},
		{Name: "at", Type: schema.T(schema.Timestamp)}, {Name: "status", Type: schema.T(schema.String)},
	}
	const rows, size = 2_000_000, 20_000
	var data [][]any
	for i := range size {
		data = append(data, []any{fmt.Sprintf("TXN%08d", i), int64(i) * 7919, int32(i % 50), decimal(b, fmt.Sprint(i*37)),
			float64(i) / 8, arrow.Date32(20000 + i%365), arrow.Timestamp(int64(i) * 1e9), []string{"completed", "returned", "on hold, for now"}[i%3]})
	}
	batch := batchOf(b, columns, data...)
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			for range b.N {
				w, err := New(format, io.Discard, columns)
				if err != nil {
					b.Fatal(err)
				}
				for range rows / size {
					if err := w.Write(batch); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
