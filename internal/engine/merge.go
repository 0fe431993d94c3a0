package engine

import (
	"errors"
	"iter"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/vec"
)

// SortedScan says what ScanSorted merges.
type SortedScan struct {
	Parts []int // partitions, each in the order of the keys already
	Keys  []int // columns
	// Rows is how many rows the batches have, all but the last, unless their texts
	// reach BatchBytes.
	Rows int
}

// ScanSorted gives the rows of some partitions to do, a batch at a time, in the
// order of the key columns (that of vec.Compare); rows of equal keys come in the
// order of their partitions. It takes the rows out of the store and holds a batch
// of each partition, so that a store to be merged has small BatchRows.
func (s *Store) ScanSorted(scan SortedScan, do func(cols []arrow.Array, rows int) error) error {
	m := &merger{keys: scan.Keys, out: s.newOutput(do)}
	m.out.limit = scan.Rows
	defer m.close()
	for _, part := range scan.Parts {
		next, stop := iter.Pull2(s.batches(part))
		r := &sortedRun{part: part, next: next, stop: stop}
		m.runs = append(m.runs, r)
		if err := r.load(); err != nil {
			return err
		}
	}
	for i := len(m.runs) - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m.merge()
}

// errStopped ends a scan whose batches nobody asks for any more.
var errStopped = errors.New("stopped")

// batches returns the batches of a partition, or the error that ended them.
func (s *Store) batches(part int) iter.Seq2[[]arrow.Array, error] {
	return func(yield func([]arrow.Array, error) bool) {
		err := s.Scan(part, func(cols []arrow.Array, _ int) error {
			if !yield(cols, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// sortedRun is one of the partitions that are merged.
type sortedRun struct {
	part int
	next func() ([]arrow.Array, error, bool)
	stop func()
	cols []arrow.Array // nil: it is at its end
	row  int           // the next one
}

// load goes to the first row of the next batch.
func (r *sortedRun) load() error {
	cols, err, ok := r.next()
	if r.row, r.cols = 0, nil; !ok {
		return nil
	}
	r.cols = cols
	return err
}

// merger is a heap of runs, the one with the lowest row first.
type merger struct {
	keys []int
	runs []*sortedRun
	out  *output
	rows []int32
}

func (m *merger) less(a, b *sortedRun) bool {
	if a.cols == nil || b.cols == nil {
		return a.cols != nil
	}
	for _, k := range m.keys {
		if c := vec.Compare(a.cols[k], a.row, b.cols[k], b.row); c != 0 {
			return c < 0
		}
	}
	return a.part < b.part
}

// sink moves the run at i down to where it belongs.
func (m *merger) sink(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.runs) && m.less(m.runs[child], m.runs[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.runs[i], m.runs[least] = m.runs[least], m.runs[i]
		i = least
	}
}

func (m *merger) merge() error {
	for len(m.runs) > 0 && m.runs[0].cols != nil {
		if err := m.take(); err != nil {
			return err
		}
	}
	return m.out.flush()
}

// take moves rows of the first run to the output, as many as come before those
// of all others.
func (m *merger) take() error {
	r := m.runs[0]
	n, room := r.cols[0].Len(), m.out.limit-m.out.n
	m.rows = m.rows[:0]
	for {
		m.rows = append(m.rows, int32(r.row))
		if r.row++; r.row == n {
			break
		}
		if m.sink(0); m.runs[0] != r || len(m.rows) == room {
			break
		}
	}
	if err := m.out.append(r.cols, m.rows); err != nil || r.row < n {
		return err
	}
	if err := r.load(); err != nil {
		return err
	}
	m.sink(0)
	return nil
}

func (m *merger) close() {
	for _, r := range m.runs {
		r.stop()
	}
}
