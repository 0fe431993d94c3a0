package spark

// Format is the version of the compiled project. It changes with the meaning of
// a field, not when one is added.
const Format = "lakectl-spark/1"

// document is the compiled project.
type document struct {
	Format        string            `json:"format"`
	Project       string            `json:"project"`
	Environment   string            `json:"environment"`
	Lake          string            `json:"lake"`
	File          string            `json:"lakehouse_yaml"` // its text, for lakectl itself in a job
	SparkSettings map[string]string `json:"spark_settings"`
	Bronze        []bronze          `json:"bronze"`
	Silver        []silver          `json:"silver"` // a table stands after those it refers to
	Gold          []gold            `json:"gold"`
}

// column is a column of a table. Type is the name in lakehouse.yaml, SparkType
// that in Spark.
type column struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	SparkType string `json:"spark_type"`
	Nullable  bool   `json:"nullable"`
}

// expression is an expression as Spark SQL.
type expression struct {
	Value string `json:"value"` // null where the row has an error
	Fails string `json:"fails"` // never null
}

type bronze struct {
	Name            string   `json:"name"`
	Sources         []string `json:"sources"`
	Dialect         dialect  `json:"dialect"`
	NormaliseNames  bool     `json:"normalise_names"`
	RequiredColumns []string `json:"required_columns"`
	SettleSeconds   float64  `json:"settle_seconds"`
	Added           []column `json:"added_columns"` // after the raw columns, which are strings
	PartitionBy     []string `json:"partition_by"`
	Definition      string   `json:"definition"`
}

// dialect is how CSV files are written. Quote and Escape are empty where there is none.
type dialect struct {
	Delimiter  string   `json:"delimiter"`
	Quote      string   `json:"quote"`
	Escape     string   `json:"escape"`
	Header     bool     `json:"header"`
	Columns    []string `json:"columns"`
	SkipLines  int      `json:"skip_lines"`
	Nulls      []string `json:"nulls"`
	MaxField   int      `json:"max_field_bytes"`
	LazyQuotes bool     `json:"lazy_quotes"`
}

type silver struct {
	Name         string            `json:"name"`
	From         string            `json:"from"`
	Raw          []string          `json:"raw_columns"` // that are read
	Columns      []silverColumn    `json:"columns"`
	ComputeOrder []string          `json:"compute_order"`
	Key          []string          `json:"key"`
	LatestBy     string            `json:"latest_by,omitempty"`
	PartitionBy  []string          `json:"partition_by"`
	Buckets      int               `json:"buckets"` // files of a partition: part-0.parquet to part-(N-1).parquet
	Bucket       *string           `json:"bucket"`  // SQL over the columns of the table: which of them a row is in; null if there is one
	Distinct     bool              `json:"distinct"`
	Checks       []check           `json:"checks"`
	TableChecks  []tableCheck      `json:"table_checks"`
	Limits       limits            `json:"limits"`
	Referenced   []string          `json:"referenced"` // columns that checks of other tables refer to
	Schema       []column          `json:"schema"`     // of the whole table, partition columns included
	Definition   string            `json:"definition"`
	Parts        map[string]string `json:"definition_parts"`
}

type silverColumn struct {
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	SparkType string     `json:"spark_type"`
	Required  bool       `json:"required"`
	Reads     []string   `json:"reads"`     // columns of the table
	ReadsRaw  []string   `json:"reads_raw"` // raw columns
	Expr      expression `json:"expression"`
}

// check is a row check. A row fails an expectation that is false, that has an
// error, or that is null unless NullOK; a reference, if its value is not null
// and not in the other table.
type check struct {
	Name       string      `json:"name"`
	OnFail     string      `json:"on_fail"`
	NullOK     bool        `json:"null_ok"`
	Reads      []string    `json:"reads"`
	Expect     *expression `json:"expect,omitempty"`
	References *reference  `json:"references,omitempty"`
}

type reference struct {
	Table  string `json:"table"`
	Column string `json:"column"`
}

// limits are null where there are none.
type limits struct {
	QuarantinedShare *float64 `json:"quarantined_share"` // 0.05 is 5 %
	QuarantinedRows  *int64   `json:"quarantined_rows"`
}

// tableCheck is a condition on a table as a whole. Numbers are texts where they
// are exact: 1/3 is a fraction.
type tableCheck struct {
	Name          string    `json:"name"`
	Kind          string    `json:"kind"` // row_count, unique, null_share, newest, sum
	OnFail        string    `json:"on_fail"`
	Columns       []string  `json:"columns"`
	MinRows       *int64    `json:"min_rows,omitempty"`
	MaxRows       *int64    `json:"max_rows,omitempty"`
	MaxNulls      *float64  `json:"max_nulls,omitempty"`
	WithinSeconds *float64  `json:"within_seconds,omitempty"`
	Min           string    `json:"min,omitempty"`
	Max           string    `json:"max,omitempty"`
	Equals        *otherSum `json:"equals,omitempty"`
}

// otherSum is the sum that another must equal, of the same run.
type otherSum struct {
	Layer     string      `json:"layer"`
	Table     string      `json:"table"`
	Column    string      `json:"column"`
	Where     *expression `json:"where,omitempty"`
	Tolerance string      `json:"tolerance"`
}

// gold is made in this order: where, latest, joins, then groups and measures, or
// columns.
type gold struct {
	Name        string            `json:"name"`
	From        string            `json:"from"`
	Where       *expression       `json:"where,omitempty"`
	Latest      string            `json:"latest,omitempty"` // keep the rows of its greatest value
	Joins       []join            `json:"joins"`
	Grouped     bool              `json:"grouped"`
	Groups      []goldColumn      `json:"groups"`
	Measures    []measure         `json:"measures"`
	Columns     []goldColumn      `json:"columns"`
	PartitionBy []string          `json:"partition_by"`
	TableChecks []tableCheck      `json:"table_checks"`
	Schema      []column          `json:"schema"`
	Definition  string            `json:"definition"`
	Parts       map[string]string `json:"definition_parts"`
}

// join is a left join with a silver table.
type join struct {
	Table  string      `json:"table"`
	On     []joinOn    `json:"on"`
	Where  *expression `json:"where,omitempty"`
	Unique bool        `json:"unique"` // at most one row matches
}

// joinOn is a column of the table that the gold table is from, and one of the joined.
type joinOn struct {
	Left  string `json:"left"`
	Right string `json:"right"`
}

type goldColumn struct {
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	SparkType string     `json:"spark_type"`
	Nullable  bool       `json:"nullable"`
	Expr      expression `json:"expression"`
}

// measure is computed in two steps: Aggregates, in a query with GROUP BY, whose
// results are called Names, and Expr over these names.
type measure struct {
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	SparkType  string     `json:"spark_type"`
	Nullable   bool       `json:"nullable"`
	Aggregates []string   `json:"aggregates"`
	Names      []string   `json:"names"`
	Expr       expression `json:"expression"`
	ArgFails   []string   `json:"argument_fails"` // by aggregate of the measure: the condition that a row's argument has an error
}
