package gold

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/vec"
)

// projected is a table whose rows are those of the table it is made from (or
// of its join), with other columns.
type projected struct {
	job     *job
	columns []int // inputs
	tasks   int
}

func newProjected(j *job) *projected {
	p := &projected{job: j}
	for _, c := range j.gold.Columns {
		p.columns = append(p.columns, j.input(c.Program))
	}
	return p
}

func (p *projected) begin(ctx context.Context, tasks int) error {
	p.tasks = tasks
	return p.job.sink.begin(ctx, tasks)
}

func (p *projected) add(_ context.Context, f *frame) error {
	n := f.n
	var rows []int32
	if f.keep != nil {
		if rows = rowsOf(f.keep); len(rows) == n {
			rows = nil
		} else if n = len(rows); n == 0 {
			return nil
		}
	}
	cols := make([]arrow.Array, len(p.columns))
	for i, in := range p.columns {
		values, errs, err := f.values(in)
		if err != nil {
			return err
		}
		for _, e := range errs {
			if f.counts(e.Row) {
				return rowError(fmt.Sprintf("gold.%s: column %s", p.job.gold.Name, p.job.gold.Columns[i].Name), e)
			}
		}
		if cols[i] = values; rows != nil {
			cols[i] = vec.Take(values, p.job.gold.Columns[i].Type, rows)
		}
	}
	if p.job.build.division != nil {
		cols = append(cols, f.order(rows)...)
	}
	return p.job.sink.add(f.worker, p.task(f.batch.task), cols, n)
}

func (p *projected) done(ctx context.Context, worker, task int) error {
	return p.job.sink.done(ctx, worker, p.task(task))
}

// task returns the place of a task in the order of the output.
func (p *projected) task(task int) int {
	if task == lastTask {
		return p.tasks
	}
	return task
}

func (p *projected) finish(context.Context) error { return nil }

func (p *projected) forget(int) {}
