//go:build e2e

package sparkrun

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/sampledata"
)

func sampleLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	return l
}

func TestSample(t *testing.T) {
	want := sampleLab(t)
	onThisMachine := want.MustRun()
	got := sampleLab(t)
	bySpark := mustOnSpark(got)
	compare(t, got, want)
	sameResult(t, bySpark, onThisMachine)
	got.Now = got.Now.Add(time.Hour)
	if again := mustOnSpark(got); again.Outcome != pipeline.NothingToDo {
		t.Errorf("the next run on Spark: %s", again.Outcome)
	}
	if again := got.MustRun(); again.Outcome != pipeline.NothingToDo {
		t.Errorf("the next run on this machine: %s", again.Outcome)
	}
}

// sameResult compares what two runs say that they did, but for times and sizes.
func sameResult(t *testing.T, got, want *pipeline.Result) {
	t.Helper()
	if g, w := plain(t, got), plain(t, want); g != w {
		t.Errorf("what the run on Spark says differs from that on this machine (-this machine +Spark):\n%s", cmp.Diff(strings.Split(w, "\n"), strings.Split(g, "\n")))
	}
}
