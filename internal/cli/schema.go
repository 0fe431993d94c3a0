package cli

import (
	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
)

// SchemaOptions are the settings of `lakectl schema`.
type SchemaOptions struct{ App *App }

func newSchemaCmd(app *App, runF func(*SchemaOptions) error) *cobra.Command {
	opts := &SchemaOptions{App: app}
	return &cobra.Command{
		Use:   "schema",
		Short: "The JSON Schema of lakehouse.yaml, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of lakehouse.yaml. With it, editors
complete keys and mark mistakes: save it, and name it in the first line of
lakehouse.yaml as

  # yaml-language-server: $schema=lakehouse.schema.json`,
		Example: `  lakectl schema > lakehouse.schema.json`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runSchema(opts)
		},
	}
}

func runSchema(opts *SchemaOptions) error {
	_, err := opts.App.IO.Out.Write(config.JSONSchema())
	return err
}
