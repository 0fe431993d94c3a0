package csvio

import "testing"

// FuzzSplit checks that any bytes read alike in segments of any size and as the
// reference reads them, and that every byte is accounted for. settings choose
// the dialect.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"), uint16(0), uint16(3))
	f.Add([]byte("\"a\n\",b\r\n\"1\"\"\",\"2\n\n\"x\n"), uint16(1), uint16(7))
	f.Fuzz(func(t *testing.T, file []byte, settings, size uint16) {
		if len(file) > 4096 {
			return // the reference is slow
		}
		bit := func(n int) bool { return settings>>n&1 == 1 }
		d := Dialect{Delimiter: ',', Quote: '"', LazyQuotes: bit(0), Header: bit(1)}
		if bit(2) {
			d.Escape = '\\'
		}
		if bit(3) {
			d.Quote, d.Escape = 0, 0
		}
		if bit(4) {
			d.MaxField, d.slack = 5+int(settings>>8), 1+int(settings>>12)
		}
		if bit(5) {
			d.Nulls = []string{"", "NULL"}
		}
		if !d.Header {
			d.Columns = []string{"a", "b", "c"}[:1+settings>>6&1+settings>>7&1]
		}
		compare(t, file, d, []int{1 << 16, 1 + int(size)%300, 1 + int(size)%7})
		accounted(t, file, d)
	})
}
