package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// partOfVariable names the run in Glue that a run is a layer of.
const partOfVariable = "LAKEHOUSE_PART_OF"

// mostLayerRuns is how many of the lake's last runs may be those of this one: a few
// for each layer, and some that others started meanwhile.
const mostLayerRuns = 30

// gather reads from the lake what the jobs did. Files that failed whole are no
// failure of a job, but they are one of the run, as on this machine.
func (g *glueRun) gather(ctx context.Context) error {
	runs, err := pipeline.Runs(ctx, g.w.Lake.Bucket(), mostLayerRuns)
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(r *pipeline.Result) bool { return r.PartOf != g.result.Run })
	slices.Reverse(runs)
	g.result.Runs = append(g.result.Runs, runs...)
	var failed []error
	for _, r := range runs {
		for _, b := range r.Bronze {
			for _, message := range b.Failed {
				failed = append(failed, diag.Errorf(diag.Partial, "%s", message).WithNext("resend it; the other files are in the lake"))
			}
		}
	}
	return errors.Join(failed...)
}

// together is what the runs of all layers did, as one. The runs are in their order.
func together(runs []*pipeline.Result) *pipeline.Result {
	all := new(pipeline.Result)
	for _, r := range runs {
		all.Commits = append(all.Commits, r.Commits...)
		all.Bronze, all.Silver, all.Gold = append(all.Bronze, r.Bronze...), append(all.Silver, r.Silver...), append(all.Gold, r.Gold...)
		all.Gates, all.Refused = append(all.Gates, r.Gates...), append(all.Refused, r.Refused...)
		all.Seconds += r.Seconds
		if len(r.Ledger) > 0 {
			all.Ledger = r.Ledger
		}
	}
	return all
}

// printLayers shows what the jobs did to the lake, as a run on this machine does.
func (g *glueRun) printLayers(s *summary) {
	if len(g.result.Runs) == 0 {
		return
	}
	all := together(g.result.Runs)
	s.filesTakenIn(all)
	s.ledger(all.Ledger, pipeline.Ledger(g.w.State))
	s.reasons(all)
	s.checks(all)
	s.tables(all)
	s.gates(all)
}
