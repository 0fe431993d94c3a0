// Command lakectl builds a lakehouse from raw files: see README.md.
package main

import (
	"os"

	"github.com/lakectl/lakectl/internal/cli"
)

func main() { os.Exit(cli.Main()) }
