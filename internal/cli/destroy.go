package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/remains"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// DestroyOptions are the settings of `lakectl destroy`.
type DestroyOptions struct {
	App         *App
	Yes         bool
	DeleteData  bool
	ConfirmName string
	Unprotect   bool
	RoleARN     string
}

func newDestroyCmd(app *App, runF func(*DestroyOptions) error) *cobra.Command {
	opts := &DestroyOptions{App: app}
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Delete what deploy made; the data stays, unless it is meant",
		Long: `Delete the stack, jobs and crawlers. What holds data stays: buckets, databases,
log groups and the key. The next deploy takes it over again. What goes and what
stays is listed first, and the name of the stack is to be typed.

--delete-data deletes the data, too: all objects of the lake with all their
versions, the buckets, the databases and the log groups. It cannot be undone.
The name is to be typed for it, or given by --confirm-name; --yes is not
enough. Of a bucket that the lake shares only the lake's part is deleted. A KMS
key stays: what is encrypted with it elsewhere could never be read again.

A stack of production is protected: --unprotect lifts that. Without a terminal
its name is given by --confirm-name, as --yes is not enough for it either.`,
		Example: `  lakectl destroy
  lakectl destroy --yes                                      # no terminal
  lakectl destroy --delete-data --confirm-name lakehouse-dev`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runDestroy(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.Yes, "yes", false, "do not ask; the data stays; not enough for production")
	flags.BoolVar(&opts.DeleteData, "delete-data", false, "delete the data, too")
	flags.StringVar(&opts.ConfirmName, "confirm-name", "", "the `NAME` of the stack, for --delete-data and for production without a terminal")
	flags.BoolVar(&opts.Unprotect, "unprotect", false, "lift the protection of a stack of production")
	flags.StringVar(&opts.RoleARN, "role-arn", "", "the role `ARN` that CloudFormation acts in")
	return cmd
}

// destruction is one run of `lakectl destroy`.
type destruction struct {
	*DestroyOptions
	cloud  *cloud
	file   string // lakehouse.yaml
	engine *stack.Engine
	finder *remains.Finder
	stack  *stack.Stack // nil if there is none
	result destroyResult
}

// destroyResult is the result of `destroy --json`.
type destroyResult struct {
	Stack   string          `json:"stack"`
	Existed bool            `json:"existed"`
	Deleted []remains.Thing `json:"deleted"`
	Stays   []remains.Thing `json:"stays"`
	Keys    []string        `json:"keys"`
}

func runDestroy(ctx context.Context, opts *DestroyOptions) error {
	d, err := newDestruction(ctx, opts)
	if err != nil {
		return err
	}
	goes, err := d.survey(ctx)
	if err != nil {
		return err
	}
	if err := d.show(goes); err != nil {
		return err
	}
	if d.stack == nil && len(goes) == 0 {
		return d.conclude("nothing to delete")
	}
	if err := d.confirm(ctx); err != nil {
		return err
	}
	events := newStackEvents(opts.App, d.result.Stack)
	defer events.close()
	if err := d.deleteStack(ctx, events); err != nil {
		return err
	}
	if err := d.deleteThings(ctx, goes, events); err != nil {
		return errors.Join(opts.App.printPartial(d.result), err)
	}
	events.close()
	return d.conclude("deleted")
}

func newDestruction(ctx context.Context, opts *DestroyOptions) (*destruction, error) {
	c, cfg, err := opts.App.openCloudAlone(ctx)
	if err != nil {
		return nil, err
	}
	opts.App.note("Account %s, region %s, environment %s, as %s", c.Who.Account, c.Who.Region, c.Names.Environment, c.Who.ARN)
	d := &destruction{DestroyOptions: opts, cloud: c, file: cfg.File, engine: openStack(c, opts.RoleARN), finder: remains.New(c.Session, c.Names)}
	if d.stack, err = d.engine.Describe(ctx); err != nil {
		return nil, err
	}
	d.result = destroyResult{Stack: c.Names.Stack(), Existed: d.stack != nil, Deleted: []remains.Thing{}, Stays: []remains.Thing{}, Keys: []string{}}
	if d.stack != nil && d.stack.Protected && !opts.Unprotect {
		return nil, diag.Errorf(diag.Usage, "the stack %s is protected against deletion", d.result.Stack).
			WithNext("if it is really meant: lakectl destroy --unprotect")
	}
	return d, nil
}

// survey finds what is there, and returns what of it goes; what stays is in the
// result.
func (d *destruction) survey(ctx context.Context) ([]remains.Thing, error) {
	found, err := d.finder.Find(ctx)
	if err != nil {
		return nil, err
	}
	var goes []remains.Thing
	for _, t := range found {
		if t.HoldsData() && !d.DeleteData {
			d.result.Stays = append(d.result.Stays, t)
		} else {
			goes = append(goes, t)
		}
	}
	resources, err := d.engine.Resources(ctx)
	for _, r := range stack.Retained(resources) {
		if r.Type == "AWS::KMS::Key" {
			d.result.Keys = append(d.result.Keys, r.Physical)
		}
	}
	return goes, err
}

// show says what goes and what stays.
func (d *destruction) show(goes []remains.Thing) error {
	app := d.App
	asking := app.IO.Interactive && d.ConfirmName == "" && (!d.Yes || d.DeleteData || stack.Production(d.cloud.Names.Environment))
	if !asking && (app.quiet || app.json) {
		return nil
	}
	var b strings.Builder
	list := func(title, none string, things []remains.Thing, style term.Style) {
		fmt.Fprintln(&b, title)
		for _, t := range things {
			where := t.Name
			if t.Prefix != "" {
				where = "s3://" + t.Name + "/" + t.Prefix
			}
			fmt.Fprintf(&b, "  %s %s\n", t.Kind, app.IO.Err.Paint(style, term.Clean(where)))
		}
		if none != "" && len(things) == 0 {
			fmt.Fprintln(&b, "  "+none)
		}
	}
	if d.stack != nil {
		fmt.Fprintf(&b, "The stack %s (%s) will be deleted.\n", d.result.Stack, d.stack.Status)
	}
	if len(goes) > 0 {
		style := term.Plain
		if d.DeleteData {
			style = term.Red
		}
		list("To be deleted, with all that is in it:", "", goes, style)
	}
	list("What stays in AWS:", "nothing that holds data", d.result.Stays, term.Green)
	for _, key := range d.result.Keys {
		fmt.Fprintf(&b, "  key %s (it costs $1 a month; to delete it: aws kms schedule-key-deletion --key-id %s)\n", key, key)
	}
	_, err := app.IO.Err.Write([]byte(b.String()))
	return err
}

// confirm has the name of the stack typed, or given: a --yes that stands in a
// script is not meant for data, nor for production.
func (d *destruction) confirm(ctx context.Context) error {
	name := d.result.Stack
	production := stack.Production(d.cloud.Names.Environment)
	switch {
	case d.ConfirmName != "" && d.ConfirmName != name:
		return diag.Errorf(diag.Usage, "--confirm-name is %q, and the stack is %s; nothing was deleted", d.ConfirmName, name).
			WithNext("is it the right environment? --env names another")
	case d.ConfirmName != "", d.Yes && !d.DeleteData && !production:
		return nil
	}
	question, instead := fmt.Sprintf("This deletes the stack %s in account %s.", name, d.cloud.Who.Account), "pass --yes to agree"
	if production {
		instead = "pass --confirm-name " + name
	}
	if d.DeleteData {
		question, instead = fmt.Sprintf("This deletes the data of %s in account %s for ever.", name, d.cloud.Who.Account), "pass --confirm-name "+name
	}
	typed, err := d.App.IO.Retype(ctx, question, name, instead)
	if err == nil && !typed {
		err = diag.Errorf(diag.Usage, "that is not the name; nothing was deleted")
	}
	return err
}

func (d *destruction) deleteStack(ctx context.Context, events *stackEvents) error {
	if d.stack == nil {
		return nil
	}
	if d.stack.Protected {
		if err := d.engine.Unprotect(ctx, d.stack); err != nil {
			return err
		}
	}
	return d.engine.Delete(ctx, events)
}

// deleteThings deletes what is beside the stack.
func (d *destruction) deleteThings(ctx context.Context, goes []remains.Thing, events *stackEvents) error {
	for _, t := range goes {
		stage := events.progress.Start(fmt.Sprintf("%s %s", t.Kind, t.Name), 0)
		stage.Say("")
		left, err := d.finder.Delete(ctx, t, func(objects int64) { stage.Say(term.Plural(objects, "version deleted", "versions deleted")) })
		stage.Done()
		if err != nil {
			return err
		}
		if left != "" {
			events.Note(fmt.Sprintf("%s %s: %s", t.Kind, t.Name, left))
			d.result.Stays = append(d.result.Stays, t)
			continue
		}
		events.Note(fmt.Sprintf("deleted the %s %s", t.Kind, t.Name))
		d.result.Deleted = append(d.result.Deleted, t)
	}
	return nil
}

// conclude has the project forget the deployment, and says what was done.
func (d *destruction) conclude(what string) error {
	removed, err := removeOutputs(d.file, d.cloud.Names)
	if err != nil {
		return err
	}
	if removed != "" {
		d.App.note("removed %s", d.App.short(removed))
	}
	return d.print(what)
}

func (d *destruction) print(what string) error {
	if d.App.json {
		return d.App.printJSON(d.result)
	}
	_, err := fmt.Fprintf(d.App.IO.Out, "%s: %s\n", d.result.Stack, what)
	return err
}
