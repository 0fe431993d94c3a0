package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/cli"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
)

// asLakectl makes the test binary be lakectl itself, for tests that need a
// process of its own.
const asLakectl = "E2E_AS_LAKECTL"

func TestMain(m *testing.M) {
	if os.Getenv(asLakectl) != "" {
		os.Exit(cli.Main())
	}
	os.Exit(m.Run())
}

// lakectl returns the command `lakectl ARGS` in the project's folder, its clock
// standing still.
func lakectl(ctx context.Context, l *lab.Lab, args ...string) *exec.Cmd {
	l.T.Helper()
	self, err := os.Executable()
	if err != nil {
		l.T.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = l.Dir
	cmd.Env = append(os.Environ(), asLakectl+"=1", "LAKEHOUSE_NOW="+l.Now.Format(time.RFC3339), "NO_COLOR=1")
	return cmd
}

// mustLakectl runs a command that must succeed, and returns how long it took.
func mustLakectl(l *lab.Lab, args ...string) time.Duration {
	l.T.Helper()
	begun := time.Now()
	if out, err := lakectl(l.T.Context(), l, args...).CombinedOutput(); err != nil {
		l.T.Fatalf("lakectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return time.Since(begun)
}

// killLab is a project whose run is killed again and again.
type killLab struct {
	*lab.Lab
	base string        // a lake to start from; "" for none
	took time.Duration // a run that is left alone
	want lakeAfter     // after it
}

// newKillLab prepares a run on all files, or on half of them where the other
// half is in the lake already, and silver in buckets.
func newKillLab(t *testing.T, incremental bool) *killLab {
	t.Helper()
	l := sampleLab(t)
	l.Bucket = nil
	stock := l.Generate(sample.Options{Seed: 51, Transactions: killRows, Customers: 12_000, Days: 30, Files: 6, Defects: 0.08})
	customers, transactions := stock.Of("customers"), stock.Of("transactions")
	k := &killLab{Lab: l}
	if incremental {
		inBuckets(l, 2)
		l.Arrive(stock, append(customers[:1:1], transactions[:3]...)...)
		mustLakectl(l, "run", "--quiet")
		k.base = filepath.Join(t.TempDir(), "base")
		copyLake(t, k.base, l.Lake)
		l.Now = l.Now.Add(time.Hour)
		l.Arrive(stock, append(customers[1:], transactions[3:]...)...)
	} else {
		l.Arrive(stock)
	}
	k.took = mustLakectl(l, "run", "--quiet")
	k.want = afterOf(l)
	return k
}

func copyLake(t *testing.T, to, from string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// moment is when a run is killed.
type moment struct {
	after  time.Duration
	commit int // as soon as this commit of the run is recorded, and no earlier; 0: any time
}

func (m moment) String() string {
	if m.commit > 0 {
		return fmt.Sprintf("%s after its commit %d was recorded", m.after.Round(time.Millisecond/10), m.commit)
	}
	return fmt.Sprintf("after %s", m.after.Round(time.Millisecond))
}

// moments are random ones: two in three at any time of a run, the others while
// a commit is being published.
func (k *killLab) moment(rng *rand.Rand) moment {
	if rng.IntN(3) > 0 {
		return moment{after: time.Duration(rng.Int64N(int64(k.took)))}
	}
	return moment{after: time.Duration(rng.Int64N(int64(20 * time.Millisecond))), commit: 1 + rng.IntN(3)}
}

// killed starts a run and sends it SIGKILL at that moment. It says how many
// commits are recorded then.
func (k *killLab) killed(m moment) int {
	k.T.Helper()
	if err := os.RemoveAll(k.Lake); err != nil {
		k.T.Fatal(err)
	}
	if k.base != "" {
		copyLake(k.T.(*testing.T), k.Lake, k.base)
	}
	already := k.records()
	cmd := lakectl(k.T.Context(), k.Lab, "run", "--quiet")
	if err := cmd.Start(); err != nil {
		k.T.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); m.commit > 0 && k.records() < already+m.commit && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond / 4)
	}
	time.Sleep(m.after)
	_ = cmd.Process.Kill() // it may have ended
	_ = cmd.Wait()
	return k.records() - already
}

// records counts the commits in the log.
func (k *killLab) records() int {
	names, _ := filepath.Glob(filepath.Join(k.Lake, "_lakectl/log/[0-9]*.json"))
	return len(names)
}

// check compares the lake with one whose run was left alone.
func (k *killLab) check() {
	k.T.Helper()
	got := afterOf(k.Lab)
	lab.SameTree(k.T, got.tree, k.want.tree)
	for name, rows := range k.want.rows {
		lab.SameLines(k.T, name, got.rows[name], rows)
	}
	err := filepath.WalkDir(k.Lake, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.Contains(entry.Name(), "_tmp") && entry.Name() != "_tmp.lock" {
			k.T.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		k.T.Error(err)
	}
}

// TestKilledRunsAreContinued kills a process at random moments of its run. One
// run later the lake is what it would have been, to the byte.
func TestKilledRunsAreContinued(t *testing.T) {
	rng := rand.New(rand.NewPCG(52, uint64(kills)))
	for _, incremental := range []bool{false, true} {
		t.Run(map[bool]string{false: "from nothing", true: "on a lake"}[incremental], func(t *testing.T) {
			k := newKillLab(t, incremental)
			reached := map[int]int{}
			for range kills / 2 {
				m := k.moment(rng)
				commits := k.killed(m)
				reached[commits]++
				mustLakectl(k.Lab, "run", "--quiet")
				k.check()
				if t.Failed() {
					t.Fatalf("killed %s, with %d commits recorded", m, commits)
				}
			}
			t.Logf("a run takes %s; kills by the commits recorded until then: %v", k.took.Round(time.Millisecond), reached)
			out, err := lakectl(t.Context(), k.Lab, "run", "--json").Output()
			if err != nil || !bytes.Contains(out, []byte("nothing to do")) {
				t.Errorf("a last run: %v\n%s", err, out)
			}
		})
	}
}
