package parquetio

// Codec is how pages are compressed.
type Codec uint8

// The codecs.
const (
	Snappy Codec = iota
	Zstd
	Uncompressed
)

// String returns the codec's name as Parquet writes it.
func (c Codec) String() string { return [...]string{"SNAPPY", "ZSTD", "UNCOMPRESSED"}[c] }

// The defaults of WriterOptions.
const (
	DefaultPageRows      = 32 << 10
	DefaultPageBytes     = 1 << 20
	DefaultRowGroupRows  = 1 << 20
	DefaultRowGroupBytes = 64 << 20
)

// WriterOptions say how a file is written. The zero value is a good choice.
type WriterOptions struct {
	Codec Codec
	// PageRows is the most rows of a page. All columns cut at the same rows.
	PageRows int
	// PageBytes is the size, before compression, at which a page is cut earlier.
	// A page exceeds it by at most as much again, or by one value.
	PageBytes int
	// RowGroupRows and RowGroupBytes close the row group that Write fills. Bytes
	// count encoded pages and what waits to become one.
	RowGroupRows  int
	RowGroupBytes int64
	// Bloom names the columns with a bloom filter (keys). Booleans and binaries
	// cannot have one.
	Bloom []string
	// Metadata is written as key-value metadata, ordered by key.
	Metadata map[string]string
	// CreatedBy is "program version x.y.z (build hash)", as readers parse it.
	CreatedBy string
}

func (o WriterOptions) withDefaults() WriterOptions {
	orElse := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	orElse(&o.PageRows, DefaultPageRows)
	orElse(&o.PageBytes, DefaultPageBytes)
	orElse(&o.RowGroupRows, DefaultRowGroupRows)
	if o.RowGroupBytes <= 0 {
		o.RowGroupBytes = DefaultRowGroupBytes
	}
	if o.CreatedBy == "" {
		o.CreatedBy = "lakectl version 0.0.0 (build 0)"
	}
	return o
}

// Stats are what a file holds.
type Stats struct {
	Rows      int64
	Bytes     int64 // of the file
	RowGroups int
	Columns   []ColumnStats // in the order of the table
}

// ColumnStats are the bounds of a column over a file or a row group.
type ColumnStats struct {
	Name  string
	Nulls int64 // -1 where a file of others does not say
	// HasBounds says whether Min and Max are known: no value lies outside of
	// them. They are values of the column, except those of long texts, which are
	// cut and rounded.
	HasBounds bool
	// Min and Max are string, bool, int64 (integer, bigint; microseconds of a
	// timestamp), int32 (days of a date), float64, decimal128.Num at the
	// column's scale, or []byte.
	Min, Max any
}
