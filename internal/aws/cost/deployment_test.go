package cost

import (
	"math"
	"strings"
	"testing"
)

func TestEstimateDeployment(t *testing.T) {
	small := EstimateDeployment(Deployment{Alarms: 4, Tables: 8})
	if math.Abs(small.Idle-3.40) > 0.001 || math.Abs(small.Typical-25.35) > 0.01 {
		t.Errorf("idle %.4f, typical %.4f", small.Idle, small.Typical)
	}
	if !strings.Contains(strings.Join(small.Assumptions, "\n"), "on a machine of yours") {
		t.Errorf("%q", small.Assumptions)
	}
	full := EstimateDeployment(Deployment{Alarms: 4, Tables: 8, Key: true, Scheduled: true, DPUs: 5})
	if got, want := full.Idle-small.Idle, 1.0; math.Abs(got-want) > 0.001 {
		t.Errorf("the key costs %.4f", got)
	}
	// 90 jobs of 10 minutes with 5 DPUs are 75 DPU-hours.
	if got, want := full.Typical-small.Typical, 1.01+75*0.44; math.Abs(got-want) > 0.01 {
		t.Errorf("key and schedule cost %.4f, want %.4f", got, want)
	}
	flex := EstimateDeployment(Deployment{Alarms: 4, Tables: 8, Key: true, Scheduled: true, Flex: true, DPUs: 5})
	if got, want := full.Typical-flex.Typical, 75*0.15; math.Abs(got-want) > 0.01 {
		t.Errorf("flex saves %.4f, want %.4f", got, want)
	}
	sum := 0.0
	for _, line := range full.Lines {
		if line.What == "" || line.Basis == "" || line.Idle > line.Typical {
			t.Errorf("%+v", line)
		}
		sum += line.Typical
	}
	if math.Abs(sum-full.Typical) > 1e-9 {
		t.Errorf("the lines make %f, not %f", sum, full.Typical)
	}
}
