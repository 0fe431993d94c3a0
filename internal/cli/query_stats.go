package cli

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/term"
)

// statsJSON is what a statement took, for machines.
type statsJSON struct {
	Seconds  float64 `json:"seconds"`
	Queued   float64 `json:"queued_seconds,omitempty"`
	Executed float64 `json:"executed_seconds,omitempty"`
	query.Stats
}

func statsOf(s query.Stats) statsJSON {
	return statsJSON{s.Elapsed.Seconds(), s.Queued.Seconds(), s.Executed.Seconds(), s}
}

// footer is what a statement took, for people, to stand behind its number of rows.
func footer(engine string, s query.Stats) string {
	parts := []string{" in " + elapsed(s.Elapsed), engine}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.Queued >= slowQueue {
		add("%s of it in the queue", elapsed(s.Queued))
	}
	if s.Commit > 0 {
		add("commit %d", s.Commit)
	}
	switch {
	case s.Reused:
		add("an earlier result")
	case s.Scanned > 0:
		add("%s read", term.Size(s.Scanned))
	}
	if s.Cost != nil && *s.Cost > 0 {
		add("about $%s", strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.6f", *s.Cost), "0"), "."))
	}
	if s.Warehouse != "" {
		add("warehouse %s", s.Warehouse)
	}
	if s.ID != "" {
		add("query %s", s.ID)
	}
	return strings.Join(parts, ", ")
}

// slowQueue is from when on the time in a queue is worth telling.
const slowQueue = 500_000_000
