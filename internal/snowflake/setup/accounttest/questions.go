package accounttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// questions are the statements that change nothing.
func questions() []statement {
	return []statement{
		on(`show (roles|warehouses|databases|integrations) like `+text, showLike),
		on(`show (schemas) in database `+one, showIn),
		on(`show (file formats|tables|stages|external tables|views|objects|sequences|streams|tasks|pipes|user functions|user procedures) in schema `+full, showIn),
		on(`show grants of role `+one, showGiven), on(`show grants to role `+one, showGrants), on(`show future grants to role `+one, showFuture),
		on(`desc integration `+one, descIntegration), on(`desc external table `+full, descExternal),
		on(`select system\$validate_storage_integration\(`+text+`, `+text+`, 'lakectl', 'list'\) as result`, validate),
		on(`select table_name, table_created, commit_sequence, commit_run from `+full, selectSynced),
		on(`select metadata\$filename as file_name, count\(\*\) as file_rows from `+full+` group by metadata\$filename`, selectRows),
	}
}

func shown(list []*Thing) ([]string, [][]string) {
	var rows [][]string
	for _, t := range list {
		schema := ""
		if strings.Contains(parent(t.Name), ".") {
			schema = last(parent(t.Name))
		}
		rows = append(rows, []string{t.Created, last(t.Name), schema, t.Owner, t.Comment, fmt.Sprint(t.Secure), unquote(t.Set["url"]), name(t.Set["storage_integration"]), fmt.Sprint(t.Invalid != ""), t.Invalid, formatOptions(t)})
	}
	return []string{"created_on", "name", "schema_name", "owner", "comment", "is_secure", "url", "storage_integration", "invalid", "invalid_reason", "format_options"}, rows
}

// formatOptions are what a file format has in its answer, as JSON.
func formatOptions(t *Thing) string {
	if t.Kind != "file format" {
		return ""
	}
	options := map[string]any{"TYPE": "PARQUET"}
	for name, value := range t.Set {
		if value == "true" || value == "false" {
			options[strings.ToUpper(name)] = value == "true"
		}
	}
	text, _ := json.Marshal(options) // of texts and booleans
	return string(text)
}

// showLike takes the pattern for a beginning, so that it finds too much as
// Snowflake does.
func showLike(a *Account, m, _ []string) ([]string, [][]string, error) {
	var list []*Thing
	kind := strings.TrimSuffix(m[1], "s")
	for _, t := range a.in(kind, "") {
		if strings.HasPrefix(t.Name, unquote(m[2])) && a.sees(a.role, t) {
			list = append(list, t)
		}
	}
	columns, rows := shown(list)
	return columns, rows, nil
}

func showIn(a *Account, m, _ []string) ([]string, [][]string, error) {
	of, place := "schema ", name(m[2])
	if m[1] == "schemas" {
		of = "database "
	}
	if a.things[of+place] == nil {
		return nil, nil, a.missing(of, place)
	}
	kinds := []string{strings.TrimSuffix(m[1], "s")}
	if m[1] == "objects" {
		kinds = []string{"table", "external table", "view"}
	}
	var list []*Thing
	for _, kind := range kinds {
		list = append(list, a.in(kind, place)...)
	}
	columns, rows := shown(list)
	return columns, rows, nil
}

// keys returns those of a set that begin with a text, cut at |.
func keys(set map[string]bool, begin string) [][]string {
	var list [][]string
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if strings.HasPrefix(key, begin) {
			list = append(list, strings.Split(key, "|"))
		}
	}
	return list
}

func showGiven(a *Account, m, _ []string) ([]string, [][]string, error) {
	var rows [][]string
	for _, k := range keys(a.given, m[1]+"|") {
		rows = append(rows, []string{k[0], k[1], k[2]})
	}
	return []string{"role", "granted_to", "grantee_name"}, rows, nil
}

func showGrants(a *Account, m, _ []string) ([]string, [][]string, error) {
	var rows [][]string
	for _, k := range keys(a.grants, m[1]+"|") {
		rows = append(rows, []string{k[1], strings.ReplaceAll(k[2], " ", "_"), k[3]})
	}
	return []string{"privilege", "granted_on", "name"}, rows, nil
}

func showFuture(a *Account, m, _ []string) ([]string, [][]string, error) {
	var rows [][]string
	for _, k := range keys(a.future, m[1]+"|") {
		rows = append(rows, []string{k[1], strings.ReplaceAll(k[2], " ", "_"), k[3] + ".<" + k[2] + ">"})
	}
	return []string{"privilege", "grant_on", "name"}, rows, nil
}

func descIntegration(a *Account, m, _ []string) ([]string, [][]string, error) {
	t := a.things["integration "+m[1]]
	if t == nil || !a.sees(a.role, t) {
		return nil, nil, a.missing("Integration", m[1])
	}
	places := strings.NewReplacer("(", "", ")", "", "'", "", ", ", ",").Replace(t.Set["storage_allowed_locations"])
	return []string{"property", "property_type", "property_value", "property_default"}, [][]string{
		{"ENABLED", "Boolean", t.Set["enabled"], "false"}, {"STORAGE_PROVIDER", "String", "S3", ""},
		{"STORAGE_ALLOWED_LOCATIONS", "List", places, "[]"}, {"STORAGE_AWS_IAM_USER_ARN", "String", t.Set["user"], ""},
		{"STORAGE_AWS_ROLE_ARN", "String", unquote(t.Set["storage_aws_role_arn"]), ""},
		{"STORAGE_AWS_EXTERNAL_ID", "String", unquote(t.Set["storage_aws_external_id"]), ""}}, nil
}

func descExternal(a *Account, m, _ []string) ([]string, [][]string, error) {
	t := a.things["external table "+name(m[1])]
	if t == nil {
		return nil, nil, a.missing("External table", name(m[1]))
	}
	var rows [][]string
	for _, c := range t.Columns {
		rows = append(rows, []string{c[0], c[1], "VIRTUAL"})
	}
	return []string{"name", "type", "kind"}, rows, nil
}

func validate(a *Account, m, _ []string) ([]string, [][]string, error) {
	t := a.things["integration "+unquote(m[1])]
	if t == nil || !a.sees(a.role, t) {
		return nil, nil, a.missing("Integration", m[1])
	}
	action := map[string]string{"status": "success"}
	if a.Trust != nil {
		if why := a.Trust(); why != "" {
			action = map[string]string{"status": "failure", "message": why}
		}
	}
	if !strings.Contains(t.Set["storage_allowed_locations"], "'"+m[2]+"'") {
		action = map[string]string{"status": "failure", "message": m[2] + " is not an allowed location"}
	}
	result, err := json.Marshal(map[string]any{"status": action["status"], "actions": map[string]any{"LIST": action}})
	return []string{"RESULT"}, [][]string{{string(result)}}, err
}

func selectSynced(a *Account, m, _ []string) ([]string, [][]string, error) {
	if a.things["table "+name(m[1])] == nil {
		return nil, nil, a.missing("Table", name(m[1]))
	}
	var rows [][]string
	for _, table := range slices.Sorted(maps.Keys(a.synced)) {
		rows = append(rows, a.synced[table])
	}
	return []string{"TABLE_NAME", "TABLE_CREATED", "COMMIT_SEQUENCE", "COMMIT_RUN"}, rows, nil
}

func selectRows(a *Account, m, _ []string) ([]string, [][]string, error) {
	t := a.things["external table "+name(m[1])]
	if t == nil {
		return nil, nil, a.missing("External table", name(m[1]))
	}
	if lost := a.cutOff(t); lost != "" {
		return nil, nil, a.missing(lost, "of "+t.Name)
	}
	var rows [][]string
	for _, file := range slices.Sorted(maps.Keys(t.Files)) {
		if t.Files[file] > 0 {
			rows = append(rows, []string{file, number(t.Files[file])})
		}
	}
	return []string{"FILE_NAME", "FILE_ROWS"}, rows, nil
}
