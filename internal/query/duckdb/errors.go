package duckdb

import (
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// explain makes an error of what DuckDB says: "Binder Error: ...", with the
// place in the statement on lines of its own.
func explain(message string) error {
	kind, text, ok := strings.Cut(strings.TrimSpace(message), " Error: ")
	if !ok {
		return diag.Errorf(diag.Unexpected, "DuckDB: %s", message)
	}
	switch kind {
	case "Parser", "Syntax", "Binder", "Catalog", "Not implemented", "Parameter Not Resolved":
		return diag.Errorf(diag.Usage, "%s", text)
	case "Permission":
		return diag.Errorf(diag.Usage, "%s", text).WithNext("a query reads the tables of the lake, and no other files")
	case "Out of Memory":
		return diag.Errorf(diag.Unexpected, "the query needs more memory than it may have: %s", firstLine(text)).
			WithNext("allow more with --memory, such as --memory 4GiB")
	case "Conversion", "Out of Range", "Invalid Input", "Mismatch Type", "Divide by Zero", "Expression":
		return diag.Errorf(diag.Usage, "%s", text)
	case "IO":
		return diag.Errorf(diag.Unexpected, "%s", text).WithNext("see whether the lake is whole with `lakectl doctor`")
	}
	return diag.Errorf(diag.Unexpected, "DuckDB: %s", message)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
