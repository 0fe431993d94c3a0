package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// Lake is the log of a lake.
type Lake interface {
	State(context.Context) (*lake.State, error)
	Record(context.Context, uint64) (*lake.Record, error)
}

// SyncOptions are the settings of Sync. The zero value is what follows a run.
type SyncOptions struct {
	Tables []lake.TableRef // none means all
	Full   bool            // refresh all of a table, whatever was sent before
	DryRun bool            // only say what would be sent
}

// Result says what Sync has sent.
type Result struct {
	Commit   uint64        `json:"commit"` // of the lake
	DryRun   bool          `json:"dry_run,omitempty"`
	UpToDate int           `json:"unchanged"` // tables of which nothing was sent
	Tables   []TableResult `json:"tables"`    // the others
	Missing  []string      `json:"missing"`   // tables of the lake that were not set up
}

// TableResult says what was sent of one table.
type TableResult struct {
	Table      string   `json:"table"`
	Name       string   `json:"name"` // in Snowflake
	Commit     uint64   `json:"commit"`
	Whole      bool     `json:"whole"`                // all of it was refreshed
	Partitions []string `json:"partitions,omitempty"` // else these
	Why        string   `json:"why"`
}

const (
	// mostRefreshes is how many partitions of a table are refreshed one by one.
	// For more, or after more commits, one refresh of the whole is cheaper.
	mostRefreshes = 100
	mostCommits   = 100
)

// syncedTable is the DDL of the table with the commits that were sent.
func (s *Spec) syncedTable() string {
	return fmt.Sprintf("create table if not exists %s (\n  table_name varchar not null,\n  table_created varchar not null,\n  commit_sequence number(19,0) not null,\n"+
		"  commit_run varchar not null,\n  synced_at timestamp_ltz(6) not null\n)\n  %s", s.in(machinery, syncedName), s.comment("the last commit of each table that was sent"))
}

// synced is what SYNCED says of a table.
type synced struct {
	created  string // of the external table: another one of its name knows nothing
	sequence uint64
	run      string // which made the commit: tells it from the same number of another lake
}

// refresh is what is to be sent of one table.
type refresh struct {
	table      Table
	created    string
	commit     lake.CommitInfo
	whole      bool
	partitions []string
	why        string
}

// ErrNotSetUp is the error of a lake that was not set up in Snowflake, or not all
// of it.
var ErrNotSetUp = errors.New("not set up in Snowflake")

// Sync has Snowflake look at what commits have changed since the last that it was
// told of, partition by partition. A table's commit is remembered once all of its
// partitions are sent: what a crash left out is sent by the next Sync, and what
// is sent twice does no harm. Tables that were not set up are an ErrNotSetUp
// beside the result of the others.
func (s *Setup) Sync(ctx context.Context, l Lake, o SyncOptions) (*Result, error) {
	list, r, err := s.behind(ctx, l, o)
	if err != nil {
		return nil, err
	}
	r.DryRun = o.DryRun
	if len(list) > 0 && !o.DryRun {
		if err := s.useWarehouse(ctx); err != nil {
			return nil, err
		}
	}
	for _, f := range list {
		if !o.DryRun {
			if err := s.refresh(ctx, f); err != nil {
				return r, err
			}
		}
		r.Tables = append(r.Tables, TableResult{Table: f.table.Ref.String(), Name: strings.ToUpper(s.Database) + "." + f.table.key(), Commit: f.commit.Sequence,
			Whole: f.whole, Partitions: f.partitions, Why: f.why})
	}
	if n := len(r.Missing); n > 0 {
		return r, diag.Errorf(diag.Usage, "%s %w: no such external table of lakectl's is in the database %s",
			strings.Join(r.Missing, ", ")+map[bool]string{true: " is", false: " are"}[n == 1], ErrNotSetUp, strings.ToUpper(s.Database)).
			WithNext("`lakectl snowflake setup` makes it")
	}
	return r, nil
}

// behind returns what is to be sent.
func (s *Setup) behind(ctx context.Context, l Lake, o SyncOptions) ([]refresh, *Result, error) {
	sent, tables, err := s.sent(ctx)
	if err != nil {
		return nil, nil, err
	}
	st, err := l.State(ctx) // last, so that Snowflake is never told of a commit that was not read
	if err != nil {
		return nil, nil, err
	}
	r := &Result{Commit: st.Sequence, Tables: []TableResult{}, Missing: []string{}}
	var list []refresh
	for _, t := range s.Tables {
		have := st.Tables[t.Ref]
		if have == nil || have.Schema == nil || len(o.Tables) > 0 && !slices.Contains(o.Tables, t.Ref) {
			continue
		}
		external, ok := tables[t.key()]
		if !ok || !s.ours(external.comment) {
			r.Missing = append(r.Missing, t.Ref.String())
			continue
		}
		f := refresh{table: t, created: external.created, commit: st.Commits[have.Sequence-1]}
		was := sent[t.Ref.String()]
		if o.Full {
			f.whole, f.why = true, "all of it was asked for"
		} else if err := f.since(ctx, l, st, was); err != nil {
			return nil, nil, err
		}
		if f.why == "" {
			r.UpToDate++
			continue
		}
		list = append(list, f)
	}
	return list, r, nil
}

// sent reads the external tables, and which commits of them were sent.
func (s *Setup) sent(ctx context.Context) (map[string]synced, map[string]object, error) {
	if _, err := s.takeOwner(ctx); err != nil {
		return nil, nil, err
	}
	reader := &stateReader{Setup: s, ctx: ctx, state: emptyState()}
	if reader.state.database = reader.one("databases", strings.ToUpper(s.Database)); reader.err == nil && reader.state.database == nil {
		return nil, nil, diag.Errorf(diag.Usage, "the lake is %w: there is no database %s that you may see", ErrNotSetUp, strings.ToUpper(s.Database)).
			WithNext("`lakectl snowflake setup` makes it")
	}
	reader.insides()
	sent := map[string]synced{}
	if _, ok := reader.state.tables[syncedName]; ok && reader.err == nil {
		if reader.err = s.useWarehouse(ctx); reader.err == nil {
			reader.each("select table_name, table_created, commit_sequence, commit_run from "+s.in(machinery, syncedName), func(row record) {
				n, _ := strconv.ParseUint(row["commit_sequence"], 10, 64) // what is no number is no commit
				sent[row["table_name"]] = synced{row["table_created"], n, row["commit_run"]}
			})
		}
	}
	return sent, reader.state.externals, reader.err
}

// since works out what has changed since a commit. Nothing has if there is no
// reason.
func (f *refresh) since(ctx context.Context, l Lake, st *lake.State, was synced) error {
	last := f.commit.Sequence
	switch {
	case was.sequence == 0:
		f.whole, f.why = true, "it was not sent yet"
		return nil
	case was.created != f.created:
		f.whole, f.why = true, "the external table is another one than the last that was told"
		return nil
	case was.sequence > uint64(len(st.Commits)) || st.Commits[was.sequence-1].Run != was.run:
		f.whole, f.why = true, "what was sent last is no commit of this lake"
		return nil
	case was.sequence >= last:
		return nil
	}
	f.why = fmt.Sprintf("Snowflake is at commit %d of it, the lake at %d", was.sequence, last)
	var sequences []uint64
	for _, c := range st.Commits[was.sequence:last] {
		if slices.ContainsFunc(c.Tables, func(t lake.TableSummary) bool { return t.Table == f.table.Ref }) {
			sequences = append(sequences, c.Sequence)
		}
	}
	if len(f.table.Keys) == 0 || len(sequences) > mostCommits {
		f.whole = true
		return nil
	}
	return f.touched(ctx, l, sequences)
}

// touched collects the partitions that commits have changed.
func (f *refresh) touched(ctx context.Context, l Lake, sequences []uint64) error {
	folders := map[string]bool{}
	for _, sequence := range sequences {
		r, err := l.Record(ctx, sequence)
		if err != nil {
			return err
		}
		for _, path := range r.Tables[f.table.Ref].DataPaths() {
			path = strings.TrimPrefix(path, f.table.Ref.Dir()+"/")
			folders[path[:max(strings.LastIndexByte(path, '/'), 0)]] = true
		}
	}
	if f.partitions = slices.Sorted(maps.Keys(folders)); len(f.partitions) > mostRefreshes || folders[""] {
		f.whole, f.partitions = true, nil
	}
	return nil
}

// refresh sends what has changed of a table, then remembers its commit.
func (s *Setup) refresh(ctx context.Context, f refresh) error {
	name := s.table(f.table)
	statements := []string{"alter external table " + name + " refresh"}
	if !f.whole {
		statements = nil
		for _, folder := range f.partitions {
			statements = append(statements, "alter external table "+name+" refresh "+literal(folder+"/"))
		}
	}
	for _, statement := range statements {
		if err := s.exec(ctx, statement); err != nil {
			return s.explain(err, "refresh %s", f.table.Ref)
		}
	}
	err := s.exec(ctx, fmt.Sprintf("merge into %s as t\nusing (select ? as table_name, ? as table_created, ? as commit_sequence, ? as commit_run) as n\n"+
		"on t.table_name = n.table_name\n"+
		"when matched then update set table_created = n.table_created, commit_sequence = n.commit_sequence, commit_run = n.commit_run, synced_at = current_timestamp()\n"+
		"when not matched then insert (table_name, table_created, commit_sequence, commit_run, synced_at)\n"+
		"  values (n.table_name, n.table_created, n.commit_sequence, n.commit_run, current_timestamp())", s.in(machinery, syncedName)),
		f.table.Ref.String(), f.created, strconv.FormatUint(f.commit.Sequence, 10), f.commit.Run)
	if err != nil {
		return s.explain(err, "remember the commit of %s", f.table.Ref)
	}
	return nil
}
