package engine

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/schema"
)

// randomDouble returns doubles of the kind that make naive sums wrong.
func randomDouble(r *rand.Rand, kind int) float64 {
	switch kind {
	case 0: // money
		return float64(r.IntN(200000)-50000) / 100
	case 1: // any finite bits
		for {
			if v := math.Float64frombits(r.Uint64()); !math.IsNaN(v) && !math.IsInf(v, 0) {
				return v
			}
		}
	case 2: // tiny, partly subnormal
		return math.Ldexp(r.Float64()-0.5, -1060-r.IntN(20))
	case 3: // huge, so that partial sums overflow
		return math.Ldexp(r.Float64()-0.5, 1023)
	case 4: // cancelling
		return []float64{1e16, 1, -1e16, 1e-16, 3}[r.IntN(5)]
	default:
		return math.Ldexp(r.Float64()-0.5, r.IntN(300)-150)
	}
}

func TestDoubleSumIsExactInAnyOrder(t *testing.T) {
	for kind := range 6 {
		for seed := range uint64(60) {
			r := rand.New(rand.NewPCG(seed, uint64(kind)))
			values := make([]float64, 1+r.IntN(300))
			exact := new(big.Float).SetPrec(4000)
			for i := range values {
				values[i] = randomDouble(r, kind)
				exact.Add(exact, new(big.Float).SetFloat64(values[i]))
			}
			want, _ := exact.Float64()
			for range 4 {
				r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
				if got := sumOf(r, values); math.Float64bits(got) != math.Float64bits(want+0) {
					t.Fatalf("kind %d, seed %d: sum %x, want %x", kind, seed, got, want)
				}
			}
		}
	}
}

// sumOf sums values by several workers.
func sumOf(r *rand.Rand, values []float64) float64 {
	total := &doubleSum{}
	for len(values) > 0 {
		n := 1 + r.IntN(len(values))
		part := &doubleSum{}
		part.extend(2)
		for _, v := range values[:n] {
			part.add(1, v)
		}
		total.merge(part, []uint32{0, 1}, 2)
		values = values[n:]
	}
	return total.sum(1)
}

func TestDoubleSumOfSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{math.Copysign(0, -1), math.Copysign(0, -1)}, 0},
		{[]float64{1, nan, inf}, nan},
		{[]float64{inf, -inf, 1}, nan},
		{[]float64{1, inf, -1e308}, inf},
		{[]float64{-inf, 1e308}, -inf},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, inf},
		{[]float64{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, math.MaxFloat64},
		{[]float64{5e-324, 5e-324, -5e-324}, 5e-324},
		{[]float64{1, 1.0 / (1 << 53)}, 1}, // a tie goes to even
		{[]float64{1, 1.0 / (1 << 53), 1e-300}, 1 + 1.0/(1<<52)},
	} {
		got := sumOf(rand.New(rand.NewPCG(1, 1)), test.values)
		if math.Float64bits(got) != math.Float64bits(test.want) && !(got != got && test.want != test.want) {
			t.Errorf("sum of %v is %v, want %v", test.values, got, test.want)
		}
	}
}

func TestAverageRoundsHalfAwayFromZero(t *testing.T) {
	big := int64(math.MaxInt64)
	for _, test := range []struct {
		values []int64
		want   string
	}{
		{[]int64{1, 0, 0}, "0.3333"}, {[]int64{2, 0, 0}, "0.6667"}, {[]int64{-2, 0, 0}, "-0.6667"}, {[]int64{0}, "0.0000"},
		{append(make([]int64, 19999), 1), "0.0001"}, {append(make([]int64, 19999), -1), "-0.0001"}, {append(make([]int64, 20000), 1), "0.0000"},
		{[]int64{big, big, big}, "9223372036854775807.0000"}, {[]int64{-big - 1, -big - 1, -big}, "-9223372036854775807.6667"},
	} {
		cells := make([]cell, len(test.values))
		ids := make([]uint32, len(cells))
		for i, v := range test.values {
			cells[i], ids[i] = v, 1
		}
		in, out := schema.T(schema.Bigint), schema.DecimalOf(38, 4)
		a := NewAggregation(NewGroups(nil), []Aggregate{{Function: Average, In: in, Out: out}})
		a.Update(ids, []Column{{Values: arrayOf(in, cells, false)}})
		result, err := a.Finish([]uint32{1})
		if err != nil {
			t.Fatal(err)
		}
		if got := result[0].(*array.Decimal128).Value(0).ToString(4); got != test.want {
			t.Errorf("average of %d values up to %d: %s, want %s", len(cells), test.values[0], got, test.want)
		}
	}
}

func BenchmarkSumDouble(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	cells, ids := make([]cell, 1<<15), make([]uint32, 1<<15)
	for i := range cells {
		cells[i], ids[i] = randomDouble(r, 0), uint32(1+r.IntN(300))
	}
	values := arrayOf(schema.T(schema.Double), cells, false)
	sum := &doubleSum{}
	for b.Loop() {
		sum.update(rowGroups{ids: ids, groups: 301}, Column{Values: values})
	}
	perRow(b, len(ids))
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}
