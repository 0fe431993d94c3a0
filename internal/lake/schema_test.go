package lake

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Records keep to their schema, which knows all of their keys.
func TestRecordsKeepToTheirSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(RecordSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("record.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("record.json")
	if err != nil {
		t.Fatal(err)
	}
	low, high := "1", "9"
	ref := TableRef{Silver, "items"}
	full := &Record{Format: recordFormat, Sequence: 2, Previous: "a", Nonce: "b", Fence: 3, Run: "r", Layer: Silver, Time: time.Unix(0, 0).UTC(),
		Tables: map[TableRef]*TableChange{ref: {
			TableSettings: TableSettings{Definition: "d", Parts: map[string]string{"key": "h"}, Schema: []Column{{"id", "bigint", true}}, Consumed: map[TableRef]uint64{{Bronze, "items"}: 1}, FullRefresh: true},
			Put: []FileChange{{Path: "silver/items/p=1/part-0.parquet", Partition: map[string]*string{"p": &low, "q": nil}, Rows: 1, Bytes: 2, SHA256: "c",
				Stats: map[string]ColumnStats{"id": {Nulls: 1, Min: &low, Max: &high}}, Source: "s", Replaces: 1, Staged: "o"}},
			Removed: []Removal{{Path: "x", Kind: Index, Replaces: 1}}}},
		Inputs:    []Input{{Dataset: "items", SourceFile: "a.csv", Size: 1, Version: "v", SHA256: "s", Records: 2, Damaged: 1, ColumnsAdded: []string{"x"}}},
		Seen:      []Seen{{"items", "a.csv", 1, "v"}},
		Withdrawn: []FileVersion{{"items", "a.csv", 1}},
		Ledger:    []LedgerChange{{FileVersion{"items", "a.csv", 1}, Totals{1, 1, 0, 0}}},
		Checks:    []CheckResult{{ref, "c", "expect", "flag", 1, 2, "why"}},
		Accepted:  []Acceptance{{"gate", "reason"}}}
	small := &Record{Format: recordFormat, Sequence: 1, Nonce: "b", Run: "r", Layer: Bronze}
	for _, r := range []*Record{full, small} {
		text, err := r.marshal()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		var changed map[string]any
		if err := json.Unmarshal(text, &changed); err != nil {
			t.Fatal(err)
		}
		changed["more"] = 1
		if schema.Validate(changed) == nil {
			t.Error("a key that records do not have passes")
		}
	}
}
