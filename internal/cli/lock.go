package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// LockOptions are the settings of `lakectl lock ls` and `lakectl lock break`.
type LockOptions struct {
	App *App
	Yes bool
}

func newLockCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "lock",
		Short: "Who is writing to the lake",
		Long: `One run at a time writes to a lake. It holds a lock, which it renews; the lock
of a process that is gone is taken over by the next run, so it need hardly
ever be broken.`,
		Example: `  lakectl lock ls
  lakectl lock break`,
	})
	cmd.AddCommand(newLockLsCmd(app, nil), newLockBreakCmd(app, nil))
	return cmd
}

func newLockLsCmd(app *App, runF func(*LockOptions) error) *cobra.Command {
	opts := &LockOptions{App: app}
	return &cobra.Command{
		Use:   "ls",
		Short: "Who holds the lock, since when",
		Example: `  lakectl lock ls
  lakectl lock ls --json | jq .locked`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runLockLs(cmd.Context(), opts)
		},
	}
}

func newLockBreakCmd(app *App, runF func(*LockOptions) error) *cobra.Command {
	opts := &LockOptions{App: app}
	cmd := &cobra.Command{
		Use:   "break",
		Short: "Take the lock away from a process that is gone",
		Long: `Take the lock away from who holds it. A run that still lives cannot publish
anything after that, and fails; nothing that is committed is harmed.`,
		Example: `  lakectl lock break
  lakectl lock break --yes    # without a terminal`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runLockBreak(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Yes, "yes", false, "do not ask")
	return cmd
}

// openLakeAlone opens the lake of a project whatever else is wrong with it.
func (app *App) openLakeAlone(ctx context.Context) (*lake.Lake, error) {
	w, cfg, problems, err := app.read()
	if err != nil {
		return nil, err
	}
	if cfg == nil || cfg.Lake.Value == "" {
		return nil, problems.Err()
	}
	err = w.openLake(ctx, app, cfg)
	return w.Lake, err
}

// lockState is the result of `lock ls --json` and `lock break --json`.
type lockState struct {
	Locked bool           `json:"locked"`
	Holder *lake.LockInfo `json:"holder"` // who holds it, or held it until it was broken
	Broken bool           `json:"broken,omitempty"`
	Gone   bool           `json:"gone,omitempty"` // the holder is certainly dead: the next run takes the lock over
}

// gone says whether a holder is certainly dead.
func gone(holder *lake.LockInfo) bool {
	return holder != nil && holder.Owner.Gone(lake.CurrentOwner())
}

func runLockLs(ctx context.Context, opts *LockOptions) error {
	app := opts.App
	l, err := app.openLakeAlone(ctx)
	if err != nil {
		return err
	}
	holder, err := l.Holder(ctx)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(lockState{Locked: holder != nil, Holder: holder, Gone: gone(holder)})
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	text := "nobody holds the lock"
	if holder != nil {
		text = fmt.Sprintf("held by   %s\nsince     %s\nrenewed   %s", term.Clean(holder.Owner.String()), ago(holder.Acquired, clock()), ago(holder.Renewed, clock()))
	}
	if gone(holder) {
		text += "\nthis process is gone: the next run takes the lock over"
	}
	_, err = fmt.Fprintln(app.IO.Out, text)
	return err
}

func runLockBreak(ctx context.Context, opts *LockOptions) error {
	app := opts.App
	l, err := app.openLakeAlone(ctx)
	if err != nil {
		return err
	}
	holder, err := l.Holder(ctx)
	if err != nil {
		return err
	}
	if holder != nil && !opts.Yes {
		yes, err := app.IO.Confirm(ctx, fmt.Sprintf("The lock is held by %s since %s. A run that still lives will fail. Break it?",
			term.Clean(holder.Owner.String()), holder.Acquired.UTC().Format("2006-01-02 15:04:05")))
		if err != nil {
			return err
		}
		if !yes {
			return diag.Errorf(diag.Usage, "the lock was not broken")
		}
	}
	broken, err := l.Break(ctx)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(lockState{Holder: broken, Broken: broken != nil})
	}
	text := "nobody holds the lock"
	if broken != nil {
		text = "the lock of " + term.Clean(broken.Owner.String()) + " is broken"
	}
	_, err = fmt.Fprintln(app.IO.Out, text)
	return err
}
