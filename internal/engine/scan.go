package engine

import (
	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/vec"
)

// Scan gives the rows of a partition to do, in the order of their sequence
// numbers and, within one, in the order in which they were added; a batch at a
// time. It takes the rows out of the store: a partition is scanned once.
// Different partitions may be scanned at the same time.
func (s *Store) Scan(part int, do func(cols []arrow.Array, rows int) error) error {
	var cursors []*cursor
	for _, ln := range s.lanes {
		if part < len(ln.parts) && ln.parts[part] != nil {
			cursors = append(cursors, &cursor{store: s, lane: ln, chunks: ln.parts[part].chunks})
			ln.parts[part] = nil
		}
	}
	out := s.newOutput(do)
	for {
		next, err := earliest(cursors)
		if err != nil {
			return err
		}
		if next == nil {
			return out.flush()
		}
		if err := out.take(next); err != nil {
			return err
		}
	}
}

// earliest returns the cursor that stands at the lowest sequence number, or nil
// when all are at their end.
func earliest(cursors []*cursor) (*cursor, error) {
	var best *cursor
	for _, c := range cursors {
		if err := c.load(); err != nil {
			return nil, err
		}
		if c.cols != nil && (best == nil || c.seq() < best.seq()) {
			best = c
		}
	}
	return best, nil
}

// cursor walks over the runs of one worker's chunks.
type cursor struct {
	store  *Store
	lane   *lane
	chunks []*chunk
	cols   []arrow.Array // of chunks[0], when it is loaded
	run    int
}

func (c *cursor) seq() uint64 { return c.chunks[0].runs[c.run].seq }

// load makes arrays of the current chunk and gives its memory back to the
// budget: a chunk in work is small and unavoidable.
func (c *cursor) load() error {
	if c.cols != nil || len(c.chunks) == 0 {
		return nil
	}
	current := c.chunks[0]
	builders := current.cols
	if builders == nil {
		data, err := c.lane.spill.read(current.at)
		if err != nil {
			return err
		}
		for i, typ := range c.store.o.Types {
			var b *vec.Builder
			if b, data, err = vec.ReadBuilder(data, typ, c.store.interns[i]); err != nil {
				return err
			}
			builders = append(builders, b)
		}
	}
	for _, b := range builders {
		c.cols = append(c.cols, b.Array())
	}
	c.store.release(current.bytes)
	current.cols, current.bytes = nil, 0
	return nil
}

// next returns the rows of the current run and steps over it.
func (c *cursor) next() (cols []arrow.Array, start, end int) {
	current := c.chunks[0]
	cols, start, end = c.cols, current.runs[c.run].start, current.rows
	if c.run++; c.run < len(current.runs) {
		return cols, start, current.runs[c.run].start
	}
	c.chunks, c.cols, c.run = c.chunks[1:], nil, 0
	return cols, start, end
}

// output collects runs into batches.
type output struct {
	do       func([]arrow.Array, int) error
	builders []*vec.Builder
	rows     []int32 // 0, 1, 2, ...
	n        int
	limit    int // of n
	bytes    int // of texts at which a batch ends
}

func (s *Store) newOutput(do func([]arrow.Array, int) error) *output {
	out := &output{do: do, rows: make([]int32, s.o.ChunkRows), limit: s.o.BatchRows, bytes: s.o.BatchBytes}
	for i := range out.rows {
		out.rows[i] = int32(i)
	}
	for i, typ := range s.o.Types {
		out.builders = append(out.builders, vec.NewBuilder(typ, s.interns[i]))
	}
	return out
}

func (out *output) take(c *cursor) error {
	cols, start, end := c.next()
	return out.append(cols, out.rows[start:end])
}

// append adds the given rows of cols.
func (out *output) append(cols []arrow.Array, rows []int32) error {
	for len(rows) > 0 {
		n, size := vec.FitRows(cols, rows, out.bytes), int64(0)
		for i, col := range cols {
			out.builders[i].Append(col, rows[:n])
			size += out.builders[i].Bytes()
		}
		rows = rows[n:]
		if out.n += n; out.n >= out.limit || size >= int64(out.bytes) {
			if err := out.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (out *output) flush() error {
	if out.n == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(out.builders))
	for i, b := range out.builders {
		cols[i] = b.Array()
	}
	n := out.n
	out.n = 0
	return out.do(cols, n)
}
