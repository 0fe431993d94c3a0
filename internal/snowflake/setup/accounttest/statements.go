package accounttest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	one  = `"([A-Z0-9_$]+)"`
	full = `("[A-Z0-9_$]+"(?:\."[A-Z0-9_$]+")*)`
	text = `'((?:[^'\\]|''|\\\\)*)'`
)

var (
	commentRegexp  = regexp.MustCompile(`(?s)\n  comment = ` + text + `(?:\nas\n.*)?$`)
	propertyRegexp = regexp.MustCompile(`(?m)^  ([a-z_]+) = (.+)$`)
	columnRegexp   = regexp.MustCompile(`(?m)^  "([A-Z0-9_$]+)" (\S+) as \((.+)\),?$`)
	readsRegexp    = regexp.MustCompile(`(?i)(?:from|join) ("[^"]+"\."[^"]+"\."?[a-z0-9_]+"?)`)
)

// UserARN is who the account's integrations are in AWS.
const UserARN = "arn:aws:iam::999988887777:user/abc0-s"

// statements are all that the account knows.
func statements() []statement {
	return slices.Concat([]statement{
		on(`use role `+one, change(useRole)), on(`use warehouse `+one, change(useWarehouse)),
		on(`create role if not exists `+one+`\n.*`, change(createIn("role", "USERADMIN"))),
		on(`create warehouse if not exists `+one+`\n.*`, change(createIn("warehouse", "SYSADMIN"))),
		on(`create database if not exists `+one+`\n.*`, change(createDatabase)),
		on(`create storage integration if not exists `+one+`\n.*`, change(createIntegration)),
		on(`alter storage integration `+one+` set ([a-z_]+) = (.+)`, change(alterIntegration)),
		on(`grant role `+one+` to (role|user) `+one, change(giveRole)),
		on(`grant ownership on database `+one+` to role `+one+` copy current grants`, change(giveDatabase)),
		on(`grant (usage|select) on (future|all) (external tables|views) in schema `+full+` to role `+one, change(grantMany)),
		on(`grant (usage) on (warehouse|integration|database|schema) `+full+` to role `+one, change(grantOne)),
		on(`create (schema|file format|table|stage) if not exists `+full+`[\n ].*`, change(createInDatabase)),
		on(`create or replace (stage) `+full+`[\n ].*`, change(createInDatabase)),
		on(`alter (stage) `+full+` set\n.*`, change(alterStage)),
		on(`alter file format `+full+` set ([a-z_]+) = (true|false)`, change(alterFormat)),
		on(`create (external table) if not exists `+full+` \(\n.*`, change(createExternal)),
		on(`create or replace (external table) `+full+` \(\n.*\n  copy grants\n.*`, change(createExternal)),
		on(`create secure (view) if not exists `+full+`\n.*`, change(createView)),
		on(`create or replace secure (view) `+full+`\n  copy grants\n.*`, change(createView)),
		on(`alter external table `+full+` refresh(?: `+text+`)?`, change(refresh)),
		on(`merge into `+full+` as t\n.*`, change(merge)),
		on(`drop (view|external table|stage|file format|table|schema|database|integration|warehouse|role) if exists `+full, change(drop)),
	}, questions())
}

func useRole(a *Account, m, _ []string) error {
	if !a.has(m[1]) || a.things["role "+m[1]] == nil && !slices.Contains(a.Roles, m[1]) {
		return &Error{"002043", fmt.Sprintf("SQL compilation error: Requested role '%s' does not exist or not authorized.", m[1])}
	}
	a.role = m[1]
	return nil
}

func useWarehouse(a *Account, m, _ []string) error {
	if t := a.things["warehouse "+m[1]]; t == nil || !a.sees(a.role, t) {
		return a.missing("Warehouse", m[1])
	}
	return nil
}

// make makes a thing, unless it is there, with the comment and the properties of
// its statement.
func (a *Account) make(kind, name, sql string) *Thing {
	if t := a.things[kind+" "+name]; t != nil && !strings.HasPrefix(sql, "create or replace") {
		return t
	}
	t := &Thing{Kind: kind, Name: name, Owner: a.role, Set: map[string]string{}}
	if m := commentRegexp.FindStringSubmatch(sql); m != nil {
		t.Comment = unquote(m[1])
	}
	for _, m := range propertyRegexp.FindAllStringSubmatch(sql, -1) {
		if m[1] != "comment" {
			t.Set[m[1]] = m[2]
		}
	}
	a.put(t)
	return t
}

// createIn makes what only an administrator's role may.
func createIn(kind, role string) func(a *Account, m, _ []string) error {
	return func(a *Account, m, _ []string) error {
		if err := a.denied("account", role, "ACCOUNTADMIN"); err != nil {
			return err
		}
		a.make(kind, m[1], m[0])
		return nil
	}
}

func createDatabase(a *Account, m, args []string) error {
	err := createIn("database", "SYSADMIN")(a, m, args)
	if err == nil && a.things["schema "+m[1]+".PUBLIC"] == nil {
		a.put(&Thing{Kind: "schema", Name: m[1] + ".PUBLIC", Owner: a.role})
	}
	return err
}

func createIntegration(a *Account, m, args []string) error {
	if err := a.denied("account", "ACCOUNTADMIN"); err != nil {
		return err
	}
	t := a.make("integration", m[1], m[0])
	if t.Set["user"] == "" {
		t.Set["user"] = UserARN
	}
	return nil
}

func alterIntegration(a *Account, m, _ []string) error {
	t := a.things["integration "+m[1]]
	if t == nil {
		return a.missing("Integration", m[1])
	}
	t.Set[m[2]] = m[3]
	return a.denied("integration", t.Owner)
}

func giveRole(a *Account, m, _ []string) error {
	t := a.things["role "+m[1]]
	if t == nil {
		return a.missing("Role", m[1])
	}
	if err := a.denied("role", t.Owner, "ACCOUNTADMIN"); err != nil {
		return err
	}
	a.given[m[1]+"|"+strings.ToUpper(m[2])+"|"+m[3]] = true
	if m[2] == "role" {
		a.grants[m[3]+"|USAGE|ROLE|"+m[1]] = true
	}
	return nil
}

func giveDatabase(a *Account, m, _ []string) error {
	t := a.things["database "+m[1]]
	if t == nil {
		return a.missing("Database", m[1])
	}
	if err := a.denied("database", t.Owner); err != nil {
		return err
	}
	t.Owner = m[2]
	return nil
}

func grantOne(a *Account, m, _ []string) error {
	t := a.things[m[2]+" "+name(m[3])]
	if t == nil || a.things["role "+m[4]] == nil {
		return a.missing(m[2], name(m[3]))
	}
	if err := a.denied(m[2], t.Owner); err != nil {
		return err
	}
	a.grants[m[4]+"|"+strings.ToUpper(m[1])+"|"+strings.ToUpper(m[2])+"|"+name(m[3])] = true
	return nil
}

func grantMany(a *Account, m, _ []string) error {
	schema := a.things["schema "+name(m[4])]
	if schema == nil {
		return a.missing("Schema", name(m[4]))
	}
	if err := a.denied("schema", schema.Owner); err != nil {
		return err
	}
	kind := strings.TrimSuffix(m[3], "s")
	if m[2] == "future" {
		a.future[m[5]+"|"+strings.ToUpper(m[1]+"|"+kind)+"|"+schema.Name] = true
		return nil
	}
	for _, t := range a.in(kind, schema.Name) {
		a.grants[m[5]+"|"+strings.ToUpper(m[1]+"|"+kind)+"|"+t.Name] = true
	}
	return nil
}

// foresee gives what was granted for the future.
func (a *Account) foresee(t *Thing) {
	for key := range maps.Clone(a.future) {
		parts := strings.Split(key, "|")
		if parts[2] == strings.ToUpper(t.Kind) && parts[3] == parent(t.Name) {
			a.grants[strings.Join([]string{parts[0], parts[1], parts[2], t.Name}, "|")] = true
		}
	}
}

// place finds what a new thing is to be in, which the role must own.
func (a *Account) place(of string) error {
	kind := "schema"
	if !strings.Contains(parent(of), ".") {
		kind = "database"
	}
	t := a.things[kind+" "+parent(of)]
	if t == nil {
		return a.missing(kind, parent(of))
	}
	return a.denied(kind+" "+t.Name, t.Owner)
}

func createInDatabase(a *Account, m, _ []string) error {
	of := name(m[2])
	if err := a.place(of); err != nil {
		return err
	}
	t := a.make(m[1], of, m[0])
	if m[1] == "stage" {
		if integration := a.things["integration "+name(t.Set["storage_integration"])]; integration != nil && t.of == nil {
			t.of = []*Thing{integration}
		}
		return a.reach(t)
	}
	return nil
}

// reach looks whether the stage may use its integration, and that its place.
func (a *Account) reach(t *Thing) error {
	integration := a.things["integration "+name(t.Set["storage_integration"])]
	switch {
	case integration == nil || !a.grants[a.role+"|USAGE|INTEGRATION|"+integration.Name]:
		return a.missing("Integration", t.Set["storage_integration"])
	case a.cutOff(t) != "":
		return &Error{"003139", "SQL compilation error: Integration '" + integration.Name + "' associated with the stage '" + t.Name + "' cannot be found."}
	case !strings.Contains(integration.Set["storage_allowed_locations"], t.Set["url"]):
		return &Error{"003167", "Location " + t.Set["url"] + " is not allowed by integration " + integration.Name}
	}
	return nil
}

func alterStage(a *Account, m, _ []string) error {
	t := a.things["stage "+name(m[2])]
	if t == nil {
		return a.missing("Stage", name(m[2]))
	}
	for _, p := range propertyRegexp.FindAllStringSubmatch(m[0], -1) {
		t.Set[p[1]] = p[2]
	}
	return a.reach(t)
}

func alterFormat(a *Account, m, _ []string) error {
	t := a.things["file format "+name(m[1])]
	if t == nil {
		return a.missing("File format", name(m[1]))
	}
	t.Set[m[2]] = m[3]
	return a.denied("file format", t.Owner)
}

func createExternal(a *Account, m, _ []string) error {
	of := name(m[2])
	if err := a.place(of); err != nil {
		return err
	}
	stage := a.things["stage "+parent(of)+".LAKE"]
	if stage == nil {
		return a.missing("Stage", parent(of)+".LAKE")
	}
	format, _, _ := strings.Cut(parent(of), ".")
	layout := a.things["file format "+format+".LAKECTL.PARQUET"]
	if layout == nil {
		return a.missing("File format", format+".LAKECTL.PARQUET")
	}
	if err := a.reach(stage); err != nil {
		return err
	}
	t := a.make("external table", of, m[0])
	if t.of == nil {
		t.of = []*Thing{stage, layout}
	}
	if t.Files == nil {
		t.Columns, t.Files = [][2]string{{"VALUE", "VARIANT"}}, map[string]int64{}
		for _, c := range columnRegexp.FindAllStringSubmatch(m[0], -1) {
			typ := strings.ToUpper(c[2])
			if typ == "VARCHAR" {
				typ = "VARCHAR(16777216)"
			}
			t.Columns = append(t.Columns, [2]string{c[1], typ})
		}
		if t.Set["refresh_on_create"] == "true" {
			t.Files = a.files(a.folder(t))
		}
	}
	a.foresee(t)
	return nil
}

func createView(a *Account, m, _ []string) error {
	of := name(m[2])
	if err := a.place(of); err != nil {
		return err
	}
	for _, r := range readsRegexp.FindAllStringSubmatch(m[0], -1) {
		if table := strings.ToUpper(name(r[1])); a.things["external table "+table] == nil {
			return a.missing("Object", table)
		}
	}
	t := a.make("view", of, m[0])
	t.Secure = true
	a.foresee(t)
	return nil
}

// folder is the place of an external table.
func (a *Account) folder(t *Thing) string {
	stage := a.things["stage "+parent(t.Name)+".LAKE"]
	return unquote(stage.Set["url"]) + strings.ToLower(last(t.Name)) + "/"
}

func refresh(a *Account, m, _ []string) error {
	t := a.things["external table "+name(m[1])]
	if t == nil {
		return a.missing("External table", name(m[1]))
	}
	if err := a.denied(t.Name, t.Owner); err != nil {
		return err
	}
	if lost := a.cutOff(t); lost != "" {
		return a.missing(lost, "of "+t.Name)
	}
	place := a.folder(t) + unquote(m[2])
	_, key, _ := strings.Cut(strings.TrimPrefix(place, "s3://"), "/")
	maps.DeleteFunc(t.Files, func(file string, _ int64) bool { return strings.HasPrefix(file, key) })
	maps.Copy(t.Files, a.files(place))
	return nil
}

func merge(a *Account, m, args []string) error {
	if a.things["table "+name(m[1])] == nil {
		return a.missing("Table", name(m[1]))
	}
	a.synced[args[0]] = args
	return nil
}

func drop(a *Account, m, _ []string) error {
	t := a.things[m[1]+" "+name(m[2])]
	if t == nil {
		return nil
	}
	if err := a.denied(t.Name, t.Owner, "ACCOUNTADMIN"); err != nil {
		return err
	}
	maps.DeleteFunc(a.things, func(_ string, other *Thing) bool {
		return other == t || (m[1] == "schema" || m[1] == "database") && strings.HasPrefix(other.Name, t.Name+".")
	})
	for _, grants := range []map[string]bool{a.grants, a.future, a.given} {
		maps.DeleteFunc(grants, func(key string, _ bool) bool {
			parts := strings.Split(key, "|")
			of := parts[len(parts)-1]
			return of == t.Name || strings.HasPrefix(of, t.Name+".") || m[1] == "role" && parts[0] == t.Name
		})
	}
	if last(t.Name) == "SYNCED" {
		a.synced = map[string][]string{}
	}
	return nil
}
