package config

import "github.com/lakectl/lakectl/internal/diag"

// Silver is a clean table.
type Silver struct {
	Pos         diag.Pos        `yaml:"-"`
	From        String          `yaml:"from" doc:"The bronze dataset it is made from; by default the one of the same name."`
	Key         Strings         `yaml:"key" doc:"Column or columns that identify a row: one row per key is kept."`
	LatestBy    String          `yaml:"latest_by" doc:"Which version of a key wins: the one with the highest value of this column. By default the one ingested last."`
	PartitionBy Strings         `yaml:"partition_by" doc:"Column or columns whose values become folders."`
	Buckets     Int             `yaml:"buckets" default:"1" doc:"In how many files, from 1 to 1000, each partition is, or the whole table if it has none: a row is in the one that its key says. For partitions that are too large for one worker."`
	Distinct    Bool            `yaml:"distinct" default:"false" doc:"Drop rows that repeat another in all columns; for tables without a key."`
	Columns     Map[Column]     `yaml:"columns,required" names:"column" doc:"The columns, in order."`
	Checks      Map[Check]      `yaml:"checks" names:"check" doc:"Conditions on every row."`
	TableChecks Map[TableCheck] `yaml:"table_checks" names:"check" doc:"Conditions on the table as a whole."`
	Limits      *Limits         `yaml:"limits" doc:"How much may go wrong before the run fails, judged per run and per file."`
}

// Column is one column of a silver table.
type Column struct {
	Pos      diag.Pos `yaml:"-"`
	Type     Type     `yaml:"type,required" doc:"string, boolean, integer, bigint, double, decimal(p,s), date or timestamp."`
	Expr     String   `yaml:"expr" doc:"How it is made, from raw columns and other columns of the table. By default it is the raw column of its name."`
	From     String   `yaml:"from" doc:"The raw column it is, if that has another name."`
	Required Bool     `yaml:"required" default:"false" doc:"Whether a row without a value goes to quarantine."`
	Format   Strings  `yaml:"format" doc:"Layouts of raw dates and timestamps, tried in order."`
	Timezone Zone     `yaml:"timezone" doc:"Zone of raw timestamps that say none, such as Europe/Berlin; by default UTC."`
	AllowNaN Bool     `yaml:"allow_nan" default:"false" doc:"Accept NaN and Inf as raw doubles."`
}

// Check is a condition on every row of a silver table.
type Check struct {
	_          struct{}   `oneof:"expect,references"`
	Pos        diag.Pos   `yaml:"-"`
	Expect     String     `yaml:"expect" doc:"A condition on columns of the table that is true for good rows."`
	References *Reference `yaml:"references" doc:"A column of another silver table in which the value must exist; null passes."`
	Column     String     `yaml:"column" doc:"The column that refers; by default the one named like the column it refers to."`
	NullOK     Bool       `yaml:"null_ok" default:"false" doc:"Whether a condition that is null passes."`
	OnFail     String     `yaml:"on_fail" enum:"quarantine,flag,fail" default:"quarantine" doc:"What becomes of a row that fails: quarantine, flag it, or fail the run."`
}

// Reference is the target of a reference.
type Reference struct {
	Pos     diag.Pos `yaml:"-"`
	Dataset String   `yaml:"dataset,required" doc:"The silver table that is referred to."`
	Column  String   `yaml:"column,required" doc:"The column of that table."`
}

// TableCheck is a condition on a table as a whole.
type TableCheck struct {
	_         struct{}   `oneof:"row_count,unique,null_share,newest,sum"`
	Pos       diag.Pos   `yaml:"-"`
	RowCount  *RowCount  `yaml:"row_count" doc:"How many rows the table has."`
	Unique    Strings    `yaml:"unique" doc:"Column or columns that together never repeat."`
	NullShare *NullShare `yaml:"null_share" doc:"How much of a column may be null."`
	Newest    *Newest    `yaml:"newest" doc:"How old the newest value of a column may be."`
	Sum       *Sum       `yaml:"sum" doc:"What a column adds up to."`
	OnFail    String     `yaml:"on_fail" enum:"fail,flag" default:"fail" doc:"Whether a failure stops the run before anything is published, or is only reported."`
}

// RowCount bounds the number of rows; at least one bound is set.
type RowCount struct {
	Pos diag.Pos `yaml:"-"`
	Min Int      `yaml:"min" doc:"At least so many rows."`
	Max Int      `yaml:"max" doc:"At most so many rows."`
}

// NullShare bounds the nulls in a column.
type NullShare struct {
	Pos    diag.Pos `yaml:"-"`
	Column String   `yaml:"column,required" doc:"The column."`
	Max    Share    `yaml:"max,required" doc:"The largest share of nulls, such as 5%."`
}

// Newest bounds the age of a column's greatest value.
type Newest struct {
	Pos    diag.Pos `yaml:"-"`
	Column String   `yaml:"column,required" doc:"A column of type date or timestamp."`
	Within Duration `yaml:"within,required" doc:"How old its greatest value may be, such as 48h."`
}

// Sum bounds the sum of a column, or compares it with that of another table.
type Sum struct {
	Pos       diag.Pos  `yaml:"-"`
	Column    String    `yaml:"column,required" doc:"A numeric column."`
	Equals    *SumOther `yaml:"equals" doc:"The column of another table whose sum must be the same."`
	Tolerance Number    `yaml:"tolerance" doc:"By how much the two sums may differ."`
	Min       Number    `yaml:"min" doc:"The least that the sum may be."`
	Max       Number    `yaml:"max" doc:"The most that the sum may be."`
}

// SumOther is the sum that another must equal.
type SumOther struct {
	Pos    diag.Pos `yaml:"-"`
	Table  String   `yaml:"table,required" doc:"A silver or gold table, such as silver.transactions."`
	Column String   `yaml:"column,required" doc:"The column of that table."`
	Where  String   `yaml:"where" doc:"Which of its rows count."`
}

// Limits are gates on how many rows may go wrong, per run and per file.
type Limits struct {
	Pos             diag.Pos `yaml:"-"`
	Quarantined     Share    `yaml:"quarantined" doc:"The largest share of records that may go to quarantine, such as 5%."`
	QuarantinedRows Int      `yaml:"quarantined_rows" doc:"The largest number of records that may go to quarantine."`
}
