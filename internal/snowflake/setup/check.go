package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// Finding is one thing in which Snowflake is not as it should be.
type Finding struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// Findings are what Check found.
type Findings struct {
	Commit   uint64     `json:"commit"`   // of the lake
	Tables   int        `json:"tables"`   // that were compared
	Findings []Finding  `json:"findings"` // empty: all is as it should be
	LeftOut  []string   `json:"left_out"` // views that the project has no tables for
	Trust    *TrustView `json:"trust,omitempty"`
}

// TrustView is what both sides say of who takes the role in AWS.
type TrustView struct {
	Integration Trust `json:"integration"`
	Stack       Trust `json:"stack"`
}

// Trust is who takes the role in AWS, and with which external id.
type Trust struct {
	Principal  string `json:"principal"`
	ExternalID string `json:"external_id"`
}

const (
	setupRemedy = "lakectl snowflake setup"
	syncRemedy  = "lakectl snowflake sync"
)

// Check compares all of Snowflake with what there should be, and changes nothing.
// trust is what the stack in AWS has; the rows of all tables are counted by file,
// since Snowflake leaves out files it cannot read without a word.
func (s *Setup) Check(ctx context.Context, l Lake, trust Trust) (*Findings, error) {
	p, err := s.Plan(ctx)
	if err != nil {
		return nil, err
	}
	found := &Findings{Findings: []Finding{}, LeftOut: p.LeftOut}
	for _, step := range p.Steps() {
		found.add(step.Kind, step.Name, setupRemedy, "%s", missingOr(step))
	}
	s.compareTrust(found, trust)
	s.extra(found)
	st, err := l.State(ctx)
	if err != nil {
		return nil, err
	}
	found.Commit = st.Sequence
	if _, ok := s.read.tables[syncedName]; !ok {
		return found, nil // there is nothing to count yet, and the plan says so
	}
	return found, s.compareRows(ctx, l, st, found)
}

func (f *Findings) add(kind, name, remedy, format string, args ...any) {
	f.Findings = append(f.Findings, Finding{Kind: kind, Name: name, What: fmt.Sprintf(format, args...), Remedy: remedy})
}

// missingOr says what a step mends.
func missingOr(step Step) string {
	switch step.Action {
	case Create:
		return "it does not exist"
	case Grant:
		return "it is not granted"
	}
	return strings.TrimSuffix(step.Why, grantsStay)
}

func (s *Setup) compareTrust(found *Findings, trust Trust) {
	i := s.read.integration
	if i == nil {
		return
	}
	have := Trust{i.UserARN, i.ExternalID}
	found.Trust = &TrustView{Integration: have, Stack: trust}
	switch {
	case trust == Trust{}:
		found.add("trust", s.RoleARN, setupRemedy, "the stack in AWS has no role that Snowflake may take")
	case trust.Principal != have.Principal:
		found.add("trust", s.RoleARN, setupRemedy, "it trusts %s, and the integration comes as %s", trust.Principal, have.Principal)
	case trust.ExternalID != have.ExternalID:
		found.add("trust", s.RoleARN, setupRemedy, "it wants the external id %s, and the integration has %s", trust.ExternalID, have.ExternalID)
	}
}

// extra finds what lakectl made and the project or the lake no longer has. It is not dropped by
// itself: people may have built on it.
func (s *Setup) extra(found *Findings) {
	known := map[string]bool{}
	for _, t := range s.Tables {
		known[t.key()] = true
	}
	for _, v := range s.Views {
		if _, lacks := s.viewSQL(v); lacks == "" {
			known[strings.ToUpper(v.Name)] = true
		}
	}
	for _, name := range sortedKeys(s.read.views) {
		if !known[name] && s.ours(s.read.views[name].comment) {
			found.add("view", strings.ToUpper(s.Schema)+"."+name, "drop view "+s.in(s.Schema, name)+", when nobody needs it", "the project has no such view, or no longer the tables for it")
		}
	}
	for _, name := range sortedKeys(s.read.externals) {
		if !known[name] && s.ours(s.read.externals[name].comment) {
			layer, table, _ := strings.Cut(name, ".")
			found.add("external table", name, "drop external table "+s.in(layer, table)+", when nobody needs it", "the lake has no such table")
		}
	}
}

// compareRows counts the rows of each file of each table that Snowflake was told
// of, and says which tables it is behind with.
func (s *Setup) compareRows(ctx context.Context, l Lake, st *lake.State, found *Findings) error {
	list, r, err := s.behind(ctx, l, SyncOptions{})
	if errors.Is(err, ErrNotSetUp) {
		return nil // the plan says what is missing
	}
	if err != nil {
		return err
	}
	for _, f := range list {
		found.add("sync", f.table.key(), syncRemedy, "%s", f.why)
	}
	if err := s.useWarehouse(ctx); err != nil {
		return err
	}
	for _, t := range s.Tables {
		behind := slices.ContainsFunc(list, func(f refresh) bool { return f.table.Ref == t.Ref })
		if behind || slices.Contains(r.Missing, t.Ref.String()) || st.Tables[t.Ref] == nil {
			continue // what is said of it already would be said again of each file
		}
		if err := s.countRows(ctx, t, st.Tables[t.Ref], found); err != nil {
			if passing(err) {
				return s.explain(err, "count the rows of %s", t.Ref)
			}
			// The other findings say why, or setup does when it tries the integration.
			found.add("rows", t.key(), setupRemedy, "its rows cannot be counted: %s", said(err))
		}
		found.Tables++
	}
	return nil
}

// said is what Snowflake said, without the statement that it is about.
func said(err error) error {
	var typed *diag.Error
	if errors.As(err, &typed) {
		return typed
	}
	return err
}

// countRows compares the rows of each file of a table.
func (s *Setup) countRows(ctx context.Context, t Table, have *lake.Table, found *Findings) error {
	list, err := s.rows(ctx, "select metadata$filename as file_name, count(*) as file_rows from "+s.table(t)+" group by metadata$filename")
	if err != nil {
		return err
	}
	rows := map[string]int64{}
	for _, row := range list {
		n, _ := strconv.ParseInt(row["file_rows"], 10, 64) // a count is a number
		_, path, _ := strings.Cut(row["file_name"], t.Ref.Dir()+"/")
		rows[t.Ref.Dir()+"/"+path] = n
	}
	const remedy = syncRemedy + " --full"
	for _, f := range have.Files() {
		n, there := rows[f.Path]
		delete(rows, f.Path)
		switch {
		case n == f.Rows:
		case !there:
			found.add("rows", t.key(), remedy, "%s has %d rows, and Snowflake has none of them: it does not know the file, or could not read it", f.Path, f.Rows)
		default:
			found.add("rows", t.key(), remedy, "%s has %d rows, and Snowflake reads %d: it leaves out what it cannot read, without a word", f.Path, f.Rows, n)
		}
	}
	for _, path := range sortedKeys(rows) {
		found.add("rows", t.key(), remedy, "Snowflake reads %d rows of %s, which is not of the lake", rows[path], path)
	}
	return nil
}
