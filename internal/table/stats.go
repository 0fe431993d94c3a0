package table

import (
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// recorded returns the statistics that a commit records of a file: the nulls of
// columns that have any, and the bounds of dates and timestamps, by which
// freshness and the newest rows are found without reading the file.
func recorded(t schema.Table, columns []parquetio.ColumnStats) map[string]lake.ColumnStats {
	stats := map[string]lake.ColumnStats{}
	for i, c := range columns {
		typ := t.Columns[i].Type
		if c.Nulls == 0 && !typ.Temporal() {
			continue
		}
		s := lake.ColumnStats{Nulls: c.Nulls}
		if typ.Temporal() && c.HasBounds {
			lo, hi := boundText(typ, c.Min), boundText(typ, c.Max)
			s.Min, s.Max = &lo, &hi
		}
		stats[c.Name] = s
	}
	return stats
}

// boundText prints a bound as values of the type are printed.
func boundText(typ schema.Type, bound any) string {
	switch v := bound.(type) {
	case int32:
		return string(vec.AppendDate(nil, v))
	case int64:
		return string(vec.AppendTimestamp(nil, v))
	default:
		panic("table: " + typ.String() + " has no bound that is recorded")
	}
}
