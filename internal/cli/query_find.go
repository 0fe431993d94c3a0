package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/term"
	"github.com/lakectl/lakectl/queries"
)

// namedQueries returns the queries that have names, as an engine is asked: the
// project's own come before those of lakectl, and those in the SQL of the engine
// before those in Trino's. Of the project's, those in which something is wrong are
// an error.
func namedQueries(cfg *config.Config, engine string) ([]queries.Query, error) {
	own, problems, err := ownQueries(cfg)
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	builtin, _, err := queries.Load(queries.Files(), queriesOfTrino)
	if err != nil || engine != querysnowflake.Name {
		return queries.Merge(own, builtin), err
	}
	ownOfEngine, problems, err := queriesIn(cfg, querysnowflake.Name)
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	builtinOfEngine, _, err := queries.Load(queries.Files(), querysnowflake.Name)
	return queries.Merge(queries.Merge(ownOfEngine, own), queries.Merge(builtinOfEngine, builtin)), err
}

// queriesOfTrino is the folder of queries in Trino's SQL.
const queriesOfTrino = "athena"

// queryItem is a query in the list.
type queryItem struct {
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Parameters  []queryParameter `json:"parameters"`
	Own         bool             `json:"own"` // the project's
}

type queryParameter struct {
	Name        string  `json:"name"`
	Type        string  `json:"type"`
	Default     *string `json:"default"`
	Description string  `json:"description"`
}

// listQueries shows the queries that have names.
func (app *App) listQueries(opts *QueryOptions) error {
	_, cfg, problems, err := app.read()
	if err != nil {
		return err
	}
	if cfg == nil {
		return problems.Err()
	}
	list, err := namedQueries(cfg, opts.Engine)
	if err != nil {
		return err
	}
	items := make([]queryItem, len(list))
	own, _, err := ownQueries(cfg)
	if err != nil {
		return err
	}
	for i, q := range list {
		items[i] = queryItem{Name: q.Name, Description: q.Description, Parameters: []queryParameter{},
			Own: slices.ContainsFunc(own, func(o queries.Query) bool { return o.Name == q.Name })}
		for _, p := range q.Parameters {
			items[i].Parameters = append(items[i].Parameters, queryParameter{p.Name, p.Type, p.Default, p.Description})
		}
	}
	if app.json {
		return writeJSON(app.IO.Out, items)
	}
	if err := app.printQueries(items); err != nil {
		return err
	}
	app.remark("ask one with `lakectl query NAME`; your own stand in " + filepath.Join(filepath.Dir(cfg.File), queriesFolder))
	return nil
}

// printQueries shows queries to people: as a table, or below each other on a
// terminal that is too narrow for it.
func (app *App) printQueries(items []queryItem) error {
	out := app.IO.Out
	t := term.NewTable("query", "what it answers", "parameters")
	var list strings.Builder
	for _, q := range items {
		var parameters []string
		for _, p := range q.Parameters {
			text := p.Name
			if p.Default != nil {
				text += "=" + *p.Default
			}
			parameters = append(parameters, text)
		}
		t.Add(q.Name, q.Description, strings.Join(parameters, " "))
		fmt.Fprintln(&list, out.Paint(term.Bold, q.Name))
		for _, text := range []string{q.Description, strings.Join(parameters, " ")} {
			for _, line := range term.Wrap(text, out.Columns()-2) {
				if line != "" {
					fmt.Fprintln(&list, "  "+line)
				}
			}
		}
	}
	if t.Fits(out) {
		return t.Write(out)
	}
	_, err := out.Write([]byte(list.String()))
	return err
}

// completeQueries completes the names of queries.
func (app *App) completeQueries(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	_, cfg, _, err := app.read()
	if err != nil || cfg == nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, _ := namedQueries(cfg, "")
	var names []string
	for _, q := range list {
		if strings.HasPrefix(q.Name, start) {
			names = append(names, q.Name+"\t"+q.Description)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

var nameOfQuery = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// statement finds the query that was asked for, and gives its parameters their
// values.
func (w *workspace) statement(opts *QueryOptions, engine string) (query.Statement, error) {
	given, types, err := parameters(opts.Params)
	if err != nil {
		return query.Statement{}, err
	}
	q, err := w.findQuery(opts, engine, given, types)
	if err == nil && engine == querysnowflake.Name {
		err = inSnowflake(q)
	}
	if err != nil {
		return query.Statement{}, err
	}
	for name := range types {
		if p := parameterOf(q, name); p != nil && p.Type != types[name] {
			return query.Statement{}, diag.Errorf(diag.Usage, "%s is of type %s, and not %s", name, p.Type, types[name]).
				WithNext("--param %s=VALUE", name)
		}
	}
	values, err := q.Bind(given)
	var wrong *queries.ParameterError
	if errors.As(err, &wrong) {
		err := diag.Errorf(diag.Usage, "%s", wrong.Message)
		switch hint := diag.Suggest(wrong.Name, wrong.Known); {
		case hint != "":
			return query.Statement{}, err.WithNext("%s", hint)
		case len(wrong.Known) > 0:
			return query.Statement{}, err.WithNext("its parameters are %s", strings.Join(wrong.Known, ", "))
		}
		if wrong.Example != "" {
			return query.Statement{}, err.WithNext("write it as in --param %s=%s", wrong.Name, wrong.Example)
		}
		return query.Statement{}, err.WithNext("--param %s=VALUE gives it", wrong.Name)
	}
	st := query.Statement{Query: q, Values: values}
	if err == nil && engine != duckdb.Name { // which finds out itself, by reading it
		err = st.OnlyReads()
	}
	return st, err
}

// unvalued returns the error of a statement; where it stumbles over a :name for which
// no value was given, that is what is said.
func unvalued(err error, st query.Statement) error {
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), `at or near ":"`) {
		return err
	}
	for _, name := range st.Query.Uses() {
		if parameterOf(st.Query, name) == nil {
			return diag.Errorf(diag.Usage, "the query needs a value for %s", name).
				WithNext("--param %s=VALUE gives it, and --param %s:TYPE=VALUE one that is no text", name, name)
		}
	}
	return err
}

func parameterOf(q queries.Query, name string) *queries.Parameter {
	i := slices.IndexFunc(q.Parameters, func(p queries.Parameter) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &q.Parameters[i]
}

// findQuery returns the query of a name, or the one that was typed or is in a
// file.
func (w *workspace) findQuery(opts *QueryOptions, engine string, given, types map[string]string) (queries.Query, error) {
	if opts.File != "" {
		return fileQuery(opts, given, types)
	}
	if !nameOfQuery.MatchString(opts.Text) {
		return typed(opts.Text, given, types)
	}
	list, err := namedQueries(w.Config, engine)
	if err != nil {
		return queries.Query{}, err
	}
	var names []string
	for _, q := range list {
		if q.Name == opts.Text {
			return q, nil
		}
		names = append(names, q.Name)
	}
	missing := diag.Errorf(diag.Usage, "there is no query %q", opts.Text)
	if hint := diag.Suggest(opts.Text, names); hint != "" {
		return queries.Query{}, missing.WithNext("%s", hint)
	}
	return queries.Query{}, missing.WithNext("lakectl query lists those that there are; SQL is more than one word")
}

// fileQuery reads the query of a file: with a header, as those that have names,
// or bare SQL.
func fileQuery(opts *QueryOptions, given, types map[string]string) (queries.Query, error) {
	var data []byte
	var err error
	if opts.File == "-" {
		data, err = io.ReadAll(opts.App.IO.In)
	} else {
		data, err = os.ReadFile(opts.App.at(opts.File))
	}
	if err != nil {
		return queries.Query{}, diag.Errorf(diag.Usage, "the query cannot be read: %w", err).
			WithNext("-f takes a file of SQL, or - for standard input")
	}
	text := string(data)
	if !strings.HasPrefix(strings.TrimPrefix(text, "\ufeff"), "-- name:") {
		return typed(text, given, types)
	}
	q, found := queries.Parse(opts.File, text)
	var problems diag.List
	for _, p := range found {
		problems.AddHint(diag.Pos{File: opts.File, Line: p.Line}, p.Hint, "%s", p.Message)
	}
	return q, problems.Err()
}

// typed makes a query of bare SQL. Its parameters are those for which values
// were given.
func typed(sql string, given, types map[string]string) (queries.Query, error) {
	q := queries.Query{SQL: strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n")}
	for name := range given {
		kind := types[name]
		if kind == "" {
			kind = "string"
		}
		q.Parameters = append(q.Parameters, queries.Parameter{Name: name, Type: kind})
	}
	slices.SortFunc(q.Parameters, func(a, b queries.Parameter) int { return strings.Compare(a.Name, b.Name) })
	if q.SQL == "" {
		return q, diag.Errorf(diag.Usage, "the query is empty")
	}
	for _, p := range q.Parameters {
		if !slices.Contains(q.Uses(), p.Name) {
			return q, diag.Errorf(diag.Usage, "the query does not use the parameter %s", p.Name).WithNext("write :%s where its value goes", p.Name)
		}
	}
	return q, nil
}

// parameters reads --param name=value and name:type=value.
func parameters(list []string) (given, types map[string]string, err error) {
	given, types = map[string]string{}, map[string]string{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		name, kind, isTyped := strings.Cut(name, ":")
		kind = strings.ToLower(strings.TrimSpace(kind))
		switch {
		case !ok || name == "":
			return nil, nil, diag.Errorf(diag.Usage, "--param %s is not NAME=VALUE", text).WithNext("write it as in --param since=2026-01-31")
		case strings.ToLower(name) != name:
			return nil, nil, diag.Errorf(diag.Usage, "--param %s: names of parameters have no capital letters", text).
				WithNext("write %s, also in the SQL", strings.ToLower(name))
		case isTyped && !queries.KnownType(kind):
			return nil, nil, diag.Errorf(diag.Usage, "--param %s: there is no type %q", text, kind).
				WithNext("the types are %s", strings.Join(queries.Types(), ", "))
		}
		if _, twice := given[name]; twice {
			return nil, nil, diag.Errorf(diag.Usage, "the parameter %s is given twice", name).WithNext("give it once")
		}
		given[name] = value
		if isTyped {
			types[name] = kind
		}
	}
	return given, types, nil
}
