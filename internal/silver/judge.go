package silver

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Values of data_quality_flag.
const (
	passed = "PASSED"
	warned = "WARNED"
)

// judge types the rows of a table and judges them. Each worker has its own.
type judge struct {
	table   *project.Silver
	scratch *expr.Scratch
	lookups []lookup         // by check; nil for those that refer to nothing
	counts  map[string]int64 // rows that failed, by reason, over all batches

	slots []arrow.Array
	found []bool
}

// lookup says of the values of a column which are among those that a check refers to.
type lookup interface {
	Contains(found []bool, col arrow.Array)
}

// sets are the values that the checks of a table refer to, by check.
type sets []*quality.Set

func newJudge(table *project.Silver, refs sets) *judge {
	j := &judge{table: table, scratch: expr.NewScratch(), counts: map[string]int64{},
		slots: make([]arrow.Array, len(table.Raw)+len(table.Columns)), lookups: make([]lookup, len(table.Checks))}
	for i, set := range refs {
		if set != nil {
			j.lookups[i] = set.Lookup()
		}
	}
	return j
}

// finding is one failed check of one row.
type finding struct {
	row    int32
	order  int // of the check: columns in the file's order, then row checks
	reason quality.Reason
}

// verdict is a judged batch.
type verdict struct {
	rows   int
	cols   []arrow.Array // of the table's own columns
	failed [][]bool      // by column: rows without a value because of a failure; nil if none
	bad    []finding     // findings that send their rows to quarantine
	fatal  []finding     // findings that fail the run
	marks  []uint64      // by row: bits of the failed flag checks, by check; nil if none
}

// judge types and judges n rows of raw columns. The verdict's arrays are the
// caller's.
func (j *judge) judge(raw []arrow.Array, n int) (*verdict, error) {
	copy(j.slots, raw)
	v := &verdict{rows: n, cols: make([]arrow.Array, len(j.table.Columns)), failed: make([][]bool, len(j.table.Columns))}
	for _, c := range j.table.Order {
		if err := j.column(v, c); err != nil {
			return nil, err
		}
	}
	for i := range j.table.Checks {
		if err := j.check(v, i); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// column computes column c.
func (j *judge) column(v *verdict, c int) error {
	col := j.table.Columns[c]
	a, errs, err := evaluate(j.table, c, j.scratch, j.slots, v.rows)
	if err != nil {
		return err
	}
	v.cols[c] = a
	skip := union(v.failed, col.Reads, v.rows)
	for _, e := range errs {
		if skip == nil || !skip[e.Row] {
			j.reject(v, e.Row, 2*c, quality.Reason{Check: "type:" + col.Name, Column: col.Name, Value: e.Value, Detail: detail(e.Kind)})
		}
	}
	failed := skip
	if len(errs) > 0 {
		failed = mark(failed, v.rows, errs)
	}
	if col.Required && a.NullN() > 0 {
		failed = j.required(v, c, a, failed)
	}
	if inPath(j.table, c) {
		failed = j.folders(v, c, a, failed)
	}
	v.failed[c] = failed
	return nil
}

// evaluate computes column c of n rows and puts it into its slot. The empty text
// has no folder of its own, so where it names a partition it is null from the start.
func evaluate(t *project.Silver, c int, s *expr.Scratch, slots []arrow.Array, n int) (arrow.Array, expr.RowErrors, error) {
	a, errs, err := t.Columns[c].Program.Eval(s, slots, n)
	if err != nil {
		return nil, nil, err
	}
	if inPath(t, c) {
		a = vec.EmptyAsNull(a)
	}
	slots[len(t.Raw)+c] = a
	return a, errs, nil
}

// inPath says whether column c is text that names folders.
func inPath(t *project.Silver, c int) bool {
	return t.Columns[c].Type.Kind == schema.String && slices.Contains(t.PartitionBy, c)
}

// folders rejects the rows whose text is too long for the name of a folder, and
// returns the column's failed rows with them.
func (j *judge) folders(v *verdict, c int, a arrow.Array, failed []bool) []bool {
	const mostEscaped = 3 // bytes of a byte in a path
	name, text, own := j.table.Columns[c].Name, vec.TextOf(a), false
	for row := range v.rows {
		if text.IsNull(row) || failed != nil && failed[row] || mostEscaped*(len(text.Value(row))+len(name))+1 <= table.MaxFolder {
			continue
		}
		value := text.Value(row)
		if len(lake.PartitionPath([]string{name}, []*string{&value})) <= table.MaxFolder {
			continue
		}
		if !own {
			if failed, own = slices.Clone(failed), true; failed == nil {
				failed = make([]bool, v.rows)
			}
		}
		failed[row] = true
		j.reject(v, row, 2*c, quality.Reason{Check: "type:" + name, Column: name, Value: value, Detail: "the text is too long for the name of a folder"})
	}
	return failed
}

// required rejects the rows in which a required column is null for no other
// reason, and returns the column's failed rows with them.
func (j *judge) required(v *verdict, c int, a arrow.Array, failed []bool) []bool {
	name := j.table.Columns[c].Name
	all := slices.Clone(failed)
	if all == nil {
		all = make([]bool, v.rows)
	}
	for row := range v.rows {
		if a.IsNull(row) && !all[row] {
			all[row] = true
			j.reject(v, row, 2*c+1, quality.Reason{Check: "required:" + name, Column: name})
		}
	}
	return all
}

// reject records a finding that sends its row to quarantine.
func (j *judge) reject(v *verdict, row, order int, reason quality.Reason) {
	j.counts[reason.Check]++
	v.bad = append(v.bad, finding{int32(row), order, reason})
}

// check applies check i to the rows whose columns have not failed.
func (j *judge) check(v *verdict, i int) error {
	check := j.table.Checks[i]
	failing, err := j.failing(v, check, j.lookups[i])
	if err != nil {
		return err
	}
	skip := union(v.failed, check.Reads, v.rows)
	for _, row := range failing {
		if skip != nil && skip[row] {
			continue
		}
		j.counts[check.Name]++
		if check.OnFail == project.Flag {
			if v.marks == nil {
				v.marks = make([]uint64, v.rows)
			}
			v.marks[row] |= 1 << i
			continue
		}
		f := finding{row, 2*len(j.table.Columns) + i, j.reason(v, check, int(row))}
		if check.OnFail == project.Fail {
			v.fatal = append(v.fatal, f)
		} else {
			v.bad = append(v.bad, f)
		}
	}
	return nil
}

// failing returns the rows that fail a check, whatever their columns' state.
func (j *judge) failing(v *verdict, check *project.Check, values lookup) ([]int32, error) {
	var rows []int32
	if values != nil {
		col := v.cols[check.Reads[0]]
		j.found = slices.Grow(j.found[:0], v.rows)[:v.rows]
		values.Contains(j.found, col)
		for row, ok := range j.found {
			if !ok && col.IsValid(row) {
				rows = append(rows, int32(row))
			}
		}
		return rows, nil
	}
	a, errs, err := check.Expect.Eval(j.scratch, j.slots, v.rows)
	if err != nil {
		return nil, err
	}
	holds := a.(*array.Boolean)
	for row := range v.rows {
		if holds.IsValid(row) && holds.Value(row) || check.NullOK && holds.IsNull(row) {
			continue
		}
		rows = append(rows, int32(row))
	}
	if check.NullOK && len(errs) > 0 { // null for want of a value passes, null for an error does not
		for _, e := range errs {
			rows = append(rows, int32(e.Row))
		}
		slices.Sort(rows)
	}
	return rows, nil
}

// reason says which columns a failed check read, and what they held.
func (j *judge) reason(v *verdict, check *project.Check, row int) quality.Reason {
	names, values := make([]string, len(check.Reads)), make([]string, len(check.Reads))
	for i, c := range check.Reads {
		names[i] = j.table.Columns[c].Name
		if v.cols[c].IsNull(row) {
			values[i] = "null"
		} else {
			values[i] = cut(string(vec.AppendText(nil, v.cols[c], row)))
		}
		if len(check.Reads) > 1 {
			values[i] = names[i] + "=" + values[i]
		}
	}
	return quality.Reason{Check: check.Name, Column: strings.Join(names, ", "), Value: strings.Join(values, ", ")}
}

// maxValueBytes is how much of a value stands in reasons. The row has it whole.
const maxValueBytes = 200

func cut(value string) string {
	if len(value) <= maxValueBytes {
		return value
	}
	end := maxValueBytes
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "..."
}

// quarantined returns the rows that go to quarantine, ascending, and the
// reasons of each.
func (v *verdict) quarantined() (rows []int32, reasons [][]quality.Reason) {
	slices.SortStableFunc(v.bad, func(a, b finding) int {
		if a.row != b.row {
			return int(a.row - b.row)
		}
		return a.order - b.order
	})
	for _, f := range v.bad {
		if n := len(rows); n == 0 || rows[n-1] != f.row {
			rows = append(rows, f.row)
			reasons = append(reasons, nil)
		}
		last := len(rows) - 1
		reasons[last] = append(reasons[last], f.reason)
	}
	return rows, reasons
}

// flags returns the columns data_quality_flag and data_quality_issues.
func (j *judge) flags(v *verdict) (flag, issues arrow.Array) {
	if v.marks == nil {
		return vec.Constant(passed, v.rows), vec.DictionaryOf(make([]int32, v.rows), make([]byte, v.rows/8+1), v.rows, vec.NewInterner(0).Data())
	}
	flagNames, issueNames := vec.NewInterner(0), vec.NewInterner(0)
	flagNames.Code([]byte(passed))
	flagNames.Code([]byte(warned))
	flagCodes, issueCodes, valid, nulls := make([]int32, v.rows), make([]int32, v.rows), make([]byte, v.rows/8+1), 0
	codes := map[uint64]int32{}
	for row, mark := range v.marks {
		if mark == 0 {
			nulls++
			continue
		}
		code, ok := codes[mark]
		if !ok {
			code, _ = issueNames.Code([]byte(j.names(mark)))
			codes[mark] = code
		}
		flagCodes[row], issueCodes[row] = 1, code
		valid[row/8] |= 1 << (row % 8)
	}
	return vec.DictionaryOf(flagCodes, nil, 0, flagNames.Data()), vec.DictionaryOf(issueCodes, valid, nulls, issueNames.Data())
}

// names lists the checks whose bits are set.
func (j *judge) names(mark uint64) string {
	var names []string
	for i, check := range j.table.Checks {
		if mark&(1<<i) != 0 {
			names = append(names, check.Name)
		}
	}
	return strings.Join(names, ",")
}

// union returns the rows that failed in any of the columns, or nil for none.
// The result is never changed, so a single column's may be returned as it is.
func union(failed [][]bool, columns []int, rows int) []bool {
	var out []bool
	own := false
	for _, c := range columns {
		switch f := failed[c]; {
		case f == nil:
		case out == nil:
			out = f
		default:
			if !own {
				out, own = slices.Clone(out), true
			}
			for row := range rows {
				out[row] = out[row] || f[row]
			}
		}
	}
	return out
}

// mark returns failed with the rows of errs added.
func mark(failed []bool, rows int, errs expr.RowErrors) []bool {
	out := slices.Clone(failed)
	if out == nil {
		out = make([]bool, rows)
	}
	for _, e := range errs {
		out[e.Row] = true
	}
	return out
}

// detail explains row errors whose value alone does not.
func detail(kind expr.ErrKind) string {
	switch kind {
	case expr.ErrOverflow:
		return "the result does not fit the type"
	case expr.ErrDivZero:
		return "division by zero"
	case expr.ErrArgument:
		return "an argument is out of range"
	default:
		return ""
	}
}
