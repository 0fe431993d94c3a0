//go:build e2e

package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

// monitorLab is the monitoring of an environment that no other test has.
type monitorLab struct {
	*monitor.Monitor
	t          *testing.T
	names      names.Names
	cloudwatch *cloudwatch.Client
	sns        *sns.Client
	mail       chan monitorMail // what came to the mailbox
}

func newMonitorLab(t *testing.T) *monitorLab {
	t.Helper()
	s := moto(t)
	// moto tells metrics apart by their dimensions and not by their namespace, so
	// that the environment is what no other test has.
	n := names.Names{Project: "shop", Environment: fmt.Sprintf("e%d", time.Now().UnixNano()), Account: "123456789012", Region: "eu-central-1", Partition: "aws"}
	query := func(o *cloudwatch.Options) { o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) }
	return &monitorLab{monitor.New(s, n), t, n, cloudwatch.NewFromConfig(s.Config, query), sns.NewFromConfig(s.Config), make(chan monitorMail, 10)}
}

func (l *monitorLab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// Figures that were sent are read back, summed by period, those of a day ago
// apart from those of now.
func TestMonitorMetrics(t *testing.T) {
	l := newMonitorLab(t)
	now := time.Now().UTC()
	orders := monitor.Table{Layer: "silver", Dataset: "orders"}
	run := func(ended time.Time, processed int64, failed bool) {
		l.must(l.Send(t.Context(), &monitor.Run{Ended: ended, Seconds: 2.5, Succeeded: !failed, Failed: failed,
			Tables: []monitor.Figures{{Table: orders, Processed: processed, Quarantined: 3, Seconds: 1.5, Bytes: 1000}}}))
	}
	run(now.Add(-24*time.Hour), 100, false)
	run(now, 20, false)
	run(now, 7, true)
	w := monitor.WindowOf(now, 48*time.Hour, 30)
	series, warnings, err := l.Read(t.Context(), []monitor.Table{monitor.RunTotal(), orders}, w)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	got := map[string]float64{}
	for _, s := range series {
		got[s.String()+" "+s.Metric] = s.Total
		if len(s.Points) != 2 {
			t.Errorf("%s of %s: %+v", s.Metric, s.Table, s.Points)
		}
	}
	for name, want := range map[string]float64{"run.all RunsSucceeded": 2, "run.all RunFailures": 1, "silver.orders RecordsProcessed": 127,
		"silver.orders RecordsQuarantined": 9, "silver.orders BytesWritten": 3000, "silver.orders DurationSeconds": 1.5, "run.all DurationSeconds": 2.5,
		"run.all RecordsQuarantined": 9, "run.all RecordsProcessed": 0, "run.all DataQualityFailures": 0} {
		if got[name] != want {
			t.Errorf("%s is %g, want %g", name, got[name], want)
		}
	}
	if last, _ := series[8].Last(); last.Value != 27 {
		t.Errorf("the last of %s: %+v", series[8].Metric, last)
	}
}

func TestMonitorAlarms(t *testing.T) {
	l := newMonitorLab(t)
	if alarms, err := l.Alarms(t.Context()); err != nil || len(alarms) > 0 {
		t.Errorf("without a stack: %v, %v", alarms, err)
	}
	_, err := l.Subscriptions(t.Context())
	for _, err := range []error{err, l.Publish(t.Context(), &monitor.Failure{What: "x"})} {
		if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "there is no topic "+l.names.Topic()) {
			t.Errorf("without a topic: %v", err)
		}
	}
	topic, err := l.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(l.names.Topic())})
	l.must(err)
	if *topic.TopicArn != l.names.TopicARN() {
		t.Errorf("the topic is %s, not %s", *topic.TopicArn, l.names.TopicARN())
	}
	for kind, metric := range map[string]string{"failures": monitor.RunFailures, "freshness": monitor.RunsSucceeded} {
		_, err := l.cloudwatch.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{AlarmName: aws.String(l.names.Alarm(kind)), Namespace: aws.String(l.names.Namespace()),
			MetricName: aws.String(metric), Statistic: types.StatisticSum, Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1),
			ComparisonOperator: types.ComparisonOperatorGreaterThanOrEqualToThreshold, AlarmActions: []string{*topic.TopicArn}})
		l.must(err)
	}
	l.must(l.Fire(t.Context(), l.names.Alarm("freshness")))
	alarms, err := l.Alarms(t.Context())
	if err != nil || len(alarms) != 2 || alarms[0].Kind != "freshness" || alarms[0].State != monitor.Ringing || alarms[0].Since == nil ||
		!strings.Contains(alarms[0].Reason, "this is a test") || alarms[1].State == monitor.Ringing || alarms[0].Silent != "" {
		t.Errorf("%v, %+v", err, alarms)
	}
	if err := l.Fire(t.Context(), l.names.Alarm("nothing")); err == nil || !strings.Contains(err.Error(), "set off the alarm") {
		t.Errorf("an alarm that does not exist: %v", err)
	}

	for protocol, endpoint := range map[string]string{"email": "ann@example.com", "http": l.mailbox()} {
		_, err = l.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String(protocol), Endpoint: aws.String(endpoint)})
		l.must(err)
	}
	subscriptions, err := l.Subscriptions(t.Context())
	if err != nil || len(subscriptions) != 2 || !slices.ContainsFunc(subscriptions, func(s monitor.Subscription) bool {
		return s.Protocol == "email" && s.Endpoint == "ann@example.com"
	}) {
		t.Errorf("%v, %+v", err, subscriptions)
	}
	l.must(l.Publish(t.Context(), &monitor.Failure{What: "a run failed: ü", Details: []string{"8 of 200"}, Next: []string{"correct it"}}))
	select {
	case m := <-l.mail:
		if m.Subject != "shop/"+l.names.Environment+": a run failed: ?" || !strings.Contains(m.Message, "  8 of 200\n") || !strings.HasPrefix(m.Message, "a run failed: ü\n") {
			t.Errorf("%+v", m)
		}
	case <-time.After(10 * time.Second):
		t.Error("no message came")
	}
}

// monitorMail is a message as a topic sends it on.
type monitorMail struct{ Subject, Message string }

// mailbox returns an address to which a topic can send.
func (l *monitorLab) mailbox() string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m monitorMail
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			l.t.Error(err)
		}
		if r.Header.Get("X-Amz-Sns-Message-Type") != "SubscriptionConfirmation" {
			l.mail <- m
		}
	}))
	l.t.Cleanup(server.Close)
	return server.URL
}
