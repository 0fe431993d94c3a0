package main

import (
	"fmt"
	"io"
	"slices"
)

// spread is the middle and the ends of some figures.
type spread struct{ Median, Min, Max float64 }

// spreadOf returns the spread of at least one figure. The median of an even
// number is the mean of the middle two.
func spreadOf(figures []float64) spread {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	return spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// ratios returns what one side took of what the other took, round by round:
// what disturbs a machine for a while disturbs both of a round.
func ratios(of, to []run, figure func(run) float64) spread {
	list := make([]float64, len(of))
	for i := range of {
		list[i] = figure(of[i]) / figure(to[i])
	}
	return spreadOf(list)
}

func medianOf(runs []run, figure func(run) float64) float64 {
	list := make([]float64, len(runs))
	for i, r := range runs {
		list[i] = figure(r)
	}
	return spreadOf(list).Median
}

func totalWall(r run) float64 { return r.Total.Wall }
func totalCPU(r run) float64  { return r.Total.CPU }
func peakMiB(r run) float64   { return float64(r.Peak) / mebi }

func stageWall(stage string) func(run) float64 {
	return func(r run) float64 { return r.Stages[stage].Wall }
}

func stageCPU(stage string) func(run) float64 {
	return func(r run) float64 { return r.Stages[stage].CPU }
}

// line is a line of the report.
type line struct {
	name   string
	unit   string
	figure func(run) float64
}

// lines returns what is reported. The CPU of stages is left out where it is not
// known.
func lines(runs map[string][]run) []line {
	list := []line{{"wall", "s", totalWall}}
	for _, stage := range stageNames() {
		list = append(list, line{"  " + stage, "s", stageWall(stage)})
	}
	list = append(list, line{"CPU", "s", totalCPU})
	for _, stage := range stageNames() {
		if runs[lakectlSide][0].Stages[stage].CPU >= 0 {
			list = append(list, line{"  " + stage, "s", stageCPU(stage)})
		}
	}
	return append(list, line{"peak memory", "MiB", peakMiB})
}

// printReport prints medians of both sides, and ratios.
func printReport(w io.Writer, s *settings, runs map[string][]run) {
	order, partitions := "in the order of their time", "by day"
	if s.Raw.Shuffled {
		order = "shuffled"
	}
	if s.Unpartition {
		partitions = "in one piece"
	}
	say := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	say("\n%d transactions of %d customers over %d days, %s; silver %s; %d threads; medians of %d rounds\n\n", s.Raw.Rows, s.Raw.Customers, s.Raw.Days,
		order, partitions, s.Threads, s.Rounds)
	say("%-12s %12s %12s %8s   %s\n", "", "lakectl", map[string]string{duckdbSide: "DuckDB", sparkSide: "Spark"}[s.Against], "ratio", "range")
	for _, l := range lines(runs) {
		r := ratios(runs[lakectlSide], runs[s.Against], l.figure)
		say("%-12s %8.2f %-3s %8.2f %-3s %8.2f   %.2f to %.2f\n", l.name, medianOf(runs[lakectlSide], l.figure), l.unit,
			medianOf(runs[s.Against], l.figure), l.unit, r.Median, r.Min, r.Max)
	}
	say("\n(rest: starting, commits, and syncing)\n")
}

// missed returns the bars that were missed.
func missed(s *settings, runs map[string][]run) []error {
	var errs []error
	if r := ratios(runs[lakectlSide], runs[s.Against], totalWall); r.Median > s.MaxWall {
		errs = append(errs, fmt.Errorf("lakectl took %.2f of the wall time of %s; the bar is %.2f", r.Median, s.Against, s.MaxWall))
	}
	peak := 0.0
	for _, r := range runs[lakectlSide] {
		peak = max(peak, peakMiB(r)/1024)
	}
	if peak > s.MaxMemory {
		errs = append(errs, fmt.Errorf("lakectl took %.2f GiB of memory; the bar is %.2f", peak, s.MaxMemory))
	}
	return errs
}
