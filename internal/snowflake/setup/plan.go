package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// Actions of steps.
const (
	Create  = "create"
	Replace = "replace"
	Alter   = "alter"
	Grant   = "grant"
	Drop    = "drop"
)

// Step is one statement that changes something.
type Step struct {
	Action string `json:"action"`
	Kind   string `json:"kind"` // database, stage, ...
	Name   string `json:"name"`
	Why    string `json:"why"`
	Role   string `json:"role"` // in which it is sent
	SQL    string `json:"sql"`
}

// String says in words what a step does: create stage GOLD.LAKE.
func (s Step) String() string {
	if s.Kind == kindGrant {
		return s.Action + " " + s.Name
	}
	return s.Action + " " + s.Kind + " " + s.Name
}

// kindGrant is the kind of a step that is about a grant and no thing.
const kindGrant = "grant"

// Plan is what is to be sent.
type Plan struct {
	// Account comes first: roles, warehouse, database and integration. When that
	// is done, the role in AWS can be made to trust the integration.
	Account []Step `json:"account"`
	// Objects can only then be made: they need to see the lake.
	Objects []Step `json:"objects"`
	// LeftOut are views that the project has no tables for, with the reason.
	LeftOut []string `json:"left_out"`
}

// Steps returns all statements, in order.
func (p *Plan) Steps() []Step { return slices.Concat(p.Account, p.Objects) }

// Empty says whether there is nothing to send.
func (p *Plan) Empty() bool { return len(p.Account)+len(p.Objects) == 0 }

// All returns the plan for an account that has only the warehouse, unless that is
// to be made, too. Nothing is asked of Snowflake.
func (s *Setup) All() (*Plan, error) {
	st := emptyState()
	if !s.CreateWarehouse {
		st.warehouse = &object{name: strings.ToUpper(s.Warehouse), owner: sysAdmin}
	}
	return s.plan(st)
}

// Plan compares what there is with what there should be.
func (s *Setup) Plan(ctx context.Context) (*Plan, error) {
	st, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	s.read = st
	return s.plan(st)
}

func (s *Setup) plan(st *state) (*Plan, error) {
	p := &planner{Setup: s, state: st, plan: &Plan{Account: []Step{}, Objects: []Step{}, LeftOut: []string{}}}
	for _, part := range []func(){p.roles, p.warehouseSteps, p.databaseSteps, p.integrationSteps, p.schemaSteps, p.machinerySteps, p.stageSteps, p.tableSteps, p.viewSteps, p.readerSteps} {
		if part(); p.err != nil {
			return nil, p.err
		}
	}
	return p.plan, nil
}

// planner makes a plan. After the first error it plans nothing more.
type planner struct {
	*Setup
	state *state
	plan  *Plan
	// replaced are the stages that the plan makes anew.
	replaced []string
	err      error
}

func (p *planner) account(step Step) { p.plan.Account = append(p.plan.Account, step) }

func (p *planner) object(step Step) {
	step.Role = p.Owner()
	p.plan.Objects = append(p.plan.Objects, step)
}

// refuse ends with an error about what is not lakectl's to change.
func (p *planner) refuse(next, format string, args ...any) {
	if p.err == nil {
		p.err = diag.Errorf(diag.Usage, format, args...).WithNext("%s", next)
	}
}

// foreign refuses what was made for another project.
func (p *planner) foreign(kind, name, comment string) bool {
	rest, ok := strings.CutPrefix(comment, "lakectl ")
	if !ok || p.ours(comment) {
		return false
	}
	owner, _, _ := strings.Cut(rest, ":")
	p.refuse("choose another name in lakehouse.yaml (snowflake: {database: ...}), one for each project and environment",
		"the %s %s in Snowflake belongs to %s, not to %s/%s", kind, name, owner, p.Project, p.Environment)
	return true
}

func (p *planner) roles() {
	for _, r := range []struct{ name, what string }{
		{p.Owner(), "owns all that lakectl makes, and keeps it up to date"}, {p.Reader(), "reads gold and the views"}} {
		o, ok := p.state.roles[r.name]
		if ok {
			p.foreign("role", r.name, o.comment)
			continue
		}
		p.account(Step{Action: Create, Kind: "role", Name: r.name, Role: userAdmin, Why: "it " + r.what,
			SQL: fmt.Sprintf("create role if not exists %s\n  %s", ident(r.name), p.comment("%s", r.what))})
	}
	p.give(p.Reader(), "ROLE", p.Owner(), "the owner may do what readers may",
		p.state.grants[grantKey(p.Owner(), "USAGE", "ROLE", p.Reader())])
	p.give(p.Owner(), "ROLE", sysAdmin, "administrators manage what it owns", p.state.grantees["ROLE "+sysAdmin])
	if user := userName(p.User); user != "" {
		p.give(p.Owner(), "USER", user, "this user refreshes the tables, which only their owner may", p.state.grantees["USER "+user])
	}
}

// give grants a role to a role or a user.
func (p *planner) give(role, kind, to, why string, has bool) {
	if !has {
		p.account(Step{Action: Grant, Kind: "role", Name: role + " to " + to, Role: userAdmin, Why: why,
			SQL: fmt.Sprintf("grant role %s to %s %s", ident(role), strings.ToLower(kind), quoted(to))})
	}
}

func (p *planner) warehouseSteps() {
	name, owner := strings.ToUpper(p.Warehouse), sysAdmin
	switch w := p.state.warehouse; {
	case w != nil && w.owner != "":
		owner = w.owner
	case w == nil && p.CreateWarehouse:
		p.account(Step{Action: Create, Kind: "warehouse", Name: name, Role: sysAdmin, Why: "it does not exist; the smallest size, stopped after a minute without work",
			SQL: fmt.Sprintf("create warehouse if not exists %s\n  warehouse_size = xsmall\n  auto_suspend = 60\n  auto_resume = true\n  initially_suspended = true\n  %s",
				p.warehouse(), p.comment("queries and upkeep of the lake"))})
	case w == nil:
		p.refuse("pass --create-warehouse, or name one that you may use in lakehouse.yaml (snowflake: {warehouse: ...})",
			"there is no warehouse %s in Snowflake, or you may not see it", name)
	}
	for _, role := range []string{p.Owner(), p.Reader()} {
		p.grant(grant{role: role, privilege: "USAGE", kind: "WAREHOUSE", name: name, on: "warehouse " + p.warehouse(), by: owner, why: "statements need one to run on"})
	}
}

func (p *planner) databaseSteps() {
	name := strings.ToUpper(p.Database)
	db := p.state.database
	if db == nil {
		p.account(Step{Action: Create, Kind: "database", Name: name, Role: sysAdmin, Why: "it does not exist",
			SQL: fmt.Sprintf("create database if not exists %s\n  %s", p.database(), p.comment("the lake at s3://%s/%s", p.Bucket, p.Prefix))})
		db = &object{owner: sysAdmin, comment: p.mark()}
	}
	if p.foreign("database", name, db.comment) || db.owner == p.Owner() {
		return
	}
	sql := fmt.Sprintf("grant ownership on database %s to role %s copy current grants", p.database(), ident(p.Owner()))
	if !p.ours(db.comment) {
		p.refuse("choose another one in lakehouse.yaml (snowflake: {database: ...}), or have its owner hand it over: "+sql,
			"the database %s was not made by lakectl, and belongs to the role %s", name, db.owner)
		return
	}
	p.account(Step{Action: Grant, Kind: "ownership", Name: "of database " + name + " to " + p.Owner(), Role: db.owner, Why: "the owner's role makes what is in it", SQL: sql})
}

func (p *planner) integrationSteps() {
	name := p.Integration()
	allowed := p.allowed()
	if i := p.state.integration; i == nil {
		p.account(Step{Action: Create, Kind: "integration", Name: name, Role: accountWide,
			Why: "it is Snowflake's way to the lake; it may read silver and gold, and is never replaced: that would break the trust in AWS",
			SQL: fmt.Sprintf("create storage integration if not exists %s\n  type = external_stage\n  storage_provider = 'S3'\n  enabled = true\n"+
				"  storage_aws_role_arn = %s\n  storage_aws_external_id = %s\n  storage_allowed_locations = (%s)\n  %s",
				ident(name), literal(p.RoleARN), literal(p.ExternalID()), literals(allowed), p.comment("reads s3://%s/%s", p.Bucket, p.Prefix))})
	} else if !p.foreign("integration", name, i.comment) {
		p.alterIntegration(i, allowed)
	}
	p.grant(grant{role: p.Owner(), privilege: "USAGE", kind: "INTEGRATION", name: name, on: "integration " + ident(name), by: accountWide, why: "stages use it"})
}

// allowed are the places that the integration may read.
func (s *Spec) allowed() []string {
	var list []string
	for _, layer := range layers() {
		list = append(list, s.root(layer))
	}
	return list
}

// literals returns texts as SQL says them, with commas between them.
func literals(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = literal(text)
	}
	return strings.Join(quoted, ", ")
}

// alterIntegration corrects what can be without another user in AWS. The external
// id is what it is: the stack follows it.
func (p *planner) alterIntegration(i *Integration, allowed []string) {
	set := func(why, clause string) {
		p.account(Step{Action: Alter, Kind: "integration", Name: i.Name, Role: accountWide, Why: why,
			SQL: fmt.Sprintf("alter storage integration %s set %s", ident(i.Name), clause)})
	}
	if !i.Enabled {
		set("it is switched off", "enabled = true")
	}
	if i.RoleARN != p.RoleARN {
		set(fmt.Sprintf("it takes the role %s, not %s", i.RoleARN, p.RoleARN), "storage_aws_role_arn = "+literal(p.RoleARN))
	}
	have := slices.Sorted(slices.Values(i.Allowed))
	if want := slices.Sorted(slices.Values(allowed)); !slices.Equal(have, want) {
		set(fmt.Sprintf("it may read %s, not %s", strings.Join(have, ", "), strings.Join(want, ", ")), "storage_allowed_locations = ("+literals(allowed)+")")
	}
}

// grant is a privilege that a role should have.
type grant struct {
	role, privilege string
	kind, name      string // as SHOW GRANTS has them
	on              string // as GRANT has them
	by, why         string
}

// grant plans a grant of the account, if it is missing.
func (p *planner) grant(g grant) {
	if step, missing := p.granting(g); missing {
		p.account(step)
	}
}

func (p *planner) granting(g grant) (Step, bool) {
	if p.state.grants[grantKey(g.role, g.privilege, g.kind, g.name)] {
		return Step{}, false
	}
	return Step{Action: Grant, Kind: kindGrant, Name: fmt.Sprintf("%s on %s to %s", strings.ToLower(g.privilege), strings.ReplaceAll(g.on, `"`, ""), g.role), Role: g.by, Why: g.why,
		SQL: fmt.Sprintf("grant %s on %s to role %s", strings.ToLower(g.privilege), g.on, ident(g.role))}, true
}
