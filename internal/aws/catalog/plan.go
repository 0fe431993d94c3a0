package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/lake"
)

// plan is what is to be sent for one table.
type plan struct {
	target      *target      // nil if the lake has no such table
	have        *types.Table // nil if the catalog has no such table
	differences []Difference
	foreign     string // why the table of the catalog must not be changed
	alter       bool   // the table itself differs
	rekey       bool   // its partition keys do
	behind      bool   // it does not have the last commit

	create []partition
	update []changed
	remove [][]string // values
}

// changed is a partition that is in the catalog, and not as it should be.
type changed struct {
	partition
	have *types.Partition
}

// empty says whether there is nothing to send.
func (p *plan) empty() bool { return len(p.differences) == 0 }

// mostCommits is how many records of the log are read to learn which partitions
// have changed. For more than that, all are compared.
const mostCommits = 100

// plan compares a table with what the catalog has of it.
func (v *view) plan(ctx context.Context, t *target, have *types.Table, full bool) (*plan, error) {
	p := &plan{target: t, have: have}
	if have == nil {
		p.differences = []Difference{t.difference(KindMissing, "it is not in the catalog")}
		p.compare(nil, t.partitions, false)
		return p, nil
	}
	if p.foreign = v.c.refuse(t, have); p.foreign != "" {
		d := t.difference(KindForeign, "%s", p.foreign)
		d.Remedy = "rename or drop that table if nobody needs it, then: " + d.Remedy
		p.differences = []Difference{d}
		return p, nil
	}
	p.differences = v.c.compareTable(t, have)
	p.alter = len(p.differences) > 0
	p.rekey = !sameColumns(t.keys, have.PartitionKeys)
	if err := v.planPartitions(ctx, p, full); err != nil {
		return nil, err
	}
	sent := sentCommit(v.state, have)
	if p.behind = sent != t.commit.Sequence; p.behind {
		what := fmt.Sprintf("the catalog is at commit %d of the table, the lake at %d", sent, t.commit.Sequence)
		if sent == 0 {
			what = fmt.Sprintf("the catalog has not been brought to a commit of this lake; the table is at %d", t.commit.Sequence)
		}
		p.differences = append(p.differences, t.difference(KindCommit, "%s", what))
	}
	return p, nil
}

// planPartitions compares those partitions that may differ.
func (v *view) planPartitions(ctx context.Context, p *plan, full bool) error {
	t := p.target
	if len(t.keys) == 0 && len(p.have.PartitionKeys) == 0 {
		return nil
	}
	if sent := sentCommit(v.state, p.have); !full && !p.alter && sent > 0 && sent <= t.commit.Sequence {
		touched, ok, err := v.touched(ctx, t, sent)
		if err != nil {
			return err
		}
		if ok {
			return v.planTouched(ctx, p, touched)
		}
	}
	have, err := v.c.partitions(t).all(ctx)
	if err == nil {
		p.compare(have, t.partitions, p.rekey)
	}
	return err
}

// planTouched compares the partitions that commits have touched.
func (v *view) planTouched(ctx context.Context, p *plan, touched map[string][]string) error {
	if len(touched) == 0 {
		return nil
	}
	have, err := v.c.partitions(p.target).these(ctx, slices.Collect(maps.Values(touched)))
	if err != nil {
		return err
	}
	want := map[string]partition{}
	for k := range touched {
		if part, ok := p.target.partitions[k]; ok {
			want[k] = part
		}
	}
	p.compare(have, want, false)
	return nil
}

// touched returns the values of the partitions that commits after one have
// touched, by key; not if there are too many commits, or their partitions are of
// other columns.
func (v *view) touched(ctx context.Context, t *target, since uint64) (map[string][]string, bool, error) {
	var sequences []uint64
	for _, c := range v.state.Commits[since:] {
		if slices.ContainsFunc(c.Tables, func(s lake.TableSummary) bool { return s.Table == t.ref }) {
			sequences = append(sequences, c.Sequence)
		}
	}
	if len(sequences) > mostCommits {
		return nil, false, nil
	}
	all := map[string][]string{}
	for _, sequence := range sequences {
		r, err := v.record(ctx, sequence)
		if err != nil {
			return nil, false, err
		}
		for _, path := range r.Tables[t.ref].DataPaths() {
			_, values, err := split(t.ref, path)
			if err != nil || len(values) != len(t.keys) {
				return nil, false, nil //nolint:nilerr // a file that is not in a partition has been taken away since
			}
			all[key(values)] = values
		}
	}
	return all, true, nil
}

// compare fills in what is to be done to partitions. With anew, all that the
// catalog has go, since their values are of other keys.
func (p *plan) compare(have []types.Partition, want map[string]partition, anew bool) {
	t := p.target
	var missing, extra, moved, stale []string
	seen := map[string]bool{}
	for i := range have {
		h := &have[i]
		w, ok := want[key(h.Values)]
		if !ok || anew {
			p.remove, extra = append(p.remove, h.Values), append(extra, strings.Join(h.Values, "/"))
			continue
		}
		seen[key(h.Values)] = true
		at := h.StorageDescriptor != nil && sameLocation(w.location, h.StorageDescriptor)
		switch {
		case !at:
			moved = append(moved, w.path)
		case t.stale(h):
			stale = append(stale, w.path)
		default:
			continue
		}
		p.update = append(p.update, changed{w, h})
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !seen[k] {
			p.create, missing = append(p.create, want[k]), append(missing, want[k].path)
		}
	}
	slices.SortFunc(p.update, func(a, b changed) int { return strings.Compare(a.path, b.path) })
	slices.SortFunc(p.remove, slices.Compare)
	p.partitions("missing in the catalog", missing)
	p.partitions("in the catalog and not in the lake", extra)
	p.partitions("at another place in the catalog", moved)
	p.partitions("described otherwise than the table", stale)
}

// partitions notes a difference of partitions.
func (p *plan) partitions(how string, list []string) {
	if len(list) > 0 && p.have != nil {
		verb := map[bool]string{true: "partition is", false: "partitions are"}[len(list) == 1]
		p.differences = append(p.differences, p.target.difference(KindPartitions, "%d %s %s: %s", len(list), verb, how, some(list)))
	}
}

// refuse says why a table of the catalog must not be changed; "" if it may be.
func (c *Catalog) refuse(t *target, have *types.Table) string {
	owner, ours := owner(have), c.names.Project+"/"+c.names.Environment
	what := ""
	switch {
	case owner != "" && owner != ours:
		what = fmt.Sprintf("a table of the project %s, not of %s", owner, ours)
	case have.TargetTable != nil:
		what = "a link to a table elsewhere"
	case aws.ToString(have.TableType) == "VIRTUAL_VIEW" || aws.ToString(have.ViewOriginalText) != "":
		what = "a view"
	case strings.EqualFold(have.Parameters["table_type"], "ICEBERG") || have.Parameters["spark.sql.sources.provider"] == "delta":
		what = "a table of another format"
	case owner == "" && have.StorageDescriptor != nil && !sameLocation(t.location, have.StorageDescriptor):
		what = fmt.Sprintf("not lakectl's, at %s", aws.ToString(have.StorageDescriptor.Location))
	default:
		return ""
	}
	return fmt.Sprintf("%s in the catalog is %s", t.full(), what)
}

// owner returns the project and environment that a table was made for, "" if
// not by lakectl.
func owner(have *types.Table) string {
	if have.Parameters[paramProject] == "" {
		return ""
	}
	return have.Parameters[paramProject] + "/" + have.Parameters[paramEnvironment]
}
