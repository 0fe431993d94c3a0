package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// App is what all commands share: the world around the process, and the flags
// that every command has.
type App struct {
	IO     *term.IO
	Getenv func(string) string
	Clock  func() time.Time // the real one; commands ask clock
	Dir    string           // the working directory, from which a project is looked for

	projectDir  string // --project
	environment string // --env
	quiet       bool
	json        bool
	noColor     bool

	left bool // the line with ^C was left
}

// echo is for how long a second signal is taken for the first one: timeout(1), for
// one, sends its signal to a process, and at once to its group.
const echo = 250 * time.Millisecond

// Main runs the command line of this process and returns the exit code. The
// first SIGINT, SIGTERM, or SIGHUP of a terminal that was closed lets what is in
// work end cleanly, the second kills.
func Main() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, func() { // and not when Main returns: the exit code would be lost to the echo
		time.Sleep(echo)
		stop() // from then on a signal does what it does by default
	})
	dir, err := os.Getwd()
	app := &App{IO: term.System(), Getenv: os.Getenv, Clock: time.Now, Dir: dir}
	if err != nil {
		return app.fail(ctx, fmt.Errorf("the working directory cannot be found: %w", err))
	}
	return app.Run(ctx, os.Args[1:])
}

// Run runs one command line and returns the exit code.
func (app *App) Run(ctx context.Context, args []string) (code int) {
	defer func() {
		// A panic by itself would end with 2, which says that nothing was touched.
		if p := recover(); p != nil {
			fmt.Fprintf(app.IO.Err, "lakectl: this is a bug of lakectl, please report it: %v\n%s", p, debug.Stack())
			code = int(diag.Unexpected)
		}
	}()
	root := newRootCmd(app)
	root.SetArgs(args)
	root.SetOut(app.IO.Out)
	root.SetErr(app.IO.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && slices.Contains(args, "--json") {
		app.json = true // it may stand behind the flag that is wrong
	}
	return app.fail(ctx, err)
}

// fail prints an error, if there is one, and returns the exit code.
func (app *App) fail(ctx context.Context, err error) int {
	if err == nil {
		return int(diag.OK)
	}
	class := diag.ClassOf(err)
	if ctx.Err() != nil {
		class = diag.Interrupted
	}
	app.printError(class, err)
	return int(class)
}

// clock returns the clock of commands: one that stands still at LAKEHOUSE_NOW,
// else the real one.
func (app *App) clock() (func() time.Time, error) {
	text := app.Getenv(nowVariable)
	if text == "" {
		return app.Clock, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, diag.Errorf(diag.Usage, "%s=%s is not a time", nowVariable, text).
			WithNext("write it as 2026-11-23T09:45:00Z")
	}
	return func() time.Time { return t }, nil
}

const nowVariable = "LAKEHOUSE_NOW"

// lakeOptions are how this process opens lakes. With a fixed clock the ids of
// commits are fixed too, so that the same run on the same input writes the same
// bytes.
func (app *App) lakeOptions() (lake.Options, error) {
	clock, err := app.clock()
	if err != nil {
		return lake.Options{}, err
	}
	o := lake.Options{Clock: clock}
	if app.Getenv(nowVariable) != "" {
		made := 0
		o.NewID = func() string {
			made++
			sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", clock().UnixNano(), made))
			return hex.EncodeToString(sum[:12])
		}
	}
	return o, nil
}

// note writes a line for people to standard error.
func (app *App) note(format string, args ...any) {
	if !app.quiet && !app.json {
		fmt.Fprintf(app.IO.Err, format+"\n", args...)
	}
}

// remark writes a dim line for people to standard error, broken between words where
// the terminal is narrow.
func (app *App) remark(text string) {
	for _, line := range term.Wrap(text, app.IO.Err.Columns()) {
		app.note("%s", app.IO.Err.Paint(term.Dim, line))
	}
}

// warn writes a line that somebody should read.
func (app *App) warn(text string) {
	app.note("%s %s", app.IO.Err.Paint(term.Yellow, "warning:"), text)
}
