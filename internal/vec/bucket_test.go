package vec

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// The buckets are those of the slow way: the texts of a row put together.
func TestBucketsAreOfTheTextsOfKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b Bucketer
	var dst []int32
	for range 400 {
		n, buckets := r.IntN(200), 1+r.IntN(1000)
		key := make([]arrow.Array, 1+r.IntN(3))
		for i := range key {
			key[i] = randomColumn(r, columnTypes[r.IntN(len(columnTypes))], n)
			if key[i].DataType().ID() == arrow.STRING && r.IntN(2) == 0 {
				key[i] = coded(r, key[i])
			}
		}
		for range 1 + r.IntN(2) { // the second time what was found of a dictionary is known
			dst = b.Rows(dst, key, n, buckets)
			for row, got := range dst {
				if want, ok := slowBucket(key, row, buckets); ok && got != want {
					t.Fatalf("row %d of %v: bucket %d, want %d", row, key, got, want)
				}
			}
		}
		if len(dst) != n {
			t.Fatalf("%d buckets for %d rows", len(dst), n)
		}
	}
}

// slowBucket is the bucket of a row; ok is false if its key has a null.
func slowBucket(key []arrow.Array, row, buckets int) (bucket int32, ok bool) {
	var text []byte
	for i, col := range key {
		if col.IsNull(row) {
			return 0, false
		}
		if i > 0 {
			text = append(text, '\x1f')
		}
		text = AppendText(text, col, row)
	}
	return int32(int64(crc32.ChecksumIEEE(text)) % int64(buckets)), true
}

// These are what Spark 3.5 says of crc32(cast(concat_ws('\u001f', ...) as
// binary)): the buckets of the tables that there are must never change.
func TestBucketsStayAsTheyAre(t *testing.T) {
	strings := StringsOf([]int32{0, 1, 1, 5}, []byte("aD\xc3\xbcn"))
	numbers := Int64s([]int64{-5, 0, 9223372036854775807})
	var b Bucketer
	for _, test := range []struct {
		key  []arrow.Array
		want []int32
	}{
		{[]arrow.Array{strings}, []int32{907, 0, 260}},
		{[]arrow.Array{numbers}, []int32{75, 209, 462}},
		{[]arrow.Array{strings, numbers}, []int32{635, 429, 94}},
	} {
		if got := b.Rows(nil, test.key, 3, 1000); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%v: %v, want %v", test.key, got, test.want)
		}
	}
}

func TestBucketsTakeNoMemoryPerValue(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 1000
	for _, typ := range columnTypes {
		key := []arrow.Array{randomColumn(r, typ, n), randomColumn(r, typ, n)}
		if typ.Kind == schema.String {
			key = append(key, coded(r, key[0]))
		}
		var b Bucketer
		dst := b.Rows(nil, key, n, 16)
		if most := testing.AllocsPerRun(5, func() { dst = b.Rows(dst, key, n, 16) }); most > 20 {
			t.Errorf("%v: %.0f allocations for %d rows", typ, most, n)
		}
	}
}

func BenchmarkBuckets(b *testing.B) {
	const n = 32768
	offsets, text := []int32{0}, []byte{}
	in, codes, numbers := NewInterner(0), make([]int32, n), make([]int64, n)
	for i := range n {
		text = fmt.Appendf(text, "T%010d", i)
		offsets = append(offsets, int32(len(text)))
		codes[i], _ = in.Code(fmt.Appendf(nil, "customer %d", i%1000))
		numbers[i] = int64(i) * 7919
	}
	texts, coded := StringsOf(offsets, text), DictionaryOf(codes, nil, 0, in.Data())
	for name, key := range map[string][]arrow.Array{"text": {texts}, "coded": {coded}, "bigint": {Int64s(numbers)}, "two": {texts, Int64s(numbers)}} {
		b.Run(name, func(b *testing.B) {
			var k Bucketer
			var dst []int32
			b.ReportAllocs()
			for b.Loop() {
				dst = k.Rows(dst, key, n, 64)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
