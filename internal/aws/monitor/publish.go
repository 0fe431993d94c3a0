package monitor

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Failure is a run that failed, as somebody is told of it by mail. Mail leaves
// the lake and its permissions, so that nothing here may quote values of rows.
type Failure struct {
	Run      string // its id; empty if it did not come so far
	Ended    time.Time
	Class    string // of the error
	ExitCode int
	What     string   // one line
	Details  []string // such as a gate each
	Next     []string // what to do
	Look     []string // how to see more
}

// maxSubject is how long the subject of a message may be.
const maxSubject = 100

// maxMessage keeps a message one that is read; SNS would take 256 KB.
const maxMessage = 16_000

// Publish sends a failure to the topic of alarms.
func (m *Monitor) Publish(ctx context.Context, f *Failure) error {
	_, err := m.topic.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(m.names.TopicARN()), Subject: aws.String(m.subject(f)), Message: aws.String(m.message(f))})
	if err != nil {
		return m.explainTopic(fmt.Errorf("publish the failure to the topic %s: %w", m.names.Topic(), err))
	}
	return nil
}

// explainTopic is session.Explain, which also knows that the topic is missing.
func (m *Monitor) explainTopic(err error) error {
	switch session.Code(err) {
	case "NotFound", "NotFoundException", "ResourceNotFoundException":
		return (&diag.Error{Class: diag.Usage, Msg: fmt.Sprintf("there is no topic %s in account %s, %s", m.names.Topic(), m.names.Account, m.names.Region), Err: err}).
			WithNext("`lakectl deploy` makes it; who wants none says `aws: {metrics: false}` in lakehouse.yaml")
	}
	return session.Explain(err)
}

// subject returns the subject of a message: one line of printable ASCII that
// begins with a letter, which is what SNS takes.
func (m *Monitor) subject(f *Failure) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, fmt.Sprintf("%s/%s: %s", m.names.Project, m.names.Environment, f.What))
	if len(text) > maxSubject {
		return text[:maxSubject-3] + "..."
	}
	return text
}

func (m *Monitor) message(f *Failure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", f.What)
	for _, detail := range f.Details {
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(detail, "\n", "\n  "))
	}
	if len(f.Details) > 0 {
		b.WriteByte('\n')
	}
	section := func(title string, lines []string) {
		for i, line := range lines {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&b, "%-12s %s\n", title, line)
		}
	}
	section("Next:", f.Next)
	section("Project:", []string{m.names.Project})
	section("Environment:", []string{m.names.Environment})
	section("Account:", []string{m.names.Account + ", " + m.names.Region})
	if f.Run != "" {
		section("Run:", []string{f.Run})
	}
	section("Ended:", []string{f.Ended.UTC().Format("2006-01-02 15:04:05") + " UTC"})
	section("Exit code:", []string{fmt.Sprintf("%d (%s)", f.ExitCode, f.Class)})
	section("Look:", f.Look)
	return shorten(strings.ToValidUTF8(b.String(), "?"))
}

func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	at := maxMessage
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + "\n(and more)\n"
}

// Subscription is somebody who is told when an alarm goes off.
type Subscription struct {
	Protocol  string `json:"protocol"`
	Endpoint  string `json:"endpoint"`
	Confirmed bool   `json:"confirmed"`
}

// Subscriptions returns who is told of alarms.
func (m *Monitor) Subscriptions(ctx context.Context) ([]Subscription, error) {
	list := []Subscription{}
	pages := sns.NewListSubscriptionsByTopicPaginator(m.topic, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(m.names.TopicARN())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, m.explainTopic(fmt.Errorf("list who is told of alarms: %w", err))
		}
		for _, s := range page.Subscriptions {
			// In place of an ARN: PendingConfirmation, or Deleted.
			confirmed := strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:")
			if aws.ToString(s.SubscriptionArn) != "Deleted" {
				list = append(list, Subscription{Protocol: aws.ToString(s.Protocol), Endpoint: aws.ToString(s.Endpoint), Confirmed: confirmed})
			}
		}
	}
	return list, nil
}
