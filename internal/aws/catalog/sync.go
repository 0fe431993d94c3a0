package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// SyncOptions are the settings of Sync. The zero value is what follows a run.
type SyncOptions struct {
	Tables []lake.TableRef // none means all, and those that the lake no longer has
	Full   bool            // compare all partitions, whatever was sent before
	DryRun bool            // only say what would be sent
}

// Actions on tables.
const (
	Created = "created"
	Updated = "updated"
	Dropped = "dropped"
)

// Result says what Sync has sent.
type Result struct {
	Commit   uint64        `json:"commit"` // of the lake
	DryRun   bool          `json:"dry_run,omitempty"`
	Changes  int           `json:"changes"`   // tables and partitions
	UpToDate int           `json:"unchanged"` // tables of which nothing was sent
	Tables   []TableResult `json:"tables"`    // the others
	Warnings []string      `json:"warnings"`  // what the catalog cannot have
}

// TableResult says what was sent of one table.
type TableResult struct {
	Table      string     `json:"table"`
	Name       string     `json:"name"` // in the catalog
	Action     string     `json:"action"`
	Partitions Partitions `json:"partitions"`
	Why        []string   `json:"why"`
}

// Partitions counts partitions that were sent.
type Partitions struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Dropped int `json:"dropped"`
}

// Sync makes the catalog what the lake is. What can be sent is, whatever goes
// wrong with other tables; the result is then returned beside the errors. It
// stops at once where going on is of no use: interrupted, or throttled.
func (c *Catalog) Sync(ctx context.Context, o SyncOptions) (*Result, error) {
	v, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	r := &Result{Commit: v.state.Sequence, DryRun: o.DryRun, Tables: []TableResult{}, Warnings: []string{}}
	var errs []error
	for _, t := range v.selected(o.Tables) {
		p, err := v.sync(ctx, t, o)
		if err == nil {
			r.add(p)
			continue
		}
		errs = append(errs, err)
		if class := diag.ClassOf(err); class == diag.Interrupted || class == diag.Transient && session.Code(err) != "" {
			return r, errors.Join(errs...)
		}
	}
	if len(o.Tables) == 0 {
		for _, p := range v.extra() {
			if err := v.drop(ctx, p, o); err != nil {
				errs = append(errs, err)
				continue
			}
			r.add(p)
		}
	}
	r.Warnings = append(r.Warnings, v.warnings...)
	return r, errors.Join(errs...)
}

// selected returns the targets of some tables, or all.
func (v *view) selected(tables []lake.TableRef) []*target {
	if len(tables) == 0 {
		return slices.Clone(v.targets)
	}
	return slices.DeleteFunc(slices.Clone(v.targets), func(t *target) bool { return !slices.Contains(tables, t.ref) })
}

// add counts what a plan has sent.
func (r *Result) add(p *plan) {
	if p.empty() {
		r.UpToDate++
		return
	}
	first := p.differences[0]
	t := TableResult{Table: first.Table, Name: first.Name, Action: Updated, Partitions: Partitions{len(p.create), len(p.update), len(p.remove)}}
	for _, d := range p.differences {
		t.Why = append(t.Why, d.What)
	}
	switch first.Kind {
	case KindMissing:
		t.Action = Created
	case KindExtra:
		t.Action = Dropped
	}
	r.Tables = append(r.Tables, t)
	r.Changes += t.Partitions.Created + t.Partitions.Updated + t.Partitions.Dropped
	if p.have == nil || p.target == nil || p.alter || p.behind {
		r.Changes++
	}
}

// sync compares a table and sends what differs. If somebody else changes it
// meanwhile, both sides are read again and compared as a whole.
func (v *view) sync(ctx context.Context, t *target, o SyncOptions) (*plan, error) {
	for attempt := range attempts {
		p, err := v.plan(ctx, t, v.tables[t.full()], o.Full || attempt > 0)
		switch {
		case err == nil && p.foreign != "":
			return nil, diag.Errorf(diag.Usage, "%s cannot be sent: %s", t.ref, p.foreign).WithNext("%s", p.differences[0].Remedy)
		case err == nil && !o.DryRun && !p.empty():
			err = v.send(ctx, p)
		}
		if err == nil || !conflict(err) {
			return p, err
		}
		if err := v.c.wait(ctx, attempt); err != nil {
			return nil, err
		}
		if t, err = v.again(ctx, t); err != nil {
			return nil, err
		}
	}
	return nil, diag.Errorf(diag.Transient, "%s in the catalog is changed by somebody else all the time", t.full()).
		WithNext("find out by whom (a crawler of the whole database?), and run `lakectl catalog sync %s`", t.ref)
}

// again reads a table of the catalog, and the lake, once more.
func (v *view) again(ctx context.Context, t *target) (*target, error) {
	if err := v.readTable(ctx, t); err != nil {
		return nil, err
	}
	if err := v.readLake(ctx); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(v.targets, func(other *target) bool { return other.ref == t.ref })
	if at < 0 {
		return nil, diag.Errorf(diag.Transient, "the lake no longer has %s", t.ref).WithNext("run `lakectl catalog sync`")
	}
	return v.targets[at], nil
}

// send sends what a plan says: the table if it is new, its partitions, and last
// the rest of the table with the commit that it is at now.
func (v *view) send(ctx context.Context, p *plan) error {
	t, parts := p.target, v.c.partitions(p.target)
	have, remove := p.have, p.remove
	var err error
	switch {
	case have == nil:
		if err := v.create(ctx, t, len(p.create) == 0); err != nil || len(p.create) == 0 {
			return err
		}
		have, err = v.made(ctx, t)
	case p.rekey:
		if err := parts.remove(ctx, remove); err != nil {
			return err
		}
		remove = nil
		if err := v.update(ctx, t, have, updateOptions{}); err != nil {
			return err
		}
		have, err = v.made(ctx, t)
	}
	if err != nil {
		return err
	}
	if err := parts.create(ctx, p.create); err != nil {
		return err
	}
	if err := parts.update(ctx, p.update); err != nil {
		return err
	}
	if err := parts.remove(ctx, remove); err != nil {
		return err
	}
	if p.have == nil || p.alter || p.behind {
		return v.update(ctx, t, have, updateOptions{sent: true, same: p.have == nil || p.rekey || !p.alter})
	}
	return nil
}

// made returns a table of the catalog that this Sync has just written.
func (v *view) made(ctx context.Context, t *target) (*types.Table, error) {
	out, err := v.c.api.GetTable(ctx, &glue.GetTableInput{DatabaseName: aws.String(t.database), Name: aws.String(t.name)})
	if err != nil {
		return nil, session.Explain(fmt.Errorf("read the table %s: %w", t.full(), err))
	}
	return out.Table, nil
}

// create creates a table, and its database if that is missing.
func (v *view) create(ctx context.Context, t *target, sent bool) error {
	in := &glue.CreateTableInput{DatabaseName: aws.String(t.database), TableInput: v.c.input(t, nil, sent)}
	_, err := v.c.api.CreateTable(ctx, in)
	if session.Code(err) == notFound {
		if err := v.createDatabase(ctx, t.database); err != nil {
			return err
		}
		_, err = v.c.api.CreateTable(ctx, in)
	}
	if err != nil {
		return session.Explain(fmt.Errorf("create the table %s: %w", t.full(), err))
	}
	return nil
}

// createDatabase creates a database. That of a deployed project is there: it is
// the stack's.
func (v *view) createDatabase(ctx context.Context, name string) error {
	_, err := v.c.api.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: aws.String(name)}})
	if err != nil && session.Code(err) != exists {
		return session.Explain(fmt.Errorf("create the database %s: %w", name, err))
	}
	return nil
}

// updateOptions are the settings of update.
type updateOptions struct {
	sent bool // the table is at the commit of its target now
	same bool // the description is as it was: no version of it need be kept
}

// update changes a table, if it still is the version that was read.
func (v *view) update(ctx context.Context, t *target, have *types.Table, o updateOptions) error {
	_, err := v.c.api.UpdateTable(ctx, &glue.UpdateTableInput{DatabaseName: aws.String(t.database), TableInput: v.c.input(t, have, o.sent),
		VersionId: have.VersionId, SkipArchive: aws.Bool(o.same)})
	if err != nil {
		return session.Explain(fmt.Errorf("update the table %s: %w", t.full(), err))
	}
	return nil
}

// drop drops a table that the lake does not have.
func (v *view) drop(ctx context.Context, p *plan, o SyncOptions) error {
	if o.DryRun {
		return nil
	}
	_, err := v.c.api.DeleteTable(ctx, &glue.DeleteTableInput{DatabaseName: p.have.DatabaseName, Name: p.have.Name})
	if err != nil && session.Code(err) != notFound {
		return session.Explain(fmt.Errorf("drop the table %s: %w", p.differences[0].Name, err))
	}
	return nil
}
