package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// failure is one error as it is shown.
type failure struct {
	message  string
	next     string
	problems diag.List
}

// failures takes an error apart: joined errors are shown each on its own, and
// none twice.
func failures(class diag.Class, err error) []failure {
	if class == diag.Interrupted {
		var typed *diag.Error
		if errors.As(err, &typed) && typed.Class == diag.Interrupted { // what goes on without us
			return []failure{{message: typed.Msg, next: typed.Next}}
		}
		return []failure{{message: "interrupted", next: "run the same command again: nothing is half-published"}}
	}
	var list []failure
	seen := map[string]bool{}
	refused := false // whoever asks: what else failed of that says nothing new
	for _, single := range apart(err) {
		if session.Refused(single) {
			if refused {
				continue
			}
			refused = true
		}
		f := describe(single)
		if !seen[f.message] {
			seen[f.message] = true
			list = append(list, f)
		}
	}
	return list
}

// apart returns the errors that errors.Join put together.
func apart(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var texts []string
	for _, sub := range joined.Unwrap() {
		texts = append(texts, sub.Error())
		all = append(all, apart(sub)...)
	}
	if err.Error() != strings.Join(texts, "\n") {
		return []error{err} // it has words of its own
	}
	return all
}

func describe(err error) failure {
	f := failure{message: err.Error()}
	var problems *diag.Problems
	var typed *diag.Error
	switch {
	case errors.As(err, &problems):
		f.problems = problems.List
		f.message = fmt.Sprintf("%s in %s", term.Plural(int64(len(f.problems)), "problem", "problems"), files(f.problems))
	case errors.As(err, &typed):
		f.next = typed.Next
	}
	return f
}

// files names the files that have problems.
func files(problems diag.List) string {
	var names []string
	for _, p := range problems {
		if len(names) == 0 || names[len(names)-1] != p.Pos.File {
			names = append(names, p.Pos.File)
		}
	}
	return strings.Join(names, ", ")
}

// printError shows an error, for people or for machines.
func (app *App) printError(class diag.Class, err error) {
	list := failures(class, err)
	if app.json {
		_ = writeJSON(app.IO.Err, errorJSON(class, list)) // nobody is left to be told
		return
	}
	if class == diag.Interrupted {
		app.leaveLine()
	}
	said := "" // what to do is said once, below the last error that it is for
	for i, f := range list {
		fmt.Fprintf(app.IO.Err, "%s %s\n", app.IO.Err.Paint(term.Red, "lakectl:"), lines(f.message))
		for _, p := range f.problems {
			fmt.Fprintln(app.IO.Err, lines(p.String()))
		}
		if last := i == len(list)-1; f.next != "" && f.next != said && (last || list[i+1].next != f.next) {
			fmt.Fprintf(app.IO.Err, "%s %s\n", app.IO.Err.Paint(term.Bold, "next:"), lines(f.next))
			said = f.next
		}
	}
}

// leaveLine leaves the line on which the terminal has shown ^C, once.
func (app *App) leaveLine() {
	if app.IO.Err.Terminal && !app.left {
		fmt.Fprintln(app.IO.Err)
		app.left = true
	}
}

// lines makes a text of several lines safe to show: it may quote data.
func lines(text string) string {
	parts := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, part := range parts {
		parts[i] = term.Clean(part)
	}
	return strings.Join(parts, "\n")
}

// jsonError is an error for machines.
type jsonError struct {
	Class    string    `json:"class"`
	ExitCode int       `json:"exit_code"`
	Message  string    `json:"message"`
	Next     string    `json:"next"`
	Problems diag.List `json:"problems"`
}

func errorJSON(class diag.Class, list []failure) map[string]jsonError {
	e := jsonError{Class: className(class), ExitCode: int(class), Problems: diag.List{}}
	var messages, next []string
	for i, f := range list {
		messages = append(messages, f.message)
		e.Problems = append(e.Problems, f.problems...)
		if last := i == len(list)-1; f.next != "" && (last || list[i+1].next != f.next) {
			next = append(next, f.next)
		}
	}
	e.Message, e.Next = strings.Join(messages, "\n"), strings.Join(next, "\n")
	return map[string]jsonError{"error": e}
}

// exitCodes are the classes of errors, what they are called in JSON, and what
// they mean, in the order of their numbers.
var exitCodes = []struct {
	class      diag.Class
	name, text string
}{
	{diag.OK, "ok", "done, or nothing to do"},
	{diag.Unexpected, "unexpected", "unexpected error: report it"},
	{diag.Usage, "usage", "usage or configuration; nothing was touched"},
	{diag.Gate, "gate", "a quality gate failed; nothing was published: do not retry"},
	{diag.Transient, "transient", "transient, such as network and timeouts: retry"},
	{diag.Partial, "partial", "some files failed whole, the rest is committed: resend them"},
	{diag.Locked, "locked", "another run holds the lock: retry later"},
	{diag.Pending, "pending", "changes pending (--detailed-exitcode, catalog check)"},
	{diag.Budget, "budget", "a budget was exceeded"},
	{diag.Ledger, "ledger", "the ledger does not add up, a bug of lakectl: report it"},
	{diag.Interrupted, "interrupted", "interrupted; nothing is half-published"},
}

func className(class diag.Class) string {
	for _, c := range exitCodes {
		if c.class == class {
			return c.name
		}
	}
	return "unexpected"
}
