package table

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

// ingestionDate is the partition column of bronze and quarantine, which their
// schemas do not name.
const ingestionDate = "ingestion_date"

// Columns returns the columns of a table of the lake, and those of them that stand
// in the paths of its files: at the end, unless the table says where they stand.
func Columns(t *lake.Table) (all, inPaths []schema.Column, err error) {
	known, err := lake.SchemaOf(t.Schema)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", t.Ref, err)
	}
	all = slices.Clone(known.Columns)
	for _, name := range namesInPaths(t) {
		at := known.Index(name)
		if at < 0 {
			kind := schema.String
			if name == ingestionDate {
				kind = schema.Date
			}
			all = append(all, schema.Column{Name: name, Type: schema.T(kind), Nullable: true})
			at = len(all) - 1
		}
		inPaths = append(inPaths, all[at])
	}
	return all, inPaths, nil
}

// namesInPaths returns the partition columns of a table: those of any file, for all
// have the same.
func namesInPaths(t *lake.Table) []string {
	if files := t.Files(); len(files) > 0 {
		return slices.Sorted(maps.Keys(files[0].Partition))
	}
	if t.Ref.Layer == lake.Bronze || t.Ref.Layer == lake.Quarantine {
		return []string{ingestionDate}
	}
	return nil
}
