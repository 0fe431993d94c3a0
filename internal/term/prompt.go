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
	if _, err := fmt.Fprintf(t.Err, "%s [y/N] ", question); err != nil {
		return false, err
	}
	type answer struct {
		line string
		err  error
	}
	// A read cannot be interrupted: on Ctrl-C it is left behind with the process.
	answers := make(chan answer, 1)
	go func() {
		line, err := readLine(t.In)
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case a := <-answers:
		if a.err != nil {
			return false, a.err
		}
		word := strings.ToLower(strings.TrimSpace(a.line))
		return word == "y" || word == "yes", nil
	}
}

// readLine reads a line and nothing after it, so that the next question finds
// its own answer.
func readLine(r io.Reader) (string, error) {
	var line []byte
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		if n == 1 {
			if one[0] == '\n' {
				return string(line), nil
			}
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
	}
}
