package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/storage"
)

// Run brings the selected tables up to date. The result is never nil and says
// how far the run got, also with an error.
func Run(ctx context.Context, p *project.Project, l *lake.Lake, o Options) (*Result, error) {
	if o.Observer == nil {
		o.Observer = quiet{}
	}
	if o.Engine == nil {
		o.Engine = local{}
	}
	r := &run{p: p, l: l, o: o, begun: time.Now(), result: &Result{Project: p.Name, Environment: p.Environment, PartOf: o.PartOf, Started: o.Now.UTC(),
		Commits: []Commit{}, Bronze: []BronzeResult{}, Silver: []TableResult{}, Gold: []TableResult{}, Ledger: []LedgerLine{}}}
	err := r.locked(ctx)
	r.result.Seconds = time.Since(r.begun).Seconds()
	r.result.Outcome = r.outcome(err)
	if err != nil {
		r.result.Error = err.Error()
	}
	return r.result, err
}

// budgetTenths is the share of the memory that operators may fill with rows and
// tables; the rest is for buffers, pages, and what the garbage collector has not
// freed yet.
const budgetTenths = 6

// run is one run on its way.
type run struct {
	p      *project.Project
	l      *lake.Lake
	o      Options
	begun  time.Time
	lease  *lake.Lease
	budget *budget.Budget
	spill  *engine.Spill
	failed []error // files that failed whole
	result *Result
}

// locked takes the lease, finishes what an earlier run left, runs, and leaves a
// record of the run.
func (r *run) locked(ctx context.Context) error {
	lease, err := r.l.Lock(ctx, lake.LockOptions{Timeout: r.o.LockTimeout, Wait: r.o.Observer.Waiting})
	if err != nil {
		return err
	}
	r.lease = lease
	defer lease.Release(ctx) //nolint:errcheck // a lease that cannot be given back expires
	ctx, stop := whileHeld(ctx, lease)
	defer stop()
	recovered, err := r.l.Recover(ctx, lease)
	if err != nil {
		return err
	}
	r.result.Recovered = recovered.Published
	state, err := r.l.State(ctx)
	if err != nil {
		return err
	}
	r.result.Run = r.id(state)
	r.spill = engine.NewSpill(r.o.SpillDir)
	defer r.spill.Close()
	if r.o.Memory > 0 {
		r.budget = budget.New(r.o.Memory / 10 * budgetTenths)
	}
	err = orLost(ctx, r.layers(ctx, state), lease)
	if errors.Is(err, errDeclined) {
		return err
	}
	return errors.Join(err, r.record(ctx, err))
}

// whileHeld returns a context that ends when the lease is lost: what is in work
// then could not be committed.
func whileHeld(ctx context.Context, lease *lake.Lease) (held context.Context, stop context.CancelFunc) {
	ctx, stop = context.WithCancel(ctx)
	go func() {
		select {
		case <-lease.Lost():
			stop()
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

// orLost returns the error of a run, or that its lease is lost, if that explains
// it: the files that it works on are then swept by the new holder.
func orLost(ctx context.Context, err error, lease *lake.Lease) error {
	if class := diag.ClassOf(err); class != diag.Unexpected && class != diag.Interrupted {
		return err
	}
	if lost := lease.Check(context.WithoutCancel(ctx)); diag.ClassOf(lost) == diag.Locked {
		return lost
	}
	return err
}

// id is the run's name. It depends on the clock and the lake alone, so that a
// run can be repeated to the byte.
func (r *run) id(state *lake.State) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", r.p.Name, r.o.Now.UnixNano(), state.Sequence))
	return r.o.Now.UTC().Format("20060102T150405.000Z") + "-" + hex.EncodeToString(sum[:3])
}

// layers builds the layers one after the other.
func (r *run) layers(ctx context.Context, state *lake.State) error {
	rebuild, err := r.changedDefinitions(state)
	if err != nil {
		return err
	}
	if err := r.bronze(ctx, state); err != nil {
		return err
	}
	if err := r.silver(ctx, rebuild); err != nil {
		return errors.Join(append([]error{err}, r.failed...)...)
	}
	if err := r.gold(ctx, rebuild); err != nil {
		return errors.Join(append([]error{err}, r.failed...)...)
	}
	return errors.Join(r.failed...)
}

// commit publishes what a transaction holds.
func (r *run) commit(ctx context.Context, tx *lake.Tx, layer string) error {
	if _, err := tx.Commit(ctx); err != nil {
		return err
	}
	r.result.Commits = append(r.result.Commits, Commit{tx.Sequence(), layer})
	return nil
}

// record leaves the result of the run in the lake, if it did anything.
func (r *run) record(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	state, err := r.l.State(ctx)
	if err != nil {
		return err
	}
	r.result.Ledger = Ledger(state)
	if cause == nil && len(r.result.Commits) == 0 {
		return nil
	}
	r.result.Seconds, r.result.Outcome = time.Since(r.begun).Seconds(), r.outcome(cause)
	if cause != nil {
		r.result.Error = cause.Error()
	}
	return writeRun(ctx, r.l.Bucket(), r.result)
}

func (r *run) outcome(err error) string {
	switch {
	case err == nil && len(r.result.Commits) == 0:
		return NothingToDo
	case err == nil:
		return Succeeded
	case diag.ClassOf(err) == diag.Partial:
		return Partly
	case diag.ClassOf(err) == diag.Gate:
		return Stopped
	case diag.ClassOf(err) == diag.Interrupted:
		return Interrupted
	default:
		return Failed
	}
}

const runsDir = "_lakectl/runs/"

func writeRun(ctx context.Context, b storage.Bucket, result *Result) error {
	data, err := json.MarshalIndent(result, "", " ")
	if err != nil {
		return err
	}
	_, err = storage.WriteAll(ctx, b, runsDir+result.Run+".json", append(data, '\n'), storage.CreateOptions{})
	return err
}

// Runs returns the results of the last runs that did anything, the newest
// first, at most n. They are for people to look at, so files that are none, such
// as .DS_Store, or are damaged, are passed over.
func Runs(ctx context.Context, b storage.Bucket, n int) ([]*Result, error) {
	var names []string
	for info, err := range b.List(ctx, runsDir) {
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(info.Name, ".json") {
			names = append(names, info.Name)
		}
	}
	var runs []*Result
	for i := len(names) - 1; i >= 0 && len(runs) < n; i-- {
		data, _, err := storage.ReadAll(ctx, b, names[i])
		if err != nil {
			return nil, err
		}
		result := new(Result)
		if json.Unmarshal(data, result) == nil {
			runs = append(runs, result)
		}
	}
	return runs, nil
}

func bronzeRef(b *project.Bronze) lake.TableRef {
	return lake.TableRef{Layer: lake.Bronze, Name: b.Name}
}
func silverRef(s *project.Silver) lake.TableRef {
	return lake.TableRef{Layer: lake.Silver, Name: s.Name}
}
func goldRef(g *project.Gold) lake.TableRef { return lake.TableRef{Layer: lake.Gold, Name: g.Name} }
func quarantineRef(dataset string) lake.TableRef {
	return lake.TableRef{Layer: lake.Quarantine, Name: dataset}
}
