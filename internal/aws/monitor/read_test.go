package monitor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 45, 30, 0, time.UTC)
	for _, since := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 31*24*time.Hour + time.Minute, Retention} {
		for _, most := range []int{16, 30} {
			w := WindowOf(now, since, most)
			end := w.Start.Add(time.Duration(w.N) * w.Period)
			if w.N > most || w.Start.After(now.Add(-since)) || now.Add(-since).Sub(w.Start) >= w.Period || !end.After(now) || end.Sub(now) > w.Period {
				t.Errorf("%v in %d: %+v to %v", since, most, w, end)
			}
		}
	}
	if w := WindowOf(now, 7*24*time.Hour, 30); w.Period != 6*time.Hour || w.N != 29 {
		t.Errorf("a week: %+v", w)
	}
}

// Results come in pages, a series in several of them and in any order.
func TestRead(t *testing.T) {
	f, m := newFake(t)
	w := Window{Start: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Period: 6 * time.Hour, N: 4}
	at := func(hours ...int) (list []time.Time) {
		for _, h := range hours {
			list = append(list, w.Start.Add(time.Duration(h)*time.Hour))
		}
		return list
	}
	result := func(id string, status types.StatusCode, times []time.Time, values ...float64) types.MetricDataResult {
		return types.MetricDataResult{Id: aws.String(id), StatusCode: status, Timestamps: times, Values: values}
	}
	f.data = []*cloudwatch.GetMetricDataOutput{
		{MetricDataResults: []types.MetricDataResult{result("m0", types.StatusCodePartialData, at(18), 4), result("m4", types.StatusCodeComplete, at(0, 6), 9, 5)}},
		{MetricDataResults: []types.MetricDataResult{result("m0", types.StatusCodeComplete, at(0, 6), 1, 2), result("m1", types.StatusCodeForbidden, nil),
			result("strange", types.StatusCodeComplete, at(0), 1)},
			Messages: []types.MessageData{{Code: aws.String("MaxMetricsExceeded"), Value: aws.String("too many")}}},
	}
	orders := Table{"silver", "orders"}
	list, warnings, err := m.Read(t.Context(), []Table{orders}, w)
	if err != nil || len(list) != 6 {
		t.Fatalf("%v, %+v", err, list)
	}
	if diff := cmp.Diff([]string{"MaxMetricsExceeded too many", "RecordsFailed of silver.orders cannot be read: Forbidden"}, warnings); diff != "" {
		t.Error(diff)
	}
	if s := list[0]; s.Metric != RecordsProcessed || s.Total != 7 || len(s.Points) != 3 || s.Points[2] != (Point{at(18)[0], 4}) {
		t.Errorf("%+v", s)
	}
	if last, ok := list[0].Last(); !ok || last.Value != 4 {
		t.Errorf("the last: %+v", last)
	}
	if _, ok := list[1].Last(); ok {
		t.Error("of nothing there is a last")
	}
	var buckets []float64
	for _, b := range list[0].Buckets(w) {
		if b == nil {
			buckets = append(buckets, -1)
		} else {
			buckets = append(buckets, *b)
		}
	}
	if !slices.Equal(buckets, []float64{1, 2, -1, 4}) {
		t.Errorf("%v", buckets)
	}
	if s := list[4]; s.Metric != DurationSeconds || s.Total != 9 {
		t.Errorf("of durations the longest: %+v", s)
	}
	q := f.asked[0].MetricDataQueries[4].MetricStat
	if *q.Stat != "Maximum" || *q.Period != 21600 || *q.Metric.Namespace != "Lakehouse/shop" || *f.asked[0].MetricDataQueries[0].MetricStat.Stat != "Sum" {
		t.Errorf("%+v", q)
	}
}

func TestReadManyTables(t *testing.T) {
	f, m := newFake(t)
	tables := []Table{RunTotal()}
	for i := range 200 {
		tables = append(tables, Table{"gold", strings.Repeat("x", i+1)})
	}
	list, _, err := m.Read(t.Context(), tables, Window{N: 1, Period: time.Hour})
	if err != nil || len(list) != 8+6*200 || len(f.asked) != 3 {
		t.Errorf("%v, %d series, %d requests", err, len(list), len(f.asked))
	}
}

func alarm(name string, state types.StateValue, change func(*types.MetricAlarm)) types.MetricAlarm {
	a := types.MetricAlarm{AlarmName: aws.String(name), StateValue: state, AlarmActions: []string{"arn:topic"}, AlarmDescription: aws.String("what to do")}
	if change != nil {
		change(&a)
	}
	return a
}

func TestAlarms(t *testing.T) {
	f, m := newFake(t)
	since := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	dims := m.dimensions(RunTotal())
	f.alarms = [][]types.MetricAlarm{
		{
			alarm("shop-dev-freshness", types.StateValueOk, func(a *types.MetricAlarm) { a.ActionsEnabled = aws.Bool(false) }),
			alarm("shop-dev-failures", types.StateValueInsufficientData, func(a *types.MetricAlarm) { a.AlarmActions = nil }),
			alarm("shop-dev-2-failures", types.StateValueAlarm, func(a *types.MetricAlarm) { // of another environment
				a.Namespace, a.Dimensions = aws.String("Lakehouse/shop"), []types.Dimension{{Name: aws.String("Environment"), Value: aws.String("dev-2")}}
			}),
		},
		{},
		{
			alarm("shop-dev-own", types.StateValueAlarm, func(a *types.MetricAlarm) {
				a.Metrics = []types.MetricDataQuery{{Expression: aws.String("x")}, {MetricStat: &types.MetricStat{Metric: &types.Metric{Namespace: aws.String("Lakehouse/shop"), Dimensions: dims}}}}
			}),
			alarm("shop-dev-quality", types.StateValueAlarm, func(a *types.MetricAlarm) {
				a.StateUpdatedTimestamp, a.StateReason = &since, aws.String("Threshold Crossed")
			}),
			alarm("shop-dev-failure-rate", types.StateValueAlarm, func(a *types.MetricAlarm) { a.StateReason = aws.String(testReason) }),
		},
	}
	list, err := m.Alarms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		next, _, _ := strings.Cut(a.Next, " ")
		got = append(got, a.Kind+" "+a.State+" "+next+" "+a.Silent)
	}
	want := []string{"quality ALARM `lakectl ", "failure-rate ALARM nothing: ", "own ALARM what ", "failures INSUFFICIENT_DATA nothing it has no actions",
		"freshness OK  its actions are switched off"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if list[0].Since == nil || !list[0].Since.Equal(since) || list[0].Reason != "Threshold Crossed" {
		t.Errorf("%+v", list[0])
	}
	for _, kind := range kinds() {
		if remedy(kind, "") == "" {
			t.Errorf("nothing is to be done about %s", kind)
		}
	}
}

func TestNoAlarms(t *testing.T) {
	_, m := newFake(t)
	if list, err := m.Alarms(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestFire(t *testing.T) {
	f, m := newFake(t)
	if err := m.Fire(t.Context(), "shop-dev-failures"); err != nil {
		t.Fatal(err)
	}
	if in := f.fired[0]; *in.AlarmName != "shop-dev-failures" || in.StateValue != types.StateValueAlarm || !strings.Contains(*in.StateReason, "nothing is wrong") {
		t.Errorf("%+v", in)
	}
}
