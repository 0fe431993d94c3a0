package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// result is a record as the package reads it.
type result struct {
	row          int64
	kind         Kind
	line, offset int64
	raw, detail  string
	values       []string
	null         []bool
}

// readAll reads a file in segments of a size; the reader gives few bytes at a time if small.
func readAll(t testing.TB, file []byte, d Dialect, size int) (header []string, results []result, err error) {
	t.Helper()
	var r io.Reader = bytes.NewReader(file)
	if size%3 == 1 {
		r = iotest.HalfReader(iotest.DataErrReader(r))
	}
	s, err := NewSplitter(r, d, Options{Name: "test.csv", SegmentSize: size})
	if err != nil {
		return nil, nil, err
	}
	p := NewParser(d, len(s.Header()))
	row := int64(1)
	for {
		seg, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return s.Header(), results, nil
		}
		if err != nil {
			return nil, nil, err
		}
		b, err := p.Parse(seg)
		if err != nil {
			t.Fatal(err)
		}
		clear(seg.data) // batches must not need it
		seg.Release()
		results = append(results, batchResults(t, b, row)...)
		row += int64(b.Records)
		b.Record.Release()
	}
}

func batchResults(t testing.TB, b *Batch, row int64) []result {
	t.Helper()
	n := int(b.Record.NumRows())
	if n+len(b.Damaged) != b.Records || b.Rows != nil && len(b.Rows) != n {
		t.Fatalf("%d good rows, %d ordinals and %d damaged make %d records", n, len(b.Rows), len(b.Damaged), b.Records)
	}
	out := make([]result, b.Records)
	for i := range n {
		at := i
		if b.Rows != nil {
			at = int(b.Rows[i])
		}
		out[at].row = row + int64(at)
		for c := range int(b.Record.NumCols()) {
			value, null := textAt(b.Record.Column(c), i)
			out[at].values, out[at].null = append(out[at].values, value), append(out[at].null, null)
		}
	}
	for _, d := range b.Damaged {
		if out[d.Ordinal].row != 0 {
			t.Fatalf("record %d is good and damaged", d.Ordinal)
		}
		out[d.Ordinal] = result{row: row + int64(d.Ordinal), kind: d.Kind, line: d.Line, offset: d.Offset, raw: string(d.Raw), detail: d.Detail}
	}
	return out
}

func textAt(a arrow.Array, i int) (string, bool) {
	if a.IsNull(i) {
		return "", true
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i), false
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i)), false
	}
	panic(fmt.Sprintf("column of %T", a))
}

// compare checks a reading against the reference, and the reference against the file.
func compare(t testing.TB, file []byte, d Dialect, sizes []int) {
	t.Helper()
	want := readReference(file, d)
	var first []result
	for i, size := range sizes {
		header, got, err := readAll(t, file, d, size)
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("%s\nfile %q\ndialect %+v\nsegments of %d bytes", fmt.Sprintf(format, args...), file, d, size)
		}
		if (err != nil) != want.bad {
			fail("error %v, want one: %v", err, want.bad)
		}
		if err != nil {
			continue
		}
		if !slices.Equal(header, want.header) {
			fail("header %q, want %q", header, want.header)
		}
		for k, g := range got {
			if k == len(want.records) {
				break
			}
			w := want.records[k]
			switch {
			case g.row != w.row || g.kind != w.kind:
				fail("record %d: row %d kind %v, want row %d kind %v raw %q", k, g.row, g.kind, w.row, w.kind, w.raw)
			case g.kind == 0 && !sameValues(g, w):
				fail("row %d: %q %v, want %q %v", g.row, g.values, g.null, w.values, w.null)
			case g.kind != 0 && (g.line != w.line || g.offset != w.offset || g.raw != w.raw):
				fail("row %d: line %d offset %d raw %q, want line %d offset %d raw %q", g.row, g.line, g.offset, g.raw, w.line, w.offset, w.raw)
			case g.kind != 0 && i > 0 && g.detail != first[k].detail:
				fail("row %d: detail %q, in segments of %d bytes %q", g.row, g.detail, sizes[0], first[k].detail)
			}
		}
		if len(got) != len(want.records) {
			fail("%d records, want %d", len(got), len(want.records))
		}
		first = got
	}
}

func sameValues(g result, w refRecord) bool {
	if len(g.values) != len(w.values) {
		return false
	}
	for i := range g.values {
		if g.null[i] != w.null[i] || !g.null[i] && g.values[i] != w.values[i] {
			return false
		}
	}
	return true
}

// accounted checks that header, blank lines and records make up the whole file.
func accounted(t testing.TB, file []byte, d Dialect) {
	t.Helper()
	f := readReference(file, d)
	if f.bad || len(f.records) == 0 {
		return
	}
	for i, r := range f.records {
		end := len(file)
		if i+1 < len(f.records) {
			end = int(f.records[i+1].offset)
		}
		rest := file[r.offset:end]
		if len(r.raw) < rawCut && !bytes.HasPrefix(rest, []byte(r.raw)) {
			t.Fatalf("record %d %q does not stand at %d in %q", i, r.raw, r.offset, file)
		}
		if between := rest[min(len(r.raw), len(rest)):]; len(r.raw) < rawCut && strings.Trim(string(between), "\r\n") != "" {
			t.Fatalf("bytes %q after record %d belong to nothing in %q", between, i, file)
		}
	}
}

func randomDialect(r *rand.Rand) Dialect {
	d := Dialect{Delimiter: ",;\t|"[r.IntN(4)], Header: r.IntN(2) == 0, Skip: max(0, r.IntN(5)-2), LazyQuotes: r.IntN(3) == 0}
	if r.IntN(6) > 0 {
		d.Quote = "\"\""[r.IntN(2)]
		if r.IntN(3) == 0 {
			d.Escape = `\/`[r.IntN(2)]
		}
	}
	if r.IntN(3) == 0 {
		d.Nulls = [][]string{{"NULL"}, {`\N`, ""}, {"a", "b"}}[r.IntN(3)]
	}
	switch r.IntN(3) {
	case 0:
		d.MaxField = 1 + r.IntN(12)
		d.slack = 1 + r.IntN(40)
	case 1:
		d.MaxField = 20 + r.IntN(50)
		d.slack = 1 + r.IntN(100)
	}
	if !d.Header {
		d.Columns = []string{"a", "b", "c", "d"}[:1+r.IntN(4)]
	}
	return d
}

// randomFile is mostly made of what the dialect has a meaning for.
func randomFile(r *rand.Rand, d Dialect) []byte {
	var out []byte
	if r.IntN(8) == 0 {
		out = append(out, "\xef\xbb\xbf"...)
	}
	for range d.Skip {
		out = append(out, "skip \" me\n"...)
	}
	columns := len(d.Columns)
	if d.Header {
		columns = 1 + r.IntN(4)
		for c := range columns {
			out = fmt.Appendf(out, "col%d%c", c, d.Delimiter)
		}
		out[len(out)-1] = '\n'
	}
	wild := r.IntN(4)
	for range r.IntN(30) {
		out = appendRecord(out, r, d, columns, wild)
	}
	if n := len(out); n > 0 && r.IntN(3) == 0 {
		out = out[:n-1]
	}
	return out
}

func appendRecord(out []byte, r *rand.Rand, d Dialect, columns, wild int) []byte {
	if wild > 0 && r.IntN(12/wild) == 0 {
		columns += r.IntN(3) - 1
	}
	for c := range columns {
		if c > 0 {
			out = append(out, d.Delimiter)
		}
		quoted := d.Quote != 0 && r.IntN(3) == 0
		if quoted && (wild == 0 || r.IntN(15) > 0) {
			out = append(out, d.Quote)
		}
		out = appendText(out, r, d, quoted, wild)
		if quoted && (wild == 0 || r.IntN(15) > 0) {
			out = append(out, d.Quote)
		}
	}
	if r.IntN(4) == 0 {
		out = append(out, '\r')
	}
	out = append(out, '\n')
	if r.IntN(10) == 0 {
		out = append(out, "\r\n"[r.IntN(2):]...)
	}
	return out
}

func appendText(out []byte, r *rand.Rand, d Dialect, quoted bool, wild int) []byte {
	for range r.IntN(6) {
		switch k := r.IntN(20); {
		case k < 10:
			out = append(out, "abN1é "[r.IntN(4)])
		case k == 10:
			out = append(out, "é€😀"...)
		case k == 11:
			out = append(out, []string{"NULL", `\N`}[r.IntN(2)]...)
		case quoted && k < 14:
			out = append(out, []byte{d.Delimiter, '\n', '\r'}[r.IntN(3)])
		case quoted && k < 17 && d.Escape == 0:
			out = append(out, d.Quote, d.Quote)
		case quoted && k < 17 || d.Escape != 0 && k < 15:
			out = append(out, d.Escape, []byte{d.Quote, d.Escape}[r.IntN(2)])
		case wild > 0 && k == 17 && r.IntN(4) == 0:
			out = append(out, 0)
		case wild > 0 && k == 18 && r.IntN(4) == 0:
			out = append(out, "\xff\xc3\x80"[r.IntN(3)])
		case wild > 1 && k == 19:
			out = append(out, []byte{d.Quote | ' ', d.Escape | '!', '\r', d.Delimiter, '\n'}[r.IntN(5)])
		case wild > 2:
			out = append(out, []byte{d.Quote | ' ', d.Delimiter, '\n', d.Quote | ' '}[r.IntN(4)])
		}
	}
	return out
}

func TestRandomFilesAgainstReference(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 1000
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(1, uint64(seed)))
		d := randomDialect(r)
		file := randomFile(r, d)
		compare(t, file, d, []int{1 << 16, 1, 1 + r.IntN(20), 1 + r.IntN(200)})
		accounted(t, file, d)
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
