package setup

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// state is what there is in Snowflake, as far as the session may see it.
type state struct {
	roles       map[string]object
	grantees    map[string]bool // who has the owner's role: ROLE SYSADMIN, USER ANN
	grants      map[string]bool // by grantKey
	warehouse   *object
	database    *object
	integration *Integration
	schemas     map[string]object
	formats     map[string]object
	tables      map[string]object // of the schema LAKECTL
	stages      map[string]object // by SCHEMA.NAME
	externals   map[string]object // by SCHEMA.NAME
	views       map[string]object // of the schema of lakehouse.yaml
}

// object is one thing in Snowflake.
type object struct {
	name, owner, comment, created string
	secure                        bool   // of a view
	invalid                       string // why an external table is of no use, as Snowflake says
	url, integration              string // of a stage
	options                       string // of a file format, as JSON
	columns                       []column
}

// column is one of an external table.
type column struct{ name, typ string }

// Integration is what Snowflake says of its storage integration.
type Integration struct {
	Name       string
	UserARN    string // who takes the role in AWS
	ExternalID string // what it says then
	RoleARN    string
	Allowed    []string
	Enabled    bool

	comment, created string
}

// later says whether something was made after something else, by what SHOW says.
// Where that cannot be told it was not.
func later(created, than string) bool {
	a, errA := time.Parse(time.RFC3339Nano, created)
	b, errB := time.Parse(time.RFC3339Nano, than)
	return errA == nil && errB == nil && a.After(b)
}

// record is one row of an answer, by the names of its columns in lower case.
type record map[string]string

// rows asks, and returns all of the answer; a null is empty.
func (s *Setup) rows(ctx context.Context, statement string, args ...any) ([]record, error) {
	list, err := s.answer(ctx, statement, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", firstLine(statement), s.told(err))
	}
	return list, nil
}

func (s *Setup) answer(ctx context.Context, statement string, args []any) ([]record, error) {
	answer, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	names, err := answer.Columns()
	if err != nil {
		return nil, err
	}
	var list []record
	for answer.Next() {
		texts := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := answer.Scan(into...); err != nil {
			return nil, err
		}
		r := record{}
		for i, name := range names {
			r[strings.ToLower(name)] = texts[i].String
		}
		list = append(list, r)
	}
	return list, answer.Err()
}

func firstLine(statement string) string {
	line, _, _ := strings.Cut(statement, "\n")
	return line
}

// exec sends one statement.
func (s *Setup) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.db.ExecContext(ctx, statement, args...)
	return s.told(err)
}

// take makes a role that of the session.
func (s *Setup) take(ctx context.Context, role string) error {
	if role == s.role {
		return nil
	}
	if err := s.exec(ctx, "use role "+ident(role)); err != nil {
		return err
	}
	s.role = role
	return nil
}

// takeOwner takes the owner's role if the user has it. Where not, what the
// session may see has to do.
func (s *Setup) takeOwner(ctx context.Context) (bool, error) {
	err := s.take(ctx, s.Owner())
	if err != nil && passing(err) {
		return false, err
	}
	return err == nil, nil
}

// passing says whether an error tells nothing about what was asked.
func passing(err error) bool {
	class := diag.ClassOf(err)
	return class == diag.Transient || class == diag.Interrupted
}

// look reads what there is.
func (s *Setup) look(ctx context.Context) (*state, error) {
	st := emptyState()
	reader := &stateReader{Setup: s, ctx: ctx, state: st}
	reader.account()
	if st.database != nil {
		reader.insides()
		reader.columns()
	}
	if reader.err != nil {
		return nil, reader.err
	}
	return st, nil
}

func emptyState() *state {
	return &state{roles: map[string]object{}, grantees: map[string]bool{}, grants: map[string]bool{}, schemas: map[string]object{},
		formats: map[string]object{}, tables: map[string]object{}, stages: map[string]object{}, externals: map[string]object{}, views: map[string]object{}}
}

// stateReader reads a state. After the first error it reads nothing more.
type stateReader struct {
	*Setup
	ctx   context.Context //nolint:containedctx // it lives as long as one call
	state *state
	err   error
}

// each asks, and hands over each row of the answer.
func (r *stateReader) each(statement string, do func(record)) {
	if r.err != nil {
		return
	}
	var list []record
	list, r.err = r.rows(r.ctx, statement)
	for _, row := range list {
		do(row)
	}
}

// objects reads a list of objects into a map.
func (r *stateReader) objects(into map[string]object, key func(record) string, format string, args ...any) {
	r.each(fmt.Sprintf(format, args...), func(row record) { into[key(row)] = objectOf(row) })
}

func objectOf(row record) object {
	o := object{name: row["name"], owner: row["owner"], comment: row["comment"], created: row["created_on"], secure: strings.EqualFold(row["is_secure"], "true"),
		url: row["url"], integration: row["storage_integration"], options: row["format_options"]}
	if strings.EqualFold(row["invalid"], "true") {
		o.invalid = cmp.Or(row["invalid_reason"], "it does not say why")
	}
	if at, err := time.Parse(time.RFC3339Nano, o.created); err == nil {
		o.created = at.UTC().Format(time.RFC3339Nano) // whatever the session's time zone
	}
	return o
}

func byName(row record) string { return row["name"] }

func bySchema(row record) string { return row["schema_name"] + "." + row["name"] }

// one reads the object of exactly a name; LIKE would take _ for any character,
// and either case.
func (r *stateReader) one(kind, name string) *object {
	var found *object
	r.each(fmt.Sprintf("show %s like %s", kind, literal(name)), func(row record) {
		if row["name"] == name {
			o := objectOf(row)
			found = &o
		}
	})
	return found
}

// account reads what is not in the database: in the role that the session began
// with, and what that one may not see, in the owner's.
func (r *stateReader) account() {
	st := r.state
	for _, role := range []string{r.Owner(), r.Reader()} {
		if o := r.one("roles", role); o != nil {
			st.roles[role] = *o
		}
	}
	r.places()
	if _, ok := st.roles[r.Owner()]; ok && r.err == nil {
		_, r.err = r.takeOwner(r.ctx)
		r.places()
		r.each("show grants of role "+ident(r.Owner()), func(row record) { st.grantees[row["granted_to"]+" "+row["grantee_name"]] = true })
	}
	for _, role := range []string{r.Owner(), r.Reader()} {
		if _, ok := st.roles[role]; ok {
			r.grants(role)
		}
	}
}

// places reads what is not known yet of warehouse, database and integration.
func (r *stateReader) places() {
	st := r.state
	if st.warehouse == nil {
		st.warehouse = r.one("warehouses", strings.ToUpper(r.Warehouse))
	}
	if st.database == nil {
		st.database = r.one("databases", strings.ToUpper(r.Database))
	}
	if st.integration != nil {
		return
	}
	if o := r.one("integrations", r.Integration()); o != nil && r.err == nil {
		if st.integration, r.err = r.describe(r.ctx); st.integration != nil {
			st.integration.comment, st.integration.created = o.comment, o.created
		}
	}
}

// grants reads what a role may do now, and with what is yet to come.
func (r *stateReader) grants(role string) {
	add := func(name, kind string) func(record) {
		return func(row record) {
			r.state.grants[grantKey(role, row["privilege"], row[kind], row[name])] = true
		}
	}
	r.each("show grants to role "+ident(role), add("name", "granted_on"))
	r.each("show future grants to role "+ident(role), add("name", "grant_on"))
}

// grantKey names a grant. Snowflake writes the kinds of things with _ or blanks,
// names with quotes where they need some, and may count external tables among
// tables.
func grantKey(role, privilege, kind, name string) string {
	key := strings.ToUpper(strings.Join([]string{role, privilege, kind, strings.ReplaceAll(name, `"`, "")}, "|"))
	return strings.NewReplacer("EXTERNAL TABLE", "TABLE", "EXTERNAL_TABLE", "TABLE").Replace(key)
}

// insides reads what is in the database.
func (r *stateReader) insides() {
	st := r.state
	r.objects(st.schemas, byName, "show schemas in database %s", r.database())
	if r.has(machinery) {
		r.objects(st.formats, byName, "show file formats in schema %s", r.in(machinery))
		r.objects(st.tables, byName, "show tables in schema %s", r.in(machinery))
	}
	for _, layer := range layers() {
		if r.has(layer) {
			r.objects(st.stages, bySchema, "show stages in schema %s", r.in(layer))
			r.objects(st.externals, bySchema, "show external tables in schema %s", r.in(layer))
		}
	}
	if r.has(r.Schema) {
		r.objects(st.views, byName, "show views in schema %s", r.in(r.Schema))
	}
}

// columns reads the columns of the external tables that are ours.
func (r *stateReader) columns() {
	st := r.state
	for _, t := range r.Tables {
		key := t.key()
		o, ok := st.externals[key]
		if !ok || !r.ours(o.comment) {
			continue
		}
		r.each("desc external table "+r.table(t), func(row record) {
			o.columns = append(o.columns, column{row["name"], row["type"]})
		})
		st.externals[key] = o
	}
}

func (r *stateReader) has(schema string) bool {
	_, ok := r.state.schemas[strings.ToUpper(schema)]
	return ok
}

// describe reads the integration, which exists.
func (s *Setup) describe(ctx context.Context) (*Integration, error) {
	list, err := s.rows(ctx, "desc integration "+ident(s.Integration()))
	if err != nil {
		return nil, err
	}
	i := &Integration{Name: s.Integration()}
	for _, row := range list {
		value := row["property_value"]
		switch row["property"] {
		case "ENABLED":
			i.Enabled = strings.EqualFold(value, "true")
		case "STORAGE_AWS_IAM_USER_ARN":
			i.UserARN = value
		case "STORAGE_AWS_EXTERNAL_ID":
			i.ExternalID = value
		case "STORAGE_AWS_ROLE_ARN":
			i.RoleARN = value
		case "STORAGE_ALLOWED_LOCATIONS":
			for place := range strings.SplitSeq(value, ",") {
				i.Allowed = append(i.Allowed, strings.TrimSpace(place))
			}
		}
	}
	return i, nil
}
