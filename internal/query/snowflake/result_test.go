package snowflake

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
)

// A part that breaks off again and again is read to its end as long as each time
// brings rows: a reader who turns pages takes longer than a request may.
func TestPartThatGoesOn(t *testing.T) {
	const each, step = 150_000 / thin, 25_000 / thin
	var attempt atomic.Int64
	row := func(i int) []any {
		if i == 0 {
			attempt.Add(1)
		}
		if int64(i) == attempt.Load()*step {
			panic(http.ErrAbortHandler)
		}
		return numberRow(i)
	}
	s, e := start(t)
	s.Script(want{Match: "^select", Columns: numberColumns, Chunk: &snowflaketest.Chunked{Chunks: 1, RowsEach: each, Row: row}})
	r, err := e.Run(context.Background(), typed("select * from t"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for n := int64(0); n < each; {
		rec, err := r.Next()
		if err != nil {
			t.Fatalf("after %d rows, at attempt %d: %v", n, attempt.Load(), err)
		}
		n += rec.NumRows()
		rec.Release()
	}
	if n := attempt.Load(); n <= attempts {
		t.Errorf("it broke off only %d times", n-1)
	}
}
