package glue

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/diag"
)

// state is a run of Glue's in a state.
func state(s types.JobRunState, message string) types.JobRun {
	run := types.JobRun{JobRunState: s, LogGroupName: aws.String("/shop/dev/jobs"), StartedOn: aws.Time(time.Now()), ExecutionTime: 600,
		NumberOfWorkers: aws.Int32(4), WorkerType: types.WorkerTypeG2x}
	if message != "" {
		run.ErrorMessage = &message
	}
	return run
}

// followed is what a Watch was told.
type followed struct {
	states, lines, notes []string
	seen                 int
}

func (f *followed) watch() Watch {
	return Watch{State: func(r *Run) { f.states = append(f.states, r.State) }, Seen: func(*Run) { f.seen++ }, Log: func(l Line) { f.lines = append(f.lines, l.Text) },
		Note: func(text string) { f.notes = append(f.notes, text) }}
}

// runner returns a Runner on fakes that waits for nothing.
func runner(f *fake, logs *fakeLogs) *Runner {
	return &Runner{runs: f, logs: logs, wait: patient(new(int))}
}

func TestFollow(t *testing.T) {
	f := newFake()
	f.states = []types.JobRun{state("STARTING", ""), state("WAITING", ""), state("RUNNING", ""), state("RUNNING", ""), state("SUCCEEDED", "")}
	logs := &fakeLogs{pages: [][]logtypes.FilteredLogEvent{
		{}, {event("1", "jr_1", "one\n")},
		{event("1", "jr_1", "one\n"), event("2", "jr_1-driver", "two"), event("3", "jr_1_attempt_1", "another run"), event("4", "jr_1-2", "an executor")},
	}}
	r := runner(f, logs)
	run, err := r.Start(t.Context(), "job", map[string]string{RunArgument: "x"})
	if err != nil {
		t.Fatal(err)
	}
	run, err = r.Run(t.Context(), "job", run.ID) // STARTING is what Start answered
	if err != nil {
		t.Fatal(err)
	}
	var got followed
	run, err = r.Follow(t.Context(), run, got.watch())
	if err != nil || !run.Succeeded() {
		t.Fatalf("%+v, %v", run, err)
	}
	if want := []string{"WAITING", "RUNNING", "SUCCEEDED"}; !slices.Equal(got.states, want) || got.seen != 4 {
		t.Errorf("states %v", got.states)
	}
	if want := []string{"one", "two"}; !slices.Equal(got.lines, want) {
		t.Errorf("lines %v", got.lines)
	}
	if logs.groups[0] != "/shop/dev/jobs/output" {
		t.Errorf("the log is looked for in %s", logs.groups[0])
	}
	// No DPUSeconds: 10 minutes of 4 workers of 2 DPUs.
	if math.Abs(run.DPUHours-8.0/6) > 1e-9 || math.Abs(run.USD-0.44*8/6) > 1e-5 {
		t.Errorf("%v DPU-hours, $%v", run.DPUHours, run.USD)
	}
}

func TestCostOfARun(t *testing.T) {
	flex := state("SUCCEEDED", "")
	flex.DPUSeconds, flex.ExecutionClass = aws.Float64(3600), types.ExecutionClassFlex
	if r := runOf(&flex); r.DPUHours != 1 || r.USD != 0.29 || !r.Flex {
		t.Errorf("%+v", r)
	}
	capacity := types.JobRun{MaxCapacity: aws.Float64(3), ExecutionTime: 3600}
	if r := runOf(&capacity); r.DPUHours != 3 {
		t.Errorf("%+v", r)
	}
}

func TestRunsThatDoNotSucceed(t *testing.T) {
	for _, test := range []struct {
		state types.JobRunState
		error string
		class diag.Class
		want  string
		next  string
	}{
		{"FAILED", "SystemExit: no program", diag.Unexpected, "the job job failed: SystemExit: no program", "lakectl job logs jr_1"},
		{"ERROR", "", diag.Unexpected, "the job job failed: Glue gives no reason; the last line of its log is: boom", "lakectl job logs jr_1"},
		{"TIMEOUT", "", diag.Unexpected, "took longer than its timeout", "max_workers"},
		{"STOPPED", "stopped by ann", diag.Unexpected, "was stopped: stopped by ann", "nothing is half-published"},
		{"EXPIRED", "", diag.Transient, "waited too long for capacity", "flex: false"},
	} {
		f := newFake()
		f.states = []types.JobRun{state("RUNNING", ""), state(test.state, test.error)}
		r := runner(f, &fakeLogs{pages: [][]logtypes.FilteredLogEvent{{event("1", "jr_1", "boom")}}})
		var got followed
		run, err := r.Follow(t.Context(), &Run{Job: "job", ID: "jr_1", State: "RUNNING", LogGroup: "/x"}, got.watch())
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != test.class || !strings.Contains(typed.Msg, test.want) || !strings.Contains(typed.Next, test.next) {
			t.Errorf("%s: %v", test.state, err)
		}
		if !run.Ended() || run.Succeeded() {
			t.Errorf("%s: ended %v, succeeded %v", test.state, run.Ended(), run.Succeeded())
		}
	}
}

func TestFollowBearsFaults(t *testing.T) {
	f := newFake()
	f.states = []types.JobRun{state("RUNNING", ""), state("SUCCEEDED", "")}
	f.fails["GetJobRun"] = []error{fail("GetJobRun", "ThrottlingException"), fail("GetJobRun", "InternalServiceException")}
	var got followed
	begun := &Run{Job: "job", ID: "jr_1", State: "STARTING", LogGroup: "/g"}
	logs := &fakeLogs{err: fail("FilterLogEvents", "AccessDeniedException")}
	if _, err := runner(f, logs).Follow(t.Context(), begun, got.watch()); err != nil {
		t.Error(err)
	}
	if len(got.notes) != 3 || !strings.Contains(got.notes[2], "the log is not shown") {
		t.Errorf("notes %v", got.notes)
	}

	// A log group that is not there yet is no fault.
	f.states, got = []types.JobRun{state("SUCCEEDED", "")}, followed{}
	if _, err := runner(f, &fakeLogs{err: fail("FilterLogEvents", "ResourceNotFoundException")}).Follow(t.Context(), begun, got.watch()); err != nil || len(got.notes) > 0 {
		t.Errorf("%v, %v", got.notes, err)
	}

	for range tolerated + 1 {
		f.fails["GetJobRun"] = append(f.fails["GetJobRun"], fail("GetJobRun", "ThrottlingException"))
	}
	if _, err := runner(f, &fakeLogs{}).Follow(t.Context(), begun, got.watch()); diag.ClassOf(err) != diag.Transient {
		t.Errorf("throttled for good: %v", err)
	}
	f.fails["GetJobRun"] = []error{fail("GetJobRun", "AccessDeniedException")}
	if _, err := runner(f, &fakeLogs{}).Follow(t.Context(), begun, got.watch()); diag.ClassOf(err) != diag.Usage {
		t.Errorf("denied: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if run, err := runner(f, &fakeLogs{}).Follow(ctx, begun, got.watch()); !errors.Is(err, context.Canceled) || run.ID != "jr_1" {
		t.Errorf("detached: %+v, %v", run, err)
	}
}

func TestStartFails(t *testing.T) {
	f := newFake()
	busy := fail("StartJobRun", "ConcurrentRunsExceededException")
	other := state("RUNNING", "")
	other.Arguments = map[string]string{RunArgument: "another"}
	f.runs = []types.JobRun{other}
	f.fails["StartJobRun"] = []error{busy}
	_, err := runner(f, nil).Start(t.Context(), "job", map[string]string{RunArgument: "mine"})
	var typed *diag.Error
	if !errors.As(err, &typed) || typed.Class != diag.Locked || !strings.Contains(typed.Next, "lakectl job stop") {
		t.Errorf("another run is under way: %v", err)
	}

	// The run under way is ours: the answer to the first request was lost.
	mine := state("STARTING", "")
	mine.Id, mine.Arguments = aws.String("jr_9"), map[string]string{RunArgument: "mine"}
	f.runs, f.fails["StartJobRun"] = []types.JobRun{other, mine}, []error{busy}
	if run, err := runner(f, nil).Start(t.Context(), "job", map[string]string{RunArgument: "mine"}); err != nil || run.ID != "jr_9" {
		t.Errorf("our own run: %+v, %v", run, err)
	}

	f.fails["StartJobRun"] = []error{missing()}
	if _, err = runner(f, nil).Start(t.Context(), "job", nil); !errors.As(err, &typed) || typed.Class != diag.Usage || !strings.Contains(typed.Next, "lakectl job register") {
		t.Errorf("no such job: %v", err)
	}
}

func TestFindListAndStop(t *testing.T) {
	f := newFake()
	f.states = []types.JobRun{state("RUNNING", "")}
	f.fails["GetJobRun"] = []error{missing()}
	r := runner(f, nil)
	if run, err := r.Find(t.Context(), []string{"a", "b"}, "jr_1"); err != nil || run.Job != "b" {
		t.Errorf("%+v, %v", run, err)
	}
	f.fails["GetJobRun"] = []error{missing(), missing()}
	if _, err := r.Find(t.Context(), []string{"a", "b"}, "jr_1"); diag.ClassOf(err) != diag.Usage {
		t.Errorf("no such run: %v", err)
	}
	older, newer := state("FAILED", ""), state("RUNNING", "")
	older.StartedOn = aws.Time(time.Now().Add(-time.Hour))
	f.runs = []types.JobRun{older, newer}
	if runs, err := r.Runs(t.Context(), "a", 5); err != nil || len(runs) != 2 || runs[0].State != "RUNNING" {
		t.Errorf("%+v, %v", runs, err)
	}
	f.fails["GetJobRuns"] = []error{missing()}
	if runs, err := r.Runs(t.Context(), "a", 5); err != nil || runs != nil {
		t.Errorf("of a job that is not there: %v, %v", runs, err)
	}
	if err := r.Stop(t.Context(), "a", "jr_1"); err != nil {
		t.Error(err)
	}
	f.stopping = []types.BatchStopJobRunError{{JobRunId: aws.String("jr_0")}, {JobName: aws.String("a"), JobRunId: aws.String("jr_1"),
		ErrorDetail: &types.ErrorDetail{ErrorCode: aws.String("JobRunNotInTerminalStateException"), ErrorMessage: aws.String("has ended")}}}
	if err := r.Stop(t.Context(), "a", "jr_1"); err == nil || !strings.Contains(err.Error(), "has ended") || !strings.Contains(err.Error(), "jr_0 of a cannot be stopped: Glue does not say why") {
		t.Errorf("an error of one run: %v", err)
	}
}

func TestRetry(t *testing.T) {
	f := newFake()
	failed := &Run{Job: "job", ID: "jr_1", State: "FAILED", Arguments: map[string]string{RunArgument: "mine"}}
	again := state("STARTING", "")
	again.Id, again.Attempt, again.Arguments = aws.String("jr_1_attempt_1"), 1, failed.Arguments
	first := state("FAILED", "")
	first.Arguments = failed.Arguments
	f.runs = []types.JobRun{first, again}
	r := runner(f, nil)
	if run, err := r.Retry(t.Context(), failed, 2); err != nil || run == nil || run.ID != "jr_1_attempt_1" {
		t.Errorf("%+v, %v", run, err)
	}
	if run, err := r.Retry(t.Context(), failed, 0); err != nil || run != nil {
		t.Errorf("without retries: %+v, %v", run, err)
	}
	f.runs = f.runs[:1]
	if run, err := r.Retry(t.Context(), failed, 1); err != nil || run != nil {
		t.Errorf("Glue gave up: %+v, %v", run, err)
	}
	if run, err := r.Retry(t.Context(), &Run{State: "STOPPED"}, 1); err != nil || run != nil {
		t.Errorf("stopped: %+v, %v", run, err)
	}
}

func TestLogs(t *testing.T) {
	f := newFake()
	f.states = []types.JobRun{state("RUNNING", ""), state("SUCCEEDED", "")}
	logs := &fakeLogs{pages: [][]logtypes.FilteredLogEvent{{event("1", "jr_1", "a")}, {event("2", "jr_1", "b")}, {event("3", "jr_1", "c")}}}
	var lines []string
	add := func(l Line) error { lines = append(lines, l.Text); return nil }
	run := &Run{Job: "job", ID: "jr_1", State: "RUNNING", LogGroup: "/g"}
	if err := runner(f, logs).Logs(t.Context(), run, LogOptions{Kind: SystemLog, Follow: true}, add); err != nil || strings.Join(lines, "") != "abc" {
		t.Errorf("%v, %v", lines, err)
	}
	if logs.groups[0] != "/g/error" {
		t.Error(logs.groups)
	}
	other := runner(f, logs)
	other.logGroup = "/shop/dev/jobs"
	if logs.groups = nil; other.Logs(t.Context(), run, LogOptions{Kind: OutputLog}, add) != nil || !slices.Equal(logs.groups, []string{"/g/output", "/shop/dev/jobs/output"}) {
		t.Errorf("a run that names another group than its job: %v", logs.groups)
	}
	lines = nil
	logs.pages = [][]logtypes.FilteredLogEvent{{event("1", "jr_1", "a")}}
	if err := runner(f, logs).Logs(t.Context(), run, LogOptions{Kind: OutputLog}, add); err != nil || len(lines) != 1 {
		t.Errorf("%v, %v", lines, err)
	}
	logs.err = fail("FilterLogEvents", "ThrottlingException")
	if err := runner(f, logs).Logs(t.Context(), run, LogOptions{Kind: OutputLog}, add); diag.ClassOf(err) != diag.Transient {
		t.Error(err)
	}
}
