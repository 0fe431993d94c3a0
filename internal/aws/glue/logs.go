package glue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// The log groups of a run: what the program prints, and what Spark and Glue say.
const (
	OutputLog = "output"
	SystemLog = "error"
)

// Line is a line of a log.
type Line struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// Tail reads the log of a run as it grows.
type Tail struct {
	logs   logsAPI
	groups []string
	run    string
	from   int64 // milliseconds since 1970
	seen   map[string]bool
	newest int64
}

// Tail returns the log of a run, OutputLog or SystemLog, from its start. It is in
// the group that the run names, or, where that is another one, in the group that
// its job names.
func (r *Runner) Tail(run *Run, kind string) *Tail {
	t := &Tail{logs: r.logs, run: run.ID, from: run.Started.Add(-time.Minute).UnixMilli(), seen: map[string]bool{}}
	for _, prefix := range []string{run.LogGroup, r.logGroup} {
		if group := strings.TrimSuffix(prefix, "/") + "/" + kind; prefix != "" && !slices.Contains(t.groups, group) {
			t.groups = append(t.groups, group)
		}
	}
	return t
}

// overlap is how much of the log is read again: lines of one moment need not
// arrive at one moment.
const overlap = 30 * time.Second

// Next returns the lines that are new, without waiting for any. A log that is
// not there yet has none.
func (t *Tail) Next(ctx context.Context) ([]Line, error) {
	var lines []Line
	for _, group := range t.groups {
		more, err := t.read(ctx, group)
		lines = append(lines, more...)
		if err != nil && session.Code(err) != "ResourceNotFoundException" {
			return lines, session.Explain(fmt.Errorf("read the log %s of the run %s: %w", group, t.run, err))
		}
	}
	t.from = max(t.from, t.newest-overlap.Milliseconds())
	return lines, nil
}

// read reads what is new in one group.
func (t *Tail) read(ctx context.Context, group string) ([]Line, error) {
	var lines []Line
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, LogStreamNamePrefix: &t.run, StartTime: aws.Int64(t.from)}
	for {
		out, err := t.logs.FilterLogEvents(ctx, in)
		if err != nil {
			return lines, err
		}
		for _, e := range out.Events {
			id := aws.ToString(e.EventId)
			if t.seen[id] || !driver(aws.ToString(e.LogStreamName), t.run) {
				continue
			}
			t.seen[id] = true
			at := aws.ToInt64(e.Timestamp)
			t.newest = max(t.newest, at)
			lines = append(lines, Line{Time: time.UnixMilli(at).UTC(), Text: strings.TrimRight(aws.ToString(e.Message), "\r\n")})
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return lines, nil
		}
	}
}

// LogOptions say which log is read.
type LogOptions struct {
	Kind   string // OutputLog or SystemLog
	Follow bool   // go on until the run has ended
}

// Logs reads the log of a run from its start.
func (r *Runner) Logs(ctx context.Context, run *Run, o LogOptions, line func(Line) error) error {
	tail := r.Tail(run, o.Kind)
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		ended := run.Ended()
		lines, err := tail.Next(ctx)
		for _, l := range lines {
			if err := line(l); err != nil {
				return err
			}
		}
		if err != nil || ended || !o.Follow {
			return err
		}
		if err := r.wait(ctx, pause); err != nil {
			return err
		}
		if run, err = r.Run(ctx, run.Job, run.ID); err != nil {
			return err
		}
	}
}

// driver says whether a stream is the driver's of the run: of the run itself,
// not of another attempt, whose id begins alike, nor of an executor.
func driver(stream, run string) bool {
	rest, ok := strings.CutPrefix(stream, run)
	return ok && (rest == "" || rest == "-driver")
}
