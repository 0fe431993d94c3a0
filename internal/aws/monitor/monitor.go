package monitor

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
)

// cloudwatchAPI is what is asked of CloudWatch.
type cloudwatchAPI interface {
	PutMetricData(context.Context, *cloudwatch.PutMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error)
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	SetAlarmState(context.Context, *cloudwatch.SetAlarmStateInput, ...func(*cloudwatch.Options)) (*cloudwatch.SetAlarmStateOutput, error)
}

// topicAPI is what is asked of SNS.
type topicAPI interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
	ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
}

// Monitor is the monitoring of one environment of a project.
type Monitor struct {
	cloudwatch cloudwatchAPI
	topic      topicAPI
	names      names.Names
}

// New returns the monitoring of an environment.
func New(s *session.Session, n names.Names) *Monitor {
	return &Monitor{cloudwatch: Client(s.Config), topic: sns.NewFromConfig(s.Config), names: n}
}

// Client returns a client of CloudWatch. It speaks the oldest protocol, which all
// endpoints know, where it is not AWS's own that is spoken to: test servers know
// no CBOR.
func Client(cfg aws.Config) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		if o.BaseEndpoint != nil {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
		}
	})
}
