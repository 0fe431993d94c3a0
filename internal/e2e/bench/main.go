package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// settings are what one bench is about. They are passed to its child processes
// as they are.
type settings struct {
	Raw         parameters
	Against     string // the other side
	Dir         string // of everything that is written
	Threads     int
	Unpartition bool
	Lakectl     string // the program to measure; empty is this one
	Submit      string // spark-submit, of the other side if that is Spark
	Profile     string // folder for profiles
	Rounds      int
	MaxWall     float64 // of DuckDB's
	MaxMemory   float64 // GiB
	Keep        bool
}

// rawDir holds the raw files and lakehouse.yaml.
func (s *settings) rawDir() string { return filepath.Join(s.Dir, s.Raw.name()) }

// sides are the two that take turns.
func (s *settings) sides() [2]string { return [2]string{lakectlSide, s.Against} }

// lake is where a side's tables are.
func (s *settings) lake(side string) string { return filepath.Join(s.Dir, "lake-"+side) }

// now is the clock of both sides: the morning after the last day of the data.
func (s *settings) now() time.Time {
	return newRawFiles("", s.Raw).start.AddDate(0, 0, s.Raw.Days).Add(6 * time.Hour)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// dispatch runs the bench, or what a child process of it is for.
func dispatch(ctx context.Context, args []string) error {
	if len(args) == 2 {
		if child, ok := children()[args[0]]; ok {
			return child.run(ctx, args[1])
		}
	}
	s, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	return bench(ctx, s, os.Stdout)
}

func parse(args []string, messages io.Writer) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&s.Against, "against", duckdbSide, "the other side: duckdb, or spark, which is lakectl's own run on Spark on this machine")
	flags.StringVar(&s.Submit, "spark-submit", ".venv/bin/spark-submit", "how to start Spark; python stands beside it")
	flags.Int64Var(&s.Raw.Rows, "rows", 10_000_000, "transactions")
	flags.Int64Var(&s.Raw.Customers, "customers", 0, "customers (default: one for 20 transactions)")
	flags.IntVar(&s.Raw.Days, "days", 365, "days that the transactions span")
	flags.IntVar(&s.Raw.Files, "files", 4, "files of transactions")
	flags.Float64Var(&s.Raw.Defects, "defects", 0.03, "share of records with a defect; a third of them repeat a key, half go to quarantine")
	flags.BoolVar(&s.Raw.Shuffled, "shuffled", false, "spread the days over all files, instead of rows in the order of their time")
	flags.BoolVar(&s.Unpartition, "unpartitioned", false, "silver.transactions in one piece, instead of by transaction_date")
	flags.StringVar(&s.Dir, "data", filepath.Join(os.TempDir(), "lakectl-bench"), "folder for raw files, which are used again, and lakes")
	flags.IntVar(&s.Threads, "threads", 2, "threads of either side")
	flags.IntVar(&s.Rounds, "rounds", 3, "runs of each side")
	flags.StringVar(&s.Lakectl, "lakectl", "", "the lakectl to measure (default: this program runs the pipeline itself, and measures CPU by stage); Spark needs it")
	flags.StringVar(&s.Profile, "profile", "", "write CPU and allocation profiles of lakectl's stages to this folder, and do nothing else")
	flags.Float64Var(&s.MaxWall, "max-wall", 0.8, "bar for lakectl's wall time, of DuckDB's")
	flags.Float64Var(&s.MaxMemory, "max-memory", 2, "bar for lakectl's peak memory, GiB")
	flags.BoolVar(&s.Keep, "keep", false, "leave both lakes")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	s.Raw.Broken = s.Against != duckdbSide // DuckDB's side would not know what to do
	if s.Raw.Customers == 0 {
		s.Raw.Customers = max(1, s.Raw.Rows/20)
	}
	if flags.NArg() > 0 || s.Rounds < 1 || s.Threads < 1 {
		return nil, fmt.Errorf("cannot make sense of %q: there must be at least one round and one thread, and nothing but flags", args)
	}
	if s.Against != duckdbSide && (s.Against != sparkSide || s.Lakectl == "") {
		return nil, fmt.Errorf("there is no bench against %q: give duckdb, or spark and -lakectl", s.Against)
	}
	for _, path := range []*string{&s.Dir, &s.Lakectl, &s.Profile, &s.Submit} {
		if *path == "" {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	return s, os.MkdirAll(s.Dir, 0o755)
}

// bench measures, compares, and prints the outcome.
func bench(ctx context.Context, s *settings, out io.Writer) error {
	unlock, err := lock(s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := prepare(ctx, s); err != nil {
		return err
	}
	if s.Profile != "" {
		return profile(ctx, s, out)
	}
	runs, differences, err := takeTurns(ctx, s, out)
	if err != nil {
		return err
	}
	if !s.Keep {
		for _, side := range s.sides() {
			if err := os.RemoveAll(s.lake(side)); err != nil {
				return err
			}
		}
	}
	return conclude(s, runs, differences, out)
}

// lock keeps other benches out of the folder, until unlock or the end of the process.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another bench is at work in %s (%w); wait for it, or give another folder with -data", dir, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// prepare makes the raw files and the project.
func prepare(ctx context.Context, s *settings) error {
	if err := spawn(ctx, generateChild, s, nil); err != nil {
		return err
	}
	return writeProject(s)
}

// takeTurns runs both sides in every round, and compares what they made.
func takeTurns(ctx context.Context, s *settings, out io.Writer) (runs map[string][]run, differences []string, err error) {
	runs = map[string][]run{}
	for round := range s.Rounds {
		for _, side := range s.sides() {
			r, err := measure(ctx, s, side)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", side, err)
			}
			runs[side] = append(runs[side], r)
			fmt.Fprintf(out, "round %d: %-8s %7.2f s wall  %7.2f s CPU  %7.0f MiB\n", round+1, side, r.Total.Wall, r.Total.CPU, float64(r.Peak)/mebi)
		}
		var found []string
		if err := spawn(ctx, compareChild, s, &found); err != nil {
			return nil, nil, fmt.Errorf("compare: %w", err)
		}
		fmt.Fprintf(out, "round %d: %d tables, all columns but %s: %d differences\n", round+1, len(tables()), strings.Join(s.leftOut(), ", "), len(found))
		differences = append(differences, found...)
	}
	return runs, differences, nil
}

// conclude prints the figures, and returns what is wrong with them.
func conclude(s *settings, runs map[string][]run, differences []string, out io.Writer) error {
	printReport(out, s, runs)
	var wrong []error
	for _, d := range differences {
		wrong = append(wrong, errors.New(d))
	}
	return errors.Join(append(wrong, missed(s, runs)...)...)
}
