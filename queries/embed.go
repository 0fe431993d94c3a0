package queries

import (
	"embed"
	"io/fs"
)

//go:embed athena/*.sql snowflake/*.sql
var files embed.FS

// Files returns the queries that come with lakectl: a folder for each engine.
func Files() fs.FS { return files }
