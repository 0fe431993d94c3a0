package quality

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// Table is a table as it is about to be published.
type Table struct {
	Ref         lake.TableRef
	Schema      schema.Table      // all columns, those in the path too
	Partitioned []string          // the columns that stand in the path
	Files       []lake.FileChange // the files that it will have: Path, Partition, Rows and Stats matter; index files are passed over
	Open        table.Opener
}

// Options say how tables are judged.
type Options struct {
	Workers int
	Budget  *budget.Budget // of the hashes that Unique collects; nil has no limit
	Spill   *engine.Spill  // where the hashes go that the budget has no room for; needed with a budget
	Now     time.Time      // by which Newest tells an age
	Scanner Scanner        // reads rows for Unique and Sum, where it can; nil: all are read here
}

// CheckTable judges the table checks of a table; other gives the table of an
// OtherSum. There is a result for each check, in their order. Results depend
// neither on workers nor on how the rows are spread over files.
//
// Counts of rows and of nulls and the newest value come from the statistics of
// the files where those have them; for all else only the columns that a check
// needs are read.
//
// What the numbers do not settle is decided so:
//   - A table without rows has no newest value, so Newest fails; so it does if all
//     values are null. No share of it is null, and its sums are 0, as is the sum
//     of nulls alone.
//   - A date is as old as its first moment in UTC. What lies in the future is not old.
//   - A sum that is no finite number meets no bound and equals no other.
//   - A sum whose Where has no value for a row equals no other.
//
// An error says that a check could not be judged, not that it failed.
func CheckTable(ctx context.Context, t Table, checks []*project.TableCheck, other func(*project.OtherSum) (Table, error), o Options) ([]lake.CheckResult, error) {
	o.Workers = max(1, o.Workers)
	c := &tableChecker{table: t.data(), other: other, o: o}
	c.rows = c.table.Rows()
	results := make([]lake.CheckResult, len(checks))
	for i, check := range checks {
		kind, v, err := c.judge(ctx, check)
		if err != nil {
			return nil, fmt.Errorf("table check %s of %s: %w", check.Name, t.Ref, err)
		}
		results[i] = lake.CheckResult{Table: t.Ref, Name: check.Name, Kind: kind, OnFail: onFailText(check.OnFail), Rows: c.rows, Detail: v.detail}
		if v.failed {
			results[i].Failed = 1
		}
	}
	return results, nil
}

// tableChecker judges the checks of one table.
type tableChecker struct {
	table Table
	rows  int64
	other func(*project.OtherSum) (Table, error)
	o     Options
}

// verdict is what became of a check; detail says what was found and what was wanted.
type verdict struct {
	failed bool
	detail string
}

func (c *tableChecker) judge(ctx context.Context, check *project.TableCheck) (kind string, v verdict, err error) {
	switch check.Kind {
	case project.RowCount:
		return "row_count", c.rowCount(check), nil
	case project.Unique:
		v, err = c.unique(ctx, check)
		return "unique", v, err
	case project.NullShare:
		return "null_share", c.nullShare(check), nil
	case project.Newest:
		v, err = c.newest(ctx, check)
		return "newest", v, err
	case project.Sum:
		v, err = c.sum(ctx, check)
		return "sum", v, err
	default:
		panic(fmt.Sprintf("quality: no table check of kind %d", check.Kind))
	}
}

func onFailText(o project.OnFail) string {
	switch o {
	case project.Flag:
		return "flag"
	case project.Fail:
		return "fail"
	default:
		panic(fmt.Sprintf("quality: a table check cannot have on_fail %d", o))
	}
}

func (c *tableChecker) rowCount(check *project.TableCheck) verdict {
	wanted := ""
	switch least, most := check.MinRows >= 0, check.MaxRows >= 0; {
	case least && most:
		wanted = fmt.Sprintf("; %s to %s wanted", countText(check.MinRows), countText(check.MaxRows))
	case least:
		wanted = fmt.Sprintf("; at least %s wanted", countText(check.MinRows))
	case most:
		wanted = fmt.Sprintf("; at most %s allowed", countText(check.MaxRows))
	}
	failed := check.MinRows >= 0 && c.rows < check.MinRows || check.MaxRows >= 0 && c.rows > check.MaxRows
	return verdict{failed, rowsText(c.rows) + wanted}
}

func (c *tableChecker) nullShare(check *project.TableCheck) verdict {
	column, nulls := c.table.Schema.Columns[check.Columns[0]].Name, int64(0)
	for _, f := range c.table.Files {
		nulls += c.table.nulls(f, column)
	}
	// A bound such as 0.7% is not exactly a double, and a share that equals it
	// must pass; the slack is far less than one row.
	failed := float64(nulls) > check.MaxNulls*float64(c.rows)*(1+1e-12)
	if c.rows == 0 {
		return verdict{failed, "no rows; at most " + shareText(check.MaxNulls) + " may be null"}
	}
	return verdict{failed, fmt.Sprintf("%s is null in %s of %s (%s); at most %s allowed", column, countText(nulls), rowsText(c.rows),
		shareText(float64(nulls)/float64(c.rows)), shareText(check.MaxNulls))}
}

// data returns the table without what is no data.
func (t Table) data() Table {
	var files []lake.FileChange
	for _, f := range t.Files {
		if f.Kind == lake.Data {
			files = append(files, f)
		}
	}
	t.Files = files
	return t
}

// Rows returns how many rows the files have, index files aside.
func (t Table) Rows() int64 {
	n := int64(0)
	for _, f := range t.Files {
		if f.Kind == lake.Data {
			n += f.Rows
		}
	}
	return n
}

// inPath says whether a column stands in the path.
func (t Table) inPath(column string) bool { return slices.Contains(t.Partitioned, column) }

// nulls returns how many nulls a column has in a file, exactly: the statistics
// of a file leave out the columns without nulls.
func (t Table) nulls(f lake.FileChange, column string) int64 {
	if !t.inPath(column) {
		return f.Stats[column].Nulls
	}
	if f.Partition[column] == nil {
		return f.Rows
	}
	return 0
}
