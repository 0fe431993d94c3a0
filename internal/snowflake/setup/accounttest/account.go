package accounttest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Thing is something in the account.
type Thing struct {
	Kind    string // role, schema, external table, ...
	Name    string // in full: LAKEHOUSE.GOLD.DAILY_SALES
	Owner   string
	Comment string
	Created string
	Secure  bool
	Set     map[string]string // properties
	Columns [][2]string       // names and types
	Files   map[string]int64  // of an external table: rows of each file that it knows
	Invalid string            // why an external table is of no use
	of      []*Thing          // what it uses, by hidden ids and not by name
}

// Sent is a statement that came.
type Sent struct {
	Role, SQL string
	Args      []string
}

// Changes says whether the statement changes something.
func (s Sent) Changes() bool {
	word, _, _ := strings.Cut(strings.TrimSpace(s.SQL), " ")
	return !slices.Contains([]string{"show", "desc", "select", "use"}, word)
}

// Error is how Snowflake refuses something.
type Error struct{ Code, Message string }

// Error says why.
func (e *Error) Error() string { return e.Message }

// Account is an account. Its fields are set before use.
type Account struct {
	Roles  []string                // that the user has, beside those that are granted to them
	User   string                  // in upper case
	Lake   map[string]int64        // the rows of each file in S3, by s3://bucket/key
	Look   func() map[string]int64 // in place of Lake, if set
	Fail   func(n int, sql string) error
	Broken map[string]bool // files that cannot be read, by s3://bucket/key
	Trust  func() string   // why S3 is not to be reached; "" if it is

	mu     sync.Mutex
	things map[string]*Thing
	grants map[string]bool // role|privilege|kind|name
	future map[string]bool
	given  map[string]bool // role|ROLE or USER|name
	synced map[string][]string
	role   string
	sent   []Sent
	made   int
	known  []statement
}

// New returns an account of a user with the roles of administrators, and a
// warehouse.
func New() *Account {
	a := &Account{Roles: []string{"ACCOUNTADMIN", "SYSADMIN", "USERADMIN"}, User: "ANN", Lake: map[string]int64{}, Broken: map[string]bool{}, role: "ACCOUNTADMIN",
		things: map[string]*Thing{}, grants: map[string]bool{}, future: map[string]bool{}, given: map[string]bool{}, synced: map[string][]string{}, known: statements()}
	a.Put(&Thing{Kind: "warehouse", Name: "LAKEHOUSE_WH", Owner: "SYSADMIN"})
	return a
}

// Begin begins a session, in the first of the user's roles.
func (a *Account) Begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.role = "PUBLIC"
	if len(a.Roles) > 0 {
		a.role = a.Roles[0]
	}
}

// Put puts a thing into the account, as somebody else would.
func (a *Account) Put(t *Thing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(t)
}

func (a *Account) put(t *Thing) {
	a.made++
	t.Created = time.Date(2026, 11, 23, 10, 0, a.made, 0, time.FixedZone("", 3600)).Format(time.RFC3339Nano)
	if t.Set == nil {
		t.Set = map[string]string{}
	}
	a.things[t.Kind+" "+t.Name] = t
}

// Thing returns a thing, nil if there is none.
func (a *Account) Thing(kind, name string) *Thing {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.things[kind+" "+name]
}

// Remove takes a thing away, as somebody else would.
func (a *Account) Remove(kind, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.things, kind+" "+name)
}

// cutOff finds what a thing uses, or what that uses, that is gone; another one
// of its name is not what it knows. It is empty if there is all.
func (a *Account) cutOff(t *Thing) string {
	for _, used := range t.of {
		if a.things[used.Kind+" "+used.Name] != used {
			return used.Kind + " " + used.Name
		}
		if lost := a.cutOff(used); lost != "" {
			return lost
		}
	}
	return ""
}

// CutOff are the names of things that use what is gone.
func (a *Account) CutOff() (names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(a.things)) {
		if a.cutOff(a.things[key]) != "" {
			names = append(names, key)
		}
	}
	return names
}

// Revoke takes grants away that have a text in their name.
func (a *Account) Revoke(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range []map[string]bool{a.grants, a.future, a.given} {
		maps.DeleteFunc(m, func(key string, _ bool) bool { return strings.Contains(key, text) })
	}
}

// Sent returns the statements that came since the last call.
func (a *Account) Sent() []Sent {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.sent
	a.sent = nil
	return list
}

// Dump is all that there is, on lines, to compare accounts with.
func (a *Account) Dump() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var lines []string
	for _, t := range a.things {
		lines = append(lines, fmt.Sprintf("%s %s owner=%s comment=%q secure=%v set=%v columns=%v files=%v", t.Kind, t.Name, t.Owner, t.Comment, t.Secure, t.Set, t.Columns, t.Files))
	}
	for what, m := range map[string]map[string]bool{"grant": a.grants, "future": a.future, "given": a.given} {
		for key := range m {
			lines = append(lines, what+" "+key)
		}
	}
	for table, row := range a.synced {
		lines = append(lines, "synced "+table+" "+strings.Join(row[1:], " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// statement is a kind of statement and what it does; groups are those of its
// expression.
type statement struct {
	pattern *regexp.Regexp
	do      func(a *Account, m []string, args []string) ([]string, [][]string, error)
}

func on(pattern string, do func(a *Account, m, args []string) ([]string, [][]string, error)) statement {
	return statement{regexp.MustCompile(`(?s)^` + pattern + `$`), do}
}

// change makes a statement of what answers nothing.
func change(do func(a *Account, m, args []string) error) func(*Account, []string, []string) ([]string, [][]string, error) {
	return func(a *Account, m, args []string) ([]string, [][]string, error) {
		return []string{"status"}, [][]string{{"Statement executed successfully."}}, do(a, m, args)
	}
}

// Answer runs one statement.
func (a *Account) Answer(sql string, args []string) (columns []string, rows [][]string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, Sent{a.role, sql, args})
	if a.Fail != nil {
		if err := a.Fail(len(a.sent), sql); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range a.known {
		if m := s.pattern.FindStringSubmatch(sql); m != nil {
			return s.do(a, m, args)
		}
	}
	return nil, nil, &Error{"001003", "SQL compilation error: syntax error: " + sql}
}

// name takes the quotes off a name, in full.
func name(text string) string { return strings.ReplaceAll(text, `"`, "") }

// unquote returns the text of a literal.
func unquote(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "'"), "'")
	return strings.NewReplacer(`''`, `'`, `\\`, `\`).Replace(text)
}

func (a *Account) missing(kind, name string) error {
	return &Error{"002003", fmt.Sprintf("SQL compilation error: %s '%s' does not exist or not authorized.", kind, name)}
}

// denied says why the role may not do what an owner may.
func (a *Account) denied(what string, allowed ...string) error {
	if slices.Contains(allowed, a.role) {
		return nil
	}
	return &Error{"003001", fmt.Sprintf("SQL access control error: Insufficient privileges to operate on %s; the role is %s", what, a.role)}
}

// has says whether the user may take a role.
func (a *Account) has(role string) bool {
	if slices.Contains(a.Roles, role) || a.given[role+"|USER|"+a.User] {
		return true
	}
	for _, r := range a.Roles {
		if a.given[role+"|ROLE|"+r] {
			return true
		}
	}
	return false
}

// sees says whether a role may see a thing: its own, what it was granted
// something on, and what the roles see that were granted to it.
func (a *Account) sees(role string, t *Thing) bool {
	if role == "ACCOUNTADMIN" || t.Owner == role || t.Kind == "role" {
		return true
	}
	for key := range a.grants {
		parts := strings.Split(key, "|")
		if parts[0] == role && parts[2] == strings.ToUpper(t.Kind) && parts[3] == t.Name {
			return true
		}
	}
	for key := range a.given {
		if parts := strings.Split(key, "|"); parts[1] == "ROLE" && parts[2] == role && a.sees(parts[0], t) {
			return true
		}
	}
	return false
}

// parent returns the name of what a thing is in.
func parent(name string) string { return name[:max(strings.LastIndexByte(name, '.'), 0)] }

func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// in returns the things of a kind in a place, by name.
func (a *Account) in(kind, place string) []*Thing {
	var list []*Thing
	for _, key := range slices.Sorted(maps.Keys(a.things)) {
		if t := a.things[key]; t.Kind == kind && parent(t.Name) == place {
			list = append(list, t)
		}
	}
	return list
}

// files returns the files of the lake at a place, by their keys in the bucket.
func (a *Account) files(place string) map[string]int64 {
	found := map[string]int64{}
	if a.Look != nil {
		a.Lake = a.Look()
	}
	for file, rows := range a.Lake {
		if strings.HasPrefix(file, place) {
			_, key, _ := strings.Cut(strings.TrimPrefix(file, "s3://"), "/")
			found[key] = rows
			if a.Broken[file] {
				found[key] = 0
			}
		}
	}
	return found
}

// number is a text of a count.
func number(n int64) string { return strconv.FormatInt(n, 10) }
