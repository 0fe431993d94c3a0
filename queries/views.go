package queries

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed snowflake/views/*.sql
var viewFiles embed.FS

// ViewFiles returns the views that come with lakectl, as ViewsFolder in them.
func ViewFiles() fs.FS { return viewFiles }

// ViewsFolder is where views are among queries.
const ViewsFolder = "snowflake/views"

// View is a question that Snowflake keeps the answer to as a view. Its file
// begins with comments, as that of a Query does:
//
//	-- name: sales_daily
//	-- description: Sales of each day
//	-- needs: gold.daily_sales(transaction_date, total_revenue)
//
// It is left out of a project that lacks a table, or a column, of what it needs.
// "each: silver" in place of it repeats the SQL for each table of a layer, with
// ${table} for the table and ${name} for its name, and puts union all between.
type View struct {
	Name        string
	Description string
	Needs       []Need
	Each        string // a layer, or empty
	File        string
	SQL         string
}

// Need is a table, such as gold.daily_sales, with columns that it must have.
type Need struct {
	Table   string
	Columns []string
}

var needRegexp = regexp.MustCompile(`^((?:silver|gold)\.[a-z][a-z0-9_]*)\(([a-z0-9_, ]+)\)$`)

// LoadViews reads the views in ViewsFolder, sorted by name. A folder that is not
// there has none. Those with problems are left out.
func LoadViews(fsys fs.FS) ([]View, []Problem, error) {
	files, err := fs.Glob(fsys, ViewsFolder+"/*.sql")
	if err != nil {
		return nil, nil, err
	}
	var list []View
	var problems []Problem
	for _, name := range files {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, nil, err
		}
		v, found := ParseView(name, string(text))
		if problems = append(problems, found...); len(found) == 0 {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b View) int { return strings.Compare(a.Name, b.Name) })
	return list, problems, nil
}

// MergeViews returns the views of both, sorted by name; of two of one name that
// of own.
func MergeViews(own, builtin []View) []View {
	return merge(own, builtin, func(v View) string { return v.Name })
}

// ParseView reads the text of a file and returns all that is wrong with it.
func ParseView(file, text string) (View, []Problem) {
	v := View{File: file}
	var problems []Problem
	add := func(line int, hint, format string, args ...any) {
		problems = append(problems, Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	rest := strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	for line := 1; ; line++ {
		first, after, _ := strings.Cut(rest, "\n")
		m := fieldRegexp.FindStringSubmatch(strings.TrimRight(first, " \t"))
		if m == nil || !slices.Contains([]string{"name", "description", "needs", "each"}, m[1]) {
			break
		}
		if problem := v.field(m[1], strings.TrimSpace(m[2])); problem != "" {
			add(line, "", "%s", problem)
		}
		rest = after
	}
	v.SQL = strings.TrimRight(strings.TrimSpace(strings.TrimPrefix(rest, "--\n")), "; \n")
	want := strings.TrimSuffix(path.Base(file), ".sql")
	switch {
	case v.Name != want:
		add(0, "begin it with -- name: "+want, "the view is called %q, and its file %s", v.Name, path.Base(file))
	case !nameRegexp.MatchString(v.Name):
		add(0, "use a-z, 0-9 and _", "%q is not a name of a view", v.Name)
	}
	if v.Description == "" {
		add(0, "write -- description: ... below the name", "the view has no description")
	}
	if (v.Each == "") == (len(v.Needs) == 0) {
		add(0, "write -- needs: gold.daily_sales(transaction_date), or -- each: silver", "the view says nothing of the tables it needs, or says it in two ways")
	}
	if v.SQL == "" {
		add(0, "write a select below the header", "the view has no SQL")
	}
	return v, problems
}

// field takes a field of the header, and says what is wrong with it.
func (v *View) field(name, value string) string {
	switch name {
	case "name":
		v.Name = value
	case "description":
		v.Description = value
	case "each":
		if v.Each = value; value != "silver" && value != "gold" {
			return fmt.Sprintf("each: %s is neither silver nor gold", value)
		}
	case "needs":
		m := needRegexp.FindStringSubmatch(value)
		if m == nil {
			return fmt.Sprintf("needs: %s is not a table with columns, such as gold.daily_sales(transaction_date, total_revenue)", value)
		}
		need := Need{Table: m[1]}
		for column := range strings.SplitSeq(m[2], ",") {
			need.Columns = append(need.Columns, strings.TrimSpace(column))
		}
		v.Needs = append(v.Needs, need)
	}
	return ""
}
