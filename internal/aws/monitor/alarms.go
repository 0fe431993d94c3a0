package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// The states of an alarm.
const (
	OK      = string(types.StateValueOk)
	Ringing = string(types.StateValueAlarm)
	Unknown = string(types.StateValueInsufficientData)
)

// Alarm is an alarm and its state.
type Alarm struct {
	Name   string     `json:"name"`
	Kind   string     `json:"kind"`  // the name without project and environment
	State  string     `json:"state"` // see the constants
	Since  *time.Time `json:"since"`
	Reason string     `json:"reason"`
	Next   string     `json:"next"`             // what to do, if it is not OK
	Silent string     `json:"silent,omitempty"` // why nobody is told when it goes off
}

// Rank orders alarms by their kind: the plainest first, then those that are not
// of the stack.
func (a Alarm) Rank() int { return rank(a.Kind) }

// kinds are the alarms of the stack.
func kinds() []string { return []string{"failures", "quality", "failure-rate", "freshness"} }

// Alarms returns the alarms of the environment, those that ring first. There may
// be none: where nothing is deployed, or somebody deleted them.
func (m *Monitor) Alarms(ctx context.Context) ([]Alarm, error) {
	prefix := m.names.Alarm("")
	var list []Alarm
	pages := cloudwatch.NewDescribeAlarmsPaginator(m.cloudwatch, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Explain(fmt.Errorf("list the alarms %s*: %w", prefix, err))
		}
		for i := range page.MetricAlarms {
			if a := &page.MetricAlarms[i]; m.ours(a) {
				list = append(list, m.alarm(a))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Alarm) int {
		order := map[string]int{Ringing: 0, Unknown: 1, OK: 2}
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(a.Rank(), b.Rank()), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

func rank(kind string) int {
	if i := slices.Index(kinds(), kind); i >= 0 {
		return i
	}
	return len(kinds())
}

// ours says whether an alarm is of this environment: the names of shop-dev begin
// as those of an environment dev-2 of shop do.
func (m *Monitor) ours(a *types.MetricAlarm) bool {
	if rank(m.kind(a)) < len(kinds()) {
		return true
	}
	ours := func(namespace *string, dimensions []types.Dimension) bool {
		return aws.ToString(namespace) == m.names.Namespace() && slices.ContainsFunc(dimensions, func(d types.Dimension) bool {
			return aws.ToString(d.Name) == "Environment" && aws.ToString(d.Value) == m.names.Environment
		})
	}
	return ours(a.Namespace, a.Dimensions) || slices.ContainsFunc(a.Metrics, func(q types.MetricDataQuery) bool {
		return q.MetricStat != nil && q.MetricStat.Metric != nil && ours(q.MetricStat.Metric.Namespace, q.MetricStat.Metric.Dimensions)
	})
}

func (m *Monitor) kind(a *types.MetricAlarm) string {
	return strings.TrimPrefix(aws.ToString(a.AlarmName), m.names.Alarm(""))
}

func (m *Monitor) alarm(a *types.MetricAlarm) Alarm {
	since := a.StateTransitionedTimestamp
	if since == nil {
		since = a.StateUpdatedTimestamp
	}
	alarm := Alarm{Name: aws.ToString(a.AlarmName), Kind: m.kind(a), State: string(a.StateValue), Since: since, Reason: aws.ToString(a.StateReason)}
	switch {
	case a.ActionsEnabled != nil && !*a.ActionsEnabled:
		alarm.Silent = "its actions are switched off"
	case len(a.AlarmActions) == 0:
		alarm.Silent = "it has no actions"
	}
	switch {
	case alarm.State == Ringing && alarm.Reason == testReason:
		alarm.Next = "nothing: it returns by itself in some minutes"
	case alarm.State == Ringing:
		alarm.Next = remedy(alarm.Kind, aws.ToString(a.AlarmDescription))
	case alarm.State == Unknown:
		alarm.Next = "nothing was measured yet: the first figures come with the next `lakectl run`"
	}
	return alarm
}

// remedy says what to do about an alarm that rings.
func remedy(kind, description string) string {
	switch kind {
	case "failures", "failure-rate":
		return "`lakectl status` lists the last runs; `lakectl run` shows the error, if it is still there"
	case "quality":
		return "`lakectl run` shows the gate that fails, and which rows; correct the data or the rule, or let it pass with --accept"
	case "freshness":
		return "`lakectl status` says when a run last succeeded; see why what should start `lakectl run` did not, or run it"
	}
	return description
}

// testReason is what the message of a test says.
const testReason = "lakectl monitor test: this is a test, nothing is wrong. The alarm returns by itself."

// Fire sets off an alarm. CloudWatch returns it to its true state when it next
// looks, in some minutes.
func (m *Monitor) Fire(ctx context.Context, alarm string) error {
	_, err := m.cloudwatch.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String(alarm), StateValue: types.StateValueAlarm,
		StateReason: aws.String(testReason)})
	if err != nil {
		return session.Explain(fmt.Errorf("set off the alarm %s: %w", alarm, err))
	}
	return nil
}
