//go:build e2e

package awstest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/program"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/project"
)

// glueLab is a project in moto that no other test has.
type glueLab struct {
	session *session.Session
	project *project.Project
	names   names.Names
	code    *glue.Code
}

func newGlueLab(t *testing.T) *glueLab {
	t.Helper()
	s := moto(t)
	text := fmt.Sprintf("project: glue%d\nlake: s3://lake/top\nbronze: {orders: {source: x}}\nsilver: {orders: {columns: {id: {type: bigint}}}}", time.Now().UnixNano()%1e9)
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text), config.Options{})
	p, more := project.Bind(cfg, nil)
	if problems.Add(more); problems.Err() != nil {
		t.Fatal(problems.Err())
	}
	n, err := names.Of(cfg, "123456789012", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	places, err := program.Here(os.Getenv(program.Variable))
	if err != nil {
		t.Fatal(err)
	}
	lakectl, err := places.Find()
	if err != nil {
		t.Fatal(err)
	}
	code, err := glue.CodeOf(p, n, lakectl)
	if err != nil {
		t.Fatal(err)
	}
	return &glueLab{s, p, n, code}
}

// transition tells moto how a model goes from one state to the next; at the end
// of the test it does so at once again.
func transition(t *testing.T, model, how string) {
	t.Helper()
	set := func(how string) error {
		body := fmt.Sprintf(`{"model_name": %q, "transition": %s}`, model, how)
		res, err := http.Post(os.Getenv("E2E_AWS_ENDPOINT")+"/moto-api/state-manager/set-transition", "application/json", bytes.NewBufferString(body))
		if err == nil {
			err = res.Body.Close()
		}
		return err
	}
	if err := set(how); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set(`{"progression": "immediate"}`); err != nil {
			t.Error(err)
		}
	})
}

// Jobs are registered once, run through their states with their log, and run one
// at a time. (moto has no UpdateJob and no BatchStopJobRun, and no run fails.)
func TestGlueJobs(t *testing.T) {
	lab := newGlueLab(t)
	ctx := t.Context()
	registry, runner := glue.NewRegistry(lab.session), glue.NewRunner(lab.session, lab.names)
	jobs := glue.Jobs(lab.project.Config, lab.names, lab.code)
	for i, want := range []string{glue.Create, glue.Keep} {
		changes, err := registry.RegisterJobs(ctx, jobs)
		if err != nil || len(changes) != 3 || changes[1].Action != want {
			t.Fatalf("registration %d: %+v, %v", i, changes, err)
		}
	}
	transition(t, "glue::job_run", `{"progression": "manual", "times": 2}`)
	job := lab.names.Job("silver")
	run, err := runner.Start(ctx, job, map[string]string{glue.RunArgument: "one", "--tables": "silver.orders"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runner.Start(ctx, job, map[string]string{glue.RunArgument: "two"}); diag.ClassOf(err) != diag.Locked {
		t.Errorf("a second run: %v", err)
	}
	if again, err := runner.Start(ctx, job, map[string]string{glue.RunArgument: "one"}); err != nil || again.ID != run.ID {
		t.Errorf("the same run again: %+v, %v", again, err)
	}
	lab.log(t, lab.names.LogGroup("jobs")+"/output", run.ID, "hello")
	var states, lines []string
	seen := 0
	run, err = runner.Follow(ctx, run, glue.Watch{State: func(r *glue.Run) { states = append(states, r.State) },
		Seen: func(*glue.Run) { seen++ },
		Log:  func(l glue.Line) { lines = append(lines, l.Text) }, Note: func(text string) { t.Error(text) }})
	if err != nil || states[len(states)-1] != "SUCCEEDED" || run.DPUHours <= 0 || run.USD <= 0 || seen < len(states) {
		t.Errorf("%v, seen %d times, %+v, %v", states, seen, run, err)
	}
	if !slices.Equal(lines, []string{"hello"}) {
		t.Errorf("log %v", lines)
	}
	if found, err := runner.Find(ctx, []string{lab.names.Job("bronze"), job}, run.ID); err != nil || found.Job != job || found.Arguments["--tables"] != "silver.orders" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := runner.Start(ctx, "nothing", nil); diag.ClassOf(err) != diag.Usage {
		t.Errorf("a job that is not there: %v", err)
	}
}

// log puts a line into a log.
func (lab *glueLab) log(t *testing.T, group, stream, text string) {
	t.Helper()
	logs := cloudwatchlogs.NewFromConfig(lab.session.Config)
	_, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group})
	if err == nil {
		_, err = logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	}
	if err == nil {
		_, err = logs.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream,
			LogEvents: []logtypes.InputLogEvent{{Message: &text, Timestamp: aws.Int64(time.Now().UnixMilli())}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Crawlers are registered once and updated when tables change, and a crawl is
// followed to its end. (moto's crawlers find nothing.)
func TestGlueCrawlers(t *testing.T) {
	lab := newGlueLab(t)
	ctx := t.Context()
	client := sdk.NewFromConfig(lab.session.Config)
	database := lab.names.Database("silver")
	if _, err := client.CreateDatabase(ctx, &sdk.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &database}}); err != nil {
		t.Fatal(err)
	}
	registry, crawls := glue.NewRegistry(lab.session), glue.NewCrawls(lab.session)
	crawlers := glue.Crawlers(lab.project, lab.names)
	for i, want := range []string{glue.Create, glue.Keep} {
		changes, err := registry.RegisterCrawlers(ctx, crawlers)
		if err != nil || len(changes) != 2 || changes[1].Action != want {
			t.Fatalf("registration %d: %+v, %v", i, changes, err)
		}
	}
	transition(t, "glue::crawl", `{"progression": "time", "seconds": 3}`)
	started, err := crawls.Start(ctx, lab.names.Crawler("silver"))
	if err != nil || started.Already {
		t.Fatalf("%+v, %v", started, err)
	}
	if again, err := crawls.Start(ctx, lab.names.Crawler("silver")); err != nil || !again.Already {
		t.Errorf("while it runs: %+v, %v", again, err)
	}
	var states []string
	crawl, err := crawls.Follow(ctx, started, func(c *glue.Crawl) { states = append(states, c.State) })
	if err != nil || strings.Join(states, " ") != "RUNNING READY" || crawl.USD <= 0 || len(crawl.Created)+len(crawl.Updated) != 0 {
		t.Errorf("%v, %+v, %v", states, crawl, err)
	}
}
