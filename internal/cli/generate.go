package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/term"
)

// GenerateOptions are the settings of `lakectl generate`.
type GenerateOptions struct {
	App       *App
	Sample    sample.Options
	Customers countValue
	Rows      countValue
	Start     string
}

func newGenerateCmd(app *App, runF func(*GenerateOptions) error) *cobra.Command {
	opts := &GenerateOptions{App: app, Rows: 10_000}
	asSample := false
	cmd := &cobra.Command{
		Use:   "generate [DIR]",
		Short: "Write sample data of any size, with known defects",
		Long: `Write customers and their transactions as CSV files into a folder, by default
this one, for the lakehouse.yaml of "lakectl init". The same settings give the
same files, byte for byte; the summary says exactly what a run will make of
them.`,
		Example: `  lakectl init big && rm big/*.csv*
  lakectl generate big --rows 10,000,000 --files 20 --seed 7
  lakectl generate /tmp/clean --rows 1000 --defects 0
  lakectl generate sampledata --sample --force   # those of the sample`,
		Args: countArgs(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			if err := opts.complete(cmd, dir, asSample); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return runGenerate(cmd.Context(), opts)
		},
	}
	flags, o := cmd.Flags(), &opts.Sample
	flags.Var(&opts.Rows, "rows", "transactions to write, defects and repeats included")
	flags.Var(&opts.Customers, "customers", "customers to write (default: one for ten transactions)")
	flags.Uint64Var(&o.Seed, "seed", 1, "another seed `N` gives other rows")
	flags.IntVar(&o.Days, "days", 90, "the transactions span `N` days")
	flags.StringVar(&opts.Start, "start", "2026-08-01", "their first day, a `DATE`")
	flags.IntVar(&o.Files, "files", 1, "spread transactions over `N` files, customers over a third as many")
	flags.Float64Var(&o.Defects, "defects", sample.DefaultDefects, "`SHARE` of rows with a defect, 0 to 0.5")
	flags.BoolVar(&o.WellFormed, "well-formed", false, "leave out defects that break the CSV itself")
	flags.BoolVar(&o.Shuffled, "shuffled", false, "spread the days over all files")
	flags.StringVar(&o.Compress, "compress", "", "`HOW`: gz, zst or mixed (default: not at all)")
	flags.IntVar(&o.Workers, "workers", 0, "use `N` cores (default: all)")
	flags.BoolVar(&o.Overwrite, "force", false, "overwrite files of the same names")
	flags.BoolVar(&asSample, "sample", false, "exactly the files of the sample project; no other settings")
	return cmd
}

// complete makes the options of package sample.
func (o *GenerateOptions) complete(cmd *cobra.Command, dir string, asSample bool) error {
	if asSample {
		for _, name := range []string{"rows", "customers", "seed", "days", "start", "files", "defects", "well-formed", "shuffled", "compress"} {
			if cmd.Flags().Changed(name) {
				return diag.Errorf(diag.Usage, "--sample and --%s exclude one another", name).WithNext("leave one of them out")
			}
		}
		force, workers := o.Sample.Overwrite, o.Sample.Workers
		o.Sample = sample.Sample()
		o.Sample.Dir, o.Sample.Overwrite, o.Sample.Workers = dir, force, workers
		return nil
	}
	for _, n := range []struct {
		flag  string
		value int
	}{{"rows", int(o.Rows)}, {"days", o.Sample.Days}, {"files", o.Sample.Files}} {
		if n.value < 1 {
			return diag.Errorf(diag.Usage, "--%s %d: there must be at least one", n.flag, n.value)
		}
	}
	start, err := time.Parse(time.DateOnly, o.Start)
	if err != nil {
		return diag.Errorf(diag.Usage, "--start %s is not a date", o.Start).WithNext("write it as 2026-08-01")
	}
	if !cmd.Flags().Changed("customers") {
		o.Customers = max(1, o.Rows/10)
	}
	o.Sample.Dir, o.Sample.Start = dir, start
	o.Sample.Transactions, o.Sample.Customers = int64(o.Rows), int64(o.Customers)
	return nil
}

func runGenerate(ctx context.Context, opts *GenerateOptions) error {
	app, begun := opts.App, time.Now()
	done, err := sample.Generate(ctx, opts.Sample)
	if err != nil {
		return forced(err)
	}
	switch {
	case app.json:
		return app.printJSON(done)
	case app.quiet:
		return nil
	}
	return app.printGenerated(opts.Sample.Dir, done, time.Since(begun))
}

// forced says how files are overwritten here.
func forced(err error) error {
	var e *diag.Error
	if errors.As(err, &e) && strings.HasSuffix(e.Msg, "exists already") {
		return diag.Errorf(diag.Usage, "%s", e.Msg).WithNext("choose another folder, or overwrite with --force")
	}
	return err
}

func (app *App) printGenerated(dir string, done sample.Summary, took time.Duration) error {
	s := &summary{out: app.IO.Out}
	var bytes, records int64
	for _, f := range done.Files {
		bytes, records = bytes+f.Bytes, records+f.Records
	}
	s.title("Generated in "+dir, strings.Join([]string{term.Plural(int64(len(done.Files)), "file", "files"),
		term.Plural(records, "record", "records"), term.Size(bytes), term.Duration(took), term.Rate(records, took)}, ", "))
	t := term.NewTable("dataset", ">records", ">= silver", ">+ quarantined", ">+ superseded", ">with a warning")
	defects := term.NewTable("dataset", "defect", ">records")
	for _, d := range []struct {
		name   string
		counts sample.Counts
	}{{"customers", done.Customers}, {"transactions", done.Transactions}} {
		c := d.counts
		t.Add(d.name, term.Count(c.Records), term.Count(c.Silver), term.Count(c.Quarantined), term.Count(c.Superseded), term.Count(c.Flagged))
		for _, name := range slices.Sorted(maps.Keys(c.Defects)) {
			defects.Add(d.name, name, term.Count(c.Defects[name]))
		}
	}
	s.table("What a run of the sample project will make of them", "", t)
	s.table("Defects", "", defects)
	return s.err
}
