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
// and its script is there.
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
	return i.script(ctx, name, aws.ToString(out.Job.Command.ScriptLocation))
}

// script looks whether the script of a job is there.
func (i *Inspector) script(ctx context.Context, job, location string) diag.Finding {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if !ok || !strings.HasPrefix(location, "s3://") {
		return diag.Findf(diag.Bad, "the script of the job %s is at %q, which is no place on S3", job, location).WithRemedy(deploy)
	}
	_, err := i.objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), ExpectedBucketOwner: aws.String(i.names.Account)})
	switch {
	case absent(err) || status(err) == http.StatusNotFound:
		return diag.Findf(diag.Bad, "the script of the job %s is missing: %s", job, location).WithRemedy(deploy + " uploads it again")
	case status(err) == http.StatusForbidden:
		return diag.Findf(diag.Bad, "the script of the job %s is missing, or closed to us: %s", job, location).
			WithRemedy("%s uploads it again; `aws s3 ls %s` says whether it is there", deploy, location)
	case err != nil:
		return i.unchecked("look at "+location, err)
	}
	return diag.Findf(diag.Good, "%s, with its script", job)
}
