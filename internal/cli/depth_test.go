//go:build !race

package cli

import "path/filepath"

// scripts are those that TestScripts runs: all.
func scripts() ([]string, error) { return filepath.Glob("testdata/script/*.txtar") }
