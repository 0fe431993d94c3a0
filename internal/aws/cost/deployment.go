package cost

import "fmt"

// Prices in US dollars: list prices of us-east-1, November 2026. Those of other
// regions are similar.
const (
	storageGB    = 0.023     // of S3 Standard, a month
	putRequest   = 0.005e-3  // of S3: PUT, COPY, LIST
	getRequest   = 0.0004e-3 // of S3
	keyMonth     = 1.0       // of a KMS key
	keyRequest   = 0.03e-4
	alarmMonth   = 0.10     // of a CloudWatch alarm
	dashboard    = 3.0      // of a CloudWatch dashboard, a month
	metricMonth  = 0.30     // of a custom metric
	logGB        = 0.50     // of logs that are taken in
	logStorageGB = 0.03     // of logs that are kept, a month
	scannedTB    = 5.0      // by Athena
	transition   = 0.025e-3 // of Step Functions
)

// Deployment is what is deployed, as far as it costs something.
type Deployment struct {
	Key       bool // there is a KMS key
	Scheduled bool // Glue runs it by itself
	Flex      bool // on spare capacity
	Alarms    int
	Tables    int     // of which metrics are kept
	DPUs      float64 // of a job at work: half of the most it may take
}

// Line is one thing that costs something, in US dollars a month.
type Line struct {
	What    string  `json:"what"`
	Idle    float64 `json:"idle"`
	Typical float64 `json:"typical"`
	Basis   string  `json:"basis"` // what the typical month is
}

// Monthly is what a deployment costs in a month in which nothing is run, and in
// one that is typical.
type Monthly struct {
	Lines       []Line   `json:"lines"`
	Idle        float64  `json:"idle"`
	Typical     float64  `json:"typical"`
	Assumptions []string `json:"assumptions"`
}

// What a typical month is.
const (
	typicalRuns    = 30    // a month
	typicalGB      = 100.0 // in the lake
	typicalScanGB  = 500.0 // by queries
	putsOfRun      = 2_000.0
	getsOfRun      = 10_000.0
	typicalJobs    = 3 // of a run: bronze, silver, gold
	typicalMinutes = 10.0
	typicalLogsGB  = 1.0
	metricsEach    = 6
	transitions    = 6.0 // of a scheduled run
)

// EstimateDeployment returns what a deployment costs a month.
func EstimateDeployment(d Deployment) Monthly {
	e := Monthly{Assumptions: []string{
		"list prices of us-east-1, November 2026; those of other regions are similar, and taxes come on top",
		"no free tier: the first 10 alarms, 3 dashboards and 10 metrics of an account cost nothing",
		fmt.Sprintf("a typical month has %d runs, %.0f GB in the lake, and queries that read %.0f GB", typicalRuns, typicalGB, typicalScanGB),
	}}
	add := func(what string, idle, typical float64, basis string, args ...any) {
		e.Lines = append(e.Lines, Line{What: what, Idle: idle, Typical: typical, Basis: fmt.Sprintf(basis, args...)})
		e.Idle += idle
		e.Typical += typical
	}
	add("S3 storage", 0, typicalGB*storageGB, "%.0f GB", typicalGB)
	add("S3 requests", 0, typicalRuns*(putsOfRun*putRequest+getsOfRun*getRequest), "%d runs of 2,000 writes and 10,000 reads", typicalRuns)
	add("Athena", 0, typicalScanGB/1000*scannedTB, "%.0f GB read", typicalScanGB)
	add("CloudWatch alarms", float64(d.Alarms)*alarmMonth, float64(d.Alarms)*alarmMonth, "%d alarms", d.Alarms)
	add("CloudWatch dashboard", dashboard, dashboard, "1 dashboard")
	metrics := metricsEach * (d.Tables + 1) // of each table, and of the run
	add("CloudWatch metrics", 0, float64(metrics)*metricMonth, "%d metrics of %d tables", metrics, d.Tables)
	add("CloudWatch logs", 0, typicalLogsGB*(logGB+logStorageGB), "%.0f GB", typicalLogsGB)
	if d.Key {
		add("KMS key", keyMonth, keyMonth+typicalRuns*(putsOfRun+getsOfRun)/100*keyRequest, "1 key; bucket keys save 99%% of the requests")
	}
	if d.Scheduled {
		price, kind := GlueDPUHour, ""
		if d.Flex {
			price, kind = GlueFlexDPUHour, " of flex"
		}
		add("Glue jobs", 0, typicalRuns*typicalJobs*typicalMinutes/60*d.DPUs*price, "%d runs of %d jobs, %.0f min with %.0f DPUs%s each", typicalRuns, typicalJobs, typicalMinutes, d.DPUs, kind)
		add("Step Functions", 0, typicalRuns*transitions*transition, "%d runs", typicalRuns)
	} else {
		e.Assumptions = append(e.Assumptions, "runs are made on a machine of yours; `lakectl run --engine glue --dry-run` says what they cost on Glue")
	}
	return e
}
