package table

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// Partitions numbers the partitions of a table by the values of its partition
// columns, in the order in which they are first seen. It is safe for concurrent
// use.
type Partitions struct {
	columns []schema.Column
	mu      sync.Mutex
	ids     map[string]int32 // by path
	list    []Partition
}

// Partition is one combination of values.
type Partition struct {
	Path   string             // the folders below the table's, or "" for a table without partitions
	Values map[string]*string // by column, as text; nil is null
	row    []arrow.Array      // the typed values, one row each
}

// NewPartitions returns the partitions of a table by these columns, none yet;
// a table without partition columns has exactly one.
func NewPartitions(columns []schema.Column) *Partitions {
	return &Partitions{columns: columns, ids: map[string]int32{}}
}

// Len returns the number of partitions seen.
func (p *Partitions) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.list)
}

// At returns a partition by number.
func (p *Partitions) At(id int32) Partition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list[id]
}

// Add returns the number of the partition whose values stand in one row of the
// partition columns.
func (p *Partitions) Add(cols []arrow.Array, row int) int32 {
	names, values, byName := make([]string, len(cols)), make([]*string, len(cols)), map[string]*string{}
	for i, col := range cols {
		names[i] = p.columns[i].Name
		if col.IsValid(row) {
			text := string(vec.AppendText(nil, col, row))
			values[i] = lake.PartitionValue(&text)
		}
		byName[names[i]] = values[i]
	}
	path := lake.PartitionPath(names, values)
	p.mu.Lock()
	defer p.mu.Unlock()
	if id, ok := p.ids[path]; ok {
		return id
	}
	id := int32(len(p.list))
	typed := make([]arrow.Array, len(cols))
	for i, col := range cols {
		typed[i] = vec.Take(col, p.columns[i].Type, []int32{int32(row)})
	}
	p.ids[path] = id
	p.list = append(p.list, Partition{Path: path, Values: byName, row: typed})
	return id
}

// AddValues returns the number of a partition whose values are given as text,
// as a commit records them.
func (p *Partitions) AddValues(values map[string]*string) (int32, error) {
	cols := make([]arrow.Array, len(p.columns))
	for i, c := range p.columns {
		col, err := parseValue(c, values[c.Name])
		if err != nil {
			return 0, err
		}
		cols[i] = col
	}
	return p.Add(cols, 0), nil
}

// Columns returns the partition columns of n rows of a partition, which stand
// in its path and not in its file.
func (p *Partitions) Columns(id int32, n int) []arrow.Array {
	row, rows := p.At(id).row, make([]int32, n)
	cols := make([]arrow.Array, len(row))
	for i, value := range row {
		cols[i] = vec.Take(value, p.columns[i].Type, rows)
	}
	return cols
}

// parseValue makes a column of one row from a partition value's text.
func parseValue(c schema.Column, text *string) (arrow.Array, error) {
	if text == nil {
		return vec.Nulls(c.Type, 1), nil
	}
	b := []byte(*text)
	switch c.Type.Kind {
	case schema.String:
		return vec.Constant(*text, 1), nil
	case schema.Boolean:
		if value, ok := vec.ParseBool(b); ok {
			return vec.FixedOf(c.Type, []byte{map[bool]byte{true: 1}[value]}, nil, 1, 0), nil
		}
	case schema.Integer:
		if value, ok := vec.ParseInt32(b); ok {
			return vec.Repeat32(c.Type, value, 1), nil
		}
	case schema.Date:
		if value, ok := vec.ParseDate(b); ok {
			return vec.Repeat32(c.Type, value, 1), nil
		}
	case schema.Bigint:
		if value, ok := vec.ParseInt64(b); ok {
			return vec.Repeat64(c.Type, value, 1), nil
		}
	default:
		return nil, fmt.Errorf("tables cannot be partitioned by %s, which is of type %s", c.Name, c.Type)
	}
	return nil, fmt.Errorf("partition value %s=%s is no %s", c.Name, *text, c.Type)
}

// PartitionOf finds the partitions of the rows of batches. It remembers those
// seen, so each goroutine needs its own.
type PartitionOf struct {
	p     *Partitions
	days  map[int32]int32  // a single date or integer column
	null  int32            // its null, or -1
	other map[string]int32 // by the values' bytes
	key   []byte
}

// Finder returns a new PartitionOf.
func (p *Partitions) Finder() *PartitionOf {
	return &PartitionOf{p: p, days: map[int32]int32{}, null: -1, other: map[string]int32{}}
}

// Of sets ids[i] to the partition of row i, given the partition columns.
func (f *PartitionOf) Of(ids []int32, cols []arrow.Array) {
	switch len(cols) {
	case 0:
		only := f.p.Add(nil, 0)
		for row := range ids {
			ids[row] = only
		}
		return
	case 1:
		switch col := cols[0].(type) {
		case *array.Date32:
			ofInt32(f, ids, cols, col.Date32Values())
			return
		case *array.Int32:
			ofInt32(f, ids, cols, col.Int32Values())
			return
		}
	}
	for row := range ids {
		f.key = f.key[:0]
		for _, col := range cols {
			f.key = appendKey(f.key, col, row)
		}
		id, ok := f.other[string(f.key)]
		if !ok {
			id = f.p.Add(cols, row)
			f.other[string(f.key)] = id
		}
		ids[row] = id
	}
}

func ofInt32[T ~int32](f *PartitionOf, ids []int32, cols []arrow.Array, values []T) {
	nulls := cols[0].NullN() > 0
	last, lastID := int32(0), int32(-1)
	for row := range ids {
		if nulls && cols[0].IsNull(row) {
			if f.null < 0 {
				f.null = f.p.Add(cols, row)
			}
			ids[row] = f.null
			continue
		}
		value := int32(values[row])
		if value != last || lastID < 0 {
			id, ok := f.days[value]
			if !ok {
				id = f.p.Add(cols, row)
				f.days[value] = id
			}
			last, lastID = value, id
		}
		ids[row] = lastID
	}
}

// appendKey appends bytes that tell a value from all others of its column.
func appendKey(key []byte, col arrow.Array, row int) []byte {
	if col.IsNull(row) {
		return append(key, 0)
	}
	start := len(key)
	key = append(key, 1, 0, 0, 0, 0)
	key = vec.AppendText(key, col, row)
	binary.LittleEndian.PutUint32(key[start+1:], uint32(len(key)-start))
	return key
}
