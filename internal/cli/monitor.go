package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

func newMonitorCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "monitor",
		Short: "Alarms and figures of runs, in CloudWatch",
		Long: `Each run on a lake on S3 sends its figures to CloudWatch, where the alarms of
"lakectl deploy" watch them. A run that fails also sends a message to the topic
of the alarms. It names gates, files and counts, and quotes no values of rows.
Who wants neither says aws: {metrics: false} in lakehouse.yaml.

Runs in Glue (run --engine glue, or on a schedule) have no figures yet: their
jobs are to send them. EventBridge tells the topic of jobs that fail.`,
		Example: `  lakectl monitor alarms
  lakectl monitor metrics --since 30d
  lakectl monitor test`,
	})
	cmd.AddCommand(newMonitorAlarmsCmd(app, nil), newMonitorMetricsCmd(app, nil), newMonitorTestCmd(app, nil))
	return cmd
}

// monitored is an environment of a project in AWS, and its monitoring.
type monitored struct {
	*monitor.Monitor
	cfg   *config.Config
	cloud *cloud
}

func (app *App) openMonitor(ctx context.Context) (*monitored, error) {
	_, cfg, problems, err := app.read()
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return monitorOf(ctx, cfg)
}

func monitorOf(ctx context.Context, cfg *config.Config) (*monitored, error) {
	c, err := openCloud(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &monitored{monitor.New(c.Session, c.Names), cfg, c}, nil
}

// alarms returns the alarms of the environment, those that ring first. That there
// are none is an error, which says why.
func (m *monitored) alarms(ctx context.Context) ([]monitor.Alarm, error) {
	list, err := m.Alarms(ctx)
	if err != nil || len(list) > 0 {
		return list, err
	}
	none := diag.Errorf(diag.Usage, "there are no alarms of %s in account %s, %s", m.title(), m.cloud.Who.Account, m.cloud.Who.Region)
	engine := openStack(m.cloud, "")
	s, err := engine.Describe(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s; whether anything is deployed there cannot be seen: %w", none.Msg, err)
	}
	switch {
	case s == nil || s.Status == "REVIEW_IN_PROGRESS":
		none.Msg += ": nothing is deployed there"
		return nil, none.WithNext("`lakectl deploy` makes them; if they are elsewhere, look at --env, AWS_PROFILE and AWS_REGION")
	case strings.HasSuffix(s.Status, "_IN_PROGRESS"):
		none.Msg += fmt.Sprintf(": something is going on with the stack %s (%s)", s.Name, s.Status)
		return nil, none.WithNext("wait until it is over: `lakectl deploy` attaches to it")
	}
	none.Msg += fmt.Sprintf(", though the stack %s is there (%s)", s.Name, s.Status)
	resources, err := engine.Resources(ctx)
	if err != nil {
		return nil, err
	}
	return nil, m.missing(none, resources)
}

// missing says what to do about the alarms of a stack that is there: one that
// lists them is not mended by a deployment that changes nothing.
func (m *monitored) missing(none *diag.Error, resources []stack.Resource) *diag.Error {
	listed := slices.ContainsFunc(resources, func(r stack.Resource) bool { return r.Type == "AWS::CloudWatch::Alarm" })
	endpoint := m.cloud.Session.Endpoint()
	switch {
	case endpoint != "":
		return none.WithNext("it is %s that answers, not AWS, and it may know nothing of alarms: in an account of AWS `lakectl deploy` makes them", endpoint)
	case listed:
		return none.WithNext("somebody deleted them: `lakectl drift` names them; `lakectl destroy` and then `lakectl deploy` bring them back, and the data stays")
	}
	return none.WithNext("`lakectl deploy` adds them to the stack; `lakectl doctor` looks at the rest")
}

// where says which environment is looked at.
func (m *monitored) where() string {
	return m.cloud.Who.Account + ", " + m.cloud.Who.Region
}

func (m *monitored) title() string { return m.cloud.Names.Project + "/" + m.cloud.Names.Environment }
