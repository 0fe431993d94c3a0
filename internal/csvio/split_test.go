package csvio

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
)

func TestFileErrors(t *testing.T) {
	header := func(change func(*Dialect)) Dialect {
		d := DefaultDialect()
		if change != nil {
			change(&d)
		}
		return d
	}
	for _, test := range []struct {
		name, file string
		d          Dialect
		want       string
	}{
		{"empty", "", header(nil), "f.csv: is empty: no header"},
		{"byte order mark alone", "\ufeff", header(nil), "f.csv: is empty: no header"},
		{"blank lines alone", "\n\r\n", header(nil), "f.csv: no header before the end of the file, line 3"},
		{"all skipped", "x\ny", header(func(d *Dialect) { d.Skip = 2 }), "f.csv: no header before the end of the file, line 3"},
		{"UTF-16", "\xff\xfea\x00", header(nil), "f.csv: is encoded in UTF-16, little endian, want UTF-8"},
		{"UTF-16, big", "\xfe\xff\x00a", header(nil), "f.csv: is encoded in UTF-16, big endian, want UTF-8"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", header(nil), "f.csv: is encoded in UTF-32, little endian, want UTF-8"},
		{"UTF-32, big", "\x00\x00\xfe\xff\x00\x00\x00a", header(nil), "f.csv: is encoded in UTF-32, big endian, want UTF-8"},
		{"empty name", "a,,c\n", header(nil), "f.csv: column 2 of 3 has no name"},
		{"repeated name", "a,b,\"a\"\n", header(nil), `f.csv: columns 1 and 3 are both called "a"`},
		{"names that differ in case", "Id,b,ID\n", header(nil), `f.csv: columns 1 and 3, "Id" and "ID", differ in case alone`},
		{"quote", "a,\"b\n1,2\n", header(nil), "f.csv: header: quote is never closed (line 1, byte 3)"},
		{"stray quote", "a\"\n1,2\n", header(nil), "f.csv: header: quote inside an unquoted field (line 1, byte 2)"},
		{"NUL", "a,b\x00\n", header(nil), "f.csv: header: NUL byte (line 1, byte 4)"},
		{"not UTF-8", "skip\na,\xff\n", header(func(d *Dialect) { d.Skip = 1 }), "f.csv: header: not UTF-8 (line 2, byte 3)"},
		{"long", "abcdefg\n", header(func(d *Dialect) { d.MaxField = 3 }), "f.csv: header: field has more than 3 bytes (line 1, byte 1)"},
	} {
		for _, size := range []int{1, 1 << 16} {
			_, err := NewSplitter(strings.NewReader(test.file), test.d, Options{Name: "f.csv", SegmentSize: size})
			var e *diag.Error
			if !errors.As(err, &e) || e.Class != diag.Partial || e.Msg != test.want || e.Next == "" {
				t.Errorf("%s: error %v, want %s", test.name, err, test.want)
			}
		}
	}
}

func TestDialectErrors(t *testing.T) {
	names := []string{"a"}
	for want, d := range map[string]Dialect{
		"":                                 {Columns: names},
		"delimiter and quote are both":     {Delimiter: '"', Quote: '"', Columns: names},
		"delimiter and escape are both":    {Quote: '"', Escape: ',', Columns: names},
		`delimiter "\n" cannot be used`:    {Delimiter: '\n', Columns: names},
		`quote "«" cannot be used`:         {Quote: 0xab, Columns: names},
		`escape "\\" has no use without`:   {Escape: '\\', Columns: names},
		"by name and by a header":          {Header: true, Columns: names},
		"without a header the columns":     {},
		"cannot be negative":               {Columns: names, Skip: -1},
		"at most 536,870,912":              {Columns: names, MaxField: 1 << 30},
		"columns 1 and 2 are both called ": {Columns: []string{"a", "a"}},
	} {
		_, err := NewSplitter(strings.NewReader(""), d, Options{})
		if want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", d, err, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	cause := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader("a,b\n1,2\n3"), failing{cause})
	s, err := NewSplitter(r, DefaultDialect(), Options{Name: "f.csv", SegmentSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	seg, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seg.Release()
	for range 2 {
		if _, err = s.Next(t.Context()); !errors.Is(err, cause) || err.Error() != "f.csv: reading failed at byte 9: connection reset" {
			t.Fatalf("error %v", err)
		}
	}
}

// An error of decompression already says what it is about.
func TestDecompressionErrorsStandAlone(t *testing.T) {
	data := gzipped(t, "a,b\n"+noise(100_000))
	r, err := Decompress("f.csv.gz", bytes.NewReader(data[:50_000]))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSplitter(r, DefaultDialect(), Options{Name: "f.csv.gz", SegmentSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Next(t.Context())
	if err == nil || err.Error() != "f.csv.gz: unexpected end of gzip data after 50,000 bytes" || diag.ClassOf(err) != diag.Partial {
		t.Fatalf("error %v", err)
	}
}

func TestNextEndsWithTheContext(t *testing.T) {
	s, err := NewSplitter(strings.NewReader("a\n1\n"), DefaultDialect(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(ctx); diag.ClassOf(err) != diag.Interrupted {
		t.Fatalf("error %v", err)
	}
}

func TestEmptyFileWithoutHeader(t *testing.T) {
	for _, file := range []string{"", "\ufeff"} {
		_, results, err := readAll(t, []byte(file), Dialect{Columns: []string{"a"}}, 7)
		if err != nil || len(results) != 0 {
			t.Errorf("%q: %d records, %v", file, len(results), err)
		}
	}
}

func TestParserRefusesOtherColumns(t *testing.T) {
	s, err := NewSplitter(strings.NewReader("a\n1\n"), DefaultDialect(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	seg, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewParser(DefaultDialect(), 2).Parse(seg); err == nil {
		t.Fatal("a parser of two columns reads one")
	}
}

// manyValues has columns of 1, 4, 1000, 5000 and as many values as rows, short
// and long, the last ones turning up late.
func manyValues(rows int, quote string) []byte {
	out := []byte("one,few,kilo,frequent,every,tied\n")
	for i := range rows {
		late := "same"
		if i > rows/2 {
			late = fmt.Sprintf("late %d %s", i, strings.Repeat("-", i%40))
		}
		out = fmt.Appendf(out, "%[1]sx%[1]s,%[1]s%[2]s%[1]s,%[3]d,%[1]sa longer value %[4]d%[1]s,%[5]d,%[1]s%[6]s%[1]s\n",
			quote, []string{"", "é", "completed", "0123456789abcdef"}[i%4], i*7%1000, i*7%5000, i, late)
	}
	return out
}

// Large clean files read as encoding/csv reads them, whatever columns become
// dictionaries.
func TestManyRowsAgainstEncodingCSV(t *testing.T) {
	for name, file := range map[string][]byte{
		"plain": manyValues(12_000, ""), "quoted": manyValues(12_000, `"`), "transactions": transactions(20_000, true),
		"doubled": bytes.ReplaceAll(manyValues(12_000, `"`), []byte("a"), []byte(`""`)),
	} {
		rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{10_000, 1 << 20, 1 << 24} {
			d := DefaultDialect()
			d.Nulls = []string{"13", "x"}[:size%3%2+1]
			header, results, err := readAll(t, file, d, size)
			if err != nil || len(results) != len(rows)-1 || fmt.Sprint(header) != fmt.Sprint(rows[0]) {
				t.Fatalf("%s: %d rows, header %q, %v", name, len(results), header, err)
			}
			for i, r := range results {
				for c, value := range rows[i+1] {
					if r.values[c] != value && (!r.null[c] || value != "13" && value != "x") {
						t.Fatalf("%s: row %d column %d is %q, want %q", name, i, c, r.values[c], value)
					}
				}
			}
		}
	}
}

func TestColumnsOfFewValuesAreDictionaries(t *testing.T) {
	s, err := NewSplitter(bytes.NewReader(manyValues(12_000, "")), DefaultDialect(), Options{SegmentSize: 1 << 24})
	if err != nil {
		t.Fatal(err)
	}
	seg, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewParser(DefaultDialect(), 6).Parse(seg)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Record.Release()
	for c, want := range []arrow.Type{arrow.DICTIONARY, arrow.DICTIONARY, arrow.DICTIONARY, arrow.STRING, arrow.STRING, arrow.STRING} {
		if got := b.Record.Column(c).DataType().ID(); got != want {
			t.Errorf("column %s is %v, want %v", b.Record.ColumnName(c), got, want)
		}
	}
}

// Workers parse segments of one file at the same time.
func TestParallelParsers(t *testing.T) {
	file := manyValues(20_000, `"`)
	s, err := NewSplitter(bytes.NewReader(file), DefaultDialect(), Options{SegmentSize: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	segments := make(chan *Segment)
	counts := make([]int, 4)
	var workers sync.WaitGroup
	for k := range counts {
		workers.Go(func() {
			p := NewParser(DefaultDialect(), len(s.Header()))
			for seg := range segments {
				b, err := p.Parse(seg)
				seg.Release()
				if err != nil || b.Damaged != nil {
					t.Error(err, b.Damaged)
					continue
				}
				counts[k] += b.Records
				b.Record.Release()
			}
		})
	}
	for {
		seg, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		segments <- seg
	}
	close(segments)
	workers.Wait()
	if sum := counts[0] + counts[1] + counts[2] + counts[3]; sum != 20_000 {
		t.Errorf("%d records, want 20000", sum)
	}
}
