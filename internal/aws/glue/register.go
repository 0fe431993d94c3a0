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
	return r.plan(ctx, r.jobThings(jobs))
}

// RegisterJobs creates and updates jobs that are not as they should be, and
// returns what was done, also when it fails on the way.
func (r *Registry) RegisterJobs(ctx context.Context, jobs []Job) ([]Change, error) {
	return r.register(ctx, r.jobThings(jobs))
}

func (r *Registry) jobThings(jobs []Job) []thing {
	var things []thing
	for i := range jobs {
		j := &jobs[i]
		things = append(things, thing{kind: "job", name: j.Name, arn: j.ARN, tags: j.Tags, should: j.fields(),
			is: func(ctx context.Context) ([]field, error) {
				is, err := r.job(ctx, j.Name)
				if err != nil || is == nil {
					return nil, err
				}
				return jobFields(is), nil
			},
			create: func(ctx context.Context) error { _, err := r.jobs.CreateJob(ctx, j.create()); return err },
			update: func(ctx context.Context) error { _, err := r.jobs.UpdateJob(ctx, j.update()); return err },
		})
	}
	return things
}

// thing is what can be registered.
type thing struct {
	kind, name, arn string
	tags            map[string]string
	should          []field                                // but tags
	is              func(context.Context) ([]field, error) // nil if it is not there
	create, update  func(context.Context) error
}

// plan says what register would do.
func (r *Registry) plan(ctx context.Context, things []thing) ([]Change, error) {
	var changes []Change
	for _, t := range things {
		is, err := t.is(ctx)
		if err != nil {
			return changes, err
		}
		if is != nil {
			tags, err := r.tagsOf(ctx, t.arn)
			if err != nil {
				return changes, err
			}
			is = pairs(is, tagPrefix, tags)
		}
		changes = append(changes, changeOf(t.kind, t.name, is, pairs(t.should, tagPrefix, t.tags)))
	}
	return changes, nil
}

// register looks at all, then creates and updates.
func (r *Registry) register(ctx context.Context, things []thing) ([]Change, error) {
	plan, err := r.plan(ctx, things)
	if err != nil {
		return nil, err
	}
	for i, t := range things {
		if err := r.make(ctx, t, plan[i]); err != nil {
			return plan[:i], err
		}
	}
	return plan, nil
}

// make makes one thing what it should be.
func (r *Registry) make(ctx context.Context, t thing, c Change) error {
	if c.Action == Create {
		if err := t.create(ctx); err != nil {
			return explain(fmt.Errorf("create the %s %s: %w", t.kind, t.name, err))
		}
		return nil
	}
	if slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return !strings.HasPrefix(f.Field, tagPrefix) }) {
		if err := t.update(ctx); err != nil {
			return explain(fmt.Errorf("update the %s %s: %w", t.kind, t.name, err))
		}
	}
	return r.retag(ctx, t.arn, t.tags, c)
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
