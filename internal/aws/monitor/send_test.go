package monitor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
)

func TestSend(t *testing.T) {
	f, m := newFake(t)
	ended := time.Date(2026, 11, 23, 9, 45, 0, 0, time.UTC)
	run := &Run{Ended: ended, Seconds: 7.5, Failed: true, Tables: []Figures{
		{Table: Table{"bronze", "orders"}, Processed: 100, Failed: 1, Quarantined: 2, Bytes: 10, Seconds: 1},
		{Table: Table{"silver", "orders"}, Processed: 98, Failed: 98, QualityFailures: 2, Seconds: 2},
		{Table: Table{"gold", "sales"}},
	}}
	if err := m.Send(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"run.all RunsSucceeded": 0, "run.all RunFailures": 1}
	add := func(table string, figures ...float64) {
		for i, metric := range []string{RecordsProcessed, RecordsFailed, RecordsQuarantined, DataQualityFailures, DurationSeconds, BytesWritten} {
			want[table+" "+metric] = figures[i]
		}
	}
	add("run.all", 100, 99, 2, 2, 7.5, 10) // each record once, all else summed
	add("bronze.orders", 100, 1, 2, 0, 1, 10)
	add("silver.orders", 98, 98, 0, 2, 2, 0)
	add("gold.sales", 0, 0, 0, 0, 0, 0)
	if diff := cmp.Diff(want, values(t, f.put...)); diff != "" {
		t.Error(diff)
	}
	if len(f.put) != 1 || *f.put[0].Namespace != "Lakehouse/shop" {
		t.Errorf("%d requests", len(f.put))
	}
	for _, d := range f.put[0].MetricData {
		if !d.Timestamp.Equal(ended) {
			t.Errorf("%s at %v", *d.MetricName, d.Timestamp)
		}
		wantUnit := map[string]string{DurationSeconds: "Seconds", BytesWritten: "Bytes"}[*d.MetricName]
		if wantUnit == "" {
			wantUnit = "Count"
		}
		if string(d.Unit) != wantUnit {
			t.Errorf("%s is in %s", *d.MetricName, d.Unit)
		}
	}
}

func TestSendOutcomes(t *testing.T) {
	for _, test := range []struct {
		run                 Run
		succeeded, failures float64
	}{{Run{Succeeded: true}, 1, 0}, {Run{Failed: true}, 0, 1}, {Run{}, 0, 0}} {
		f, m := newFake(t)
		if err := m.Send(t.Context(), &test.run); err != nil {
			t.Fatal(err)
		}
		got := values(t, f.put...)
		if got["run.all RunsSucceeded"] != test.succeeded || got["run.all RunFailures"] != test.failures {
			t.Errorf("%+v: %v", test.run, got)
		}
	}
}

// A request has no more than CloudWatch takes, and nothing is lost between two.
func TestSendSplits(t *testing.T) {
	for _, test := range []struct{ tables, name, requests int }{{165, 6, 1}, {166, 6, 2}, {500, 6, 4}, {165, 200, 2}} {
		f, m := newFake(t)
		run := &Run{}
		for i := range test.tables {
			run.Tables = append(run.Tables, Figures{Table: Table{"gold", fmt.Sprintf("%0*d", test.name, i)}, Processed: int64(i)})
		}
		if err := m.Send(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		if len(f.put) != test.requests {
			t.Errorf("%+v: %d requests", test, len(f.put))
		}
		if got := len(values(t, f.put...)); got != 2+6*(test.tables+1) {
			t.Errorf("%+v: %d metrics", test, got)
		}
		for _, in := range f.put {
			if len(in.MetricData) > 1000 {
				t.Errorf("%+v: a request of %d metrics", test, len(in.MetricData))
			}
		}
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		code  string
		class diag.Class
		next  string
	}{
		{"Throttling", diag.Transient, "try again in a minute"},
		{"AccessDenied", diag.Usage, "ask for the permission"},
		{"NotFound", diag.Usage, "lakectl deploy"},
	} {
		f, m := newFake(t)
		f.err = apiError(test.code)
		calls := map[string]func() error{
			"publish":  func() error { return m.Publish(t.Context(), &Failure{}) },
			"list who": func() error { _, err := m.Subscriptions(t.Context()); return err },
			"send":     func() error { return m.Send(t.Context(), &Run{}) },
			"list the": func() error { _, err := m.Alarms(t.Context()); return err },
			"set off":  func() error { return m.Fire(t.Context(), "shop-dev-failures") },
			"read the ": func() error {
				_, _, err := m.Read(t.Context(), []Table{RunTotal()}, Window{N: 1, Period: time.Hour})
				return err
			},
		}
		for what, call := range calls {
			err := call()
			if test.code == "NotFound" && what != "publish" && what != "list who" {
				continue // of the topic alone it is known what is missing
			}
			if test.code == "NotFound" {
				what = "there is no topic shop-dev-alerts in account 123456789012, eu-central-1"
			}
			typed, ok := err.(*diag.Error) //nolint:errorlint // it is wrapped once
			if !ok || typed.Class != test.class || !strings.HasPrefix(typed.Msg, what) || !strings.Contains(typed.Next, test.next) {
				t.Errorf("%s, %s: %#v", test.code, what, err)
			}
		}
	}
}
