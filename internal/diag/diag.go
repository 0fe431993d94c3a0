package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Column count from 1; Column counts bytes.
// The zero Line means that the file as a whole is meant.
type Pos struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String prints file:line:column as editors and terminals make clickable.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Text is a piece of text that stands in a file, such as an expression in
// lakehouse.yaml, and knows where each of its bytes came from.
type Text struct {
	Value string
	Start Pos
	// Literal says that Value stands in the file byte for byte from Start on,
	// so that an offset into it is an offset into the line. Texts with escapes
	// or folded lines are not, and point at Start only.
	Literal bool
}

// At returns the position of the byte at offset, or the nearest known one.
func (t Text) At(offset int) Pos {
	p := t.Start
	if !t.Literal || p.Line == 0 {
		return p
	}
	before := t.Value[:min(max(offset, 0), len(t.Value))]
	if n := strings.Count(before, "\n"); n > 0 {
		// Only the first line of a literal block starts at Start.Column; the
		// following ones are indented alike.
		p.Line += n
		p.Column += len(before) - strings.LastIndexByte(before, '\n') - 1
		return p
	}
	p.Column += len(before)
	return p
}

// Problem is one thing that is wrong with an input of the user's.
type Problem struct {
	Pos     Pos    `json:"position"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do, or what was probably meant
}

// String prints the problem on one line.
func (p Problem) String() string {
	s := p.Message
	if at := p.Pos.String(); at != "" {
		s = at + ": " + s
	}
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// List collects problems, so that all of them are reported and not the first alone.
// The zero value is ready to use.
type List []Problem

// Addf adds a problem at pos.
func (l *List) Addf(pos Pos, format string, args ...any) {
	*l = append(*l, Problem{Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// AddHint adds a problem with a hint, which may be empty.
func (l *List) AddHint(pos Pos, hint, format string, args ...any) {
	*l = append(*l, Problem{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Add adds all problems of another list.
func (l *List) Add(other List) { *l = append(*l, other...) }

// Sort orders the problems by file, line and column and drops repeats.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Problem) int {
		if c := strings.Compare(a.Pos.File, b.Pos.File); c != 0 {
			return c
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	*l = slices.Compact(*l)
}

// Err returns the list as an error of class Usage, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return &Problems{List: l}
}

// Problems is a List as an error.
type Problems struct{ List List }

// Error prints one problem a line.
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, problem := range p.List {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
