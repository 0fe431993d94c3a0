package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lakectl/lakectl/internal/diag"
)

type subscriptionAPI interface {
	ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
}

type alarmAPI interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// pending is what SNS has in place of the ARN of a subscription that nobody has
// confirmed.
const pending = "PendingConfirmation"

// Subscription looks whether somebody is told of alarms; email is who should be,
// "" if nobody.
func (i *Inspector) Subscription(ctx context.Context, email string) diag.Finding {
	list := sns.NewListSubscriptionsByTopicPaginator(i.subscriptions, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(i.names.TopicARN())})
	var told, waiting []string
	for list.HasMorePages() {
		page, err := list.NextPage(ctx)
		switch {
		case absent(err):
			return diag.Findf(diag.Bad, "there is no topic %s", i.names.Topic()).WithRemedy(deploy)
		case err != nil:
			return i.unchecked("list who is told of alarms", err)
		}
		for _, s := range page.Subscriptions {
			if aws.ToString(s.SubscriptionArn) == pending {
				waiting = append(waiting, aws.ToString(s.Endpoint))
			} else {
				told = append(told, aws.ToString(s.Endpoint))
			}
		}
	}
	switch {
	case slices.Contains(waiting, email) || len(told) == 0 && len(waiting) > 0:
		return diag.Findf(diag.Bad, "%s has not confirmed, and is not told of alarms", strings.Join(waiting, ", ")).
			WithRemedy("open the link in the mail from AWS Notifications; if it is older than 3 days, subscribe anew: "+
				"`aws sns subscribe --topic-arn %s --protocol email --notification-endpoint %s`", i.names.TopicARN(), waiting[0])
	case email != "" && !slices.Contains(told, email):
		return diag.Findf(diag.Bad, "%s is not told of alarms, as lakehouse.yaml wants it", email).WithRemedy(deploy)
	case len(told) == 0:
		return diag.Findf(diag.Suspect, "nobody is told of alarms").
			WithRemedy("write `monitoring: {alert_email: you@example.com}` into lakehouse.yaml, then %s", deploy)
	}
	return diag.Findf(diag.Good, "%s", strings.Join(told, ", "))
}

// alarmKinds are the alarms of a stack.
var alarmKinds = []string{"failures", "failure-rate", "quality", "freshness"}

// Alarms looks whether the alarms are there, tell somebody, and are quiet.
func (i *Inspector) Alarms(ctx context.Context) diag.Finding {
	var wanted []string
	for _, kind := range alarmKinds {
		wanted = append(wanted, i.names.Alarm(kind))
	}
	out, err := i.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: wanted,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}})
	if err != nil {
		return i.unchecked("read the alarms", err)
	}
	missing := slices.Clone(wanted)
	var f faults
	judge := func(name *string, on *bool, actions []string, state types.StateValue) {
		at := slices.Index(missing, aws.ToString(name))
		if at < 0 {
			return
		}
		missing = slices.Delete(missing, at, at+1)
		switch {
		case !aws.ToBool(on) || len(actions) == 0:
			f.add(diag.Suspect, fmt.Sprintf("`aws cloudwatch enable-alarm-actions --alarm-names %s`, or %s", *name, deploy), "%s tells nobody", *name)
		case state == types.StateValueAlarm:
			f.add(diag.Suspect, "`lakectl monitor alarms` says why", "%s has gone off", *name)
		}
	}
	for _, a := range out.MetricAlarms {
		judge(a.AlarmName, a.ActionsEnabled, a.AlarmActions, a.StateValue)
	}
	for _, a := range out.CompositeAlarms {
		judge(a.AlarmName, a.ActionsEnabled, a.AlarmActions, a.StateValue)
	}
	if len(missing) > 0 {
		f.add(diag.Bad, deploy, "there is no alarm %s", strings.Join(missing, ", "))
	}
	return f.finding(fmt.Sprintf("%d, all quiet", len(wanted)))
}
