package term

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Progress shows on a terminal how far the stages of a run are, one line each,
// at most ten times a second. Elsewhere it shows nothing. All methods may be
// called by several goroutines at once.
type Progress struct {
	stream Stream
	now    func() time.Time

	mu     sync.Mutex
	stages []*Stage // open ones, in the order they began
	lines  int      // on the screen
	closed bool

	stop chan struct{} // closed by Close; nil where nothing is shown
	done chan struct{} // closed when drawing has ended
}

// Stage is one piece of work. The methods of a nil Stage do nothing.
type Stage struct {
	progress *Progress
	name     string
	total    int64 // bytes; 0 is unknown
	began    time.Time
	rows     atomic.Int64
	bytes    atomic.Int64
	text     atomic.Pointer[string] // of a stage that is told in words
}

const redraw = 100 * time.Millisecond

// NewProgress returns a display on the stream. Close it before anything else is
// written there, or write with Note.
func NewProgress(s Stream) *Progress {
	return newProgress(s, time.Now)
}

func newProgress(s Stream, now func() time.Time) *Progress {
	p := &Progress{stream: s, now: now}
	if s.Terminal {
		p.stop, p.done = make(chan struct{}), make(chan struct{})
		go p.tick()
	}
	return p
}

// tick draws until Close.
func (p *Progress) tick() {
	defer close(p.done)
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// Start begins a stage that will have read total bytes at its end; 0 if that is
// not known.
func (p *Progress) Start(name string, total int64) *Stage {
	return p.add(&Stage{progress: p, name: Clean(name), total: total, began: p.now()})
}

// StartedAt is Start for a stage that is told in words and began earlier.
func (p *Progress) StartedAt(name string, began time.Time) *Stage {
	return p.add(&Stage{progress: p, name: Clean(name), began: began})
}

func (p *Progress) add(s *Stage) *Stage {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages = append(p.stages, s)
	return s
}

// Say tells in words how far the stage is, in place of rows and bytes.
func (s *Stage) Say(text string) {
	if s != nil {
		text = Clean(text)
		s.text.Store(&text)
	}
}

// Add says that so many more rows and bytes are done.
func (s *Stage) Add(rows, bytes int64) {
	if s != nil {
		s.rows.Add(rows)
		s.bytes.Add(bytes)
	}
}

// Done ends the stage and takes its line away.
func (s *Stage) Done() {
	if s == nil {
		return
	}
	p := s.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, open := range p.stages {
		if open == s {
			p.stages = append(p.stages[:i:i], p.stages[i+1:]...)
			return
		}
	}
}

// Note writes a line above the display; where there is none, just the line.
func (p *Progress) Note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(p.clear() + line + "\n")
	if p.stream.Terminal {
		p.draw()
	}
}

// Close takes the display away. It may be called more than once.
func (p *Progress) Close() {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed || p.stop == nil {
		return
	}
	close(p.stop)
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(p.clear())
}

// draw shows all stages; p.mu is held.
func (p *Progress) draw() {
	text := p.clear()
	now, width := p.now(), p.stream.Columns()
	lines := make([]string, 0, len(p.stages))
	for _, s := range p.stages {
		line := s.line(now)
		if width > 0 {
			line = Truncate(line, width-1) // a full line would wrap
		}
		lines = append(lines, line)
	}
	p.lines = len(lines)
	p.write(text + strings.Join(lines, "\n"))
}

// clear returns what takes the display away; p.mu is held.
func (p *Progress) clear() string {
	if p.lines == 0 {
		return ""
	}
	up := ""
	if p.lines > 1 {
		up = fmt.Sprintf("\x1b[%dA", p.lines-1)
	}
	p.lines = 0
	return "\r" + up + "\x1b[J"
}

func (p *Progress) write(text string) {
	if text != "" {
		_, _ = p.stream.Write([]byte(text)) // a display that cannot be shown stops nothing
	}
}

// line says how far the stage is: rows, rate, bytes, share, time left.
func (s *Stage) line(now time.Time) string {
	rows, bytes, elapsed := s.rows.Load(), s.bytes.Load(), now.Sub(s.began)
	if text := s.text.Load(); text != nil {
		return strings.Join([]string{s.name, *text, Duration(elapsed)}, "  ")
	}
	parts := []string{s.name}
	if rows > 0 || bytes == 0 { // some stages know of bytes alone
		parts = append(parts, Plural(rows, "row", "rows"))
	}
	if rate := Rate(rows, elapsed); rate != "" {
		parts = append(parts, rate)
	}
	parts = append(parts, Size(bytes))
	if s.total > 0 {
		share := min(float64(bytes)/float64(s.total), 1)
		parts = append(parts, fmt.Sprintf("%.0f%%", 100*share))
		if share > 0 && elapsed >= time.Second {
			left := time.Duration(float64(elapsed) * (1 - share) / share)
			parts = append(parts, Duration(left)+" left")
		}
	}
	return strings.Join(parts, "  ")
}
