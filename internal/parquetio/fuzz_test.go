package parquetio

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/format"
)

// readAll reads whatever a file gives and touches every value, as a consumer would.
func readAll(file []byte) error {
	f, err := Open(bytes.NewReader(file), int64(len(file)), ReaderOptions{BufferBytes: 4096})
	if err != nil {
		return err
	}
	f.Metadata()
	for c := range f.Table().Columns {
		f.Stats(c)
	}
	for g := range min(f.RowGroups(), 4) {
		r, err := f.RowGroup(g, nil)
		if err != nil {
			return err
		}
		for range 100 {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			for _, a := range rec.Columns() {
				valuesOf(a)
			}
		}
		r.Close()
	}
	return nil
}

// smallFiles are one file for each way of writing.
func smallFiles(t testing.TB) [][]byte {
	table := everyType()
	short := schema.Table{Columns: table.Columns[:4]}
	r := rand.New(rand.NewPCG(5, 5))
	var out [][]byte
	for codec := range Codec(3) {
		a, _ := writeFile(t, table, WriterOptions{Codec: codec, PageRows: 10, RowGroupRows: 25}, randomBatch(r, table, 60, 3))
		b, _ := writeFile(t, short, WriterOptions{Codec: codec, Bloom: []string{short.Columns[0].Name}}, randomBatch(r, short, 20, 100))
		out = append(out, a, b)
	}
	empty, _ := writeFile(t, table, WriterOptions{})
	return append(out, empty)
}

// FuzzOpen feeds arbitrary bytes: errors, never panics, never values out of bounds.
func FuzzOpen(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 9))
	for i, c := range everyType().Columns {
		table := schema.Table{Columns: []schema.Column{c}}
		file, _ := writeFile(f, table, WriterOptions{Codec: Codec(i % 3), PageRows: 4}, randomBatch(r, table, 9, 1+i%5))
		f.Add(file)
	}
	f.Add([]byte("PAR1\x15\x00\x00PAR1"))
	f.Fuzz(func(_ *testing.T, file []byte) { _ = readAll(file) })
}

// TestDamagedFilesAreErrors changes bytes and cuts files short; checksums make
// damage to a page an error, too.
func TestDamagedFilesAreErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, file := range smallFiles(t) {
		for range 300 {
			damaged := bytes.Clone(file)
			for range 1 + r.IntN(3) {
				damaged[r.IntN(len(damaged))] ^= 1 << r.IntN(8)
			}
			_ = readAll(damaged)
			if err := readAll(file[:r.IntN(len(file))]); err == nil {
				t.Fatal("a file that was cut short is no error")
			}
		}
	}
}

func TestDamageToAPageIsFound(t *testing.T) {
	table := tableOf(schema.T(schema.String), false)
	values := make([]any, 100)
	for i := range values {
		values[i] = string(rune('a' + i%26))
	}
	file, _ := writeFile(t, table, WriterOptions{Codec: Uncompressed}, recordOf(table, arrayOf(table.Columns[0].Type, values)))
	i := bytes.IndexByte(file, 'k') // in the dictionary
	file[i] = 'l'
	if err := readAll(file); err == nil {
		t.Error("a changed byte was not noticed")
	}
}

func TestWriterRefuses(t *testing.T) {
	text := schema.T(schema.String)
	table := tableOf(text, false)
	for _, test := range []struct {
		name  string
		table schema.Table
		o     WriterOptions
		batch arrow.Record
		want  string
	}{
		{"no columns", schema.Table{}, WriterOptions{}, nil, "parquet: a file needs at least one column"},
		{"two names", schema.Table{Columns: []schema.Column{table.Columns[0], table.Columns[0]}}, WriterOptions{}, nil, `parquet: two columns are named "c"`},
		{"bloom nowhere", table, WriterOptions{Bloom: []string{"x"}}, nil, `parquet: bloom filter for column "x", which the table does not have`},
		{"bloom on boolean", tableOf(schema.T(schema.Boolean), true), WriterOptions{Bloom: []string{"c"}}, nil, `parquet: column "c": a boolean column cannot have a bloom filter`},
		{"invalid type", tableOf(schema.Type{}, true), WriterOptions{}, nil, `parquet: column "c" has type invalid, which no file can hold`},
		{"null in required", table, WriterOptions{}, recordOf(table, arrayOf(text, []any{"a", nil})), `parquet: column "c" is required but the batch has nulls in it`},
		{"other type", table, WriterOptions{}, recordOf(table, arrayOf(schema.T(schema.Bigint), []any{int64(1)})), `parquet: column "c" is utf8 in the file and int64 in the batch`},
		{"other scale", tableOf(schema.DecimalOf(9, 2), false), WriterOptions{}, recordOf(table, arrayOf(schema.DecimalOf(9, 3), []any{powerOfTen(1)})), `parquet: column "c" is decimal(9, 2) in the file and decimal(9, 3) in the batch`},
		{"too many digits", tableOf(schema.DecimalOf(5, 2), false), WriterOptions{}, recordOf(table, arrayOf(schema.DecimalOf(5, 2), []any{powerOfTen(5).Negate()})), `parquet: column "c": -1000.00 has more digits than decimal(5,2)`},
		{"far too many digits", tableOf(schema.DecimalOf(5, 2), false), WriterOptions{}, recordOf(table, arrayOf(schema.DecimalOf(5, 2), []any{powerOfTen(25)})), `parquet: column "c": 100000000000000000000000.00 has more digits than decimal(5,2)`},
		{"38 digits", tableOf(schema.DecimalOf(20, 0), false), WriterOptions{}, recordOf(table, arrayOf(schema.DecimalOf(20, 0), []any{powerOfTen(20)})), `parquet: column "c": 100000000000000000000 has more digits than decimal(20,0)`},
		{"two columns", table, WriterOptions{}, randomBatch(rand.New(rand.NewPCG(1, 1)), everyType(), 1, 1), "parquet: a batch of 26 columns for a file of 1"},
	} {
		w, err := NewWriter(io.Discard, test.table, test.o)
		if err == nil {
			err = w.Write(test.batch)
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		if w != nil {
			if _, again := w.Close(); !errors.Is(again, err) {
				t.Errorf("%s: Close after an error gives %v", test.name, again)
			}
		}
	}
}

// FuzzPage feeds arbitrary bytes past the checksum: as levels and values of a
// page, or as a dictionary, of each kind of column in each encoding.
func FuzzPage(f *testing.F) {
	for kind := range byte(8) {
		f.Add(kind, byte(0), uint16(3), []byte("\x02\x00\x00\x00\x03\x05abcdefghijklmnopqrstuvwxyz"))
	}
	f.Add(byte(1), byte(5), uint16(3), []byte("\x02\x00\x00\x00\x06\x01\x80\x01\x04\x03\x02\x00\x00"))
	f.Add(byte(1), byte(8), uint16(3), []byte("\x02\x00\x00\x00\x06\x01\x02\x03\x04"))
	f.Fuzz(func(t *testing.T, kind, encoding byte, rows uint16, data []byte) {
		c := fileColumn{name: "c", optional: kind >= 8, physical: format.Type(kind % 8), width: 5}
		what := annotation{}
		if kind >= 16 {
			what = annotation{name: "DECIMAL", precision: 7, scale: 2}
		}
		if c.physical == format.Int96 || !c.annotate(what) {
			return
		}
		defer func() {
			// Panics of parquet-go's decoders are caught at the border; ours are not excused.
			if p := recover(); p != nil && encoding < 5 {
				panic(p)
			}
		}()
		r := &pageReader{optional: c.optional, body: data}
		h := &format.PageHeader{UncompressedPageSize: int32(len(data))}
		h.DataPageHeader.V = format.DataPageHeader{NumValues: int32(rows), Encoding: format.Encoding(encoding), DefinitionLevelEncoding: format.Encoding(3 + rows%2)}
		d := newDecoder(&c)
		_ = d.setDictionary(&rawPage{dictionary: true, encoding: format.Plain, rows: 2, values: 2, data: []byte("\x02\x00\x00\x00abcdefghijklmnopqrstuvwxyz")})
		p, err := r.pageV1(h)
		if err != nil {
			return
		}
		a, err := d.decode(p)
		if err != nil {
			return
		}
		if a.Len() != int(rows) {
			t.Fatalf("%d rows, want %d", a.Len(), rows)
		}
		valuesOf(a)
	})
}
