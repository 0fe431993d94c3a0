package csvio

import "sync"

// pad is how many readable bytes follow the data of a segment, so that whole
// words can be loaded at its end.
const pad = 64

// Pool keeps the buffers of released segments for the next ones. It is safe for
// concurrent use and may be shared by splitters of the same segment size.
type Pool struct {
	mu   sync.Mutex
	free [][]byte
}

// maxFree is how many buffers a Pool keeps; more than that are not in use at a
// time unless there are as many workers.
const maxFree = 64

// get returns an empty buffer with room for size bytes and the pad.
func (p *Pool) get(size int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 && cap(p.free[n-1]) >= size+pad {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, size+pad)
}

// put takes a buffer back unless it is much larger than segments are.
func (p *Pool) put(b []byte, size int) {
	if cap(b) > 2*size+pad {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < maxFree {
		p.free = append(p.free, b)
	}
}

// Segment is a run of whole records of a file. It is immutable, so it can be
// parsed by any goroutine; Release ends its life.
type Segment struct {
	// Offset is the byte at which it begins in the decompressed file, Line the
	// 1-based physical line.
	Offset, Line int64

	header []string
	data   []byte // ends with \n unless empty; pad bytes of capacity follow
	spans  []span // damage that the splitter found, ascending
	quotes bool   // data may hold quotes
	pool   *Pool
	size   int // segment size of the splitter
}

// Size returns the bytes that the segment holds in memory.
func (s *Segment) Size() int { return cap(s.data) }

// Release gives the buffer back. The segment must not be used afterwards;
// batches made of it stay valid.
func (s *Segment) Release() {
	if s.data != nil {
		s.pool.put(s.data, s.size)
	}
	s.data, s.spans = nil, nil
}

// span is a damaged record that only the splitter could delimit.
type span struct {
	start, end int // in data, with the line end; equal if raw holds the bytes
	raw        []byte
	kind       Kind
	detail     string
}
