package glue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

type crawlsAPI interface {
	GetCrawler(context.Context, *glue.GetCrawlerInput, ...func(*glue.Options)) (*glue.GetCrawlerOutput, error)
	StartCrawler(context.Context, *glue.StartCrawlerInput, ...func(*glue.Options)) (*glue.StartCrawlerOutput, error)
	ListCrawls(context.Context, *glue.ListCrawlsInput, ...func(*glue.Options)) (*glue.ListCrawlsOutput, error)
	GetTables(context.Context, *glue.GetTablesInput, ...func(*glue.Options)) (*glue.GetTablesOutput, error)
}

// Crawls starts and follows crawls.
type Crawls struct {
	api  crawlsAPI
	wait func(context.Context, time.Duration) error
}

// NewCrawls returns the crawls of an account and region.
func NewCrawls(s *session.Session) *Crawls {
	return &Crawls{api: glue.NewFromConfig(s.Config), wait: sleep}
}

// Crawl is what a crawler does, or did last.
type Crawl struct {
	Crawler   string     `json:"crawler"`
	Database  string     `json:"database"`
	State     string     `json:"state"`            // READY, RUNNING, STOPPING
	Status    string     `json:"status,omitempty"` // of the last crawl: SUCCEEDED, FAILED, CANCELLED
	Error     string     `json:"error,omitempty"`
	Started   *time.Time `json:"started"` // null if it never ran
	Seconds   float64    `json:"seconds"`
	DPUHours  float64    `json:"dpu_hours"`
	USD       float64    `json:"usd"`
	LogGroup  string     `json:"log_group,omitempty"`
	LogStream string     `json:"log_stream,omitempty"`
	Created   []string   `json:"created"` // tables; of a crawl that was followed
	Updated   []string   `json:"updated"`
}

func crawlOf(c *types.Crawler) *Crawl {
	out := &Crawl{Crawler: aws.ToString(c.Name), Database: aws.ToString(c.DatabaseName), State: string(c.State), Created: []string{}, Updated: []string{}}
	if last := c.LastCrawl; last != nil {
		out.Status, out.Error, out.Started = string(last.Status), aws.ToString(last.ErrorMessage), last.StartTime
		out.LogGroup, out.LogStream = aws.ToString(last.LogGroup), aws.ToString(last.LogStream)
	}
	return out
}

// Status returns what a crawler does, and what its last crawl took; nil if there
// is no crawler of that name.
func (c *Crawls) Status(ctx context.Context, name string) (*Crawl, error) {
	is, err := crawlerOf(ctx, c.api, name)
	if err != nil || is == nil {
		return nil, err
	}
	out := crawlOf(is)
	return out, c.measure(ctx, out)
}

// measure adds how long the last crawl took and what it used.
func (c *Crawls) measure(ctx context.Context, crawl *Crawl) error {
	if crawl.Started == nil {
		return nil
	}
	out, err := c.api.ListCrawls(ctx, &glue.ListCrawlsInput{CrawlerName: &crawl.Crawler, MaxResults: aws.Int32(20)})
	if err != nil {
		return explain(fmt.Errorf("list the crawls of %s: %w", crawl.Crawler, err))
	}
	slices.SortFunc(out.Crawls, func(a, b types.CrawlerHistory) int { return aws.ToTime(b.StartTime).Compare(aws.ToTime(a.StartTime)) })
	for _, h := range out.Crawls[:min(1, len(out.Crawls))] {
		if h.EndTime != nil && h.StartTime != nil {
			crawl.Seconds = h.EndTime.Sub(*h.StartTime).Seconds()
		}
		crawl.DPUHours, crawl.USD = h.DPUHour, cost.GlueCrawl(h.DPUHour)
		if crawl.Error == "" {
			crawl.Error = aws.ToString(h.ErrorMessage)
		}
	}
	return nil
}

// Started is a crawl that was started, and what was there before it.
type Started struct {
	Crawl   *Crawl
	Already bool // it was running before
	before  *time.Time
	tables  map[string]time.Time // by name: when it was updated
}

// Start starts a crawler. One that runs already is as good: then Already is true.
func (c *Crawls) Start(ctx context.Context, name string) (*Started, error) {
	is, err := crawlerOf(ctx, c.api, name)
	if err != nil {
		return nil, err
	}
	if is == nil {
		return nil, diag.Errorf(diag.Usage, "there is no crawler %s", name).WithNext("make it with `lakectl crawler register`")
	}
	s := &Started{Crawl: crawlOf(is), before: crawlOf(is).Started}
	if s.tables, err = c.tables(ctx, s.Crawl.Database); err != nil {
		return nil, err
	}
	_, err = c.api.StartCrawler(ctx, &glue.StartCrawlerInput{Name: &name})
	var running *types.CrawlerRunningException
	if errors.As(err, &running) {
		s.Already = true
		return s, nil
	}
	if err != nil {
		return nil, explain(fmt.Errorf("start the crawler %s: %w", name, err))
	}
	s.Crawl.State = string(types.CrawlerStateRunning)
	return s, nil
}

// tables returns the tables of a database, and when each was updated.
func (c *Crawls) tables(ctx context.Context, database string) (map[string]time.Time, error) {
	tables := map[string]time.Time{}
	in := &glue.GetTablesInput{DatabaseName: &database}
	for {
		out, err := c.api.GetTables(ctx, in)
		if notFound(err) {
			return nil, diag.Errorf(diag.Usage, "there is no database %s in the Glue catalog", database).WithNext("`lakectl deploy` makes it")
		}
		if err != nil {
			return nil, explain(fmt.Errorf("list the tables of %s: %w", database, err))
		}
		for _, t := range out.TableList {
			tables[aws.ToString(t.Name)] = aws.ToTime(t.UpdateTime)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return tables, nil
		}
	}
}

// unseen is how often a crawler may be ready without having begun the crawl that
// was started.
const unseen = 10

// Follow waits until a crawl has ended, and returns what it made. state, if not
// nil, is called when its state changes.
func (c *Crawls) Follow(ctx context.Context, s *Started, state func(*Crawl)) (*Crawl, error) {
	last, pause, idle, failed := "", firstPoll, 0, 0
	for {
		is, err := crawlerOf(ctx, c.api, s.Crawl.Crawler)
		switch {
		case ctx.Err() != nil:
			return s.Crawl, ctx.Err()
		case err != nil:
			if failed++; failed > tolerated || diag.ClassOf(err) != diag.Transient {
				return s.Crawl, err
			}
		case is == nil:
			return s.Crawl, diag.Errorf(diag.Unexpected, "the crawler %s was deleted while it ran", s.Crawl.Crawler)
		default:
			failed = 0
			s.Crawl = crawlOf(is)
			if s.Crawl.State != last {
				state(s.Crawl)
				last, pause = s.Crawl.State, firstPoll
			}
			if is.State == types.CrawlerStateReady {
				if began(s) {
					return c.finish(ctx, s)
				}
				if idle++; idle > unseen {
					return s.Crawl, diag.Errorf(diag.Transient, "the crawler %s was started and says nothing of a crawl", s.Crawl.Crawler).
						WithNext("`lakectl crawler status` shows what it does")
				}
			}
		}
		if err := c.wait(ctx, pause); err != nil {
			return s.Crawl, err
		}
		pause = min(pause*3/2, lastPoll)
	}
}

// began says whether the last crawl is the one that was started.
func began(s *Started) bool {
	now := s.Crawl.Started
	return now != nil && (s.before == nil || now.After(*s.before) || s.Already && !now.Before(*s.before))
}

// finish says what an ended crawl has changed.
func (c *Crawls) finish(ctx context.Context, s *Started) (*Crawl, error) {
	out := s.Crawl
	tables, err := c.tables(ctx, out.Database)
	if err != nil {
		return out, err
	}
	for name, updated := range tables {
		before, ok := s.tables[name]
		switch {
		case !ok:
			out.Created = append(out.Created, name)
		case updated.After(before):
			out.Updated = append(out.Updated, name)
		}
	}
	slices.Sort(out.Created)
	slices.Sort(out.Updated)
	unmeasured := c.measure(ctx, out)
	if out.Status == string(types.LastCrawlStatusFailed) || out.Status == string(types.LastCrawlStatusCancelled) {
		what := map[string]string{"FAILED": "failed", "CANCELLED": "was stopped"}[out.Status]
		message := out.Error
		if message == "" {
			message = "Glue gives no reason"
		}
		return out, errors.Join(unmeasured, diag.Errorf(diag.Unexpected, "the crawler %s %s: %s", out.Crawler, what, message).
			WithNext("its log is %s in the log group %s", out.LogStream, out.LogGroup))
	}
	return out, unmeasured
}
