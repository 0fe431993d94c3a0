package task

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// stream returns an Arrow stream of one column n with the numbers 1 and 2 in a
// batch each, and where its messages end: the schema, the batches, the end.
func stream(t *testing.T) (data []byte, ends []int) {
	t.Helper()
	var out bytes.Buffer
	s := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	w := ipc.NewWriter(&out, ipc.WithSchema(s))
	for i := range int64(2) {
		batch := array.NewRecord(s, []arrow.Array{vec.Int64s([]int64{i + 1})}, 1)
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
		batch.Release()
		ends = append(ends, out.Len())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), append(ends, out.Len())
}

func TestRowsThatEndBeforeTheirEnd(t *testing.T) {
	data, ends := stream(t)
	columns := []schema.Column{{Name: "n", Type: schema.T(schema.Bigint)}}
	for cut := 0; cut <= len(data); cut++ {
		var got []int64
		err := batches(bufio.NewReader(bytes.NewReader(data[:cut])), columns, func(cols []arrow.Array, n int) error {
			got = append(got, cols[0].(*array.Int64).Int64Values()[:n]...)
			return nil
		})
		if whole := cut == len(data); (err == nil) != whole {
			t.Errorf("%d of %d bytes: %d, %v", cut, len(data), got, err)
		}
		if slices.Contains(ends[:2], cut) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the stream ends after a batch: %v", err)
		}
	}
}
