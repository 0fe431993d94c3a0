package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/google/go-cmp/cmp"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
)

// foreignRow has columns in the encodings and types that lakectl does not write.
type foreignRow struct {
	DeltaInt   int32     `parquet:"delta_int,delta"`
	DeltaLong  int64     `parquet:"delta_long,optional,delta"` // 0 is null
	DeltaBytes []byte    `parquet:"delta_bytes,delta"`
	DeltaText  string    `parquet:"delta_text,delta"`
	Lengths    string    `parquet:"lengths,optional,delta"` // "" is null
	Split      float64   `parquet:"split,split"`
	Float      float32   `parquet:"float"`
	Dict       *string   `parquet:"dict,optional,dict"`
	DictInt    int64     `parquet:"dict_int,dict"`
	Flag       *bool     `parquet:"flag,optional"`
	Unsigned   uint32    `parquet:"unsigned"`
	Unsigned64 uint64    `parquet:"unsigned64"`
	Short      int16     `parquet:"short"`
	Millis     time.Time `parquet:"millis,timestamp(millisecond)"`
	Nanos      int64     `parquet:"nanos,timestamp(nanosecond)"`
	UUID       [16]byte  `parquet:"uuid,uuid"`
	Enum       string    `parquet:"enum,enum"`
	Raw        []byte    `parquet:"raw,dict"`
	Fixed      [3]byte   `parquet:"fixed"`
	Day        int32     `parquet:"day,date"`
	Amount     int64     `parquet:"amount,decimal(2:12)"`
	Big        [12]byte  `parquet:"big,decimal(3:28),dict"`
}

func foreignRows(n int) []foreignRow {
	rows := make([]foreignRow, n)
	for i := range rows {
		r := &rows[i]
		*r = foreignRow{DeltaInt: int32(i*i - 50), DeltaText: fmt.Sprint("text ", i), DeltaBytes: []byte(fmt.Sprintf("common %06d", i/3)), Split: float64(i) / 3, Float: float32(i) / 2, DictInt: int64(i % 3),
			Unsigned: 1<<32 - 1 - uint32(i), Unsigned64: 1<<64 - 1 - uint64(i), Short: int16(-i), Millis: time.UnixMilli(int64(i) * 1001).UTC(), Nanos: int64(i-5) * 1000,
			UUID: [16]byte{0: 0xab, 15: byte(i)}, Enum: "E", Raw: []byte{0xff, byte(i % 2)}, Fixed: [3]byte{1, 2, byte(i)}, Day: int32(i), Amount: int64(-i)}
		if i%3 > 0 {
			long, text, flag := int64(i)<<40, strings.Repeat("x", i%7), i%2 == 0
			r.DeltaLong, r.Lengths, r.Dict, r.Flag = long, text, &text, &flag
		}
		n := big.NewInt(int64(i - 100))
		if n.Sign() < 0 {
			n.Add(n, new(big.Int).Lsh(big.NewInt(1), 96))
		}
		n.FillBytes(r.Big[:])
	}
	return rows
}

// foreignValues are what the rows must be read as, by column.
func foreignValues(rows []foreignRow) map[string][]any {
	out := map[string][]any{}
	add := func(name string, v any) { out[name] = append(out[name], v) }
	for i, r := range rows {
		add("delta_int", r.DeltaInt)
		add("delta_long", unlessZero(r.DeltaLong))
		add("delta_bytes", string(r.DeltaBytes))
		add("delta_text", r.DeltaText)
		add("lengths", unlessZero(r.Lengths))
		add("split", r.Split)
		add("float", float64(r.Float))
		add("dict", valueOr(r.Dict))
		add("dict_int", r.DictInt)
		add("flag", valueOr(r.Flag))
		add("unsigned", int64(r.Unsigned))
		add("unsigned64", decimal128.FromU64(r.Unsigned64))
		add("short", int32(r.Short))
		add("millis", arrow.Timestamp(r.Millis.UnixMicro()))
		add("nanos", arrow.Timestamp(r.Nanos/1000))
		add("uuid", fmt.Sprintf("ab000000-0000-0000-0000-0000000000%02x", byte(i)))
		add("enum", r.Enum)
		add("raw", string(r.Raw))
		add("fixed", string(r.Fixed[:]))
		add("day", arrow.Date32(r.Day))
		add("amount", decimal128.FromI64(r.Amount))
		add("big", decimal128.FromI64(int64(i-100)))
	}
	return out
}

func unlessZero[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

func valueOr[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func TestFilesOfOthers(t *testing.T) {
	rows := foreignRows(1000)
	want := foreignValues(rows)
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Zstd, &parquet.Lz4Raw, &parquet.Brotli} {
		for version := 1; version <= 2; version++ {
			// Pages are cut by bytes, so columns of different width end theirs at
			// different rows.
			var out bytes.Buffer
			w := parquet.NewGenericWriter[foreignRow](&out, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(700))
			for _, part := range [][]foreignRow{rows[:600], rows[600:]} {
				if _, err := w.Write(part); err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			f := openFile(t, out.Bytes())
			for i, got := range readFile(t, f) {
				name := f.Table().Columns[i].Name
				if name == "split" || name == "float" {
					got = doublesOf(got)
				}
				if diff := cmp.Diff(fmt.Sprint(want[name]), fmt.Sprint(got)); diff != "" {
					t.Errorf("%v, pages v%d, column %s: %s", codec, version, name, diff)
				}
			}
		}
	}
}

func doublesOf(bits []any) []any {
	out := make([]any, len(bits))
	for i, b := range bits {
		out[i] = math.Float64frombits(b.(uint64))
	}
	return out
}

func TestTypesOfOthers(t *testing.T) {
	var out bytes.Buffer
	if err := parquet.Write(&out, foreignRows(1)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range openFile(t, out.Bytes()).Table().Columns {
		got = append(got, fmt.Sprint(c.Name, " ", c.Type, " ", c.Nullable))
	}
	want := []string{"delta_int integer false", "delta_long bigint true", "delta_bytes binary false", "delta_text string false", "lengths string true", "split double false", "float double false",
		"dict string true", "dict_int bigint false", "flag boolean true", "unsigned bigint false", "unsigned64 decimal(20,0) false", "short integer false",
		"millis timestamp false", "nanos timestamp false", "uuid string false", "enum string false", "raw binary false", "fixed binary false",
		"day date false", "amount decimal(12,2) false", "big decimal(28,3) false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestColumnsAskedFor reads some columns, in another order, and none.
func TestColumnsAskedFor(t *testing.T) {
	table := tableOf(schema.T(schema.Integer), false)
	table.Columns = append(table.Columns, schema.Column{Name: "d", Type: schema.T(schema.Boolean)})
	b := recordOf(table, arrayOf(schema.T(schema.Integer), []any{int32(1), int32(2)}), arrayOf(schema.T(schema.Boolean), []any{true, false}))
	file, _ := writeFile(t, table, WriterOptions{}, b)
	f := openFile(t, file)
	for _, test := range []struct {
		columns []int
		want    string
	}{{[]int{1, 0}, "[[true false] [1 2]]"}, {[]int{1}, "[[true false]]"}, {[]int{}, "[]"}, {[]int{0, 0}, "[[1 2] [1 2]]"}} {
		r, err := f.RowGroup(0, test.columns)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rowsOf(rec)); got != test.want || rec.NumRows() != 2 {
			t.Errorf("columns %v: %s, %d rows", test.columns, got, rec.NumRows())
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("columns %v: %v at the end", test.columns, err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	type nanos struct {
		T int64 `parquet:"t,timestamp(nanosecond)"`
	}
	type millis struct {
		T int64 `parquet:"t,timestamp(millisecond)"`
	}
	type list struct {
		A int32   `parquet:"a"`
		L []int32 `parquet:"l,list"`
	}
	type repeated struct {
		R []int32 `parquet:"r"`
	}
	type clock struct {
		T int64 `parquet:"t,time(microsecond)"`
	}
	type old struct {
		T deprecated.Int96 `parquet:"t"`
	}
	write := func(err error, out *bytes.Buffer) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var a, b, c, d, e, g bytes.Buffer
	for _, test := range []struct {
		file []byte
		want string
	}{
		{write(parquet.Write(&a, []nanos{{1001}}), &a), `column "t": the timestamp 1001 ns is not a whole number of microseconds`},
		{write(parquet.Write(&b, []millis{{1 << 62}}), &b), `column "t": the timestamp 4611686018427387904 ms is out of range`},
		{write(parquet.Write(&c, []list{{1, []int32{1}}}), &c), `column "l" is nested`},
		{write(parquet.Write(&d, []repeated{{[]int32{1}}}), &d), `column "r" is nested`},
		{write(parquet.Write(&e, []clock{{1}}), &e), `column "t" is INT64 TIME`},
		{write(parquet.Write(&g, []old{{}}), &g), `column "t" is INT96, a deprecated timestamp`},
		{[]byte("a,b\n1,2\n3,4\n5,6\n"), "not a Parquet file"},
		{[]byte("PAR1"), "4 bytes are too few"},
	} {
		if err := readAll(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
