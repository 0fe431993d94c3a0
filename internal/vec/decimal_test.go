package vec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// randomDecimal returns a number of any length up to digits, often one at an edge.
func randomDecimal(r *rand.Rand, digits int) decimal128.Num {
	n := 1 + r.IntN(digits)
	v := new(big.Int)
	switch r.IntN(6) {
	case 0:
		v.Sub(bigPow10(n), big.NewInt(1))
	case 1:
		v.Set(bigPow10(n - 1))
	case 2:
		v.Mul(bigPow10(n-1), big.NewInt(5))
	default:
		for range n {
			v.Mul(v, big.NewInt(10)).Add(v, big.NewInt(r.Int64N(10)))
		}
	}
	if r.IntN(2) == 0 {
		v.Neg(v)
	}
	return decimal128.FromBigInt(v)
}

func bigPow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// bigRound returns a / b rounded half away from zero.
func bigRound(a, b *big.Int) *big.Int {
	q, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Abs(rest).Lsh(rest, 1).CmpAbs(b) >= 0 {
		q.Add(q, big.NewInt(int64(a.Sign()*b.Sign())))
	}
	return q
}

// sameDecimal compares a result with the exact one, which must be refused if
// it has more than digits digits.
func sameDecimal(t *testing.T, what string, got decimal128.Num, ok bool, want *big.Int, digits int) {
	t.Helper()
	fits := want.CmpAbs(bigPow10(digits)) < 0
	if ok != fits || fits && got.BigInt().Cmp(want) != 0 {
		t.Fatalf("%s: got %s %v, want %s %v", what, got.BigInt(), ok, want, fits)
	}
}

func TestDecimalsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := randomDecimal(r, 38), randomDecimal(r, 38)
		as, bs, digits := r.IntN(39), r.IntN(39), 1+r.IntN(38)
		x, y := a.BigInt(), b.BigInt()

		got, ok := MulDecimal(a, b, digits)
		sameDecimal(t, "MulDecimal", got, ok, new(big.Int).Mul(x, y), digits)

		scale := max(as, bs) + r.IntN(39-max(as, bs))
		got, ok = AddScaled(a, as, b, bs, scale, digits)
		sum := new(big.Int).Mul(x, bigPow10(scale-as))
		sum.Add(sum, new(big.Int).Mul(y, bigPow10(scale-bs)))
		sameDecimal(t, "AddScaled", got, ok, sum, digits)

		got, ok = RescaleDecimal(a, as, bs, digits)
		want := new(big.Int).Mul(x, bigPow10(max(bs-as, 0)))
		sameDecimal(t, "RescaleDecimal", got, ok, bigRound(want, bigPow10(max(as-bs, 0))), digits)

		places := r.IntN(60) - 20
		to := max(places, 0) + r.IntN(10)
		got, ok = RoundDecimal(a, as, places, to, digits)
		rounded := new(big.Rat).SetFrac(bigRound(x, bigPow10(max(as-places, 0))), bigPow10(max(min(places, as), 0)))
		rounded.Mul(rounded, new(big.Rat).SetInt(bigPow10(max(-places, 0)))).Mul(rounded, new(big.Rat).SetInt(bigPow10(to)))
		sameDecimal(t, "RoundDecimal", got, ok, bigRound(rounded.Num(), rounded.Denom()), digits)

		sx, sy := new(big.Int).Mul(x, bigPow10(max(bs-as, 0))), new(big.Int).Mul(y, bigPow10(max(as-bs, 0)))
		if c := CompareScaled(a, as, b, bs); sign(c) != sx.Cmp(sy) {
			t.Fatalf("CompareScaled(%s, %d, %s, %d) = %d", x, as, y, bs, c)
		}
		floor := FloorDecimal(a, as).BigInt()
		if want := new(big.Int).Div(x, bigPow10(as)); floor.Cmp(want) != 0 {
			t.Fatalf("FloorDecimal(%s, %d) = %s, want %s", x, as, floor, want)
		}
		if y.Sign() == 0 {
			continue
		}
		shift := r.IntN(77)
		got, ok = DivRound(a, shift, b, digits)
		sameDecimal(t, "DivRound", got, ok, bigRound(want.Mul(x, bigPow10(shift)), y), digits)
		got, ok = ModScaled(a, as, b, bs)
		sameDecimal(t, "ModScaled", got, ok, want.Rem(sx, sy), 38)
	}
	if _, ok := DivRound(decimal128.FromI64(1), 0, decimal128.Num{}, 38); ok {
		t.Error("a division by zero has a result")
	}
	if _, ok := ModScaled(decimal128.FromI64(1), 0, decimal128.Num{}, 0); ok {
		t.Error("a remainder by zero has a result")
	}
}

func sign(c int) int { return min(max(c, -1), 1) }

func TestDecimalsOfDoubles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		v := math.Float64frombits(r.Uint64())
		switch r.IntN(3) {
		case 0:
			v = math.Round(r.NormFloat64()*1e6) / 1000
		case 1:
			v = r.NormFloat64() * math.Pow10(r.IntN(40)-20)
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		exact, _ := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
		scale := r.IntN(20)
		scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt(bigPow10(scale)))
		want := bigRound(scaled.Num(), scaled.Denom())
		got, ok := DecimalOfDouble(v, 38, scale)
		sameDecimal(t, "DecimalOfDouble", got, ok, want, 38)

		places := r.IntN(25) - 8
		unit := new(big.Rat).SetFrac(bigPow10(max(-places, 0)), bigPow10(max(places, 0)))
		steps := new(big.Rat).Quo(exact, unit)
		rounded, _ := unit.Mul(unit, new(big.Rat).SetInt(bigRound(steps.Num(), steps.Denom()))).Float64()
		if got := RoundDouble(v, places); got != rounded {
			t.Fatalf("RoundDouble(%v, %d) = %v, want %v", v, places, got, rounded)
		}
		d := randomDecimal(r, 38)
		nearest, _ := new(big.Rat).SetFrac(d.BigInt(), bigPow10(scale)).Float64()
		if got := DoubleOfDecimal(d, scale); got != nearest {
			t.Fatalf("DoubleOfDecimal(%s, %d) = %v, want %v", d.BigInt(), scale, got, nearest)
		}
	}
}

func TestMulAddInt64(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	edges := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 32, -1 << 32}
	pick := func() int64 {
		if r.IntN(2) == 0 {
			return edges[r.IntN(len(edges))]
		}
		return int64(r.Uint64()) >> r.IntN(64)
	}
	for range 20_000 {
		a, b, c := pick(), pick(), pick()
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		if got, ok := MulInt64(a, b); ok != want.IsInt64() || ok && got != want.Int64() {
			t.Fatalf("MulInt64(%d, %d) = %d, %v", a, b, got, ok)
		}
		want.Add(want, big.NewInt(c))
		if got, ok := MulAddInt64(a, b, c); ok != want.IsInt64() || ok && got != want.Int64() {
			t.Fatalf("MulAddInt64(%d, %d, %d) = %d, %v", a, b, c, got, ok)
		}
	}
}

func BenchmarkDivRound(b *testing.B) {
	x, y := decimal128.FromI64(123456789012), decimal128.FromI64(7)
	for b.Loop() {
		DivRound(x, 21, y, 38)
	}
}

func TestPowersOfTen(t *testing.T) {
	for n := range pow10Num {
		if Pow10(n).BigInt().Cmp(bigPow10(n)) != 0 {
			t.Errorf("Pow10(%d) = %s", n, Pow10(n).BigInt())
		}
	}
}
