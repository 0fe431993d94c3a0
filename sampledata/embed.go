package sampledata

import (
	"embed"
	"io/fs"
)

//go:embed lakehouse.yaml schemas.md *.csv *.csv.gz
var project embed.FS

// Project returns the files of the sample project, all at the root. The project
// file is lakehouse.yaml.
func Project() fs.FS { return project }
