package csvio

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// want is a record as a test expects it: good (values) or damaged.
type want struct {
	values       string // of a good row, joined by |
	kind         string
	line, offset int64
	raw, detail  string
}

func wants(results []result) []want {
	var out []want
	for _, r := range results {
		if r.kind == 0 {
			out = append(out, want{values: strings.Join(r.values, "|")})
		} else {
			out = append(out, want{kind: r.kind.String(), line: r.line, offset: r.offset, raw: r.raw, detail: r.detail})
		}
	}
	return out
}

func rowsOf(values ...string) []want {
	var out []want
	for _, v := range values {
		out = append(out, want{values: v})
	}
	return out
}

func damageOf(kind string, line, offset int64, raw, detail string) []want {
	return []want{{kind: kind, line: line, offset: offset, raw: raw, detail: detail}}
}

// damageCase is a file, the change that makes its dialect of the default one,
// and what it holds.
type damageCase struct {
	name, file string
	change     func(*Dialect)
	want       [][]want
}

func quotingCases() []damageCase {
	return []damageCase{
		{"too few fields", "a,b\n1,2\n3\n4,5\n", nil,
			[][]want{rowsOf("1|2"), damageOf("ragged", 3, 8, "3", "1 field, want 2"), rowsOf("4|5")}},
		{"too many fields, CRLF", "a,b\r\n1,2,\r\n4,5\r\n", nil,
			[][]want{damageOf("ragged", 2, 5, "1,2,", "3 fields, want 2"), rowsOf("4|5")}},
		{"blank lines are no records", "\r\na,b\n\n1,2\n\r\n\n3,4\n\n", nil, [][]want{rowsOf("1|2", "3|4")}},
		{"blank lines of one column are", "a\n\n1\n\r\n", nil, [][]want{rowsOf("", "1", "")}},
		{"no final newline", "a,b\n1,2\n3", nil, [][]want{rowsOf("1|2"), damageOf("ragged", 3, 8, "3", "1 field, want 2")}},
		{"a lone CR is data", "a,b\n1\r2,3\r\r\n", nil, [][]want{rowsOf("1\r2|3\r")}},
		{"CRLF in quotes is kept", "a,b\n\"1\r\n2\",3\n", nil, [][]want{rowsOf("1\r\n2|3")}},
		{"quote in a field", "a,b\n1,5\" pipe\n3,4\n", nil,
			[][]want{damageOf("quote", 2, 4, `1,5" pipe`, "quote inside an unquoted field (line 2, byte 4)"), rowsOf("3|4")}},
		{"lazy quote in a field", "a,b\n1,5\" pipe\n\"3\"\"\",4\n", func(d *Dialect) { d.LazyQuotes = true },
			[][]want{rowsOf(`1|5" pipe`, `3"|4`)}},
		{"text after a quote", "a,b\n\"1\"x,2\n3,4\n", nil,
			[][]want{damageOf("quote", 2, 4, `"1"x,2`, "text after a closing quote (line 2, byte 4)"), rowsOf("3|4")}},
		{"never closed", "a,b\n1,\"2\n3,4\n5,6", nil,
			[][]want{damageOf("quote", 2, 4, `1,"2`, "quote is never closed (line 2, byte 3)"), rowsOf("3|4", "5|6")}},
		{"closed by the next quote", "a,b\n1,\"2\n3,\"4\"\n5,6\n", nil,
			[][]want{damageOf("quote", 2, 4, `1,"2`, "text after a closing quote (line 3, byte 4)"), rowsOf("3|4", "5|6")}},
		{"closed by accident", "a,b,c\n1,\"2,3\n4,5,6\n7,\",8,9\n", nil,
			[][]want{damageOf("quote", 2, 6, `1,"2,3`, "quote is not closed on its line; read on to the next quote, the record would have 4 fields, want 3"),
				rowsOf("4|5|6"), damageOf("quote", 4, 19, `7,",8,9`, "quote is never closed (line 4, byte 3)")}},
	}
}

func otherCases() []damageCase {
	return []damageCase{
		{"ragged over several lines", "a,b\n\"1\nx\",2,3\n4,5\n", nil,
			[][]want{damageOf("ragged", 2, 4, "\"1\nx\",2,3", "3 fields, want 2"), rowsOf("4|5")}},
		{"NUL", "a,b\n1,\x00\n3,4\n", nil, [][]want{damageOf("nul", 2, 4, "1,\x00", "NUL byte (line 2, byte 3)"), rowsOf("3|4")}},
		{"NUL on a second line", "a,b\n\"\n\x00\",2\n3,4\n", nil,
			[][]want{damageOf("nul", 2, 4, "\"\n\x00\",2", "NUL byte (line 3, byte 1)"), rowsOf("3|4")}},
		{"UTF-8", "a,b\né,\xc3\n3,4\n", nil,
			[][]want{damageOf("utf8", 2, 4, "é,\xc3", "byte 0xc3 is not UTF-8 (line 2, byte 4)"), rowsOf("3|4")}},
		{"surrogates are not UTF-8", "a,b\n1,\xed\xa0\x80\n", nil,
			[][]want{damageOf("utf8", 2, 4, "1,\xed\xa0\x80", "byte 0xed is not UTF-8 (line 2, byte 3)")}},
		{"too long", "a,b\n1,23456\n\"12345\",2\n12345,6\n", func(d *Dialect) { d.MaxField = 5 },
			[][]want{rowsOf("1|23456"), damageOf("too_long", 3, 12, `"12345",2`, "field has more than 5 bytes (line 3, byte 1)"), rowsOf("12345|6")}},
		{"not closed in time", "a,b\n1,\"23\n3,4\n5,6\n", func(d *Dialect) { d.MaxField = 5 },
			[][]want{damageOf("quote", 2, 4, `1,"23`, "quote is not closed within 5 bytes (line 2, byte 3)"), rowsOf("3|4", "5|6")}},
		{"record too long", "a,b\n\"1\n2\",\"3\n4\"\n5,6\n", func(d *Dialect) { d.MaxField, d.slack = 6, 1 },
			[][]want{damageOf("too_long", 2, 4, "\"1\n2\",\"3", "record has more than 7 bytes"), damageOf("quote", 4, 13, "4\"", "quote inside an unquoted field (line 4, byte 2)"), rowsOf("5|6")}},
		{"escape", "a,b\n\"1\\\"\\\\\\n\",\\\"2\\x\n\"1\"\"\",2\n", func(d *Dialect) { d.Escape = '\\' },
			[][]want{rowsOf(`1"\n|"2\x`), damageOf("quote", 3, 20, `"1""",2`, "text after a closing quote (line 3, byte 4)")}},
		{"no quoting", "a,b\n\"1,2\"\n", func(d *Dialect) { d.Quote = 0 }, [][]want{rowsOf(`"1|2"`)}},
		{"byte order mark", "\ufeffa,b\n1\n", nil, [][]want{damageOf("ragged", 2, 7, "1", "1 field, want 2")}},
		{"skipped lines", "x \" y\n\na,b\n1\n", func(d *Dialect) { d.Skip = 1 },
			[][]want{damageOf("ragged", 4, 11, "1", "1 field, want 2")}},
		{"header of two lines", "a,\"b\nc\"\n1\n", nil, [][]want{damageOf("ragged", 3, 8, "1", "1 field, want 2")}},
		{"no rows", "a,b", nil, nil},
	}
}

func TestDamage(t *testing.T) {
	for _, test := range append(quotingCases(), otherCases()...) {
		t.Run(test.name, func(t *testing.T) {
			d := DefaultDialect()
			if test.change != nil {
				test.change(&d)
			}
			var expected []want
			for _, w := range test.want {
				expected = append(expected, w...)
			}
			for _, size := range []int{1, 2, 3, 7, 64, 1 << 20} {
				_, results, err := readAll(t, []byte(test.file), d, size)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(expected, wants(results), cmp.AllowUnexported(want{})); diff != "" {
					t.Fatalf("segments of %d bytes (-want +got):\n%s", size, diff)
				}
			}
			compare(t, []byte(test.file), d, []int{1, 5, 99})
			accounted(t, []byte(test.file), d)
		})
	}
}

// Records of several megabytes, with ends far from what decides about them.
func TestLongDamage(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for name, test := range map[string]struct{ file, detail string }{
		"field": {"a,b\n" + long + ",1\n2,3\n",
			"field has more than 1,000 bytes (line 2, byte 1); the first 1,048,576 of 3,145,730 bytes are kept, 2,097,154 were cut"},
		"quote": {"a,b\n1\"," + long + "\r\n2,3\n",
			"quote inside an unquoted field (line 2, byte 2); the first 1,048,576 of 3,145,731 bytes are kept, 2,097,155 were cut"},
		"last line": {"a,b\n4,5\n\"" + long,
			"field has more than 1,000 bytes (line 3, byte 1); the first 1,048,576 of 3,145,729 bytes are kept, 2,097,153 were cut"},
		"record": {"a,b\n" + strings.Repeat("\"x\ny\",", 250) + long + "\n2,3\n",
			"record has more than 1,500 bytes; the first 1,048,576 of 3,147,228 bytes are kept, 2,098,652 were cut"},
	} {
		t.Run(name, func(t *testing.T) {
			d := DefaultDialect()
			d.MaxField, d.slack = 1000, 500
			sizes := []int{100, 4096, 1 << 20, 16 << 20}
			for _, size := range sizes {
				_, results, err := readAll(t, []byte(test.file), d, size)
				if err != nil {
					t.Fatal(err)
				}
				found := ""
				for _, r := range results {
					found += r.detail
				}
				if found != test.detail {
					t.Errorf("segments of %d bytes: %q, want %q", size, found, test.detail)
				}
			}
			compare(t, []byte(test.file), d, sizes)
		})
	}
}

// hostile files make a reader without a memory read the same bytes again and again.
func TestHostileQuotesStayLinear(t *testing.T) {
	const size = 1 << 20
	fill := func(lines ...string) []byte {
		text := strings.Join(lines, "")
		return []byte("a,b,c\n" + strings.Repeat(text, size/len(text)))
	}
	lazy := DefaultDialect()
	lazy.LazyQuotes = true
	escape := DefaultDialect()
	escape.Escape = '\\'
	for name, file := range map[string][]byte{
		"open on every line":      fill("x,\"y\n"),
		"open after open":         fill("\",\"\n"),
		"both parities open":      fill("x\",\"y\n"),
		"both parities, one good": fill("x\",\"y\n", "1,2,3\n"),
		"pairs":                   append(fill("x,\"\"y\n"), "\"\"\""...),
		"open, then pairs":        append([]byte("a,b,c\n\"\n"), fill("\"\"\n")...),
		"two lines and one more":  fill("\"\n", "\",x,\"\n", "1,2,3\n"),
		"escapes":                 fill("x,\"\\\\\\\"\\\n"),
		"quotes alone":            fill("\"\n"),
		"no line end":             fill("\",\""),
	} {
		for dialect, d := range map[string]Dialect{"strict": DefaultDialect(), "lazy": lazy, "escape": escape} {
			start := time.Now()
			results, err := readHostile(t, file, d)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s, %s: %d damaged records of %d bytes took %v", name, dialect, results, len(file), took)
			} else {
				t.Logf("%s, %s: %d records, %v", name, dialect, results, took)
			}
		}
	}
}

func readHostile(t *testing.T, file []byte, d Dialect) (records int, err error) {
	t.Helper()
	s, err := NewSplitter(bytes.NewReader(file), d, Options{SegmentSize: 1 << 20})
	if err != nil {
		return 0, err
	}
	for {
		seg, err := s.Next(t.Context())
		if err != nil {
			return records, ignoreEOF(err)
		}
		records += len(seg.spans)
		seg.Release()
	}
}
