package monitor

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// The names of the metrics; the documentation of the package says what they
// count.
const (
	RecordsProcessed    = "RecordsProcessed"
	RecordsFailed       = "RecordsFailed"
	RecordsQuarantined  = "RecordsQuarantined"
	DataQualityFailures = "DataQualityFailures"
	DurationSeconds     = "DurationSeconds"
	BytesWritten        = "BytesWritten"
	RunsSucceeded       = "RunsSucceeded"
	RunFailures         = "RunFailures"
)

// Table is a table of a layer, or RunTotal.
type Table struct {
	Layer   string `json:"layer"`
	Dataset string `json:"dataset"`
}

// String returns layer.dataset.
func (t Table) String() string { return t.Layer + "." + t.Dataset }

// RunTotal stands for a run as a whole.
func RunTotal() Table { return Table{Layer: "run", Dataset: "all"} }

// Figures are what a run did to one table.
type Figures struct {
	Table
	Processed, Failed, Quarantined int64 // records
	QualityFailures                int64
	Bytes                          int64
	Seconds                        float64
}

// Run is what a run did. Of Succeeded and Failed at most one is set.
type Run struct {
	Ended             time.Time
	Seconds           float64
	Succeeded, Failed bool
	Tables            []Figures
}

// bronze is the layer whose records are those of the source files.
const bronze = "bronze"

// total returns the figures of the run as a whole.
func (r *Run) total() Figures {
	sum := Figures{Table: RunTotal(), Seconds: r.Seconds}
	for _, t := range r.Tables {
		if t.Layer == bronze {
			sum.Processed += t.Processed
		}
		sum.Failed += t.Failed
		sum.Quarantined += t.Quarantined
		sum.QualityFailures += t.QualityFailures
		sum.Bytes += t.Bytes
	}
	return sum
}

// Send sends the figures of a run: in one request, unless they are more than
// CloudWatch takes in one.
func (m *Monitor) Send(ctx context.Context, r *Run) error {
	data := m.data(r)
	for _, batch := range batches(data) {
		_, err := m.cloudwatch.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String(m.names.Namespace()), MetricData: batch})
		if err != nil {
			return session.Explain(fmt.Errorf("send the figures of the run to CloudWatch: %w", err))
		}
	}
	return nil
}

// data are the metrics of a run, those of the run as a whole first: if there are
// several requests and not all of them arrive, the alarms have theirs.
func (m *Monitor) data(r *Run) []types.MetricDatum {
	count := func(yes bool) float64 {
		if yes {
			return 1
		}
		return 0
	}
	data := []types.MetricDatum{
		m.datum(r, RunTotal(), RunsSucceeded, count(r.Succeeded)),
		m.datum(r, RunTotal(), RunFailures, count(r.Failed)),
	}
	for _, f := range append([]Figures{r.total()}, r.Tables...) {
		data = append(data,
			m.datum(r, f.Table, RecordsProcessed, float64(f.Processed)),
			m.datum(r, f.Table, RecordsFailed, float64(f.Failed)),
			m.datum(r, f.Table, RecordsQuarantined, float64(f.Quarantined)),
			m.datum(r, f.Table, DataQualityFailures, float64(f.QualityFailures)),
			m.datum(r, f.Table, DurationSeconds, f.Seconds),
			m.datum(r, f.Table, BytesWritten, float64(f.Bytes)))
	}
	return data
}

func (m *Monitor) datum(r *Run, t Table, metric string, value float64) types.MetricDatum {
	return types.MetricDatum{MetricName: aws.String(metric), Dimensions: m.dimensions(t), Timestamp: aws.Time(r.Ended.UTC()),
		Value: aws.Float64(value), Unit: unit(metric)}
}

func unit(metric string) types.StandardUnit {
	switch metric {
	case DurationSeconds:
		return types.StandardUnitSeconds
	case BytesWritten:
		return types.StandardUnitBytes
	}
	return types.StandardUnitCount
}

func (m *Monitor) dimensions(t Table) []types.Dimension {
	return []types.Dimension{
		{Name: aws.String("Environment"), Value: aws.String(m.names.Environment)},
		{Name: aws.String("Layer"), Value: aws.String(t.Layer)},
		{Name: aws.String("Dataset"), Value: aws.String(t.Dataset)},
	}
}

// The most that CloudWatch takes in one request: 1,000 metrics, and 1 MB, of
// which some is left for what stands around them.
const (
	batchMetrics = 1000
	batchBytes   = 900_000
	datumBytes   = 600 // of a metric, its names left out, in the wordiest protocol
)

func batches(data []types.MetricDatum) [][]types.MetricDatum {
	var list [][]types.MetricDatum
	begin, size := 0, 0
	for i, d := range data {
		bytes := datumBytes + len(*d.MetricName)
		for _, dimension := range d.Dimensions {
			bytes += 3 * len(*dimension.Value) // other letters than English ones may be escaped
		}
		if i-begin == batchMetrics || size+bytes > batchBytes {
			list = append(list, data[begin:i])
			begin, size = i, 0
		}
		size += bytes
	}
	return append(list, data[begin:])
}
