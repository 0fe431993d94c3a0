package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

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
  LAKEHOUSE_NOW          the time that a run takes place at, such as 2026-11-23T09:45:00Z;
                         with it, a run can be repeated byte for byte
  NO_COLOR               if set, no colours
  CLICOLOR_FORCE         if set and not 0, colours also where there is no terminal
  TERM                   dumb: no colours and no progress`

// newEnvironmentTopic is `lakectl help environment`.
func newEnvironmentTopic() *cobra.Command {
	return &cobra.Command{Use: "environment", Short: "Environment variables", Long: environmentText}
}
