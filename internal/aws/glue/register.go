package glue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

type jobsAPI interface {
	GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error)
	CreateJob(context.Context, *glue.CreateJobInput, ...func(*glue.Options)) (*glue.CreateJobOutput, error)
	UpdateJob(context.Context, *glue.UpdateJobInput, ...func(*glue.Options)) (*glue.UpdateJobOutput, error)
}

type tagsAPI interface {
	GetTags(context.Context, *glue.GetTagsInput, ...func(*glue.Options)) (*glue.GetTagsOutput, error)
	TagResource(context.Context, *glue.TagResourceInput, ...func(*glue.Options)) (*glue.TagResourceOutput, error)
	UntagResource(context.Context, *glue.UntagResourceInput, ...func(*glue.Options)) (*glue.UntagResourceOutput, error)
}

type crawlersAPI interface {
	GetCrawler(context.Context, *glue.GetCrawlerInput, ...func(*glue.Options)) (*glue.GetCrawlerOutput, error)
	CreateCrawler(context.Context, *glue.CreateCrawlerInput, ...func(*glue.Options)) (*glue.CreateCrawlerOutput, error)
	UpdateCrawler(context.Context, *glue.UpdateCrawlerInput, ...func(*glue.Options)) (*glue.UpdateCrawlerOutput, error)
}

// Registry is the jobs and crawlers of Glue.
type Registry struct {
	jobs     jobsAPI
	tags     tagsAPI
	crawlers crawlersAPI
}

// NewRegistry returns the jobs and crawlers of an account and region.
func NewRegistry(s *session.Session) *Registry {
	c := glue.NewFromConfig(s.Config)
	return &Registry{jobs: c, tags: c, crawlers: c}
}

// Registered is what a job is like that is there.
type Registered struct {
	Version    string // of Glue
	WorkerType string
	MaxWorkers int
}

// Registered returns what a job is like; nil if there is none of that name.
func (r *Registry) Registered(ctx context.Context, name string) (*Registered, error) {
	is, err := r.job(ctx, name)
	if err != nil || is == nil {
		return nil, err
	}
	return &Registered{Version: aws.ToString(is.GlueVersion), WorkerType: string(is.WorkerType), MaxWorkers: int(aws.ToInt32(is.NumberOfWorkers))}, nil
}

// job returns a job as it is; nil if there is none of that name.
func (r *Registry) job(ctx context.Context, name string) (*types.Job, error) {
	out, err := r.jobs.GetJob(ctx, &glue.GetJobInput{JobName: &name})
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(fmt.Errorf("look at the job %s: %w", name, err))
	}
	return out.Job, nil
}

// PlanJobs says what RegisterJobs would do.
func (r *Registry) PlanJobs(ctx context.Context, jobs []Job) ([]Change, error) {
	var changes []Change
	for i := range jobs {
		j := &jobs[i]
		is, err := r.job(ctx, j.Name)
		if err != nil {
			return changes, err
		}
		var fields []field
		if is != nil {
			tags, err := r.tagsOf(ctx, j.ARN)
			if err != nil {
				return changes, err
			}
			fields = pairs(jobFields(is), tagPrefix, tags)
		}
		changes = append(changes, changeOf("job", j.Name, is != nil, fields, pairs(j.fields(), tagPrefix, j.Tags)))
	}
	return changes, nil
}

// RegisterJobs creates and updates jobs that are not as they should be, and
// returns what was done, also when it fails on the way.
func (r *Registry) RegisterJobs(ctx context.Context, jobs []Job) ([]Change, error) {
	plan, err := r.PlanJobs(ctx, jobs)
	if err != nil {
		return nil, err
	}
	for i, c := range plan {
		if err := r.registerJob(ctx, &jobs[i], c); err != nil {
			return plan[:i], err
		}
	}
	return plan, nil
}

func (r *Registry) registerJob(ctx context.Context, j *Job, c Change) error {
	if c.Action == Create {
		if _, err := r.jobs.CreateJob(ctx, j.create()); err != nil {
			return explain(fmt.Errorf("create the job %s: %w", j.Name, err))
		}
		return nil
	}
	if slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return !strings.HasPrefix(f.Field, tagPrefix) }) {
		if _, err := r.jobs.UpdateJob(ctx, j.update()); err != nil {
			return explain(fmt.Errorf("update the job %s: %w", j.Name, err))
		}
	}
	return r.retag(ctx, j.ARN, j.Tags, c)
}

const tagPrefix = "tags."

// tagsOf returns the tags of a resource but those of AWS itself.
func (r *Registry) tagsOf(ctx context.Context, arn string) (map[string]string, error) {
	out, err := r.tags.GetTags(ctx, &glue.GetTagsInput{ResourceArn: &arn})
	if err != nil {
		return nil, explain(fmt.Errorf("look at the tags of %s: %w", arn, err))
	}
	for key := range out.Tags {
		if strings.HasPrefix(key, "aws:") {
			delete(out.Tags, key)
		}
	}
	return out.Tags, nil
}

// retag sets and removes the tags that differ.
func (r *Registry) retag(ctx context.Context, arn string, tags map[string]string, c Change) error {
	set := map[string]string{}
	var remove []string
	for _, f := range c.Fields {
		key, isTag := strings.CutPrefix(f.Field, tagPrefix)
		if !isTag {
			continue
		}
		if value, ok := tags[key]; ok {
			set[key] = value
		} else {
			remove = append(remove, key)
		}
	}
	if len(set) > 0 {
		if _, err := r.tags.TagResource(ctx, &glue.TagResourceInput{ResourceArn: &arn, TagsToAdd: set}); err != nil {
			return explain(fmt.Errorf("tag %s: %w", arn, err))
		}
	}
	if len(remove) > 0 {
		if _, err := r.tags.UntagResource(ctx, &glue.UntagResourceInput{ResourceArn: &arn, TagsToRemove: remove}); err != nil {
			return explain(fmt.Errorf("take tags off %s: %w", arn, err))
		}
	}
	return nil
}
