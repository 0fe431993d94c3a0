package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Kinds of differences.
const (
	KindMissing    = "table missing"
	KindExtra      = "table extra"
	KindForeign    = "table of others"
	KindColumn     = "column"
	KindKeys       = "partition keys"
	KindLocation   = "location"
	KindFormat     = "format"
	KindParameters = "parameters"
	KindPartitions = "partitions"
	KindCommit     = "commit"
)

// Difference is one thing in which the catalog is not as the lake.
type Difference struct {
	Table  string `json:"table"` // of the lake: silver.transactions
	Name   string `json:"name"`  // in the catalog: shop_dev_silver.transactions
	Kind   string `json:"kind"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// difference makes one of a table.
func (t *target) difference(kind, format string, args ...any) Difference {
	return Difference{Table: t.ref.String(), Name: t.full(), Kind: kind, What: fmt.Sprintf(format, args...), Remedy: "lakectl catalog sync " + t.ref.String()}
}

// compareTable returns how a table of the catalog differs, but for its
// partitions and the commit.
func (c *Catalog) compareTable(t *target, have *types.Table) []Difference {
	var list []Difference
	sd := have.StorageDescriptor
	if sd == nil {
		sd = &types.StorageDescriptor{}
	}
	for _, what := range compareColumns(t.columns, sd.Columns) {
		list = append(list, t.difference(KindColumn, "%s", what))
	}
	if !sameColumns(t.keys, have.PartitionKeys) {
		list = append(list, t.difference(KindKeys, "partitioned by (%s) in the catalog, by (%s) in the lake", typed(have.PartitionKeys), typed(t.keys)))
	}
	if !sameLocation(t.location, sd) {
		list = append(list, t.difference(KindLocation, "at %s in the catalog, at %s in the lake", aws.ToString(sd.Location), t.location))
	}
	if !parquet(sd) || aws.ToString(have.TableType) != external {
		list = append(list, t.difference(KindFormat, "the catalog does not read it as an external table of Parquet files"))
	}
	want := c.parameters(t)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := have.Parameters[name]; got != want[name] {
			list = append(list, t.difference(KindParameters, "%s is %q, not %q", name, got, want[name]))
		}
	}
	if on, ok := have.Parameters[paramProjection]; ok {
		list = append(list, t.difference(KindParameters, "%s is set (%s): with projection Athena does not look at partitions", paramProjection, on))
	}
	return list
}

// compareColumns says in words how the columns of the catalog differ.
func compareColumns(want, have []types.Column) []string {
	if sameColumns(want, have) {
		return nil
	}
	var list []string
	types := map[string]string{}
	for _, c := range have {
		types[lower(c.Name)] = lower(c.Type)
	}
	for _, c := range want {
		switch typ, ok := types[*c.Name]; {
		case !ok:
			list = append(list, fmt.Sprintf("%s (%s) is missing in the catalog", *c.Name, *c.Type))
		case typ != *c.Type:
			list = append(list, fmt.Sprintf("%s is %s in the catalog, %s in the lake", *c.Name, typ, *c.Type))
		}
		delete(types, *c.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		list = append(list, fmt.Sprintf("%s (%s) is in the catalog, not in the lake", name, types[name]))
	}
	if list == nil {
		list = append(list, "the columns are in another order in the catalog")
	}
	return list
}

func sameColumns(want, have []types.Column) bool {
	return slices.EqualFunc(want, have, func(a, b types.Column) bool { return lower(a.Name) == lower(b.Name) && lower(a.Type) == lower(b.Type) })
}

// lower returns a name or type as it is compared.
func lower(text *string) string { return strings.ToLower(aws.ToString(text)) }

// typed lists columns with their types.
func typed(columns []types.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = aws.ToString(c.Name) + " " + aws.ToString(c.Type)
	}
	return strings.Join(list, ", ")
}

// sameLocation says whether a descriptor points to a folder.
func sameLocation(want string, sd *types.StorageDescriptor) bool {
	return strings.TrimSuffix(aws.ToString(sd.Location), "/") == strings.TrimSuffix(want, "/")
}

// parquet says whether a descriptor reads Parquet.
func parquet(sd *types.StorageDescriptor) bool {
	return sd.SerdeInfo != nil && aws.ToString(sd.SerdeInfo.SerializationLibrary) == serde &&
		aws.ToString(sd.InputFormat) == inputFormat && aws.ToString(sd.OutputFormat) == outputFormat
}

// stale says whether a partition reads its files by another description than
// its table's, which Athena refuses (HIVE_PARTITION_SCHEMA_MISMATCH).
func (t *target) stale(have *types.Partition) bool {
	sd := have.StorageDescriptor
	return sd == nil || !sameColumns(t.columns, sd.Columns) || !parquet(sd)
}

// some names a few of many partitions.
func some(paths []string) string {
	const few = 3
	slices.Sort(paths)
	text := strings.Join(paths[:min(few, len(paths))], ", ")
	if more := len(paths) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
