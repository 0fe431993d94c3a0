package glue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/project"
)

// fail is an error of AWS as the SDK returns it.
func fail(operation, code string) error {
	return &smithy.OperationError{ServiceID: "Glue", OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
}

func missing() error { return &types.EntityNotFoundException{Message: aws.String("not there")} }

// fake is Glue in memory. What is in fails makes its operation fail, once for
// each error.
type fake struct {
	jobs     map[string]*types.Job
	crawlers map[string]*types.Crawler
	tags     map[string]map[string]string
	fails    map[string][]error
	calls    []string

	states   []types.JobRun // what GetJobRun says, one after the other; the last one stays
	runs     []types.JobRun // what GetJobRuns says
	stopping []types.BatchStopJobRunError
	crawls   []types.Crawler // what GetCrawler says, if any
	history  []types.CrawlerHistory
	tables   [][]types.Table // what GetTables says, one after the other
}

func newFake() *fake {
	return &fake{jobs: map[string]*types.Job{}, crawlers: map[string]*types.Crawler{}, tags: map[string]map[string]string{}, fails: map[string][]error{}}
}

func (f *fake) call(operation string) error {
	f.calls = append(f.calls, operation)
	list := f.fails[operation]
	if len(list) == 0 {
		return nil
	}
	f.fails[operation] = list[1:]
	return list[0]
}

// next takes the first of a list, unless it is the last one.
func next[T any](list *[]T) T {
	first := (*list)[0]
	if len(*list) > 1 {
		*list = (*list)[1:]
	}
	return first
}

func (f *fake) GetJob(_ context.Context, in *glue.GetJobInput, _ ...func(*glue.Options)) (*glue.GetJobOutput, error) {
	if err := f.call("GetJob"); err != nil {
		return nil, err
	}
	if f.jobs[*in.JobName] == nil {
		return nil, missing()
	}
	return &glue.GetJobOutput{Job: f.jobs[*in.JobName]}, nil
}

func (f *fake) CreateJob(_ context.Context, in *glue.CreateJobInput, _ ...func(*glue.Options)) (*glue.CreateJobOutput, error) {
	if err := f.call("CreateJob"); err != nil {
		return nil, err
	}
	f.jobs[*in.Name] = &types.Job{Name: in.Name, Description: in.Description, Role: in.Role, Command: in.Command, GlueVersion: in.GlueVersion,
		WorkerType: in.WorkerType, NumberOfWorkers: in.NumberOfWorkers, ExecutionClass: in.ExecutionClass, Timeout: in.Timeout, MaxRetries: in.MaxRetries,
		ExecutionProperty: in.ExecutionProperty, SecurityConfiguration: in.SecurityConfiguration, DefaultArguments: maps.Clone(in.DefaultArguments)}
	f.tags["arn:aws:glue:eu-central-1:111122223333:job/"+*in.Name] = maps.Clone(in.Tags)
	return &glue.CreateJobOutput{}, nil
}

func (f *fake) UpdateJob(_ context.Context, in *glue.UpdateJobInput, _ ...func(*glue.Options)) (*glue.UpdateJobOutput, error) {
	if err := f.call("UpdateJob"); err != nil {
		return nil, err
	}
	u := in.JobUpdate
	f.jobs[*in.JobName] = &types.Job{Name: in.JobName, Description: u.Description, Role: u.Role, Command: u.Command, GlueVersion: u.GlueVersion,
		WorkerType: u.WorkerType, NumberOfWorkers: u.NumberOfWorkers, ExecutionClass: u.ExecutionClass, Timeout: u.Timeout, MaxRetries: u.MaxRetries,
		ExecutionProperty: u.ExecutionProperty, SecurityConfiguration: u.SecurityConfiguration, DefaultArguments: maps.Clone(u.DefaultArguments)}
	return &glue.UpdateJobOutput{}, nil
}

func (f *fake) GetTags(_ context.Context, in *glue.GetTagsInput, _ ...func(*glue.Options)) (*glue.GetTagsOutput, error) {
	return &glue.GetTagsOutput{Tags: maps.Clone(f.tags[*in.ResourceArn])}, f.call("GetTags")
}

func (f *fake) TagResource(_ context.Context, in *glue.TagResourceInput, _ ...func(*glue.Options)) (*glue.TagResourceOutput, error) {
	maps.Copy(f.tags[*in.ResourceArn], in.TagsToAdd)
	return nil, f.call("TagResource")
}

func (f *fake) UntagResource(_ context.Context, in *glue.UntagResourceInput, _ ...func(*glue.Options)) (*glue.UntagResourceOutput, error) {
	for _, key := range in.TagsToRemove {
		delete(f.tags[*in.ResourceArn], key)
	}
	return nil, f.call("UntagResource")
}

func (f *fake) GetCrawler(_ context.Context, in *glue.GetCrawlerInput, _ ...func(*glue.Options)) (*glue.GetCrawlerOutput, error) {
	if err := f.call("GetCrawler"); err != nil {
		return nil, err
	}
	if len(f.crawls) > 0 {
		c := next(&f.crawls)
		return &glue.GetCrawlerOutput{Crawler: &c}, nil
	}
	if f.crawlers[*in.Name] == nil {
		return nil, missing()
	}
	return &glue.GetCrawlerOutput{Crawler: f.crawlers[*in.Name]}, nil
}

func (f *fake) CreateCrawler(_ context.Context, in *glue.CreateCrawlerInput, _ ...func(*glue.Options)) (*glue.CreateCrawlerOutput, error) {
	if err := f.call("CreateCrawler"); err != nil {
		return nil, err
	}
	f.crawlers[*in.Name] = &types.Crawler{Name: in.Name, Description: in.Description, Role: aws.String("shop-dev-eu-central-1-glue-crawler"), DatabaseName: in.DatabaseName,
		Targets: in.Targets, Configuration: in.Configuration, CrawlerSecurityConfiguration: in.CrawlerSecurityConfiguration,
		SchemaChangePolicy: in.SchemaChangePolicy, RecrawlPolicy: in.RecrawlPolicy}
	f.tags["arn:aws:glue:eu-central-1:111122223333:crawler/"+*in.Name] = maps.Clone(in.Tags)
	return nil, nil
}

func (f *fake) UpdateCrawler(_ context.Context, in *glue.UpdateCrawlerInput, _ ...func(*glue.Options)) (*glue.UpdateCrawlerOutput, error) {
	if err := f.call("UpdateCrawler"); err != nil {
		return nil, err
	}
	f.crawlers[*in.Name].Targets = in.Targets
	return nil, nil
}

func (f *fake) StartJobRun(_ context.Context, in *glue.StartJobRunInput, _ ...func(*glue.Options)) (*glue.StartJobRunOutput, error) {
	return &glue.StartJobRunOutput{JobRunId: aws.String("jr_1")}, f.call("StartJobRun")
}

func (f *fake) GetJobRun(_ context.Context, in *glue.GetJobRunInput, _ ...func(*glue.Options)) (*glue.GetJobRunOutput, error) {
	if err := f.call("GetJobRun"); err != nil {
		return nil, err
	}
	run := next(&f.states)
	run.JobName, run.Id = in.JobName, in.RunId
	return &glue.GetJobRunOutput{JobRun: &run}, nil
}

func (f *fake) GetJobRuns(_ context.Context, in *glue.GetJobRunsInput, _ ...func(*glue.Options)) (*glue.GetJobRunsOutput, error) {
	if err := f.call("GetJobRuns"); err != nil {
		return nil, err
	}
	if in.NextToken == nil && len(f.runs) > 1 {
		return &glue.GetJobRunsOutput{JobRuns: f.runs[:1], NextToken: aws.String("more")}, nil
	}
	return &glue.GetJobRunsOutput{JobRuns: f.runs[min(1, max(0, len(f.runs)-1)):]}, nil
}

func (f *fake) BatchStopJobRun(_ context.Context, _ *glue.BatchStopJobRunInput, _ ...func(*glue.Options)) (*glue.BatchStopJobRunOutput, error) {
	return &glue.BatchStopJobRunOutput{Errors: f.stopping}, f.call("BatchStopJobRun")
}

func (f *fake) StartCrawler(context.Context, *glue.StartCrawlerInput, ...func(*glue.Options)) (*glue.StartCrawlerOutput, error) {
	return nil, f.call("StartCrawler")
}

func (f *fake) ListCrawls(context.Context, *glue.ListCrawlsInput, ...func(*glue.Options)) (*glue.ListCrawlsOutput, error) {
	return &glue.ListCrawlsOutput{Crawls: f.history}, f.call("ListCrawls")
}

func (f *fake) GetTables(context.Context, *glue.GetTablesInput, ...func(*glue.Options)) (*glue.GetTablesOutput, error) {
	if err := f.call("GetTables"); err != nil {
		return nil, err
	}
	return &glue.GetTablesOutput{TableList: next(&f.tables)}, nil
}

// fakeLogs answers with its pages, one for each call; the last one stays.
type fakeLogs struct {
	pages  [][]logtypes.FilteredLogEvent
	err    error
	groups []string
}

func (f *fakeLogs) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	f.groups = append(f.groups, *in.LogGroupName)
	if f.err != nil || len(f.pages) == 0 {
		return &cloudwatchlogs.FilterLogEventsOutput{}, f.err
	}
	return &cloudwatchlogs.FilterLogEventsOutput{Events: next(&f.pages)}, nil
}

func event(id, stream, message string) logtypes.FilteredLogEvent {
	return logtypes.FilteredLogEvent{EventId: &id, LogStreamName: &stream, Message: &message, Timestamp: aws.Int64(time.Now().UnixMilli())}
}

// file is a program with this content.
type file string

func (f file) Size() int64                  { return int64(len(f)) }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(f))), nil }
func (f file) SHA256() string {
	sum := sha256.Sum256([]byte(f))
	return hex.EncodeToString(sum[:])
}

// sampled returns a project, its names and its code.
func sampled(t *testing.T, aws string) (*project.Project, names.Names, *Code) {
	t.Helper()
	text, err := os.ReadFile("../../../sampledata/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Parse(config.FileName, append([]byte("aws: "+aws+"\n"), text...), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	cfg.Project.Value, cfg.Lake.Value = "shop", "s3://the-lake/a/b"
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := names.Of(cfg, "111122223333", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	code, err := CodeOf(p, n, file("lakectl"))
	if err != nil {
		t.Fatal(err)
	}
	return p, n, code
}

// patient waits for nothing, and counts.
func patient(waits *int) func(context.Context, time.Duration) error {
	return func(ctx context.Context, _ time.Duration) error { *waits++; return ctx.Err() }
}
