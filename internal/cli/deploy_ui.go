package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// stackEvents shows what happens to a stack: on a terminal the ends of things
// above a line that says how far it is, elsewhere one line for each event.
type stackEvents struct {
	app      *App
	progress *term.Progress
	stage    *term.Stage // nil before the first event
	name     string
	begun    map[string]string // resources in progress, and since when in words
	done     int
}

func newStackEvents(app *App, name string) *stackEvents {
	return &stackEvents{app: app, progress: term.NewProgress(app.IO.Err), name: name, begun: map[string]string{}}
}

func (s *stackEvents) close() { s.progress.Close() }

// Event implements stack.Watcher.
func (s *stackEvents) Event(e stack.Event) {
	if s.app.quiet || s.app.json {
		return
	}
	moving := strings.HasSuffix(e.Status, "_IN_PROGRESS")
	key := e.Stack + "/" + e.Resource
	if moving {
		s.begun[key] = e.Resource
	} else if s.begun[key] != "" {
		delete(s.begun, key)
		s.done++
	}
	if !s.app.IO.Err.Terminal || !moving {
		s.progress.Note(s.line(e))
	}
	if s.stage == nil {
		s.stage = s.progress.Start(s.name, 0)
	}
	s.stage.Say(s.status())
}

// status says how far it is: what is at work, the stack itself left out.
func (s *stackEvents) status() string {
	var names []string
	for _, name := range s.begun {
		if name != s.name {
			names = append(names, name)
		}
	}
	text := fmt.Sprintf("%d done", s.done)
	if n := len(names); n == 1 {
		text += ", at " + names[0]
	} else if n > 1 {
		text += fmt.Sprintf(", %d at work", n)
	}
	return text
}

// line is an event on one line.
func (s *stackEvents) line(e stack.Event) string {
	style := term.Plain
	switch {
	case e.Failed():
		style = term.Red
	case strings.HasSuffix(e.Status, "_COMPLETE"):
		style = term.Green
	}
	what := e.Resource
	if e.Nested {
		what = e.Stack + "/" + what
	}
	line := fmt.Sprintf("%s  %s  %s", e.Time.UTC().Format("15:04:05"), s.app.IO.Err.Paint(style, fmt.Sprintf("%-20s", term.Clean(e.Status))), term.Clean(what))
	if e.Type != "" {
		line += " (" + term.Clean(e.Type) + ")"
	}
	if e.Reason != "" && e.Reason != "User Initiated" {
		line += ": " + term.Clean(e.Reason)
	}
	return line
}

// Note implements stack.Watcher.
func (s *stackEvents) Note(text string) {
	if !s.app.quiet && !s.app.json {
		s.progress.Note(term.Clean(text))
	}
}

// deployUI answers for the user of `lakectl deploy`.
type deployUI struct {
	*stackEvents
	d *deployment
}

func newDeployUI(d *deployment) *deployUI {
	return &deployUI{stackEvents: newStackEvents(d.App, d.cloud.Names.Stack()), d: d}
}

// Mend implements stack.UI.
func (u *deployUI) Mend(ctx context.Context, m stack.Mending) (bool, error) {
	app := u.d.App
	app.note("The stack %s is in %s: %s", m.Stack.Name, m.Stack.Status, m.Why)
	if m.Stack.Reason != "" {
		app.note("  %s", term.Clean(m.Stack.Reason))
	}
	for _, r := range m.Keeps {
		app.note("  %s %s stays in AWS; the new stack takes it over", term.Clean(r.Type), term.Clean(r.Physical))
	}
	if u.d.Yes {
		app.note("First: %s", m.Action)
		return true, nil
	}
	return app.IO.Confirm(ctx, "First "+m.Action+"?")
}

// Approve implements stack.UI.
func (u *deployUI) Approve(ctx context.Context, p *stack.Plan) (bool, error) {
	d, app := u.d, u.d.App
	if d.DryRun {
		if app.json {
			return false, nil
		}
		return false, printPlan(app.IO.Out, p, d.adopted, d.result.Stack)
	}
	asking := !d.Yes && app.IO.Interactive
	if asking || !app.quiet && !app.json {
		if err := printPlan(app.IO.Err, p, d.adopted, d.result.Stack); err != nil {
			return false, err
		}
	}
	if n := len(p.Dangerous()); n > 0 && !d.AllowReplace {
		return false, diag.Errorf(diag.Usage, "%s would be replaced or removed (see above)", term.Plural(int64(n), "resource that holds data", "resources that hold data")).
			WithNext("if that is meant: lakectl deploy --allow-replace")
	}
	switch {
	case stack.Production(d.cloud.Names.Environment):
		return u.approveProduction(ctx)
	case d.Yes:
		return true, nil
	}
	return app.IO.Confirm(ctx, "Deploy this?")
}

// approveProduction has the name of the stack typed, or given: a --yes that
// stands in a script for all environments is not meant for this one.
func (u *deployUI) approveProduction(ctx context.Context) (bool, error) {
	d, name := u.d, u.d.result.Stack
	switch d.ConfirmName {
	case name:
		return true, nil
	case "":
		typed, err := d.App.IO.Retype(ctx, fmt.Sprintf("This changes production (%s in account %s).", name, d.result.Account), name, "pass --confirm-name "+name)
		if err == nil && !typed {
			err = diag.Errorf(diag.Usage, "that is not the name; nothing was changed")
		}
		return typed, err
	}
	return false, diag.Errorf(diag.Usage, "--confirm-name is %q, and the stack is %s; nothing was changed", d.ConfirmName, name).
		WithNext("is it the right environment? --env names another")
}
