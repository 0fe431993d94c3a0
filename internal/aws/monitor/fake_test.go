package monitor

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/aws/names"
)

// fake is CloudWatch and SNS, whose pages are those of the lists, one after the
// other. All calls fail with err, if it is set.
type fake struct {
	err           error
	put           []*cloudwatch.PutMetricDataInput
	alarms        [][]types.MetricAlarm
	asked         []*cloudwatch.GetMetricDataInput
	data          []*cloudwatch.GetMetricDataOutput // of each request the pages
	fired         []*cloudwatch.SetAlarmStateInput
	published     []*sns.PublishInput
	subscriptions [][]snstypes.Subscription
}

func newFake(t *testing.T) (*fake, *Monitor) {
	t.Helper()
	f := &fake{}
	return f, &Monitor{cloudwatch: f, topic: f, names: names.Names{Project: "shop", Environment: "dev", Account: "123456789012", Region: "eu-central-1", Partition: "aws"}}
}

// page returns the page that a token asks for, and the token of the next one.
func page(token *string, pages int) (at int, next *string) {
	if token != nil {
		at, _ = strconv.Atoi(*token) // our own
	}
	if at+1 < pages {
		next = aws.String(strconv.Itoa(at + 1))
	}
	return at, next
}

func (f *fake) PutMetricData(_ context.Context, in *cloudwatch.PutMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.put = append(f.put, in)
	return &cloudwatch.PutMetricDataOutput{}, nil
}

func (f *fake) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	copied := *in
	f.asked = append(f.asked, &copied)
	at, next := page(in.NextToken, len(f.data))
	if len(f.data) == 0 {
		return &cloudwatch.GetMetricDataOutput{}, nil
	}
	out := *f.data[at]
	out.NextToken = next
	return &out, nil
}

func (f *fake) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	at, next := page(in.NextToken, len(f.alarms))
	out := &cloudwatch.DescribeAlarmsOutput{NextToken: next}
	if len(f.alarms) > 0 {
		out.MetricAlarms = f.alarms[at]
	}
	return out, nil
}

func (f *fake) SetAlarmState(_ context.Context, in *cloudwatch.SetAlarmStateInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.SetAlarmStateOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.fired = append(f.fired, in)
	return &cloudwatch.SetAlarmStateOutput{}, nil
}

func (f *fake) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.published = append(f.published, in)
	return &sns.PublishOutput{}, nil
}

func (f *fake) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	if f.err != nil {
		return nil, f.err
	}
	at, next := page(in.NextToken, len(f.subscriptions))
	out := &sns.ListSubscriptionsByTopicOutput{NextToken: next}
	if len(f.subscriptions) > 0 {
		out.Subscriptions = f.subscriptions[at]
	}
	return out, nil
}

func apiError(code string) error {
	return &smithy.OperationError{ServiceID: "X", OperationName: "Y", Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
}

// values are the metrics that were put, by layer.dataset and name.
func values(t *testing.T, in ...*cloudwatch.PutMetricDataInput) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	for _, request := range in {
		for _, d := range request.MetricData {
			if len(d.Dimensions) != 3 || *d.Dimensions[0].Name != "Environment" || *d.Dimensions[1].Name != "Layer" || *d.Dimensions[2].Name != "Dataset" {
				t.Errorf("dimensions %v", d.Dimensions)
			}
			name := fmt.Sprintf("%s.%s %s", *d.Dimensions[1].Value, *d.Dimensions[2].Value, *d.MetricName)
			if _, ok := got[name]; ok {
				t.Errorf("%s was sent twice", name)
			}
			got[name] = *d.Value
		}
	}
	return got
}
