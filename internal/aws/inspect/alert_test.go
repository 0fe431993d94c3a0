package inspect

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/lakectl/lakectl/internal/diag"
)

// topicFake has subscribers, one a page.
type topicFake []snstypes.Subscription

func (f topicFake) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	at := len(aws.ToString(in.NextToken))
	out := &sns.ListSubscriptionsByTopicOutput{}
	if at < len(f) {
		out.Subscriptions = f[at : at+1]
	}
	if at+1 < len(f) {
		out.NextToken = aws.String(aws.ToString(in.NextToken) + "+")
	}
	return out, nil
}

func TestSubscription(t *testing.T) {
	told := snstypes.Subscription{Endpoint: aws.String("a@x.com"), SubscriptionArn: aws.String("arn:aws:sns:1")}
	waits := snstypes.Subscription{Endpoint: aws.String("b@x.com"), SubscriptionArn: aws.String("PendingConfirmation")}
	for name, test := range map[string]struct {
		list         topicFake
		email        string
		level        diag.Level
		text, remedy string
	}{
		"told":          {topicFake{told}, "a@x.com", diag.Good, "a@x.com", ""},
		"one of two":    {topicFake{waits, told}, "a@x.com", diag.Good, "a@x.com", ""},
		"waits":         {topicFake{told, waits}, "b@x.com", diag.Bad, "b@x.com has not confirmed", "--notification-endpoint b@x.com"},
		"waits, alone":  {topicFake{waits}, "", diag.Bad, "b@x.com has not confirmed", "open the link in the mail"},
		"somebody else": {topicFake{told}, "c@x.com", diag.Bad, "c@x.com is not told", "`lakectl deploy`"},
		"nobody":        {nil, "", diag.Suspect, "nobody is told", "monitoring: {alert_email: you@example.com}"},
		"nobody yet":    {nil, "a@x.com", diag.Bad, "a@x.com is not told", "`lakectl deploy`"},
	} {
		want(t, name, (&Inspector{names: shop, subscriptions: test.list}).Subscription(context.Background(), test.email), test.level, test.text, test.remedy)
	}
}

type alarmFake []cwtypes.MetricAlarm

func (f alarmFake) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: f, CompositeAlarms: []cwtypes.CompositeAlarm{{AlarmName: aws.String("others")}}}, nil
}

func TestAlarms(t *testing.T) {
	alarms := func() alarmFake {
		var list alarmFake
		for _, kind := range alarmKinds {
			list = append(list, cwtypes.MetricAlarm{AlarmName: aws.String(shop.Alarm(kind)), ActionsEnabled: aws.Bool(true),
				AlarmActions: []string{shop.TopicARN()}, StateValue: cwtypes.StateValueOk})
		}
		return list
	}
	for name, test := range map[string]struct {
		change       func(alarmFake) alarmFake
		level        diag.Level
		text, remedy string
	}{
		"quiet":    {func(l alarmFake) alarmFake { return l }, diag.Good, "4, all quiet", ""},
		"gone off": {func(l alarmFake) alarmFake { l[1].StateValue = cwtypes.StateValueAlarm; return l }, diag.Suspect, "shop-dev-failure-rate has gone off", "`lakectl monitor alarms`"},
		"off":      {func(l alarmFake) alarmFake { l[0].ActionsEnabled = aws.Bool(false); return l }, diag.Suspect, "shop-dev-failures tells nobody", "enable-alarm-actions --alarm-names shop-dev-failures"},
		"silent":   {func(l alarmFake) alarmFake { l[0].AlarmActions = nil; return l }, diag.Suspect, "tells nobody", "`lakectl deploy`"},
		"one less": {func(l alarmFake) alarmFake { return slices.Delete(l, 2, 3) }, diag.Bad, "there is no alarm shop-dev-quality", "`lakectl deploy`"},
		"none":     {func(alarmFake) alarmFake { return nil }, diag.Bad, "there is no alarm shop-dev-failures, shop-dev-failure-rate", "`lakectl deploy`"},
	} {
		want(t, name, (&Inspector{names: shop, alarms: test.change(alarms())}).Alarms(context.Background()), test.level, test.text, test.remedy)
	}
}
