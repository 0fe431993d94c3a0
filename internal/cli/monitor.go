package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/config"
)

func newMonitorCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "monitor",
		Short: "Alarms and figures of runs, in CloudWatch",
		Long: `Each run on a lake on S3 sends its figures to CloudWatch, where the alarms of
"lakectl deploy" watch them. A run that fails also sends a message to the topic
of the alarms. It names gates, files and counts, and quotes no values of rows.
Who wants neither says aws: {metrics: false} in lakehouse.yaml.`,
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

// where says which environment is looked at.
func (m *monitored) where() string {
	return m.cloud.Who.Account + ", " + m.cloud.Who.Region
}

func (m *monitored) title() string { return m.cloud.Names.Project + "/" + m.cloud.Names.Environment }
