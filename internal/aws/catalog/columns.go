package catalog

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

// maxName is how many bytes a name in Glue may have.
const maxName = 255

// column returns a column as Glue has it.
func column(name string, typ schema.Type) types.Column {
	return types.Column{Name: aws.String(strings.ToLower(name)), Type: aws.String(typ.Spark())}
}

// columns returns the columns of a table as Glue has them, and a warning for
// each that it cannot have.
func columns(ref lake.TableRef, t schema.Table) ([]types.Column, []string) {
	var list []types.Column
	var warnings []string
	taken := map[string]string{}
	for _, c := range t.Columns {
		col := column(c.Name, c.Type)
		why := unfit(*col.Name)
		if other, ok := taken[*col.Name]; ok && why == "" {
			why = fmt.Sprintf("in lower case it is that of %q", other)
		}
		if why != "" {
			warnings = append(warnings, fmt.Sprintf("%s: the column %.60q is left out of the catalog, since its name cannot be there: %s; "+
				"rename it in the raw files, or name the columns in lakehouse.yaml (`columns:`)", ref, c.Name, why))
			continue
		}
		taken[*col.Name] = c.Name
		list = append(list, col)
	}
	return list, warnings
}

// unfit says why the catalog, or who reads it, cannot have a column of a name;
// "" if it can. Hive and Athena list columns with commas between them, and do
// not keep blanks at the ends.
func unfit(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return fmt.Sprintf("it has more than %d bytes", maxName)
	case strings.Contains(name, ","):
		return "it has a comma"
	case strings.TrimSpace(name) != name:
		return "it begins or ends with a blank"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "it has a control character"
	}
	return ""
}
