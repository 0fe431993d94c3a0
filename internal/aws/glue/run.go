package glue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

type runsAPI interface {
	StartJobRun(context.Context, *glue.StartJobRunInput, ...func(*glue.Options)) (*glue.StartJobRunOutput, error)
	GetJobRun(context.Context, *glue.GetJobRunInput, ...func(*glue.Options)) (*glue.GetJobRunOutput, error)
	GetJobRuns(context.Context, *glue.GetJobRunsInput, ...func(*glue.Options)) (*glue.GetJobRunsOutput, error)
	BatchStopJobRun(context.Context, *glue.BatchStopJobRunInput, ...func(*glue.Options)) (*glue.BatchStopJobRunOutput, error)
}

type logsAPI interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// Runner starts, follows and stops runs of jobs.
type Runner struct {
	runs     runsAPI
	logs     logsAPI
	logGroup string // of the jobs
	wait     func(context.Context, time.Duration) error
}

// NewRunner returns the runs of a project's jobs.
func NewRunner(s *session.Session, n names.Names) *Runner {
	return &Runner{runs: glue.NewFromConfig(s.Config), logs: cloudwatchlogs.NewFromConfig(s.Config), logGroup: n.LogGroup("jobs"), wait: sleep}
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Run is one run of a job.
type Run struct {
	Job        string            `json:"job"`
	ID         string            `json:"id"`
	Attempt    int               `json:"attempt"` // from 0
	State      string            `json:"state"`
	Detail     string            `json:"detail,omitempty"` // of the state
	Error      string            `json:"error,omitempty"`
	Started    time.Time         `json:"started"`
	Seconds    float64           `json:"seconds"` // of execution, without the wait for workers
	DPUHours   float64           `json:"dpu_hours"`
	USD        float64           `json:"usd"`
	WorkerType string            `json:"worker_type"`
	Workers    int               `json:"workers"` // the most
	Flex       bool              `json:"flex"`
	LogGroup   string            `json:"log_group"` // its groups begin with this
	Arguments  map[string]string `json:"arguments,omitempty"`
}

// finals are the states in which a run stays.
var finals = []types.JobRunState{types.JobRunStateSucceeded, types.JobRunStateFailed, types.JobRunStateStopped,
	types.JobRunStateTimeout, types.JobRunStateError, types.JobRunStateExpired}

// Ended says whether a run is over. A run that waits for capacity or is being
// stopped is not.
func (r *Run) Ended() bool { return slices.Contains(finals, types.JobRunState(r.State)) }

// Succeeded says whether a run did all that it should.
func (r *Run) Succeeded() bool { return r.State == string(types.JobRunStateSucceeded) }

// runOf reads a run of Glue's. What it used is in DPUSeconds where Glue counts
// it (auto scaling, flex), else it had all its workers all the time.
func runOf(j *types.JobRun) *Run {
	r := &Run{
		Job: aws.ToString(j.JobName), ID: aws.ToString(j.Id), Attempt: int(j.Attempt), State: string(j.JobRunState), Detail: aws.ToString(j.StateDetail),
		Error: aws.ToString(j.ErrorMessage), Started: aws.ToTime(j.StartedOn), Seconds: float64(j.ExecutionTime),
		WorkerType: string(j.WorkerType), Workers: int(aws.ToInt32(j.NumberOfWorkers)), Flex: j.ExecutionClass == types.ExecutionClassFlex,
		LogGroup: aws.ToString(j.LogGroupName), Arguments: j.Arguments,
	}
	used := aws.ToFloat64(j.DPUSeconds)
	if used == 0 {
		capacity := aws.ToFloat64(j.MaxCapacity)
		if r.Workers > 0 {
			capacity = cost.DPUs(r.WorkerType) * float64(r.Workers)
		}
		used = r.Seconds * capacity
	}
	r.DPUHours, r.USD = used/3600, cost.GlueJob(used, r.Flex)
	return r
}

// RunArgument is the argument that names a run: by it a start whose answer was
// lost is known again.
const RunArgument = "--run"

// Start starts a run of a job with arguments beside the job's own, of which
// RunArgument must be one that no other run has.
func (r *Runner) Start(ctx context.Context, job string, arguments map[string]string) (*Run, error) {
	out, err := r.runs.StartJobRun(ctx, &glue.StartJobRunInput{JobName: &job, Arguments: arguments})
	if err == nil {
		return r.Run(ctx, job, aws.ToString(out.JobRunId))
	}
	if session.Code(err) == "ConcurrentRunsExceededException" {
		// The request may have been sent again because an answer was lost.
		if last, listErr := r.Runs(ctx, job, 5); listErr == nil {
			for _, run := range last {
				if run.Arguments[RunArgument] == arguments[RunArgument] {
					return run, nil
				}
			}
		}
	}
	return nil, explain(fmt.Errorf("start the job %s: %w", job, err))
}

// Run returns a run of a job.
func (r *Runner) Run(ctx context.Context, job, id string) (*Run, error) {
	out, err := r.runs.GetJobRun(ctx, &glue.GetJobRunInput{JobName: &job, RunId: &id})
	if err != nil {
		return nil, explain(fmt.Errorf("look at the run %s of %s: %w", id, job, err))
	}
	return runOf(out.JobRun), nil
}

// Find returns the run of that id of one of the jobs.
func (r *Runner) Find(ctx context.Context, jobs []string, id string) (*Run, error) {
	for _, job := range jobs {
		out, err := r.runs.GetJobRun(ctx, &glue.GetJobRunInput{JobName: &job, RunId: &id})
		if err == nil {
			return runOf(out.JobRun), nil
		}
		if !notFound(err) {
			return nil, explain(fmt.Errorf("look at the run %s of %s: %w", id, job, err))
		}
	}
	return nil, diag.Errorf(diag.Usage, "there is no run %s of the jobs of this project", id).WithNext("`lakectl job status` lists the last runs")
}

// Runs returns the last runs of a job, the last one first; none of a job that
// is not there.
func (r *Runner) Runs(ctx context.Context, job string, most int) ([]*Run, error) {
	var list []*Run
	in := &glue.GetJobRunsInput{JobName: &job, MaxResults: aws.Int32(int32(min(most, 200)))}
	for {
		out, err := r.runs.GetJobRuns(ctx, in)
		if notFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, explain(fmt.Errorf("list the runs of %s: %w", job, err))
		}
		for i := range out.JobRuns {
			list = append(list, runOf(&out.JobRuns[i]))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil || len(list) >= most {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b *Run) int { return b.Started.Compare(a.Started) })
	return list[:min(most, len(list))], nil
}

// Stop asks Glue to stop runs of a job. Those that cannot be stopped are errors,
// each with Glue's reason.
func (r *Runner) Stop(ctx context.Context, job string, ids ...string) error {
	out, err := r.runs.BatchStopJobRun(ctx, &glue.BatchStopJobRunInput{JobName: &job, JobRunIds: ids})
	if err != nil {
		return explain(fmt.Errorf("stop runs of %s: %w", job, err))
	}
	var failed []error
	for _, e := range out.Errors {
		reason := "Glue does not say why"
		if e.ErrorDetail != nil {
			reason = aws.ToString(e.ErrorDetail.ErrorCode) + ": " + aws.ToString(e.ErrorDetail.ErrorMessage)
		}
		failed = append(failed, diag.Errorf(diag.Unexpected, "the run %s of %s cannot be stopped: %s", aws.ToString(e.JobRunId), job, reason).
			WithNext("`lakectl job status %s` says whether it has ended", aws.ToString(e.JobRunId)))
	}
	return errors.Join(failed...)
}
