package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/render"
)

// untilReaderLeaves runs what writes a result. A reader that leaves early, such as
// head, ends the process by a signal, as it does everywhere, but not before the
// temporary files of the query are gone.
func (app *App) untilReaderLeaves(run func() error) error {
	left := make(chan os.Signal, 1)
	signal.Notify(left, syscall.SIGPIPE)
	err := run()
	signal.Stop(left)
	if errors.Is(err, syscall.EPIPE) {
		_, _ = app.IO.Out.Write([]byte{'\n'}) // nobody reads it, and so the signal comes again
	}
	return err
}

// printPlan shows how an engine would run a statement.
func (app *App) printPlan(engine, text string) error {
	if app.json {
		return writeJSON(app.IO.Out, map[string]string{"engine": engine, "plan": text})
	}
	_, err := fmt.Fprintln(app.IO.Out, text)
	return err
}

// unwritten is the error of rows that cannot be written.
func unwritten(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return diag.Errorf(diag.Unexpected, "the result is not whole: %w", err).WithNext("make room where it goes, and ask again")
	}
	return err
}

// printResult shows the rows of a result as they come, and what they took.
func (app *App) printResult(opts *QueryOptions, engine string, result query.Result) error {
	o := resultOptions{Format: opts.Output, Columns: result.Columns(), Limit: opts.Limit}
	o.JSON.After = func() []render.Field {
		return []render.Field{{Name: "engine", Value: engine}, {Name: "stats", Value: statsOf(result.Stats())}}
	}
	out, err := app.newResultWriter(o)
	if err != nil {
		return unwritten(err)
	}
	for {
		batch, err := result.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = out.Write(batch)
		batch.Release()
		if err != nil {
			return unwritten(err)
		}
	}
	if err := out.Close(); err != nil {
		return unwritten(err)
	}
	stats := result.Stats()
	app.tell(out, told{Rows: stats.Rows, About: footer(engine, stats), All: allInCSV, Columns: allInCSV + " columns"})
	return nil
}
