package monitor

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"
)

func TestPublish(t *testing.T) {
	f, m := newFake(t)
	err := m.Publish(t.Context(), &Failure{Run: "20261123T094500.000Z-5e00b8", Ended: time.Date(2026, 11, 23, 9, 45, 1, 0, time.UTC), Class: "gate", ExitCode: 3,
		What: "a quality gate failed", Details: []string{"silver.orders.quarantined: 8 of 200", "two\nlines"}, Next: []string{"change the rule", "or accept"}, Look: []string{"lakectl status"}})
	if err != nil {
		t.Fatal(err)
	}
	in := f.published[0]
	want := `a quality gate failed

  silver.orders.quarantined: 8 of 200
  two
  lines

Next:        change the rule
             or accept
Project:     shop
Environment: dev
Account:     123456789012, eu-central-1
Run:         20261123T094500.000Z-5e00b8
Ended:       2026-11-23 09:45:01 UTC
Exit code:   3 (gate)
Look:        lakectl status
`
	if diff := cmp.Diff(want, *in.Message); diff != "" {
		t.Error(diff)
	}
	if *in.Subject != "shop/dev: a quality gate failed" || *in.TopicArn != "arn:aws:sns:eu-central-1:123456789012:shop-dev-alerts" {
		t.Errorf("%q to %s", *in.Subject, *in.TopicArn)
	}
}

// Whatever a run says, SNS takes it.
func TestPublishWhatFits(t *testing.T) {
	for _, text := range []string{"", "Umlaute: äöü\nand\ttabs", strings.Repeat("long ", 10_000), strings.Repeat("ü", 20_000), "\xff\xfe"} {
		f, m := newFake(t)
		if err := m.Publish(t.Context(), &Failure{What: text, Details: []string{text}}); err != nil {
			t.Fatal(err)
		}
		subject, message := *f.published[0].Subject, *f.published[0].Message
		if len(subject) > 100 || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("subject %q", subject)
		}
		if message == "" || len(message) > 17_000 || !utf8.ValidString(message) {
			t.Errorf("a message of %d bytes", len(message))
		}
	}
}

func TestSubscriptions(t *testing.T) {
	f, m := newFake(t)
	if got, err := m.Subscriptions(t.Context()); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	sub := func(arn, endpoint string) snstypes.Subscription {
		return snstypes.Subscription{SubscriptionArn: aws.String(arn), Endpoint: aws.String(endpoint), Protocol: aws.String("email")}
	}
	f.subscriptions = [][]snstypes.Subscription{{sub("PendingConfirmation", "a@x")}, {}, {sub("Deleted", "b@x"), sub("arn:aws:sns:x:1:t:2", "c@x")}}
	got, err := m.Subscriptions(t.Context())
	want := []Subscription{{"email", "a@x", false}, {"email", "c@x", true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
}
