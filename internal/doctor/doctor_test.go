package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

func good(context.Context) diag.Finding { return diag.Findf(diag.Good, "well") }

// A check begins when those before it have ended, is skipped for what they
// found, and the results come in order.
func TestRun(t *testing.T) {
	found := ""
	checks := []Check{
		{Group: Lake, Name: "needs", After: []string{"late", "none of that name"}, Skip: func() string { return found }, Run: good},
		{Group: AWS, Name: "late", Run: func(context.Context) diag.Finding {
			time.Sleep(10 * time.Millisecond)
			found = "late says no"
			return diag.Findf(diag.Bad, "no").WithRemedy("do")
		}},
		{Group: AWS, Name: "last", Skip: func() string { return "" }, Run: good},
	}
	var order []string
	results, err := Run(context.Background(), checks, func(r Result) { order = append(order, r.Check+" "+r.Level.String()+" "+r.Text) })
	if err != nil || strings.Join(order, ", ") != "needs skipped late says no, late failed no, last ok well" {
		t.Errorf("%v, %v", order, err)
	}
	if Worst(results) != diag.Bad || Count(results, diag.Good) != 1 || Worst(nil) != diag.Skipped {
		t.Errorf("%+v", results)
	}
}

// A check that does not answer in its time is a warning, and holds up nobody,
// even if it does not heed its context.
func TestTimeout(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	checks := []Check{
		{Name: "stuck", Timeout: time.Millisecond, Run: func(context.Context) diag.Finding { <-stuck; return diag.Finding{} }},
		{Name: "next", After: []string{"stuck"}, Run: good},
	}
	results, err := Run(context.Background(), checks, func(Result) {})
	if err != nil || results[0].Level != diag.Suspect || !strings.Contains(results[0].Text, "no answer within 1ms") || results[1].Level != diag.Good {
		t.Errorf("%+v, %v", results, err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Run(ctx, []Check{{Name: "a", Run: func(context.Context) diag.Finding { cancel(); return diag.Finding{} }}}, func(Result) {
		t.Error("a result of a check that was interrupted is shown")
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// More checks than run at a time do not wait for one another for ever.
func TestMany(t *testing.T) {
	checks := []Check{{Name: "first", Run: good}}
	for range 5 * parallel {
		checks = append(checks, Check{Name: "more", After: []string{"first"}, Run: good})
	}
	checks = uniquely(checks)
	results, err := Run(context.Background(), checks, func(Result) {})
	if err != nil || Count(results, diag.Good) != len(checks) {
		t.Error(err)
	}
}

func uniquely(checks []Check) []Check {
	for i := range checks[1:] {
		checks[i+1].Name += string(rune('A' + i))
	}
	return checks
}
