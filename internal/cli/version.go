package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// VersionOptions are the settings of `lakectl version`.
type VersionOptions struct{ App *App }

func newVersionCmd(app *App, runF func(*VersionOptions) error) *cobra.Command {
	opts := &VersionOptions{App: app}
	return &cobra.Command{
		Use:   "version",
		Short: "The version",
		Example: `  lakectl version
  lakectl version --json | jq -r .commit`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runVersion(opts)
		},
	}
}

// version is the result of `version --json`.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"` // as far as it is known
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func runVersion(opts *VersionOptions) error {
	v := buildVersion()
	if opts.App.json {
		return opts.App.printJSON(v)
	}
	parts := []string{"lakectl " + v.Version}
	if v.Commit != "" {
		commit := "commit " + v.Commit[:min(12, len(v.Commit))]
		if v.Modified {
			commit += ", modified"
		}
		parts = append(parts, "("+commit+")")
	}
	parts = append(parts, v.Go, v.Platform)
	_, err := fmt.Fprintln(opts.App.IO.Out, strings.Join(parts, " "))
	return err
}

// buildVersion is what the build has recorded of itself.
func buildVersion() version {
	v := version{Version: "dev", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if strings.HasPrefix(info.Main.Version, "v") {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
