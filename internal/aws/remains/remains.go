package remains

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/ops"
	"github.com/lakectl/lakectl/internal/aws/session"
)

// buckets is the part of S3 that is used.
type buckets interface {
	ops.Emptier
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// databases is the part of Glue that is used for databases.
type databases interface {
	GetDatabase(context.Context, *glue.GetDatabaseInput, ...func(*glue.Options)) (*glue.GetDatabaseOutput, error)
	DeleteDatabase(context.Context, *glue.DeleteDatabaseInput, ...func(*glue.Options)) (*glue.DeleteDatabaseOutput, error)
}

// workers is the part of Glue that is used for jobs and crawlers.
type workers interface {
	GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error)
	DeleteJob(context.Context, *glue.DeleteJobInput, ...func(*glue.Options)) (*glue.DeleteJobOutput, error)
	GetCrawler(context.Context, *glue.GetCrawlerInput, ...func(*glue.Options)) (*glue.GetCrawlerOutput, error)
	DeleteCrawler(context.Context, *glue.DeleteCrawlerInput, ...func(*glue.Options)) (*glue.DeleteCrawlerOutput, error)
}

// logs is the part of CloudWatch Logs that is used.
type logs interface {
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	DeleteLogGroup(context.Context, *cloudwatchlogs.DeleteLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error)
}

// Kind is what a thing is.
type Kind string

// The kinds.
const (
	Bucket   Kind = "bucket"
	Database Kind = "database" // with its tables, which are nothing but descriptions
	LogGroup Kind = "log group"
	Job      Kind = "job"
	Crawler  Kind = "crawler"
)

// Thing is something that is there beside the stack.
type Thing struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Prefix is which part of a bucket is the project's; empty is all of it.
	Prefix string `json:"prefix,omitempty"`
}

// HoldsData says whether something is lost when the thing is deleted. Jobs and
// crawlers are made anew by the next deployment.
func (t Thing) HoldsData() bool { return t.Kind != Job && t.Kind != Crawler }

// Finder finds and deletes things.
type Finder struct {
	names   names.Names
	buckets buckets
	tables  databases
	workers workers
	logs    logs
}

// New returns a finder for the things of an environment of a project.
func New(s *session.Session, n names.Names) *Finder {
	client := glue.NewFromConfig(s.Config)
	return &Finder{names: n, buckets: ops.Client(s), tables: client, workers: client, logs: cloudwatchlogs.NewFromConfig(s.Config)}
}

var layers = []string{"bronze", "silver", "gold"}

// Find returns what is there: first what is made anew by a deployment, then what
// holds data.
func (f *Finder) Find(ctx context.Context) ([]Thing, error) {
	var found []Thing
	for _, t := range f.possible() {
		there, err := f.there(ctx, t)
		if err != nil && t.Kind == Bucket {
			return nil, err
		}
		if err != nil {
			return nil, session.Explain(fmt.Errorf("look for the %s %s: %w", t.Kind, t.Name, err))
		}
		if there {
			found = append(found, t)
		}
	}
	return found, nil
}

// possible returns all that may be there.
func (f *Finder) possible() []Thing {
	var list []Thing
	add := func(kind Kind, names ...string) {
		for _, name := range names {
			list = append(list, Thing{Kind: kind, Name: name})
		}
	}
	n := f.names
	for _, layer := range layers {
		add(Crawler, n.Crawler(layer))
		add(Job, n.Job(layer))
	}
	for _, layer := range layers {
		add(Database, n.Database(layer))
	}
	add(LogGroup, n.LogGroup("jobs")+"/output", n.LogGroup("jobs")+"/error", n.CrawlerLogGroup(true), n.CrawlerLogGroup(false), n.PipelineLogGroup())
	list = append(list, Thing{Kind: Bucket, Name: n.LakeBucket, Prefix: n.LakePrefix})
	add(Bucket, n.LogsBucket(), n.ScriptsBucket())
	return list
}

func (f *Finder) there(ctx context.Context, t Thing) (bool, error) {
	var err error
	switch t.Kind {
	case Bucket:
		state, err := ops.Look(ctx, f.buckets, t.Name, f.names)
		return state == ops.Ours, err // which names the bucket
	case Database:
		_, err = f.tables.GetDatabase(ctx, &glue.GetDatabaseInput{Name: &t.Name})
	case Job:
		_, err = f.workers.GetJob(ctx, &glue.GetJobInput{JobName: &t.Name})
	case Crawler:
		_, err = f.workers.GetCrawler(ctx, &glue.GetCrawlerInput{Name: &t.Name})
	case LogGroup:
		return f.logGroup(ctx, t.Name)
	}
	if missing(err) {
		return false, nil
	}
	return err == nil, err
}

func (f *Finder) logGroup(ctx context.Context, name string) (bool, error) {
	out, err := f.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return false, err
	}
	for _, group := range out.LogGroups { // the name itself is the first of those that begin with it
		if aws.ToString(group.LogGroupName) == name {
			return true, nil
		}
	}
	return false, nil
}

// missing says whether an error means that a thing is not there.
func missing(err error) bool {
	var inGlue *gluetypes.EntityNotFoundException
	var inLogs *logtypes.ResourceNotFoundException
	return errors.As(err, &inGlue) || errors.As(err, &inLogs)
}

// Delete deletes a thing and all that is in it. It returns what is left of it
// and why, empty if nothing is. progress is told how many objects are gone.
func (f *Finder) Delete(ctx context.Context, t Thing, progress func(objects int64)) (left string, err error) {
	switch t.Kind {
	case Bucket:
		return f.deleteBucket(ctx, t, progress)
	case Database:
		_, err = f.tables.DeleteDatabase(ctx, &glue.DeleteDatabaseInput{Name: &t.Name})
	case Job:
		_, err = f.workers.DeleteJob(ctx, &glue.DeleteJobInput{JobName: &t.Name})
	case Crawler:
		_, err = f.workers.DeleteCrawler(ctx, &glue.DeleteCrawlerInput{Name: &t.Name})
	case LogGroup:
		_, err = f.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &t.Name})
	}
	if err != nil && !missing(err) {
		return "", session.Explain(fmt.Errorf("delete the %s %s: %w", t.Kind, t.Name, err))
	}
	return "", nil
}

// deleteBucket empties what is the project's in a bucket, and deletes the bucket
// if nothing else is in it.
func (f *Finder) deleteBucket(ctx context.Context, t Thing, progress func(int64)) (string, error) {
	place := ops.Place{Bucket: t.Name, Prefix: t.Prefix, Account: f.names.Account}
	if _, err := ops.Empty(ctx, f.buckets, place, progress); err != nil {
		return "", err
	}
	gone, err := ops.Remove(ctx, f.buckets, place)
	if err == nil && !gone {
		return "the bucket stays, because other things are in it", nil
	}
	return "", err
}
