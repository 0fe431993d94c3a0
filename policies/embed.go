package policies

import (
	"embed"
	"io/fs"
)

//go:embed *.json
var files embed.FS

// Files returns the documents, NAME.json at the root, and reasons.json.
func Files() fs.FS { return files }
