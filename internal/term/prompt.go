package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// Confirm asks a question and returns whether the answer is yes; no answer is
// no. Where nobody can answer it is an error of class Usage that tells about
// --yes. It returns early when ctx is cancelled.
func (t *IO) Confirm(ctx context.Context, question string) (bool, error) {
	if !t.Interactive {
		return false, diag.Errorf(diag.Usage, "%s Nobody is here to answer, this is not a terminal", question).
			WithNext("pass --yes to agree")
	}
	word, err := t.ask(ctx, question+" [y/N] ")
	word = strings.ToLower(word)
	return word == "y" || word == "yes", err
}

// Retype asks for a name to be typed, before what cannot be undone, and returns
// whether it was. Where nobody can answer it is an error of class Usage that
// says what to do instead.
func (t *IO) Retype(ctx context.Context, question, name, instead string) (bool, error) {
	if !t.Interactive {
		return false, diag.Errorf(diag.Usage, "%s Nobody is here to answer, this is not a terminal", question).WithNext("%s", instead)
	}
	word, err := t.ask(ctx, fmt.Sprintf("%s Type %s to go on: ", question, name))
	return word == name, err
}

// ask asks a question and returns the answer without blanks around it.
func (t *IO) ask(ctx context.Context, question string) (string, error) {
	if _, err := fmt.Fprint(t.Err, question); err != nil {
		return "", err
	}
	type answer struct {
		line string
		open bool // no line end was typed
		err  error
	}
	// A read cannot be interrupted: on Ctrl-C it is left behind with the process.
	answers := make(chan answer, 1)
	go func() {
		line, ended, err := readLine(t.In)
		answers <- answer{line, !ended, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-answers:
		if a.open {
			fmt.Fprintln(t.Err) // Ctrl-D leaves the cursor behind the question
		}
		return strings.TrimSpace(a.line), a.err
	}
}

// readLine reads a line and nothing after it, so that the next question finds
// its own answer, and returns whether the line has an end.
func readLine(r io.Reader) (text string, ended bool, err error) {
	var line []byte
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		if n == 1 {
			if one[0] == '\n' {
				return string(line), true, nil
			}
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) {
			return string(line), false, nil
		}
		if err != nil {
			return "", false, err
		}
	}
}
