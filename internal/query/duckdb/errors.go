package duckdb

import (
	"errors"
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
		if strings.Contains(text, "failed to offload") {
			return diag.Errorf(diag.Unexpected, "the query needs more memory than it may have, and the disk is too small for the rest: %s", firstLine(text)).
				WithNext("set TMPDIR to a folder with more room, or allow more with --memory, such as --memory 4GiB")
		}
		return diag.Errorf(diag.Unexpected, "the query needs more memory than it may have: %s", firstLine(text)).
			WithNext("allow more with --memory, such as --memory 4GiB")
	case "Conversion", "Out of Range", "Invalid Input", "Mismatch Type", "Divide by Zero", "Expression":
		return diag.Errorf(diag.Usage, "%s", text)
	case "IO":
		if strings.Contains(text, "No space left on device") { // it writes nothing else
			return noRoom(errors.New(text))
		}
		return diag.Errorf(diag.Unexpected, "%s", text).WithNext("see whether the lake is whole with `lakectl doctor`")
	}
	return diag.Errorf(diag.Unexpected, "DuckDB: %s", message)
}

// noRoom is an error about the folder for temporary files.
func noRoom(err error) error {
	return diag.Errorf(diag.Usage, "there is no room for what does not fit the memory: %w", err).
		WithNext("set TMPDIR to a folder that can be written, and has room")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
