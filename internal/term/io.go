package term

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// IO is the streams of a process. It is a value to pass on, not to change once
// it is in use.
type IO struct {
	In  io.Reader
	Out Stream // results
	Err Stream // progress, messages, questions
	// Interactive says that somebody is there to answer: In and Err are terminals.
	Interactive bool
}

// Stream is where text is written.
type Stream struct {
	io.Writer
	Terminal bool // somebody watches, and the cursor can be moved
	Color    bool // styles are shown
	Width    int  // columns; 0 is no limit

	size func() int // the width now, if it may change
}

// Columns returns the width of the stream now; 0 is no limit.
func (s Stream) Columns() int {
	if s.size != nil {
		if width := s.size(); width > 0 {
			return width
		}
	}
	return s.Width
}

// System returns the streams of this process.
func System() *IO {
	sys := &IO{In: os.Stdin, Out: systemStream(os.Stdout), Err: systemStream(os.Stderr)}
	sys.Interactive = sys.Err.Terminal && term.IsTerminal(int(os.Stdin.Fd()))
	return sys
}

func systemStream(f *os.File) Stream {
	fd := int(f.Fd())
	s := newStream(f, term.IsTerminal(fd), os.Getenv)
	if s.Terminal {
		s.size = func() int {
			width, _, err := term.GetSize(fd)
			if err != nil {
				return 0
			}
			return width
		}
	}
	return s
}

// newStream applies what the environment says of terminals.
func newStream(w io.Writer, terminal bool, env func(string) string) Stream {
	dumb := env("TERM") == "dumb"
	force := env("CLICOLOR_FORCE")
	s := Stream{Writer: w, Terminal: terminal && !dumb}
	s.Color = s.Terminal || force != "" && force != "0"
	if env("NO_COLOR") != "" {
		s.Color = false
	}
	if terminal {
		s.Width = 80 // until the terminal says otherwise
	}
	return s
}

// Test returns streams for a test, not terminals, and what is written to them.
func Test(in string) (streams *IO, out, err *bytes.Buffer) {
	out, err = new(bytes.Buffer), new(bytes.Buffer)
	return &IO{In: strings.NewReader(in), Out: Stream{Writer: out}, Err: Stream{Writer: err}}, out, err
}

// Style is how text looks on a terminal with colours.
type Style string

// The styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Blue   Style = "34"
)

// Paint returns the text in a style, if the stream shows styles.
func (s Stream) Paint(style Style, text string) string {
	if !s.Color || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}
