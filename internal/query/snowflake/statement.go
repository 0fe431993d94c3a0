package snowflake

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/queries"
)

// transferRegexp finds the statements that the driver itself answers, by reading
// and writing files of this machine.
var transferRegexp = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|//[^\n]*\n|/\*.*?\*/)*(put|get|list|ls|remove|rm)\s`)

// statement returns the text of a statement with ? for its values, and these as
// the driver takes them.
func (e *Engine) statement(s query.Statement) (string, []driver.NamedValue, error) {
	database := e.client.Options().Database
	var values []driver.NamedValue
	var failed error
	text := s.Query.Text(func(layer string) string {
		name, err := snowflake.Identifier(database, layer)
		if err != nil {
			failed = err
		}
		return name
	}, func(name string) string {
		mark, value, err := bind(s.Value(name))
		if err != nil {
			failed = err
		}
		for _, v := range value {
			values = append(values, driver.NamedValue{Ordinal: len(values) + 1, Value: v})
		}
		return mark
	})
	if transferRegexp.MatchString(text + " ") {
		failed = diag.Errorf(diag.Usage, "a query neither reads nor writes files and stages").WithNext("use SnowSQL or snow for PUT, GET, LIST and REMOVE")
	}
	if failed == nil {
		failed = s.OnlyReads()
	}
	return text, values, failed
}

// bind returns what stands for a value in the text, and the value for the
// driver: itself, after its type where the driver needs to be told.
func bind(v queries.Value) (mark string, values []driver.Value, err error) {
	wrong := func(err error) (string, []driver.Value, error) {
		return "", nil, diag.Errorf(diag.Usage, "%s: %q is no %s: %w", v.Name, v.Text, v.Type, err)
	}
	switch v.Type {
	case "string":
		return "?", []driver.Value{v.Text}, nil
	case "boolean":
		b, err := strconv.ParseBool(v.Text)
		if err != nil {
			return wrong(err)
		}
		return "?", []driver.Value{b}, nil
	case "integer", "bigint":
		n, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil {
			return wrong(err)
		}
		return "?", []driver.Value{n}, nil
	case "date":
		t, err := time.Parse(time.DateOnly, v.Text)
		if err != nil {
			return wrong(err)
		}
		return "?", []driver.Value{sf.DataTypeDate, t}, nil
	case "timestamp":
		t, err := time.Parse(time.DateTime, v.Text)
		if err != nil {
			return wrong(err)
		}
		return "?", []driver.Value{sf.DataTypeTimestampNtz, t}, nil
	case "double":
		return "CAST(? AS DOUBLE)", []driver.Value{v.Text}, nil
	}
	// The types of parameters are those that package queries knows, so that this
	// is decimal(p,s) and nothing else.
	return "CAST(? AS " + strings.Replace(v.Type, "decimal", "NUMBER", 1) + ")", []driver.Value{v.Text}, nil
}
