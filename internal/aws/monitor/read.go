package monitor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Retention is how far back CloudWatch remembers.
const Retention = 455 * 24 * time.Hour

// Window is a span of time in periods of one length.
type Window struct {
	Start  time.Time
	Period time.Duration
	N      int
}

// WindowOf returns the periods of the last so much time before now, at most so
// many. Periods begin where CloudWatch has them begin, the first before since
// and the last after now.
func WindowOf(now time.Time, since time.Duration, most int) Window {
	period := Retention
	for _, hours := range []time.Duration{1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24} {
		if p := hours * time.Hour; since+p <= time.Duration(most)*p { // one more, as both ends are cut
			period = p
			break
		}
	}
	start := now.Add(-since).UTC().Truncate(period)
	n := int((now.Sub(start) + period) / period)
	return Window{Start: start, Period: period, N: n}
}

// Point is what was measured in one period.
type Point struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Series is one metric of a table: sums of periods, and of DurationSeconds the
// greatest.
type Series struct {
	Table
	Metric string  `json:"metric"`
	Total  float64 `json:"total"` // of all periods; of DurationSeconds the greatest
	Points []Point `json:"points"`
}

// Last returns the newest point.
func (s *Series) Last() (Point, bool) {
	if len(s.Points) == 0 {
		return Point{}, false
	}
	return s.Points[len(s.Points)-1], true
}

// Metrics returns the names of the metrics of a table, in the order in which
// they are shown.
func (t Table) Metrics() []string {
	list := []string{RecordsProcessed, RecordsFailed, RecordsQuarantined, DataQualityFailures, DurationSeconds, BytesWritten}
	if t == RunTotal() {
		return append([]string{RunsSucceeded, RunFailures}, list...)
	}
	return list
}

// perRequest is the most metrics of one request.
const perRequest = 500

// Read returns the metrics of tables, in their order, and what CloudWatch says
// about those it could not read whole.
func (m *Monitor) Read(ctx context.Context, tables []Table, w Window) (list []Series, warnings []string, err error) {
	for _, t := range tables {
		for _, metric := range t.Metrics() {
			list = append(list, Series{Table: t, Metric: metric, Points: []Point{}})
		}
	}
	for part := range slices.Chunk(list, perRequest) {
		said, err := m.read(ctx, part, w)
		if err != nil {
			return nil, nil, session.Explain(fmt.Errorf("read the metrics %s: %w", m.names.Namespace(), err))
		}
		warnings = append(warnings, said...)
	}
	slices.Sort(warnings)
	return list, slices.Compact(warnings), nil
}

// read reads as many series as one request may have.
func (m *Monitor) read(ctx context.Context, list []Series, w Window) (warnings []string, err error) {
	byID := map[string]*Series{}
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(w.Start), EndTime: aws.Time(w.Start.Add(time.Duration(w.N) * w.Period)),
		ScanBy: types.ScanByTimestampAscending}
	for i := range list {
		id := fmt.Sprintf("m%d", i)
		byID[id] = &list[i]
		in.MetricDataQueries = append(in.MetricDataQueries, m.query(id, &list[i], w))
	}
	pages := cloudwatch.NewGetMetricDataPaginator(m.cloudwatch, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, messages("", page.Messages)...)
		for _, r := range page.MetricDataResults {
			s := byID[aws.ToString(r.Id)]
			if s == nil {
				continue // not asked for
			}
			for i, at := range r.Timestamps[:min(len(r.Timestamps), len(r.Values))] {
				s.Points = append(s.Points, Point{at.UTC(), r.Values[i]})
			}
			if r.StatusCode != types.StatusCodeComplete && r.StatusCode != types.StatusCodePartialData && r.StatusCode != "" {
				warnings = append(warnings, fmt.Sprintf("%s of %s cannot be read: %s", s.Metric, s.Table, r.StatusCode))
			}
			warnings = append(warnings, messages(s.Metric+" of "+s.String()+": ", r.Messages)...)
		}
	}
	for i := range list {
		list[i].settle()
	}
	return warnings, nil
}

// messages are those of CloudWatch, of which one page after the other repeats
// that there is more.
func messages(about string, list []types.MessageData) []string {
	var out []string
	for _, m := range list {
		out = append(out, about+strings.TrimSpace(aws.ToString(m.Code)+" "+aws.ToString(m.Value)))
	}
	return out
}

func (m *Monitor) query(id string, s *Series, w Window) types.MetricDataQuery {
	stat := types.StatisticSum
	if s.Metric == DurationSeconds {
		stat = types.StatisticMaximum
	}
	return types.MetricDataQuery{Id: aws.String(id), ReturnData: aws.Bool(true), MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(m.names.Namespace()), MetricName: aws.String(s.Metric), Dimensions: m.dimensions(s.Table)},
		Period: aws.Int32(int32(w.Period / time.Second)), Stat: aws.String(string(stat))}}
}

// settle orders the points and adds them up, once all are there.
func (s *Series) settle() {
	slices.SortFunc(s.Points, func(a, b Point) int { return a.At.Compare(b.At) })
	for _, p := range s.Points {
		if s.Metric == DurationSeconds {
			s.Total = max(s.Total, p.Value)
		} else {
			s.Total += p.Value
		}
	}
}

// Buckets returns the values of a series by the periods of a window; nothing was
// measured in those that are nil.
func (s *Series) Buckets(w Window) []*float64 {
	out := make([]*float64, w.N)
	for i, p := range s.Points {
		if at := int(p.At.Sub(w.Start) / w.Period); at >= 0 && at < w.N {
			out[at] = &s.Points[i].Value
		}
	}
	return out
}
