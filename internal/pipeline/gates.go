package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/silver"
)

// gate stops the run if gates failed that were not accepted.
func (r *run) gate(tx *lake.Tx, gates []Gate) error {
	var failed, names []string
	for i := range gates {
		g := &gates[i]
		names = append(names, "--accept "+g.Name) // those accepted are to be named again
		if reason, ok := r.o.Accept[g.Name]; ok {
			g.Accepted = reason
			tx.Accept(lake.Acceptance{Gate: g.Name, Reason: reason})
			continue
		}
		failed = append(failed, g.Name+": "+g.Message)
	}
	r.result.Gates = append(r.result.Gates, gates...)
	if len(failed) == 0 {
		return nil
	}
	what := "quality gates"
	if len(failed) == 1 {
		what = "a quality gate"
	}
	return diag.Errorf(diag.Gate, "nothing was published, %s failed:\n  %s", what, strings.Join(failed, "\n  ")).
		WithNext("change the rule in %s, or let it pass, once, with %s --reason TEXT", config.FileName, strings.Join(names, " "))
}

// report judges a silver table that was built: its checks, table checks and
// limits.
func (s *silverLayer) report(ctx context.Context, t *project.Silver, p *tablePlan, done *silver.Result, begun time.Time) error {
	ref := silverRef(t)
	checks := rowChecks(t, done)
	tableChecks, err := quality.CheckTable(ctx, s.quality(t), t.TableChecks, s.otherSum, s.run.checkOptions(s.tx))
	if err != nil {
		return err
	}
	checks = append(checks, tableChecks...)
	s.tx.Check(checks...)
	for _, message := range done.Fatal {
		name, example, _ := strings.Cut(message, ": ")
		s.gates = append(s.gates, Gate{Name: ref.String() + "." + name, Message: fmt.Sprintf("%d rows fail, such as %s", done.Counts[name], example)})
	}
	s.gates = append(s.gates, failedTableChecks(tableChecks)...)
	s.gates = append(s.gates, s.limits(t, p, done)...)
	s.result(t, p, done, checks, begun)
	return nil
}

// result says what was done to a silver table.
func (s *silverLayer) result(t *project.Silver, p *tablePlan, done *silver.Result, checks []lake.CheckResult, begun time.Time) {
	result := TableResult{Table: silverRef(t).String(), Rebuilt: p.rebuild && p.table != nil, Judged: done.Judged, Rows: done.Rows, Checks: checks, Seconds: time.Since(begun).Seconds()}
	result.Changes = new(lake.Totals)
	for _, change := range done.Changes {
		*result.Changes = result.Changes.Add(change)
	}
	for _, f := range done.Put {
		if f.Kind == lake.Data {
			result.Written++
			result.Bytes += f.Bytes
		}
	}
	s.run.result.Silver = append(s.run.result.Silver, result)
}

func (r *run) checkOptions(tx *lake.Tx) quality.Options {
	return quality.Options{Workers: r.o.Workers, Budget: r.budget, Spill: r.spill, Now: r.o.Now, Scanner: r.o.Engine.Scanner(tx)}
}

// quality is a silver table as its checks see it.
func (s *silverLayer) quality(t *project.Silver) quality.Table {
	return quality.Table{Ref: silverRef(t), Schema: t.Table(), Partitioned: t.PartitionNames(), Files: s.current(silverRef(t)), Open: s.tx}
}

// otherSum is the table that a sum is compared with. Silver tables are compared
// with silver tables alone.
func (s *silverLayer) otherSum(other *project.OtherSum) (quality.Table, error) {
	return s.quality(other.Silver), nil
}

// rowChecks are the results of a table's row checks, and of types and required
// columns where rows failed.
func rowChecks(t *project.Silver, done *silver.Result) []lake.CheckResult {
	var results []lake.CheckResult
	add := func(name, kind, onFail string) {
		results = append(results, lake.CheckResult{Table: silverRef(t), Name: name, Kind: kind, OnFail: onFail, Failed: done.Counts[name], Rows: done.Judged})
	}
	named := map[string]bool{}
	for _, c := range t.Checks {
		kind := "expect"
		if c.References != nil {
			kind = "references"
		}
		named[c.Name] = true
		add(c.Name, kind, c.OnFail.String())
	}
	for _, name := range slices.Sorted(maps.Keys(done.Counts)) {
		if kind, _, _ := strings.Cut(name, ":"); !named[name] {
			add(name, kind, project.Quarantine.String())
		}
	}
	return results
}

func failedTableChecks(results []lake.CheckResult) []Gate {
	var gates []Gate
	for _, c := range results {
		if c.Failed > 0 && c.OnFail == project.Fail.String() {
			gates = append(gates, Gate{Name: c.Table.String() + "." + c.Name, Message: c.Detail})
		}
	}
	return gates
}

// limits judges how many records of the files that a build judged went to
// quarantine: of all together and of each, so that many good rows cannot hide
// one bad file. Where nobody asked for a build from scratch, files of earlier
// runs were judged then, and perhaps accepted: they count only if more of them
// fails now.
func (s *silverLayer) limits(t *project.Silver, p *tablePlan, done *silver.Result) []Gate {
	var read, quarantined int64
	var failed []string
	for _, in := range s.state.Datasets[t.From.Name].Files() {
		q := done.Changes[in.SourceFile].Quarantined + in.Damaged
		if in.Ingested <= p.judged && (!p.rebuild || q <= in.Ledger.Quarantined) {
			continue
		}
		read, quarantined = read+in.Records, quarantined+q
		if message := exceeds(t.Limits, q, in.Records); message != "" {
			failed = append(failed, in.SourceFile+": "+message)
		}
	}
	if message := exceeds(t.Limits, quarantined, read); message != "" {
		failed = append([]string{"of this run " + message}, failed...)
	}
	if failed == nil {
		return nil
	}
	const most = 5
	if len(failed) > most {
		failed = append(failed[:most], fmt.Sprintf("and %d files more", len(failed)-most))
	}
	return []Gate{{Name: silverRef(t).String() + ".quarantined", Message: strings.Join(failed, "; ")}}
}

// exceeds says by what a limit is exceeded, or "".
func exceeds(l project.Limits, quarantined, read int64) string {
	// A share such as 0.7% is not exactly a double, and one that equals it must
	// pass; the slack is far less than one record.
	allowed := l.QuarantinedShare * float64(read) * (1 + 1e-12)
	switch {
	case l.QuarantinedRows >= 0 && quarantined > l.QuarantinedRows:
		return fmt.Sprintf("%d of %d records are quarantined, at most %d may be", quarantined, read, l.QuarantinedRows)
	case l.QuarantinedShare >= 0 && float64(quarantined) > allowed:
		return fmt.Sprintf("%d of %d records are quarantined (%.1f %%), at most %.10g %% may be", quarantined, read,
			100*float64(quarantined)/float64(max(1, read)), 100*l.QuarantinedShare)
	}
	return ""
}
