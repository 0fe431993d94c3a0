package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/term"
)

// showHelp writes the help of a command.
func (app *App) showHelp(cmd *cobra.Command, _ []string) {
	s := &summary{out: app.IO.Out}
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	s.printf("%s\n", strings.TrimSpace(text))
	s.begun = true
	if !cmd.Runnable() {
		return // a topic
	}
	s.title("Usage", "")
	if cmd.HasAvailableSubCommands() {
		s.printf("  %s COMMAND [flags]\n", cmd.CommandPath())
	} else {
		s.printf("  %s\n", cmd.UseLine())
	}
	s.helpCommands(cmd)
	if cmd.Example != "" {
		s.title("Examples", "")
		s.printf("%s\n", cmd.Example)
	}
	if help := cmd.Flags().Lookup("help"); help != nil {
		help.Hidden = true // whoever reads this knows it
	}
	s.helpFlags("Flags", cmd.LocalNonPersistentFlags().FlagUsagesWrapped(s.out.Columns()))
	s.helpFlags("Flags of all commands", cmd.Root().PersistentFlags().FlagUsagesWrapped(s.out.Columns()))
	if cmd.HasAvailableSubCommands() {
		s.printf("\nMore: lakectl help COMMAND, lakectl help exit-codes, lakectl help environment\n")
	}
}

// helpCommands lists the commands below a command, by their groups.
func (s *summary) helpCommands(cmd *cobra.Command) {
	groups := cmd.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands"}}
	}
	for _, g := range groups {
		var list []pair
		for _, c := range cmd.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				list = append(list, pair{c.Name(), c.Short})
			}
		}
		s.pairs(g.Title, "", term.Plain, list)
	}
}

func (s *summary) helpFlags(title, usages string) {
	if usages != "" {
		s.title(title, "")
		s.printf("%s", usages)
	}
}

// newHelpCmd is `lakectl help`.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "Help about a command, exit-codes or environment",
		RunE: func(cmd *cobra.Command, args []string) error {
			target := cmd.Root()
			for _, word := range args {
				next := child(target, word)
				if next == nil {
					return unknownCommand(target, word)
				}
				target = next
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// newExitCodesTopic is `lakectl help exit-codes`.
func newExitCodesTopic() *cobra.Command {
	var text strings.Builder
	text.WriteString("Exit codes, and what they are called in JSON:\n\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&text, "  %3d  %-12s %s\n", c.class, c.name, c.text)
	}
	text.WriteString("\nIf several apply: 130, 2, 6, 9, 3, 1, 4, 5.")
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: text.String()}
}

const environmentText = `Environment variables:

  LAKEHOUSE_ENVIRONMENT  environment of lakehouse.yaml; --env comes first
  LAKEHOUSE_NOW          the time of a run, such as 2026-11-23T09:45:00Z:
                         with it, a run can be repeated byte for byte
  LAKEHOUSE_SPARK        how to start Spark for run --engine spark, such as
                         "spark-submit --master local[4]", its default
                         without the flags
  LAKEHOUSE_SPARK_SOCKET a program of Spark that is there already, as in jobs
  LAKEHOUSE_PART_OF      names the run that this one is a layer of, as in jobs
  LAKEHOUSE_GLUE_BINARY  lakectl for the jobs in Glue, if not where it is built
  LAKEHOUSE_CACHE        folder for files of a lake on S3 that queries fetched
  LAKEHOUSE_CACHE_SIZE   how large it may become, by default 10GiB
  LAKEHOUSE_SNOWFLAKE_TOKEN, LAKEHOUSE_SNOWFLAKE_PASSWORD,
  LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE
                         secrets of the login to Snowflake, of which one
                         does; Snowflake's own SNOWFLAKE_TOKEN and
                         SNOWFLAKE_PASSWORD come after them
  NO_COLOR               if set, no colours
  CLICOLOR_FORCE         if set and not 0, colours without a terminal, too
  TERM                   dumb: no colours and no progress`

// newEnvironmentTopic is `lakectl help environment`.
func newEnvironmentTopic() *cobra.Command {
	return &cobra.Command{Use: "environment", Short: "Environment variables", Long: environmentText}
}
