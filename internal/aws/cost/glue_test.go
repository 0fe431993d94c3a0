package cost

import (
	"math"
	"strings"
	"testing"
	"time"
)

func same(a, b float64) bool { return math.Abs(a-b) < 1e-5 }

func TestEstimateJobs(t *testing.T) {
	jobs := Jobs{Names: []string{"a", "b"}, WorkerType: "G.2X", MaxWorkers: 10, Timeout: 2 * time.Hour, Retries: 1,
		Past: map[string][]float64{"b": {7200, 3600, 36000, 3600}}}
	e := EstimateJobs(jobs)
	// a: 20 DPUs for 5 minutes; b: the median, 1.5 DPU-hours.
	if want := 0.44 * (20*5/60.0 + 1.5); !same(e.Usual, want) {
		t.Errorf("usual %v, want %v", e.Usual, want)
	}
	if want := 0.44 * 20 * 2 * 2 * 2; !same(e.Most, want) {
		t.Errorf("most %v, want %v", e.Most, want)
	}
	text := strings.Join(e.Assumptions, "\n")
	for _, want := range []string{"$0.44 for each DPU-hour", "b: as much as the median", "a: never ran, so 5 min with all 10 workers of G.2X", "timeout of 2 h", "in each of 2 attempts"} {
		if !strings.Contains(text, want) {
			t.Errorf("the assumptions do not say %q:\n%s", want, text)
		}
	}
	jobs.Flex, jobs.Past = true, map[string][]float64{"a": {1}, "b": {1}}
	if e = EstimateJobs(jobs); !same(e.Usual, 2*0.29*4/60) || !strings.Contains(e.Assumptions[0], "flex") {
		t.Errorf("a run below the least that is billed: %+v", e)
	}
}

func TestOthers(t *testing.T) {
	if e := EstimateCrawl(); !same(e.Usual, 0.44/3) || e.Most <= e.Usual {
		t.Errorf("crawl %+v", e)
	}
	for worker, want := range map[string]float64{"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8, "": 1} {
		if got := DPUs(worker); got != want {
			t.Errorf("%s has %v DPUs, want %v", worker, got, want)
		}
	}
	for usd, want := range map[float64]string{0: "$0.00", 0.001: "<$0.01", 0.014: "$0.01", 12.345: "$12.35"} {
		if got := Dollars(usd); got != want {
			t.Errorf("%v is %s, want %s", usd, got, want)
		}
	}
	if got := minutes(90 * time.Minute); got != "90 min" {
		t.Error(got)
	}
}
