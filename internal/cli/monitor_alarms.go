package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/term"
)

// MonitorAlarmsOptions are the settings of `lakectl monitor alarms`.
type MonitorAlarmsOptions struct{ App *App }

func newMonitorAlarmsCmd(app *App, runF func(*MonitorAlarmsOptions) error) *cobra.Command {
	opts := &MonitorAlarmsOptions{App: app}
	return &cobra.Command{
		Use:   "alarms",
		Short: "Which alarms ring, since when, why, and what to do",
		Long: `The alarms of this environment: failures (a run failed), failure-rate (many of
a day's did), quality (a gate failed) and freshness (no run has succeeded for
monitoring.freshness_hours), and others that watch its figures. Those that ring
come first.`,
		Example: `  lakectl monitor alarms
  lakectl monitor alarms --json | jq '.alarms[] | select(.state == "ALARM")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runMonitorAlarms(cmd.Context(), opts)
		},
	}
}

func runMonitorAlarms(ctx context.Context, opts *MonitorAlarmsOptions) error {
	app := opts.App
	m, err := app.openMonitor(ctx)
	if err != nil {
		return err
	}
	alarms, err := m.alarms(ctx)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(map[string][]monitor.Alarm{"alarms": alarms})
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	s := &summary{out: app.IO.Out}
	s.alarms(m, alarms, clock())
	return s.err
}

// alarms shows what state alarms are in, and then of each that is not well why,
// and what to do.
func (s *summary) alarms(m *monitored, alarms []monitor.Alarm, now time.Time) {
	t := term.NewTable("alarm", "state", "since")
	t.Names(0)
	t.Style = func(row, column int) term.Style {
		if column == 1 {
			return alarmStyle(alarms[row].State)
		}
		return term.Plain
	}
	for _, a := range alarms {
		since := ""
		if a.Since != nil {
			since = ago(*a.Since, now)
		}
		t.Add(a.Kind, alarmState(a.State), since)
	}
	s.table("Alarms of "+m.title(), m.where(), t)
	for _, a := range alarms {
		var list []pair
		add := func(name, text string) {
			if text != "" {
				list = append(list, pair{name, text})
			}
		}
		if a.State != monitor.OK {
			add("why", a.Reason)
			add("next", a.Next)
		}
		if a.Silent != "" {
			add("silent", a.Silent+", so that nobody is told when it rings: `lakectl deploy` puts it right")
		}
		s.pairs(a.Kind, "", term.Plain, list)
	}
}

func alarmState(state string) string {
	switch state {
	case monitor.OK:
		return "ok"
	case monitor.Ringing:
		return "RINGS"
	case monitor.Unknown:
		return "no data"
	}
	return strings.ToLower(state)
}

func alarmStyle(state string) term.Style {
	switch state {
	case monitor.OK:
		return term.Green
	case monitor.Ringing:
		return term.Red
	}
	return term.Yellow
}
