package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
)

// Options say what is kept the same as what.
type Options struct {
	Glue    API
	Lake    *lake.Lake
	Names   names.Names
	Project *project.Project
	// Wait pauses before the next of several attempts, which count from 0. If
	// nil, longer each time.
	Wait func(ctx context.Context, attempt int) error
}

// attempts is how often something is tried that somebody else prevents.
const attempts = 5

// Catalog is the part of a Glue data catalog that belongs to a lake.
type Catalog struct {
	api     API
	lake    *lake.Lake
	names   names.Names
	project *project.Project
	root    string // of the lake, with a slash at the end
	wait    func(context.Context, int) error
}

// New returns the catalog of a lake. Nothing is asked of Glue yet.
func New(o Options) *Catalog {
	if o.Wait == nil {
		o.Wait = pause
	}
	return &Catalog{api: o.Glue, lake: o.Lake, names: o.Names, project: o.Project, wait: o.Wait,
		root: "s3://" + o.Names.LakeBucket + "/" + o.Names.LakePrefix}
}

// pause waits longer with each attempt.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(200 * time.Millisecond << attempt)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// view is the catalog and the lake at one moment.
type view struct {
	c        *Catalog
	tables   map[string]*types.Table // of the catalog, by database.name
	state    *lake.State
	targets  []*target
	warnings []string
	records  map[uint64]*lake.Record
}

// look reads the tables of the catalog, then the lake: so the lake is never
// older than what the catalog was told of it.
func (c *Catalog) look(ctx context.Context) (*view, error) {
	v := &view{c: c, tables: map[string]*types.Table{}, records: map[uint64]*lake.Record{}}
	for _, layer := range []string{lake.Bronze, lake.Silver, lake.Gold} {
		if err := v.readDatabase(ctx, c.names.Database(layer)); err != nil {
			return nil, err
		}
	}
	return v, v.readLake(ctx)
}

// readDatabase reads the tables of a database; of one that does not exist, none.
func (v *view) readDatabase(ctx context.Context, database string) error {
	pages := glue.NewGetTablesPaginator(v.c.api, &glue.GetTablesInput{DatabaseName: aws.String(database)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if session.Code(err) == notFound {
			return nil
		}
		if err != nil {
			return session.Explain(fmt.Errorf("read the tables of the database %s: %w", database, err))
		}
		for i := range page.TableList {
			v.tables[database+"."+lower(page.TableList[i].Name)] = &page.TableList[i]
		}
	}
	return nil
}

// readTable reads one table of the catalog again.
func (v *view) readTable(ctx context.Context, t *target) error {
	out, err := v.c.api.GetTable(ctx, &glue.GetTableInput{DatabaseName: aws.String(t.database), Name: aws.String(t.name)})
	switch {
	case session.Code(err) == notFound:
		delete(v.tables, t.full())
		return nil
	case err != nil:
		return session.Explain(fmt.Errorf("read the table %s: %w", t.full(), err))
	}
	v.tables[t.full()] = out.Table
	return nil
}

// readLake reads what is published in the lake.
func (v *view) readLake(ctx context.Context) (err error) {
	if v.state, err = v.c.lake.State(ctx); err == nil {
		v.targets, v.warnings, err = v.c.targets(v.state)
	}
	return err
}

// record returns the record of a commit.
func (v *view) record(ctx context.Context, sequence uint64) (*lake.Record, error) {
	if r := v.records[sequence]; r != nil {
		return r, nil
	}
	r, err := v.c.lake.Record(ctx, sequence)
	if err == nil {
		v.records[sequence] = r
	}
	return r, err
}

// extra plans to drop the tables of this lake that the lake no longer has. Of an
// empty lake that is more likely the wrong one.
func (v *view) extra() []*plan {
	known := map[string]bool{}
	for _, t := range v.targets {
		known[t.full()] = true
	}
	var plans []*plan
	for _, name := range slices.Sorted(maps.Keys(v.tables)) {
		have := v.tables[name]
		if known[name] || owner(have) != v.c.names.Project+"/"+v.c.names.Environment {
			continue
		}
		if v.state.Sequence == 0 {
			v.warnings = append(v.warnings, fmt.Sprintf("the lake is empty, but the catalog has %s: is `lake:` right? The table is left alone", name))
			continue
		}
		plans = append(plans, &plan{have: have, differences: []Difference{{Table: have.Parameters[paramTable], Name: name, Kind: KindExtra,
			What: "it is in the catalog and not in the lake", Remedy: "lakectl catalog sync"}}})
	}
	return plans
}

// Findings are the differences between the lake and the catalog.
type Findings struct {
	Commit      uint64       `json:"commit"` // of the lake
	Tables      int          `json:"tables"` // that were compared
	Differences []Difference `json:"differences"`
	Warnings    []string     `json:"warnings"` // what the catalog cannot have
}

// Check compares all of the catalog with the lake, and changes nothing.
func (c *Catalog) Check(ctx context.Context) (*Findings, error) {
	v, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	found := &Findings{Commit: v.state.Sequence, Tables: len(v.targets), Differences: []Difference{}, Warnings: []string{}}
	for _, t := range v.targets {
		p, err := v.plan(ctx, t, v.tables[t.full()], true)
		if err != nil {
			return nil, err
		}
		found.Differences = append(found.Differences, p.differences...)
	}
	for _, p := range v.extra() {
		found.Differences = append(found.Differences, p.differences...)
	}
	found.Warnings = append(found.Warnings, v.warnings...)
	return found, nil
}
