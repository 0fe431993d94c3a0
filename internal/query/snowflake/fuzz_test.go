package snowflake

import (
	"bytes"
	"strconv"
	"testing"
)

func fuzzColumns() []column {
	return []column{columnOf("N", "fixed", 9, 0, true), columnOf("M", "fixed", 18, 2, true), columnOf("S", "text", 0, 0, true)}
}

// Whatever bytes a part has, they are rows or an error.
func FuzzJSONPart(f *testing.F) {
	f.Add([]byte(`["1","2.00","x"],`+"\n"+`["-3",null,"é"]`), int64(1))
	f.Add([]byte(`["1","2"]`), int64(0))
	f.Add([]byte(`]["1","2","3"`), int64(0))
	f.Fuzz(func(t *testing.T, part []byte, skip int64) {
		r := newResult(fuzzColumns())
		reader := newJSONReader(bytes.NewReader(part), r.build, 3)
		reader.skip(skip)
		for range len(part) + 2 {
			rec, err := reader.next()
			if err != nil {
				return
			}
			if rec.NumRows() == 0 || rec.NumCols() != 3 {
				t.Fatalf("%d rows of %d columns", rec.NumRows(), rec.NumCols())
			}
			rec.Release()
		}
		t.Fatal("the part does not end")
	})
}

// However a part in Arrow is cut, its whole batches come, then an error or, at
// the end of a batch, an end that the number of rows shows to be too early. Bytes
// that were changed on their way do not get here: TLS and gzip find them.
func TestCutArrowPart(t *testing.T) {
	part := numbers(t, 0, 3, 4)
	for cut := range part {
		r := newResult(fuzzColumns())
		reader, err := newArrowReader(bytes.NewReader(part[:cut]), r.columns, r.schema)
		if err != nil {
			continue
		}
		var n int64
		for {
			rec, err := reader.next()
			if err != nil {
				break
			}
			for i := range int(rec.NumRows()) {
				if got, want := rec.Column(0).ValueStr(i), strconv.FormatInt(n, 10); got != want {
					t.Fatalf("cut at %d: row %d is %s", cut, n, got)
				}
				n++
			}
			rec.Release()
		}
		if n%4 != 0 || n > 12 {
			t.Errorf("cut at %d: %d rows", cut, n)
		}
		reader.release()
	}
}
