package glue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
)

// crawling is a crawler in a state, with a last crawl that began at a minute of
// the hour; none if that is negative.
func crawling(s types.CrawlerState, minute int, status types.LastCrawlStatus) types.Crawler {
	c := types.Crawler{Name: aws.String("c"), DatabaseName: aws.String("db"), State: s}
	if minute >= 0 {
		c.LastCrawl = &types.LastCrawlInfo{StartTime: aws.Time(at(minute)), Status: status, LogGroup: aws.String("/aws-glue/crawlers"), LogStream: aws.String("c")}
	}
	return c
}

func at(minute int) time.Time { return time.Date(2026, 11, 23, 9, minute, 0, 0, time.UTC) }

func tableAt(name string, minute int) types.Table {
	return types.Table{Name: &name, UpdateTime: aws.Time(at(minute))}
}

func crawls(f *fake) *Crawls { return &Crawls{api: f, wait: patient(new(int))} }

func TestCrawl(t *testing.T) {
	f := newFake()
	f.crawls = []types.Crawler{crawling("READY", 1, "FAILED"),
		crawling("READY", 1, "FAILED"), crawling("RUNNING", 1, "FAILED"), crawling("STOPPING", 1, "FAILED"), crawling("READY", 2, "SUCCEEDED")}
	f.tables = [][]types.Table{{tableAt("a", 0), tableAt("b", 0)}, {tableAt("a", 0), tableAt("b", 3), tableAt("new", 3)}}
	f.history = []types.CrawlerHistory{{StartTime: aws.Time(at(1)), DPUHour: 9}, {StartTime: aws.Time(at(2)), EndTime: aws.Time(at(4)), DPUHour: 0.5}}
	c := crawls(f)
	s, err := c.Start(t.Context(), "c")
	if err != nil || s.Already {
		t.Fatalf("%+v, %v", s, err)
	}
	var states []string
	got, err := c.Follow(t.Context(), s, func(now *Crawl) { states = append(states, now.State) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"READY", "RUNNING", "STOPPING", "READY"}, states); diff != "" {
		t.Error(diff)
	}
	if strings.Join(got.Created, " ") != "new" || strings.Join(got.Updated, " ") != "b" || got.Seconds != 120 || got.USD != 0.22 || got.Status != "SUCCEEDED" {
		t.Errorf("%+v", got)
	}
}

func TestCrawlThatRunsAlready(t *testing.T) {
	f := newFake()
	f.crawls = []types.Crawler{crawling("RUNNING", 1, "SUCCEEDED"), crawling("RUNNING", 1, "SUCCEEDED"), crawling("READY", 2, "SUCCEEDED")}
	f.tables = [][]types.Table{{}}
	f.fails["StartCrawler"] = []error{&types.CrawlerRunningException{}}
	c := crawls(f)
	s, err := c.Start(t.Context(), "c")
	if err != nil || !s.Already {
		t.Fatalf("%+v, %v", s, err)
	}
	if got, err := c.Follow(t.Context(), s, func(*Crawl) {}); err != nil || got.Status != "SUCCEEDED" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCrawlsThatFail(t *testing.T) {
	for _, test := range []struct {
		name  string
		last  types.Crawler
		fails map[string][]error
		class diag.Class
		want  string
	}{
		{"failed", crawling("READY", 2, "FAILED"), nil, diag.Unexpected, "the crawler c failed: from the history"},
		{"cancelled", crawling("READY", 2, "CANCELLED"), nil, diag.Unexpected, "the crawler c was stopped"},
		{"never began", crawling("READY", 1, "SUCCEEDED"), nil, diag.Transient, "says nothing of a crawl"},
		{"throttled once", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"GetCrawler": {nil, fail("GetCrawler", "ThrottlingException")}}, diag.OK, ""},
		{"denied", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"GetCrawler": {nil, fail("GetCrawler", "AccessDeniedException")}}, diag.Usage, "AccessDenied"},
		{"deleted", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"GetCrawler": {nil, missing()}}, diag.Unexpected, "was deleted"},
		{"start denied", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"StartCrawler": {fail("StartCrawler", "AccessDeniedException")}}, diag.Usage, "start the crawler c"},
		{"no database", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"GetTables": {missing()}}, diag.Usage, "there is no database db"},
		{"no crawler", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"GetCrawler": {missing()}}, diag.Usage, "there is no crawler c"},
		{"cost denied", crawling("READY", 2, "SUCCEEDED"), map[string][]error{"ListCrawls": {fail("ListCrawls", "AccessDeniedException")}}, diag.Usage, "list the crawls of c"},
	} {
		f := newFake()
		f.crawls = []types.Crawler{crawling("READY", 1, "SUCCEEDED"), test.last}
		f.tables = [][]types.Table{{}}
		f.history = []types.CrawlerHistory{{ErrorMessage: aws.String("from the history")}}
		if test.fails != nil {
			f.fails = test.fails
		}
		c := crawls(f)
		s, err := c.Start(t.Context(), "c")
		if err == nil {
			_, err = c.Follow(t.Context(), s, func(*Crawl) {})
		}
		if diag.ClassOf(err) != test.class || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestDetachFromACrawl(t *testing.T) {
	f := newFake()
	f.crawls, f.tables = []types.Crawler{crawling("RUNNING", -1, "")}, [][]types.Table{{}}
	c := crawls(f)
	s, err := c.Start(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err = c.Follow(ctx, s, func(*Crawl) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got, err := c.Status(t.Context(), "c"); err != nil || got.State != "RUNNING" || got.Started != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
