package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/ops"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/term"
)

// deployStep is something that a deployment does after the stack. It says what
// it did, in a few words; nothing if there was nothing to do. Done again it
// changes nothing.
type deployStep struct {
	name string
	do   func(context.Context, *deployment) (did string, err error)
}

// stepResult is what a step did, in JSON.
type stepResult struct {
	Name string `json:"name"`
	Did  string `json:"did,omitempty"`
}

// deploySteps are what a deployment does after the stack, in their order. What
// needs the stack's outputs finds them in result.Outputs. The outputs are written
// last: when they are there, everything is.
func deploySteps() []deployStep {
	return []deployStep{
		{"folders", makeFolders},
		{"jobs", makeJobs},
		{"crawlers", makeCrawlers},
		{"outputs", writeOutputs},
	}
}

// runSteps does all steps. One that fails does not keep the others from being
// done, but the outputs are not written then.
func (d *deployment) runSteps(ctx context.Context) error {
	var failed error
	for _, step := range deploySteps() {
		if failed != nil && step.name == "outputs" {
			break
		}
		did, err := step.do(ctx, d)
		if err != nil {
			failed = errors.Join(failed, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		d.result.Steps = append(d.result.Steps, stepResult{Name: step.name, Did: did})
		if did != "" {
			d.App.note("%s: %s", step.name, term.Clean(did))
		}
	}
	return failed
}

// folderMark is what makes a folder of S3 visible before there is something in
// it. An object whose name ends in / would do as well, but some readers stumble
// on it; names that begin with _ are skipped by Athena, Spark and Glue.
const folderMark = "_folder"

// makeFolders makes the layers of a lake on S3 visible.
func makeFolders(ctx context.Context, d *deployment) (string, error) {
	if !onS3(d.Config.Lake.Value) {
		return "", nil // the lake makes its own folders
	}
	n := d.cloud.Names
	switch state, err := ops.Look(ctx, ops.Client(d.cloud.Session), n.LakeBucket, n); {
	case err != nil:
		return "", err
	case state == ops.Absent:
		return "", lostBucket(n)
	}
	bucket := s3.New(d.cloud.Session, s3.Options{Bucket: n.LakeBucket, Prefix: n.LakePrefix, Owner: n.Account})
	made := 0
	for _, layer := range []string{lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine} {
		_, err := storage.WriteAll(ctx, bucket, layer+"/"+folderMark, nil, storage.CreateOptions{IfNoneMatch: true})
		switch {
		case err == nil:
			made++
		case !errors.Is(err, storage.ErrPrecondition):
			return "", fmt.Errorf("make the folder %s: %w", layer, err)
		}
	}
	if made == 0 {
		return "", nil
	}
	d.beside = true
	return fmt.Sprintf("%d in s3://%s/%s", made, n.LakeBucket, n.LakePrefix), nil
}

// lostBucket is the error of a bucket that the stack has made and that is not
// there: another deployment would not make it again.
func lostBucket(n names.Names) error {
	return diag.Errorf(diag.Usage, "the bucket %s of the stack %s is not there: it was deleted beside the stack", n.LakeBucket, n.Stack()).
		WithNext("make it again: `aws s3 mb s3://%s --region %s`, then `lakectl deploy`; or begin anew: `lakectl destroy`, then `lakectl deploy`", n.LakeBucket, n.Region)
}

// makeJobs uploads the scripts of the jobs and registers them.
func makeJobs(ctx context.Context, d *deployment) (string, error) {
	if !onS3(d.Config.Lake.Value) {
		return "none, as the lake is on this machine; `lake: s3://" + d.cloud.Names.LakeBucket + "` in lakehouse.yaml moves it", nil
	}
	changes, err := d.App.registerCode(ctx, d.workspace, d.cloud, d.code)
	d.beside = d.beside || glue.Changed(changes)
	return summaryOf(changes, wordsDone), errors.Join(err, d.App.reportUpdates(changes))
}

// makeCrawlers registers the crawlers.
func makeCrawlers(ctx context.Context, d *deployment) (string, error) {
	if !onS3(d.Config.Lake.Value) {
		return "", nil // makeJobs says why
	}
	changes, err := registerCrawlers(ctx, d.workspace, d.cloud)
	d.beside = d.beside || glue.Changed(changes)
	return summaryOf(changes, wordsDone), errors.Join(err, d.App.reportUpdates(changes))
}

// How summaryOf calls what was done, and what would be.
var (
	wordsDone = map[string]string{glue.Create: "created", glue.Update: "updated"}
	wordsToDo = map[string]string{glue.Create: "to create", glue.Update: "to update"}
)

// summaryOf says what a registration does in a few words for each action,
// nothing if that is nothing.
func summaryOf(changes []glue.Change, words map[string]string) string {
	var parts []string
	for _, action := range []string{glue.Create, glue.Update} {
		n := 0
		for _, c := range changes {
			if c.Action == action {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words[action]))
		}
	}
	return strings.Join(parts, ", ")
}

// reportUpdates notes what a registration changed of what was there.
func (app *App) reportUpdates(changes []glue.Change) error {
	return app.reportChanges(slices.DeleteFunc(slices.Clone(changes), func(c glue.Change) bool { return c.Action != glue.Update }))
}

// outputs returns what other programs need to know of a deployment: what the
// stack says, and where it says nothing the names that follow from the project's.
func outputs(n names.Names, kms bool, said map[string]string) map[string]string {
	all := map[string]string{
		"LakeBucket": n.LakeBucket, "LogsBucket": n.LogsBucket(), "Workgroup": n.Workgroup(), "TopicArn": n.TopicARN(),
		"BronzeDatabase": n.Database(lake.Bronze), "SilverDatabase": n.Database(lake.Silver), "GoldDatabase": n.Database(lake.Gold),
		"GlueJobRoleArn": n.RoleARN("glue-job"), "GlueCrawlerRoleArn": n.RoleARN("glue-crawler"), "SecurityConfiguration": n.SecurityConfiguration(kms),
	}
	for name, value := range said {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// outputsFolder is where the outputs of deployments are, beside lakehouse.yaml.
const outputsFolder = ".lakehouse"

// writeOutputs writes the outputs for people and other programs.
func writeOutputs(_ context.Context, d *deployment) (string, error) {
	n := d.cloud.Names
	data, err := json.MarshalIndent(map[string]any{
		"project": n.Project, "environment": n.Environment, "account": n.Account, "region": n.Region,
		"stack": n.Stack(), "stack_id": d.result.ID, "outputs": d.result.Outputs,
	}, "", "  ")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(d.Config.File), outputsFolder)
	name := filepath.Join(dir, n.Environment+".json")
	if err := replaceFile(name, append(data, '\n')); err != nil {
		return "", fmt.Errorf("write the outputs: %w", err)
	}
	return "in " + d.App.short(name), nil
}

// replaceFile writes a small file whole, or leaves what was there.
func replaceFile(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
