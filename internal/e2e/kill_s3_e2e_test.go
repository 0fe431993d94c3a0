//go:build e2e && !race

package e2e

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/storage/s3"
)

// killsOnS3 is how often a run on S3 is killed.
const killsOnS3 = 20

// A process on the lake on S3 that is killed at any moment is followed by one
// that takes its lock at once, finishes what it left, and makes the lake that
// undisturbed runs make.
func TestKilledRunsOnS3AreContinued(t *testing.T) {
	folder, calm := t.TempDir(), sampleLab(t)
	calm.Bucket = nil
	stock := calm.Generate(sample.Options{Seed: 53, Transactions: 24_000, Customers: 2000, Days: 10, Files: 3, Defects: 0.08})
	calm.Arrive(stock)
	mustLakectl(calm, "run", "--quiet")
	want := calm.Contents()
	if err := os.Mkdir(filepath.Join(folder, "lake"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := lab.Gateway(t, folder)
	l := sampleLab(t)
	l.Edit("lake: ./lake ", "aws: {catalog: false, metrics: false}\nlake: s3://lake/a/b ")
	l.Bucket = s3.New(s, s3.Options{Bucket: "lake", Prefix: "a/b/"})
	l.Arrive(stock)
	took := mustLakectl(l, "run", "--quiet")
	lab.SameContents(t, l.Contents(), want)
	random := rand.New(rand.NewPCG(54, killsOnS3))
	held := 0
	for i := range killsOnS3 {
		if err := os.RemoveAll(filepath.Join(folder, "lake", "a")); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(random.Int64N(int64(took)))
		cmd := lakectl(t.Context(), l, "run", "--quiet")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if holder, err := l.Open().Holder(context.Background()); err != nil {
			t.Fatal(err)
		} else if holder != nil {
			held++
		}
		if out, err := lakectl(t.Context(), l, "run", "--quiet", "--lock-timeout", "0s").CombinedOutput(); err != nil {
			t.Fatalf("after a kill at %s: %v\n%s", after, err, out)
		}
		lab.SameContents(t, l.Contents(), want)
		l.CheckLedger()
		if t.Failed() {
			t.Fatalf("kill %d, after %s of %s", i, after, took)
		}
	}
	if held == 0 {
		t.Error("no process was killed while it held the lock")
	}
	t.Logf("a run takes %s; %d of %d processes held the lock", took, held, killsOnS3)
	out, err := lakectl(t.Context(), l, "run", "--json").Output()
	if err != nil || !bytes.Contains(out, []byte("nothing to do")) {
		t.Errorf("a last run: %v\n%s", err, out)
	}
	for info, err := range l.Bucket.List(t.Context(), "_lakectl/stage/") {
		t.Errorf("%s is left: %v", info.Name, err)
	}
}
