package silver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/quality"
)

// BenchmarkBuild builds a table of a million rows from scratch, by one worker.
func BenchmarkBuild(b *testing.B) {
	const files, perFile = 4, 250_000
	for _, variant := range []string{"key: id", "key: id; partition_by: day", "key: id; buckets: 16", "key: id; buckets: 16; partition_by: day"} {
		b.Run(variant, func(b *testing.B) {
			yaml := strings.ReplaceAll(strings.ReplaceAll(modelYAML, "KNOWN", "flag"), "VARIANT", strings.ReplaceAll(variant, "; ", "\n    "))
			w := newWorld(b, silverOf(b, bind(b, yaml), "t"), modelRaw...)
			for file := range files {
				rows := make([][]*string, perFile)
				for i := range rows {
					n := file*perFile + i
					rows[i] = some(fmt.Sprint(n*7919%(files*perFile)), []string{"n", "s", "w"}[n%3], fmt.Sprintf("2026-%02d-%02d 10:00", 1+n%3, 1+n%28),
						fmt.Sprint(n%50, ".25"), "a", "fine")
				}
				w.ingest(1, fmt.Sprintf("t%d.csv", file), false, rows, parquetio.WriterOptions{})
			}
			w.sequence = 1
			set := quality.NewSet(w.table.Columns[6].Type)
			set.Add(text(false, some("a")...))
			sets := make([]*quality.Set, len(w.table.Checks))
			sets[3] = set
			for b.Loop() {
				spill := engine.NewSpill(b.TempDir())
				r, err := Build(b.Context(), w.request(changes{sets: sets, rebuild: true}, "stage/"), Options{Workers: 1, Spill: spill, Now: at(1), Run: "run"})
				if err != nil || r.Rows != files*perFile {
					b.Fatal(r, err)
				}
				files := 0
				for _, f := range r.Put {
					if f.Kind == lake.Data {
						files++
					}
				}
				b.ReportMetric(float64(files), "files")
				if err := spill.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(files*perFile), "ns/row")
		})
	}
}
