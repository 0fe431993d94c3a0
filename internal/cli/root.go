package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

const rootLong = `lakectl makes clean tables from raw files.

One file, lakehouse.yaml, says where the raw files are, which of their rows
are good, and which tables to make of them. "lakectl run" builds them on this
machine: bronze (as it came) -> silver (typed, valid, one row per key) -> gold
(business tables), as folders of Parquet files that any engine reads.`

const rootExample = `  lakectl init demo && cd demo    # the sample project
  lakectl run                     # build the lake
  lakectl status                  # what is in it
  lakectl quarantine ls           # which rows were not good enough, and why`

// Groups of commands in the help.
const (
	groupBuild = "build"
	groupLook  = "look"
	groupCloud = "cloud"
	groupOther = "other"
)

// newRootCmd makes the whole tree of commands.
func newRootCmd(app *App) *cobra.Command {
	root := &cobra.Command{Use: "lakectl", Short: "Clean tables from raw files", Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRun: func(*cobra.Command, []string) { app.settle() }}
	flags := root.PersistentFlags()
	flags.StringVarP(&app.projectDir, "project", "C", "", "use the project in `DIR` (default: here or above)")
	flags.StringVar(&app.environment, "env", "", "use the environment `NAME` (default: that of the file)")
	flags.BoolVarP(&app.quiet, "quiet", "q", false, "no progress, notes and summaries")
	flags.BoolVar(&app.json, "json", false, "results and errors for machines")
	flags.BoolVar(&app.noColor, "no-color", false, "no colours (also NO_COLOR=1)")
	root.SetFlagErrorFunc(flagError)
	versionFlag(group(root), app)
	root.AddGroup(&cobra.Group{ID: groupBuild, Title: "Build"}, &cobra.Group{ID: groupLook, Title: "Look"}, &cobra.Group{ID: groupCloud, Title: "AWS"},
		&cobra.Group{ID: groupOther, Title: "Other"})
	add := func(id string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	add(groupBuild, newInitCmd(app, nil), newValidateCmd(app, nil), newRunCmd(app, nil), newGenerateCmd(app, nil))
	add(groupLook, newStatusCmd(app, nil), newShowCmd(app, nil), newQueryCmd(app, nil), newQuarantineCmd(app))
	add(groupCloud, newCatalogCmd(app))
	add(groupCloud, newSnowflakeCmd(app))
	add(groupCloud, newPolicyCmd(app))
	add(groupCloud, newJobCmd(app), newCrawlerCmd(app))
	add(groupCloud, newDoctorCmd(app, nil))
	add(groupCloud, newDeployCmd(app, nil), newDriftCmd(app, nil), newDestroyCmd(app, nil))
	add(groupCloud, newMonitorCmd(app))
	add(groupOther, newLockCmd(app), newSchemaCmd(app, nil), newVersionCmd(app, nil), newCompletionCmd(app))
	root.AddCommand(newExitCodesTopic(), newEnvironmentTopic(), newTaskCmd(app))
	root.SetHelpFunc(app.showHelp)
	root.SetHelpCommand(newHelpCmd())
	root.SetHelpCommandGroupID(groupOther)
	return root
}

// settle applies the global flags, once they are known.
func (app *App) settle() {
	if !app.noColor {
		return
	}
	streams := *app.IO
	streams.Out.Color, streams.Err.Color = false, false
	app.IO = &streams
}

// group makes a command of one that has others below it: alone it prints its
// help, and it says what was probably meant by a word that is no command.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	return cmd
}

// versionFlag adds --version to the root, for those who try that first.
func versionFlag(root *cobra.Command, app *App) {
	wanted, help := root.Flags().Bool("version", false, "the version"), root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *wanted && len(args) == 0 {
			return runVersion(&VersionOptions{App: app})
		}
		return help(cmd, args)
	}
}

func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	path := strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()) + " " + word)
	err := diag.Errorf(diag.Usage, "there is no command %q", path)
	if hint := diag.Suggest(word, names); hint != "" {
		return err.WithNext("%s `%s --help` lists the commands", hint, cmd.CommandPath())
	}
	return err.WithNext("`%s --help` lists the commands", cmd.CommandPath())
}

// flagError is the error for flags that cannot be understood.
func flagError(cmd *cobra.Command, err error) error {
	if before := cmd.Flags().Args(); cmd.HasAvailableSubCommands() && len(before) > 0 {
		return unknownCommand(cmd, before[0]) // whose flags these are
	}
	next := fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath())
	if unknown, ok := err.(interface{ GetSpecifiedName() string }); ok {
		name := unknown.GetSpecifiedName()
		if hint := suggestFlag(cmd, name); hint != "" {
			next = hint + " " + next
		} else if strings.ContainsAny(name, " \n") { // the comment of a statement, perhaps
			next = fmt.Sprintf("what begins with -- and is no flag stands behind a --: %s -- '...'", cmd.CommandPath())
		}
	}
	return diag.Errorf(diag.Usage, "%s", flagMessage(err)).WithNext("%s", next)
}

// flagMessage says what is wrong with flags. What Go says of a value that is no
// number is not for people.
func flagMessage(err error) string {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	wants := map[string]string{
		"int": "it is not a whole number", "uint64": "it is not a whole number from 0 up", "float64": "it is not a number",
		"bool": "it is not true or false", "duration": "it is not a length of time; write for example 90s, 10m or 2h",
	}[invalid.GetFlag().Value.Type()]
	if wants == "" {
		return strings.Replace(err.Error(), fmt.Sprintf("\"--%s\" flag", invalid.GetFlag().Name), fmt.Sprintf("\"--%s\"", invalid.GetFlag().Name), 1)
	}
	return fmt.Sprintf("invalid argument %q for \"--%s\": %s", invalid.GetValue(), invalid.GetFlag().Name, wants)
}

func suggestFlag(cmd *cobra.Command, word string) string {
	var names []string
	for line := range strings.Lines(cmd.Flags().FlagUsages()) {
		if _, after, ok := strings.Cut(line, "--"); ok {
			name, _, _ := strings.Cut(after, " ")
			names = append(names, strings.TrimSpace(name))
		}
	}
	if best := diag.Nearest(word, names); best != "" && best != word {
		return fmt.Sprintf("did you mean --%s?", best)
	}
	return ""
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error { return countArgs(0, 0)(cmd, args) }

// countArgs refuses fewer or more arguments.
func countArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		next := "`" + cmd.UseLine() + "`"
		switch {
		case len(args) > most:
			return diag.Errorf(diag.Usage, "unexpected argument %q", args[most]).WithNext("write %s", next)
		case len(args) < least:
			return diag.Errorf(diag.Usage, "%s needs %s", cmd.CommandPath(), term.Plural(int64(least), "argument", "arguments")).WithNext("write %s", next)
		}
		return nil
	}
}

// oneArg wants one argument, and says what it is when it is missing.
func oneArg(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return diag.Errorf(diag.Usage, "%s needs %s", cmd.CommandPath(), what).WithNext("write for example `%s %s`", cmd.CommandPath(), example)
		}
		return countArgs(1, 1)(cmd, args)
	}
}
