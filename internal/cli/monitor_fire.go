package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// MonitorTestOptions are the settings of `lakectl monitor test`.
type MonitorTestOptions struct{ App *App }

func newMonitorTestCmd(app *App, runF func(*MonitorTestOptions) error) *cobra.Command {
	opts := &MonitorTestOptions{App: app}
	return &cobra.Command{
		Use:   "test",
		Short: "Set off an alarm, to see that somebody is told",
		Long: `Say who is told of alarms and whether they have confirmed that they want it,
and set off one alarm that does not ring. Its message says that it is a test.
CloudWatch returns the alarm to its true state in some minutes.

Where nobody has confirmed, no alarm is set off, and the exit code is 2.`,
		Example: `  lakectl monitor test
  lakectl monitor test --json | jq .subscriptions`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runMonitorTest(cmd.Context(), opts)
		},
	}
}

// alarmTest is the result of `monitor test --json`.
type alarmTest struct {
	Alarm         string                 `json:"alarm"` // that was set off; empty if none was
	Topic         string                 `json:"topic"`
	Subscriptions []monitor.Subscription `json:"subscriptions"`
}

func runMonitorTest(ctx context.Context, opts *MonitorTestOptions) error {
	app := opts.App
	m, err := app.openMonitor(ctx)
	if err != nil {
		return err
	}
	result := alarmTest{Topic: m.cloud.Names.TopicARN()}
	alarms, err := m.alarms(ctx)
	if err != nil {
		return err
	}
	if result.Subscriptions, err = m.Subscriptions(ctx); err != nil {
		return err
	}
	failed := m.fire(ctx, alarms, &result)
	if app.json {
		return errors.Join(failed, app.printJSON(result))
	}
	s := &summary{out: app.IO.Out}
	s.subscriptions(m, result.Subscriptions)
	if result.Alarm != "" {
		s.printf("\n%s is set off: a message is on its way. It returns by itself in some minutes.\n", result.Alarm)
	}
	return errors.Join(failed, s.err)
}

func (s *summary) subscriptions(m *monitored, list []monitor.Subscription) {
	t := term.NewTable("who is told", "by", "confirmed")
	t.Names(0)
	t.Style = func(row, column int) term.Style {
		if column == 2 && !list[row].Confirmed {
			return term.Yellow
		}
		return term.Plain
	}
	for _, sub := range list {
		t.Add(sub.Endpoint, sub.Protocol, map[bool]string{true: "yes", false: "not yet"}[sub.Confirmed])
	}
	s.table("Topic "+m.cloud.Names.Topic(), m.where(), t)
	for _, sub := range list {
		if !sub.Confirmed {
			s.printf("%s has to follow the link of the mail \"AWS Notification - Subscription Confirmation\"\n", term.Clean(sub.Endpoint))
		}
	}
}

// fire sets off an alarm, if somebody would be told of it.
func (m *monitored) fire(ctx context.Context, alarms []monitor.Alarm, result *alarmTest) error {
	if err := m.heard(result.Subscriptions); err != nil {
		return err
	}
	// One that rings already tells nobody anything new.
	quiet := slices.DeleteFunc(slices.Clone(alarms), func(a monitor.Alarm) bool { return a.State == monitor.Ringing || a.Silent != "" })
	if len(quiet) == 0 {
		return diag.Errorf(diag.Usage, "no alarm can be set off: each rings already, or has no actions").
			WithNext("`lakectl monitor alarms` says why")
	}
	alarm := slices.MinFunc(quiet, func(a, b monitor.Alarm) int { return cmp.Compare(a.Rank(), b.Rank()) })
	if err := m.Fire(ctx, alarm.Name); err != nil {
		return err
	}
	result.Alarm = alarm.Name
	return nil
}

// heard says whether anybody is told of alarms.
func (m *monitored) heard(list []monitor.Subscription) error {
	switch {
	case slices.ContainsFunc(list, func(s monitor.Subscription) bool { return s.Confirmed }):
		return nil
	case len(list) == 0:
		return diag.Errorf(diag.Usage, "nobody is told of alarms: the topic %s has no subscription", m.cloud.Names.Topic()).
			WithNext("write `monitoring: {alert_email: you@example.com}` into %s, then `lakectl deploy`", config.FileName)
	}
	return diag.Errorf(diag.Usage, "nobody is told of alarms yet: no subscription of the topic %s is confirmed; no alarm was set off", m.cloud.Names.Topic()).
		WithNext("look for the mail of AWS at %s, in spam too, and follow its link; `aws sns subscribe --topic-arn %s --protocol %s --notification-endpoint %s` sends it again",
			list[0].Endpoint, m.cloud.Names.TopicARN(), list[0].Protocol, list[0].Endpoint)
}
