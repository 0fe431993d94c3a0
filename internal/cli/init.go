package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/sampledata"
)

// InitOptions are the settings of `lakectl init`.
type InitOptions struct {
	App *App
	Dir string
}

func newInitCmd(app *App, runF func(*InitOptions) error) *cobra.Command {
	opts := &InitOptions{App: app}
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write the sample project into a folder, ready to run",
		Long: `Write the sample project into a folder, by default this one: lakehouse.yaml,
some raw files with every kind of defect, and schemas.md, which describes the
tables.

The folder must not hold a project, or files of these names: nothing is
overwritten.`,
		Example: `  lakectl init demo
  cd demo && lakectl run`,
		Args: countArgs(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			opts.Dir = "."
			if len(args) > 0 {
				opts.Dir = args[0]
			}
			if app.projectDir != "" {
				return diag.Errorf(diag.Usage, "--project is for projects that exist").WithNext("write lakectl init %s", app.projectDir)
			}
			if runF != nil {
				return runF(opts)
			}
			return runInit(opts)
		},
	}
}

// initialised is the result of `init --json`.
type initialised struct {
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
}

func runInit(opts *InitOptions) error {
	app, files := opts.App, sampledata.Project()
	names, err := fs.Glob(files, "*")
	if err != nil {
		return err
	}
	if err := mustBeFree(opts.Dir, names); err != nil {
		return err
	}
	if err := os.MkdirAll(opts.Dir, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := writeNew(filepath.Join(opts.Dir, name), data); err != nil {
			return err
		}
	}
	if err := ignore(filepath.Join(opts.Dir, ".gitignore"), "/lake/", "/lake-test/"); err != nil {
		return err
	}
	if app.json {
		return app.printJSON(initialised{Folder: opts.Dir, Files: append(names, ".gitignore")})
	}
	return app.printInit(opts.Dir, len(names))
}

// printInit says what was written and what to do with it.
func (app *App) printInit(dir string, files int) error {
	if app.quiet {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The sample project is in %s: %d files.\n\n", dir, files)
	fmt.Fprintf(&text, "  lakehouse.yaml     the whole definition, with comments\n")
	fmt.Fprintf(&text, "  customers_*        200 raw records, some of them with defects\n")
	fmt.Fprintf(&text, "  transactions_*     2,000 raw records, with every kind of defect\n")
	fmt.Fprintf(&text, "  schemas.md         what all tables look like\n\n")
	fmt.Fprintf(&text, "Next:\n\n")
	if filepath.Clean(dir) != "." {
		fmt.Fprintf(&text, "  cd %s\n", dir)
	}
	fmt.Fprintf(&text, "  lakectl run\n")
	_, err := app.IO.Out.Write([]byte(text.String()))
	return err
}

// mustBeFree fails if the folder has one of the files already.
func mustBeFree(dir string, names []string) error {
	for _, name := range append([]string{config.FileName}, names...) {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return diag.Errorf(diag.Usage, "%w", err).WithNext("choose another folder: lakectl init DIR")
			}
			return diag.Errorf(diag.Usage, "%s exists already; nothing was written", filepath.Join(dir, name)).
				WithNext("choose another folder: lakectl init DIR")
		}
	}
	return nil
}

func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// ignore adds lines to a .gitignore, those that it does not have.
func ignore(path string, wanted ...string) error {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(data)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, line := range wanted {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			text += line + "\n"
		}
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
