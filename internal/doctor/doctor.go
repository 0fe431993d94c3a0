package doctor

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// The groups of checks.
const (
	Machine   = "machine"
	Project   = "project"
	Lake      = "lake"
	AWS       = "aws"
	Snowflake = "snowflake"
)

// Check is one thing to look at.
type Check struct {
	Group, Name string
	// After names the checks that must have ended before: Skip and Run use what
	// they found.
	After []string
	// Skip says why the check makes no sense, "" if it does; nil is always "".
	Skip func() string
	// Run looks, and need not heed the limit of time.
	Run func(context.Context) diag.Finding
	// Timeout is how long it may take; DefaultTimeout if 0.
	Timeout time.Duration
}

// DefaultTimeout is how long most checks may take.
const DefaultTimeout = 20 * time.Second

// parallel is how many checks run at a time.
const parallel = 8

// Result is a check and what it found.
type Result struct {
	Group string `json:"group"`
	Check string `json:"check"`
	diag.Finding
}

// Run makes the checks, and calls report with the result of each in their order,
// as soon as those before it are known. A check is to stand behind those it comes
// after. The only error is that of the context.
func Run(ctx context.Context, checks []Check, report func(Result)) ([]Result, error) {
	results := make([]Result, len(checks))
	ended := make(map[string]chan struct{}, len(checks))
	for _, c := range checks {
		ended[c.Name] = make(chan struct{})
	}
	running := make(chan struct{}, parallel)
	for i, c := range checks {
		go func() {
			defer close(ended[c.Name])
			for _, name := range c.After {
				if before := ended[name]; before != nil {
					<-before
				}
			}
			running <- struct{}{}
			results[i] = Result{Group: c.Group, Check: c.Name, Finding: c.find(ctx)}
			<-running
		}()
	}
	for i, c := range checks {
		<-ended[c.Name]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report(results[i])
	}
	return results, nil
}

// find makes a check, within its time.
func (c Check) find(ctx context.Context) diag.Finding {
	if c.Skip != nil {
		if why := c.Skip(); why != "" {
			return diag.Findf(diag.Skipped, "%s", why)
		}
	}
	limit := c.Timeout
	if limit == 0 {
		limit = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := make(chan diag.Finding, 1)
	go func() { found <- c.Run(ctx) }()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
		return diag.Findf(diag.Suspect, "could not be checked: there was no answer within %s", limit).
			WithRemedy("look at the network (or the disk), and try again")
	}
}

// Worst returns the worst level of results.
func Worst(results []Result) diag.Level {
	worst := diag.Skipped
	for _, r := range results {
		worst = max(worst, r.Level)
	}
	return worst
}

// Count returns how many results have a level.
func Count(results []Result, level diag.Level) int {
	n := 0
	for _, r := range results {
		if r.Level == level {
			n++
		}
	}
	return n
}
