package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/spark"
)

// SchemaOptions are the settings of `lakectl schema`.
type SchemaOptions struct {
	App  *App
	Name string // of the file; empty is lakehouse
}

// fileSchemas are the files whose schemas are known.
func fileSchemas() []string { return []string{"lakehouse", "record", "compiled"} }

func newSchemaCmd(app *App, runF func(*SchemaOptions) error) *cobra.Command {
	opts := &SchemaOptions{App: app}
	return &cobra.Command{
		Use:   "schema [lakehouse|record|compiled]",
		Short: "The JSON Schema of lakehouse.yaml, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of lakehouse.yaml. With it, editors
complete keys and mark mistakes: save it, and name it in the first line of
lakehouse.yaml as

  # yaml-language-server: $schema=lakehouse.schema.json

With record it is that of the commits in a lake's log, for programs that read
it, and with compiled that of the project as the programs of Spark read it.`,
		Example: `  lakectl schema > lakehouse.schema.json
  lakectl schema record > record.schema.json`,
		ValidArgs: fileSchemas(),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := opts.take(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return runSchema(opts)
		},
	}
}

func (o *SchemaOptions) take(args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case len(args) == 1 && slices.Contains(fileSchemas(), args[0]):
		o.Name = args[0]
		return nil
	}
	return diag.Errorf(diag.Usage, "there is no schema %q", strings.Join(args, " ")).WithNext("the schemas are %s", strings.Join(fileSchemas(), ", "))
}

func runSchema(opts *SchemaOptions) error {
	schema := config.JSONSchema
	switch opts.Name {
	case "record":
		schema = lake.RecordSchema
	case "compiled":
		schema = spark.DocumentSchema
	}
	_, err := opts.App.IO.Out.Write(schema())
	return err
}
