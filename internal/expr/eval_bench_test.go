package expr

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// benchRows is the size of a batch, as the readers give them.
const benchRows = 32768

// benchColumns are batches of likely values for testScope.
func benchColumns() []arrow.Array {
	r := rand.New(rand.NewPCG(1, 2))
	texts := make(map[string][]string)
	add := func(name, text string) { texts[name] = append(texts[name], text) }
	for range benchRows {
		add("s", fmt.Sprintf(" Customer %d@Example.com ", r.IntN(1_000_000)))
		add("s2", []string{"completed", "Pending ", "failed", "refunded"}[r.IntN(4)])
		add("b", []string{"true", "false"}[r.IntN(2)])
		add("i", fmt.Sprint(r.IntN(100_000)))
		add("l", fmt.Sprint(r.IntN(1_000_000_000_000)))
		add("d", fmt.Sprintf("%d.%02d", r.IntN(10_000), r.IntN(100)))
		add("f", fmt.Sprint(r.Float64()))
		add("day", fmt.Sprintf("2024-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28)))
		add("at", fmt.Sprintf("2024-%02d-%02d %02d:%02d:%02d", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60)))
		add("raw.s", fmt.Sprintf("2024-%02d-%02d %02d:%02d:%02d", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60)))
		add("raw.amount text", fmt.Sprintf("%d.%02d", r.IntN(10_000), r.IntN(100)))
		add("wide", fmt.Sprintf("%d.%02d", r.IntN(10_000), r.IntN(100)))
	}
	var cols []arrow.Array
	for _, column := range testScope().Columns {
		cols = append(cols, columnOf(column.Type, texts[column.String()]...))
	}
	return cols
}

func benchEval(b *testing.B, root *Node, cols []arrow.Array) {
	b.Helper()
	s := NewScratch()
	b.ReportAllocs()
	for b.Loop() {
		a, errs, err := evalRoot(root, s, cols, benchRows)
		if err != nil || len(errs) > 0 {
			b.Fatal(err, errs[:min(len(errs), 3)])
		}
		a.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

func BenchmarkEval(b *testing.B) {
	plain := benchColumns()
	coded := append([]arrow.Array{}, plain...)
	coded[8] = codedOf(plain[8])
	parse := func(slot int, typ schema.Type) *Node {
		return &Node{Op: OpParse, Type: typ, Args: []*Node{slotNode(slot, tString)}, Parse: &Parse{}}
	}
	b.Run("parse decimal", func(b *testing.B) { benchEval(b, parse(10, dec(10, 2)), plain) })
	b.Run("parse timestamp", func(b *testing.B) { benchEval(b, parse(9, tTimestamp), plain) })
	b.Run("parse string coded", func(b *testing.B) { benchEval(b, parse(8, tString), coded) })
	for _, text := range []string{"i + 1", "l * 3", "d * i", "d + d", "d / i", "d >= 0", "i < 100", "s = s2", "cast(d * i as decimal(18,2))", "cast(at as date)", "cast(i as string)",
		"lower(trim(s))", "upper(s)", "length(s)", "regexp_like(s, '^[^@]+@[^@ ]+[.][^@ ]+$')", "regexp_replace(s, '[^0-9+]', '')", "s like '%@example.com%'",
		"concat(s, '-', s2)", "date_trunc('month', day)", "year(at)", "d >= 0 and i > 5", "coalesce(d, 0)", "case when i > 50000 then 'big' else 'small' end", "i in (1, 2, 3)"} {
		b.Run(text, func(b *testing.B) { benchEval(b, bound(b, text), plain) })
	}
	for _, text := range []string{"lower(trim(s2))", "regexp_like(s2, '^(completed|failed)$')", "s2 in ('completed', 'pending')",
		"case when s2 = 'completed' then 'A' when s2 = 'failed' then 'B' else 'C' end", "case when s2 = 'completed' then d else 0 end"} {
		b.Run("coded "+text, func(b *testing.B) { benchEval(b, bound(b, text), coded) })
	}
}
