package config

import (
	"strings"
	"testing"
)

func TestAWS(t *testing.T) {
	head := "project: p\nlake: ./lake\nbronze: {a: {source: a.csv}}\naws: "
	c, problem := parseText(t, head+`{account: "123456789012", region: eu-central-1, schedule: "cron(0 3 * * ? *)", tags: {Cost Centre: "42"}}`)
	if problem != "" || c.AWS.Glue.MaxWorkers.Value != 10 || c.AWS.LogRetentionDays.Value != 90 || c.AWS.Tags.Get("Cost Centre").Value.Value != "42" {
		t.Errorf("%s %+v", problem, c.AWS)
	}
	for text, want := range map[string]string{
		`{account: "12"}`:                                 `lakehouse.yaml:4:16: "12" is not the number of an AWS account`,
		`{account: 012345678901}`:                         ``,
		`{region: Frankfurt}`:                             `"Frankfurt" is not a region`,
		`{schedule: daily}`:                               `"daily" is not a schedule`,
		`{log_retention_days: 91}`:                        `CloudWatch does not keep logs for 91 days`,
		`{tags: {project: x}}`:                            `"project" is a tag that is not yours to set`,
		`{glue: {shuffle_partitions: -1}}`:                `shuffle_partitions goes from 0 to 100000`,
		`{glue: {max_workers: 1}}`:                        `max_workers goes from 2 to 299`,
		`{glue: {timeout: 1m}}`:                           `timeout goes from 5m to 7d`,
		`{glue: {worker_type: G.4X, flex: true}}`:         `Glue has no flex for workers of type G.4X`,
		`{glue: {worker_type: G.025X}}`:                   `G.025X`,
		`{glue: {retries: 11}}`:                           `retries goes from 0 to 10`,
		`{tags: {a: "` + strings.Repeat("x", 257) + `"}}`: `at most 256 characters`,
	} {
		if _, got := parseText(t, head+text); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMonitoring(t *testing.T) {
	head := "project: p\nlake: ./lake\nbronze: {a: {source: a.csv}}\nmonitoring: "
	for text, want := range map[string]string{
		`{alert_email: ops@example.com, freshness_hours: 168}`: ``,
		`{alert_email: ""}`:       ``,
		`{alert_email: nobody}`:   `lakehouse.yaml:4:27: "nobody" is not an e-mail address`,
		`{freshness_hours: 0}`:    `freshness_hours must be at least 1`,
		`{freshness_hours: 169}`:  `freshness_hours is at most 168`,
		`{freshness_hours: soon}`: `"soon"`,
	} {
		if _, got := parseText(t, head+text); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
