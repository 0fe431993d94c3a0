package cli

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

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

// printResult shows the rows of a result as they come, and what they took.
func (app *App) printResult(opts *QueryOptions, engine string, result query.Result) error {
	o := resultOptions{Format: opts.Output, Columns: result.Columns(), Limit: opts.Limit}
	o.JSON.After = func() []render.Field {
		return []render.Field{{Name: "engine", Value: engine}, {Name: "stats", Value: statsOf(result.Stats())}}
	}
	out, err := app.newResultWriter(o)
	if err != nil {
		return err
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
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	stats := result.Stats()
	app.tell(out, told{Rows: stats.Rows, About: footer(engine, stats), All: "-o csv has all", Columns: "-o csv has all columns"})
	return nil
}
