package inspect

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/diag"
)

type jobAPI interface {
	GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error)
}

// Job looks whether the Glue job of a layer is registered, runs with our role,
// and its code is there: its script, and what its arguments name.
func (i *Inspector) Job(ctx context.Context, layer string) diag.Finding {
	name := i.names.Job(layer)
	out, err := i.jobs.GetJob(ctx, &glue.GetJobInput{JobName: aws.String(name)})
	switch {
	case absent(err):
		return diag.Findf(diag.Bad, "there is no job %s", name).WithRemedy(deploy)
	case err != nil:
		return i.unchecked("read the job "+name, err)
	case out.Job == nil || out.Job.Command == nil:
		return diag.Findf(diag.Bad, "the job %s has no script", name).WithRemedy(deploy)
	}
	if role := aws.ToString(out.Job.Role); role != i.names.Role("glue-job") && role != i.names.RoleARN("glue-job") {
		return diag.Findf(diag.Bad, "the job %s runs as %s, not as %s", name, role, i.names.Role("glue-job")).WithRemedy(deploy)
	}
	for _, c := range code() {
		location, ok := aws.ToString(out.Job.Command.ScriptLocation), true
		if c.argument != "" {
			location, ok = out.Job.DefaultArguments[c.argument]
		}
		if !ok {
			return diag.Findf(diag.Bad, "the job %s has no %s: another version of lakectl registered it", name, c.argument).WithRemedy("`lakectl job register`")
		}
		if found := i.object(ctx, "the "+c.what+" of the job "+name, location); found != nil {
			return *found
		}
	}
	return diag.Findf(diag.Good, "%s, with its code", name)
}

// codePart is a part of what a job runs.
type codePart struct {
	what     string
	argument string // that says where it is; "" for the script, of which Glue itself has to know
}

func code() []codePart {
	return []codePart{{"script", ""}, {"compiled project", "--project-s3"}, {"Python package", "--extra-py-files"}, {"lakectl", "--extra-files"}}
}

// object looks whether something of a job is there; nil if it is.
func (i *Inspector) object(ctx context.Context, what, location string) *diag.Finding {
	bad := func(f diag.Finding) *diag.Finding { return &f }
	bucket, key, ok := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if !ok || !strings.HasPrefix(location, "s3://") {
		return bad(diag.Findf(diag.Bad, "%s is at %q, which is no place on S3", what, location).WithRemedy(deploy))
	}
	_, err := i.objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), ExpectedBucketOwner: aws.String(i.names.Account)})
	switch {
	case absent(err) || status(err) == http.StatusNotFound:
		return bad(diag.Findf(diag.Bad, "%s is missing: %s", what, location).WithRemedy(deploy + " uploads it again"))
	case status(err) == http.StatusForbidden:
		return bad(diag.Findf(diag.Bad, "%s is missing, or closed to us: %s", what, location).
			WithRemedy("%s uploads it again; `aws s3 ls %s` says whether it is there", deploy, location))
	case err != nil:
		return bad(i.unchecked("look at "+location, err))
	}
	return nil
}
