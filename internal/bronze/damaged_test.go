package bronze

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/table"
)

func TestFilesWithoutGoodRecords(t *testing.T) {
	w := newWorld(t)
	w.files["damaged.csv"] = append([]byte("a,b\n"), bytes.Repeat([]byte("one\n"), 5000)...)
	w.files["empty.csv"] = []byte("a,b\n\n")
	result, err := w.ingest(t.Context(), settings{3, 100, 0})
	if err != nil || len(result.Put) > 0 || len(result.Inputs) != 2 || len(result.Quarantined) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	if in := result.Inputs[0]; in.Records != 5000 || in.Damaged != 5000 || result.Inputs[1].Records != 0 || result.Damage["read:ragged"] != 5000 {
		t.Errorf("%+v, %v", result.Inputs, result.Damage)
	}
	if f := result.Quarantined[0]; f.Rows != 5000 || f.Source != "damaged.csv" {
		t.Errorf("%+v", f)
	}
}

func TestReasonsOfDamagedRecords(t *testing.T) {
	w := newWorld(t)
	w.files["t.csv"] = []byte("a,b\n1,2\n1,2,3\n")
	result, err := w.ingest(t.Context(), settings{1, 100, 0})
	if err != nil || len(result.Quarantined) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	r, err := table.Open(t.Context(), w.bucket, result.Quarantined[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	columns := quarantine.Schema(result.Columns)
	err = r.ScanAll(columns.Columns, func(cols []arrow.Array, n int) error {
		reasons, err := quality.ParseReasons(value(cols[columns.Index(quarantine.Reasons)], 0))
		if n != 1 || err != nil || len(reasons) != 1 || reasons[0].Check != "read:ragged" || !strings.Contains(reasons[0].Detail, "3") {
			t.Errorf("%d rows, %+v, %v", n, reasons, err)
		}
		if line := cols[columns.Index(quarantine.SourceLine)].(*array.Int64).Value(0); line != 3 {
			t.Errorf("line %d, want 3", line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
