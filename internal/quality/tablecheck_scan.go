package quality

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// Files of more rows are read by several workers, a row group each.
const wholeFileRows = 1 << 18

// constantRows is the size of batches that are made of partition values alone.
const constantRows = 1 << 15

// scan reads columns of a table on all workers. Batches come in any order.
type scan struct {
	table   Table
	columns []int // indexes of table.Schema
	// do takes a batch, by position in columns. It is called by all workers at
	// once, each with its own number.
	do func(worker int, cols []arrow.Array, n int) error

	file, path []schema.Column // those that stand in the file, and in its path
	fromFile   []int           // for each column its position in file, or -1
	fromPath   []int           // else in path
	partitions *table.Partitions
}

// stretch is the row groups of a file that make a task.
type stretch struct {
	file   int
	reader *table.Reader // nil: the whole file, which is to be opened
	group  int
}

// run reads all rows.
func (s *scan) run(ctx context.Context, workers int) error {
	s.place()
	tasks, readers, err := s.tasks(ctx)
	defer func() {
		for _, r := range readers {
			r.Close()
		}
	}()
	if err != nil {
		return err
	}
	return engine.ForEach(ctx, workers, len(tasks), func(ctx context.Context, worker, i int) error {
		return s.read(ctx, worker, tasks[i])
	})
}

// place finds where the columns stand.
func (s *scan) place() {
	s.fromFile, s.fromPath = make([]int, len(s.columns)), make([]int, len(s.columns))
	for i, index := range s.columns {
		c := s.table.Schema.Columns[index]
		if s.table.inPath(c.Name) {
			s.fromFile[i], s.fromPath[i] = -1, len(s.path)
			s.path = append(s.path, c)
			continue
		}
		s.fromFile[i] = len(s.file)
		s.file = append(s.file, c)
	}
	s.partitions = table.NewPartitions(s.path)
}

// tasks divides the files; the large ones are open until the readers are closed.
func (s *scan) tasks(ctx context.Context) (tasks []stretch, readers []*table.Reader, err error) {
	for i, f := range s.table.Files {
		switch {
		case f.Rows == 0:
			continue
		case f.Rows <= wholeFileRows || len(s.file) == 0:
			tasks = append(tasks, stretch{file: i})
			continue
		}
		r, err := table.Open(ctx, s.table.Open, f.Path)
		if err != nil {
			return nil, readers, err
		}
		readers = append(readers, r)
		for group := range r.RowGroups() {
			tasks = append(tasks, stretch{i, r, group})
		}
	}
	return tasks, readers, nil
}

func (s *scan) read(ctx context.Context, worker int, task stretch) error {
	f := s.table.Files[task.file]
	partition, err := s.partitions.AddValues(f.Partition)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	give := func(read []arrow.Array, n int) error {
		var values []arrow.Array
		if len(s.path) > 0 {
			values = s.partitions.Columns(partition, n)
		}
		cols := make([]arrow.Array, len(s.columns))
		for i, at := range s.fromFile {
			if at >= 0 {
				cols[i] = read[at]
			} else {
				cols[i] = values[s.fromPath[i]]
			}
		}
		if err := s.do(worker, cols, n); err != nil {
			return err
		}
		return ctx.Err()
	}
	switch {
	case len(s.file) == 0:
		for left := f.Rows; left > 0; left -= constantRows {
			if err := give(nil, int(min(left, constantRows))); err != nil {
				return err
			}
		}
		return nil
	case task.reader != nil:
		return task.reader.Scan(task.group, s.file, give)
	}
	r, err := table.Open(ctx, s.table.Open, f.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.ScanAll(s.file, give)
}
