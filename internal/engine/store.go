package engine

import (
	"bytes"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// StoreOptions configure a Store.
type StoreOptions struct {
	Types   []schema.Type // of the columns
	Workers int
	Budget  *budget.Budget
	Spill   *Spill
	// ChunkRows is how many rows of a partition are kept and spilled together;
	// 0 is a default that suits hundreds of partitions.
	ChunkRows int
	// BatchRows is how many rows the batches of Scan have; 0 is a default. Few are
	// for those who scan many partitions side by side.
	BatchRows int
	// BatchBytes closes chunks and batches of long texts early, as Arrow's offsets
	// have 32 bits: a column has at most as much again, or one text more. 0 is a
	// default.
	BatchBytes int
}

const (
	defaultChunkRows  = 4096
	defaultBatchRows  = 32 << 10
	internTexts       = 1 << 16 // texts of a column that are kept as codes
	reserveStep       = 1 << 20 // bytes asked of the budget at a time
	defaultBatchBytes = 64 << 20
)

// Store collects rows by partition and gives each partition back in order. What
// does not fit the budget goes to disk.
//
// Append may be called by all workers at once, each with its own number. When
// all have finished, Scan may be called for several partitions at once.
type Store struct {
	o       StoreOptions
	interns []*vec.Interner // by column; nil if not text
	lanes   []*lane
	held    atomic.Int64 // bytes of the budget
}

// lane is the part of a store that one worker fills.
type lane struct {
	parts          []*lanePart
	coders         []*vec.Coder // by column; nil if not text
	spill          *spillFile
	used, reserved int64
}

// lanePart is what one worker has for one partition, in order.
type lanePart struct {
	rows   int64
	chunks []*chunk // the last may be open
}

// chunk is some rows of a partition: in memory as builders, or spilled.
type chunk struct {
	rows   int
	bytes  int64
	runs   []run
	cols   []*vec.Builder
	at     block
	sealed bool
}

// run is rows of one Append, from start to the next run's.
type run struct {
	seq   uint64
	start int
}

// NewStore returns an empty store.
func NewStore(o StoreOptions) *Store {
	if o.ChunkRows == 0 {
		o.ChunkRows = defaultChunkRows
	}
	if o.BatchRows == 0 {
		o.BatchRows = defaultBatchRows
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = defaultBatchBytes
	}
	s := &Store{o: o, interns: make([]*vec.Interner, len(o.Types)), lanes: make([]*lane, max(1, o.Workers))}
	for i, typ := range o.Types {
		if typ.Kind == schema.String {
			s.interns[i] = vec.NewInterner(internTexts)
		}
	}
	for i := range s.lanes {
		s.lanes[i] = &lane{coders: s.newCoders()}
	}
	return s
}

// newCoders returns the coders of one goroutine.
func (s *Store) newCoders() []*vec.Coder {
	coders := make([]*vec.Coder, len(s.interns))
	for i, intern := range s.interns {
		coders[i] = intern.NewCoder()
	}
	return coders
}

// Append adds the given rows of the columns to a partition. seq orders the
// rows of a partition; a worker's calls for one partition have ascending ones,
// and rows of one seq come from one worker.
func (s *Store) Append(worker int, seq uint64, part int, cols []arrow.Array, rows []int32) error {
	ln := s.lanes[worker]
	for len(ln.parts) <= part {
		ln.parts = append(ln.parts, nil)
	}
	if ln.parts[part] == nil {
		ln.parts[part] = new(lanePart)
	}
	p := ln.parts[part]
	for len(rows) > 0 {
		c := s.open(ln, p)
		n := vec.FitRows(cols, rows[:min(len(rows), s.o.ChunkRows-c.rows)], s.o.BatchBytes)
		s.fill(c, seq, cols, rows[:n])
		p.rows += int64(n)
		rows = rows[n:]
		if err := s.account(ln, c); err != nil {
			return err
		}
	}
	return nil
}

// open returns the chunk that takes the next rows.
func (s *Store) open(ln *lane, p *lanePart) *chunk {
	if n := len(p.chunks); n > 0 && !p.chunks[n-1].sealed {
		return p.chunks[n-1]
	}
	c := &chunk{cols: make([]*vec.Builder, len(s.o.Types))}
	for i, typ := range s.o.Types {
		c.cols[i] = vec.NewCodedBuilder(typ, ln.coders[i])
	}
	p.chunks = append(p.chunks, c)
	return c
}

func (s *Store) fill(c *chunk, seq uint64, cols []arrow.Array, rows []int32) {
	if n := len(c.runs); n == 0 || c.runs[n-1].seq != seq {
		c.runs = append(c.runs, run{seq, c.rows})
	}
	for i, col := range cols {
		c.cols[i].Append(col, rows)
	}
	c.rows += len(rows)
	c.sealed = c.rows >= s.o.ChunkRows
}

// account takes what a chunk has grown by from the budget, and spills what the
// worker has if it is refused.
func (s *Store) account(ln *lane, c *chunk) error {
	now := int64(16 * cap(c.runs))
	for _, col := range c.cols {
		now += col.Bytes()
	}
	ln.used += now - c.bytes
	c.bytes = now
	c.sealed = c.sealed || now >= int64(s.o.BatchBytes)
	for ln.used > ln.reserved {
		if s.o.Budget.Reserve(reserveStep) {
			ln.reserved += reserveStep
			s.held.Add(reserveStep)
			continue
		}
		return s.spill(ln)
	}
	return nil
}

// spill writes all chunks that a worker holds in memory to disk, the full ones
// first; open ones only when there are none that are full.
func (s *Store) spill(ln *lane) error {
	if ln.spill == nil {
		f, err := s.o.Spill.file()
		if err != nil {
			return err
		}
		ln.spill = f
	}
	spilled, err := s.spillChunks(ln, false)
	if err == nil && spilled == 0 {
		_, err = s.spillChunks(ln, true)
	}
	return err
}

func (s *Store) spillChunks(ln *lane, open bool) (int, error) {
	spilled := 0
	var buf bytes.Buffer
	for _, p := range ln.parts {
		if p == nil {
			continue
		}
		for _, c := range p.chunks {
			if c.cols == nil || !c.sealed && !open {
				continue
			}
			buf.Reset()
			for _, col := range c.cols {
				if _, err := col.WriteTo(&buf); err != nil {
					return spilled, err
				}
			}
			at, err := ln.spill.append(buf.Bytes())
			if err != nil {
				return spilled, err
			}
			ln.used -= c.bytes
			c.at, c.cols, c.bytes, c.sealed = at, nil, 0, true
			spilled++
		}
	}
	return spilled, nil
}

// Parts returns one more than the highest partition that rows were added to.
func (s *Store) Parts() int {
	n := 0
	for _, ln := range s.lanes {
		n = max(n, len(ln.parts))
	}
	return n
}

// Rows returns the number of rows of a partition.
func (s *Store) Rows(part int) int64 {
	n := int64(0)
	for _, ln := range s.lanes {
		if part < len(ln.parts) && ln.parts[part] != nil {
			n += ln.parts[part].rows
		}
	}
	return n
}

// release gives bytes back to the budget.
func (s *Store) release(n int64) {
	s.held.Add(-n)
	s.o.Budget.Release(n)
}

// Close gives back what the store holds of the budget. It must not be used
// any more.
func (s *Store) Close() {
	s.release(s.held.Load())
	s.lanes = nil
}
