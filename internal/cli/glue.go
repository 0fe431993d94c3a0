package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/aws/program"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/term"
)

// openGlue returns a project and its place in AWS. Neither the lake nor raw
// files are looked at: what jobs and crawlers are follows from lakehouse.yaml
// alone, on every machine alike.
func (app *App) openGlue(ctx context.Context) (*workspace, *cloud, error) {
	w, cfg, problems, err := app.read()
	if err != nil {
		return nil, nil, err
	}
	if err := w.bindTo(cfg, problems, nil); err != nil {
		return nil, nil, err
	}
	c, err := openCloud(ctx, cfg)
	return w, c, err
}

// scriptsBucket is the bucket of the scripts of jobs. What lies under a key there
// never changes, as keys are made of hashes.
type scriptsBucket struct {
	app    *App
	bucket *s3.Bucket
}

func (app *App) openScripts(c *cloud) scriptsBucket {
	return scriptsBucket{app, s3.New(c.Session, s3.Options{Bucket: c.Names.ScriptsBucket(), Owner: c.Who.Account})}
}

// Put implements glue.Uploader.
func (b scriptsBucket) Put(ctx context.Context, key string, data []byte) (bool, error) {
	_, err := storage.WriteAll(ctx, b.bucket, key, data, storage.CreateOptions{IfNoneMatch: true})
	if errors.Is(err, storage.ErrPrecondition) {
		return false, nil
	}
	return err == nil, err
}

// PutFile implements glue.Uploader. It looks first: the file is large, and there
// nearly always. A write with a condition would hold all of it in memory; two that
// write it at a time write the same.
func (b scriptsBucket) PutFile(ctx context.Context, key string, file glue.File) (bool, error) {
	switch info, err := storage.Stat(ctx, b.bucket, key); {
	case err == nil && info.Size == file.Size():
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	b.app.note("Uploading %s, which the jobs run: %s", path.Base(key), term.Size(file.Size()))
	in, err := file.Open()
	if err != nil {
		return false, err
	}
	defer in.Close()
	out, err := b.bucket.Create(ctx, key, storage.CreateOptions{})
	if err != nil {
		return false, err
	}
	defer out.Abort()
	if _, err := io.Copy(out, in); err != nil {
		return false, err
	}
	_, err = out.Commit(ctx)
	return err == nil, err
}

// jobsCode returns what the jobs of a project run. AWS is not asked.
func (app *App) jobsCode(w *workspace, c *cloud) (*glue.Code, error) {
	places, err := program.Here(app.Getenv(program.Variable))
	if err != nil {
		return nil, err
	}
	found, err := places.Find()
	if err != nil {
		return nil, err
	}
	return glue.CodeOf(w.Project, c.Names, found)
}

// registerJobs uploads what the jobs of a project run, and makes the jobs what
// they should be. It returns what it did, also when it fails on the way.
func (app *App) registerJobs(ctx context.Context, w *workspace, c *cloud) ([]glue.Change, error) {
	code, err := app.jobsCode(w, c)
	if err != nil {
		return nil, err
	}
	return app.registerCode(ctx, w, c, code)
}

// registerCode is registerJobs with code that was made before.
func (app *App) registerCode(ctx context.Context, w *workspace, c *cloud, code *glue.Code) ([]glue.Change, error) {
	if _, err := code.Upload(ctx, app.openScripts(c)); err != nil {
		return nil, err
	}
	return glue.NewRegistry(c.Session).RegisterJobs(ctx, glue.Jobs(w.Config, c.Names, code))
}

// planJobs says what registerJobs would do to jobs.
func (app *App) planJobs(ctx context.Context, w *workspace, c *cloud) ([]glue.Change, error) {
	code, err := app.jobsCode(w, c)
	if err != nil {
		return nil, err
	}
	return glue.NewRegistry(c.Session).PlanJobs(ctx, glue.Jobs(w.Config, c.Names, code))
}

// registerCrawlers makes the crawlers of a project what they should be.
func registerCrawlers(ctx context.Context, w *workspace, c *cloud) ([]glue.Change, error) {
	return glue.NewRegistry(c.Session).RegisterCrawlers(ctx, glue.Crawlers(w.Project, c.Names))
}

// planCrawlers says what registerCrawlers would do.
func planCrawlers(ctx context.Context, w *workspace, c *cloud) ([]glue.Change, error) {
	return glue.NewRegistry(c.Session).PlanCrawlers(ctx, glue.Crawlers(w.Project, c.Names))
}

// changeLines are what changes do, for people. dry says that they were not done.
func changeLines(changes []glue.Change, dry bool) []string {
	done := map[string]string{glue.Create: "created", glue.Update: "updated", glue.Keep: "as it should be"}
	if dry {
		done[glue.Create], done[glue.Update] = "would be created", "would be updated"
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s: %s", c.Kind, c.Name, done[c.Action]))
		for _, f := range c.Fields {
			lines = append(lines, fmt.Sprintf("  %s: %s -> %s", term.Clean(f.Field), orNone(f.Old), orNone(f.New)))
		}
	}
	return lines
}

func orNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return term.Clean(value)
}

// registered is the result of `job register --json` and `crawler register --json`.
type registered struct {
	DryRun  bool          `json:"dry_run"`
	Changes []glue.Change `json:"changes"`
}

// printChanges shows what a registration did.
func (app *App) printChanges(changes []glue.Change, dry bool) error {
	if app.json {
		return app.printJSON(registered{DryRun: dry, Changes: append([]glue.Change{}, changes...)})
	}
	if len(changes) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(app.IO.Out, strings.Join(changeLines(changes, dry), "\n"))
	return err
}

// chooseLayers returns the layers of arguments, all of them if there are none.
func chooseLayers(args []string) ([]string, error) {
	for _, word := range args {
		if !slices.Contains(glue.Layers(), word) {
			return nil, diag.Errorf(diag.Usage, "there is no layer %q", word).WithNext("%sthe layers are %s", meant(word, glue.Layers()), strings.Join(glue.Layers(), ", "))
		}
	}
	return slices.DeleteFunc(glue.Layers(), func(layer string) bool { return len(args) > 0 && !slices.Contains(args, layer) }), nil
}

// meant says which of names was probably meant by a word, with a blank behind it,
// or nothing. What ends with a layer is the name of its job or crawler.
func meant(word string, names []string) string {
	word = word[strings.LastIndexByte(word, '-')+1:]
	if hint := diag.Suggest(word, names); hint != "" {
		return hint + " "
	}
	return ""
}

// findRun returns the run that a word names: by its id, or the last one of a
// layer or of the layer's job.
func (c *cloud) findRun(ctx context.Context, r *glue.Runner, word string) (*glue.Run, error) {
	word = strings.TrimPrefix(word, c.Names.Job(""))
	if slices.Contains(glue.Layers(), word) {
		runs, err := r.Runs(ctx, c.Names.Job(word), 1)
		if err == nil && len(runs) == 0 {
			err = diag.Errorf(diag.Usage, "the job %s never ran", c.Names.Job(word)).WithNext("start it with `lakectl run %s --engine glue`", word)
		}
		if err != nil {
			return nil, err
		}
		return runs[0], nil
	}
	if !strings.HasPrefix(word, "jr_") {
		return nil, diag.Errorf(diag.Usage, "%q is neither a run nor a layer", word).
			WithNext("%swrite the id of a run, which begins with jr_, or one of %s", meant(word, glue.Layers()), strings.Join(glue.Layers(), ", "))
	}
	return r.Find(ctx, c.jobNames(), word)
}

func (c *cloud) jobNames() []string {
	var jobs []string
	for _, layer := range glue.Layers() {
		jobs = append(jobs, c.Names.Job(layer))
	}
	return jobs
}

// dpuHours writes an amount of DPU-hours.
func dpuHours(hours float64) string { return fmt.Sprintf("%.2f", hours) }

// estimateLines are an estimate, for people.
func estimateLines(e cost.Estimate) []string {
	lines := []string{fmt.Sprintf("estimate: about %s, at most %s", cost.Dollars(e.Usual), cost.Dollars(e.Most))}
	for _, a := range e.Assumptions {
		lines = append(lines, "  "+a)
	}
	return lines
}

// runCells are the cells of a run in tables.
func runCells(r *glue.Run, now time.Time) []string {
	return []string{r.State, age(r.Started, now), term.Duration(seconds(r.Seconds)), dpuHours(r.DPUHours), cost.Dollars(r.USD)}
}

// stateStyle is how the state of a run or a crawl is painted.
func stateStyle(state string) term.Style {
	switch state {
	case "SUCCEEDED", "READY":
		return term.Green
	case "FAILED", "TIMEOUT", "ERROR", "EXPIRED":
		return term.Red
	}
	return term.Yellow
}
