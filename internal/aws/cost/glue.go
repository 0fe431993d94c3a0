package cost

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Prices of Glue in US dollars: list prices of us-east-1 in 2026.
const (
	GlueDPUHour     = 0.44 // of jobs and crawlers
	GlueFlexDPUHour = 0.29

	// GluePrices says which prices these are.
	GluePrices = "list prices of us-east-1 in 2026; other regions differ"
)

const (
	leastOfJob   = time.Minute      // that a run is billed for
	leastOfCrawl = 10 * time.Minute // that a crawl is billed for
	usualRun     = 5 * time.Minute  // of a job of which nothing is known
)

// DPUs returns how many DPUs a worker has; of a type that is not known 1.
func DPUs(workerType string) float64 {
	switch strings.ToUpper(workerType) {
	case "G.2X":
		return 2
	case "G.4X":
		return 4
	case "G.8X":
		return 8
	}
	return 1
}

// GlueJob returns what DPU-seconds of a job cost.
func GlueJob(dpuSeconds float64, flex bool) float64 {
	if flex {
		return exact(dpuSeconds / 3600 * GlueFlexDPUHour)
	}
	return exact(dpuSeconds / 3600 * GlueDPUHour)
}

// exact rounds to millionths of a dollar, which leaves out what floats add.
func exact(usd float64) float64 { return math.Round(usd*1e6) / 1e6 }

// GlueCrawl returns what DPU-hours of a crawler cost.
func GlueCrawl(dpuHours float64) float64 { return exact(dpuHours * GlueDPUHour) }

// Jobs are runs that are to be estimated, one of each job.
type Jobs struct {
	Names      []string
	WorkerType string
	MaxWorkers int
	Timeout    time.Duration
	Retries    int
	Flex       bool
	// Past are the DPU-seconds of earlier runs that succeeded, by job.
	Past map[string][]float64
}

// Estimate is a range of dollars, and what it rests on.
type Estimate struct {
	Usual       float64  `json:"usual_usd"`
	Most        float64  `json:"most_usd"`
	Assumptions []string `json:"assumptions"`
}

// EstimateJobs says what one run of each job costs: as much as the median of the
// past runs of the job, or, without any, as much as all workers do in a few
// minutes; and at most what all workers do until the time is up, in every attempt.
func EstimateJobs(j Jobs) Estimate {
	all := DPUs(j.WorkerType) * float64(j.MaxWorkers)
	least := leastOfJob.Seconds() * 2 * DPUs(j.WorkerType) // a driver and a worker
	var e Estimate
	var known, unknown []string
	for _, name := range j.Names {
		use := all * usualRun.Seconds()
		if past := j.Past[name]; len(past) > 0 {
			use = median(past)
			known = append(known, name)
		} else {
			unknown = append(unknown, name)
		}
		e.Usual += GlueJob(max(use, least), j.Flex)
		e.Most += GlueJob(all*j.Timeout.Seconds(), j.Flex) * float64(1+j.Retries)
	}
	price, class := GlueDPUHour, ""
	if j.Flex {
		price, class = GlueFlexDPUHour, " flex"
	}
	e.Assumptions = append(e.Assumptions, fmt.Sprintf("$%.2f for each%s DPU-hour (%s)", price, class, GluePrices))
	if len(known) > 0 {
		e.Assumptions = append(e.Assumptions, strings.Join(known, ", ")+": as much as the median of the last runs that succeeded")
	}
	if len(unknown) > 0 {
		e.Assumptions = append(e.Assumptions, fmt.Sprintf("%s: never ran, so %s with all %d workers of %s", strings.Join(unknown, ", "), minutes(usualRun), j.MaxWorkers, j.WorkerType))
	}
	most := fmt.Sprintf("at most: all workers until the timeout of %s", minutes(j.Timeout))
	if j.Retries > 0 {
		most += fmt.Sprintf(", in each of %d attempts", 1+j.Retries)
	}
	e.Assumptions = append(e.Assumptions, most)
	return e
}

// EstimateCrawl says what one crawl costs: the least that is billed, of 2 DPUs,
// which is what crawlers of few tables use.
func EstimateCrawl() Estimate {
	usual := GlueCrawl(2 * leastOfCrawl.Hours())
	return Estimate{Usual: usual, Most: 6 * usual, Assumptions: []string{
		fmt.Sprintf("$%.2f for each DPU-hour (%s)", GlueDPUHour, GluePrices),
		fmt.Sprintf("2 DPUs for %s, the least that is billed; at most an hour", minutes(leastOfCrawl)),
	}}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// minutes writes a time in minutes, or in hours if it is some whole number of them.
func minutes(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}

// Dollars writes an amount: $0.07, <$0.01.
func Dollars(usd float64) string {
	switch {
	case usd <= 0:
		return "$0.00"
	case usd < 0.01:
		return "<$0.01"
	}
	return fmt.Sprintf("$%.2f", usd)
}
