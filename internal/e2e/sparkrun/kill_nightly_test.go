//go:build e2e && nightly

package sparkrun

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
)

// kills is how often a run on Spark is killed.
const kills = 20

// TestKilledDrivers kills Spark's driver at random moments of a run: its processes
// all together, Java alone, or lakectl with it. The next run, every other time
// without Spark, ends with the rows that a run has which is left alone.
func TestKilledDrivers(t *testing.T) {
	rng := rand.New(rand.NewPCG(54, kills))
	k := newKillLab(t)
	for i := range kills {
		v := victims(i % 3)
		m := k.moment(rng)
		commits, ended := k.killed(v, &m)
		next := []string{"run", "--quiet", "--engine", "spark"}
		if i%2 == 1 {
			next = next[:2]
		}
		if out, err := k.command(t.Context(), next...).CombinedOutput(); err != nil {
			t.Fatalf("kill %d (%s, %s): the next run: %v\n%s", i, v, m, err, out)
		}
		compareContents(t, k.Contents(), k.want)
		k.CheckLedger()
		k.nothingStaged()
		if t.Failed() {
			t.Fatalf("kill %d: %s, %s, %d commits recorded", i, v, m, commits)
		}
		fmt.Printf("  kill %2d: %-17s %-40s %d commits recorded; it ended with %s\n", i+1, v, m, commits, ended)
	}
}

// victims are the processes that are killed.
type victims int

const (
	sparkWhole victims = iota
	java
	lakectlToo
)

func (v victims) String() string {
	return [...]string{"all of Spark", "Java", "Spark and lakectl"}[v]
}

// moment is when a run is killed: some time after it has done so many commits.
type moment struct {
	after   time.Duration
	commits int
}

func (m moment) String() string {
	return fmt.Sprintf("%s after commit %d", m.after.Round(time.Millisecond), m.commits)
}

// killLab is a project in whose lake half of its files are.
type killLab struct {
	*lab.Lab
	base  string              // the lake, with that half
	want  map[string][]string // the rows with the other half
	took  time.Duration       // a run on Spark that is left alone
	total int                 // its commits
}

func newKillLab(t *testing.T) *killLab {
	t.Helper()
	k := &killLab{Lab: lab.SampleProject(t), base: filepath.Join(t.TempDir(), "base")}
	for _, key := range []string{"customer_id", "transaction_id"} {
		k.Edit("key: "+key+"\n", "key: "+key+"\n    buckets: 2\n")
	}
	stock := k.Generate(sample.Options{Seed: 55, Transactions: 20_000, Customers: 2000, Days: 12, Files: 4, Defects: 0.08})
	customers, transactions := stock.Of("customers"), stock.Of("transactions")
	k.Arrive(stock, append(customers[:1:1], transactions[:2]...)...)
	k.must("run", "--quiet")
	if err := os.CopyFS(k.base, os.DirFS(k.Lake)); err != nil {
		t.Fatal(err)
	}
	k.Now = k.Now.Add(time.Hour)
	k.Arrive(stock, append(customers[1:], transactions[2:]...)...)
	k.must("run", "--quiet")
	k.want = k.Contents()
	k.restore()
	already, begun := k.records(), time.Now()
	k.must("run", "--quiet", "--engine", "spark")
	k.took, k.total = time.Since(begun), k.records()-already
	compareContents(t, k.Contents(), k.want)
	return k
}

// restore makes the lake what it was before the second half.
func (k *killLab) restore() {
	k.T.Helper()
	if err := os.RemoveAll(k.Lake); err != nil {
		k.T.Fatal(err)
	}
	if err := os.CopyFS(k.Lake, os.DirFS(k.base)); err != nil {
		k.T.Fatal(err)
	}
}

// moment returns a random one: in any part of the run, one time in three just
// after a commit is recorded, when it is being published.
func (k *killLab) moment(rng *rand.Rand) moment {
	if rng.IntN(3) == 0 {
		return moment{after: time.Duration(rng.Int64N(int64(30 * time.Millisecond))), commits: 1 + rng.IntN(k.total)}
	}
	return moment{after: time.Duration(rng.Int64N(int64(k.took)))}
}

// command returns a command of lakectl in the project, with a Spark of its own.
func (k *killLab) command(ctx context.Context, args ...string) *exec.Cmd {
	k.T.Helper()
	var paths [2]string
	for i, name := range []string{"E2E_LAKECTL", "E2E_PYTHON"} {
		var err error
		if paths[i], err = environment(name); err != nil {
			k.T.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, paths[0], args...)
	cmd.Dir = k.Dir
	submit := filepath.Join(filepath.Dir(paths[1]), "spark-submit")
	cmd.Env = append(os.Environ(), "LAKEHOUSE_NOW="+k.Now.Format(time.RFC3339), "NO_COLOR=1", "PYSPARK_PYTHON="+paths[1],
		"LAKEHOUSE_SPARK="+strings.Join(append([]string{submit}, sparkFlags()...), " "))
	return cmd
}

func (k *killLab) must(args ...string) {
	k.T.Helper()
	if out, err := k.command(k.T.Context(), args...).CombinedOutput(); err != nil {
		k.T.Fatalf("lakectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// killed starts a run and sends SIGKILL to the victims at a moment, which is put
// earlier if the run ends before. It says how many commits of the run are recorded
// then, and how lakectl ended.
func (k *killLab) killed(v victims, m *moment) (commits int, ended string) {
	k.T.Helper()
	for {
		begun := time.Now()
		commits, state := k.killedOnce(v, *m)
		if !state.Success() {
			return commits, state.String()
		}
		k.took = min(k.took, time.Since(begun)) // the first one may have had a busy machine
		m.after /= 2
		if m.commits == k.total { // Spark has nothing left to do
			m.commits--
		}
	}
}

func (k *killLab) killedOnce(v victims, m moment) (commits int, ended *os.ProcessState) {
	k.T.Helper()
	k.restore()
	already := k.records()
	cmd := k.command(k.T.Context(), "run", "--quiet", "--engine", "spark")
	if err := cmd.Start(); err != nil {
		k.T.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); k.records() < already+m.commits && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(m.after)
	commits = k.records() - already
	kill(cmd.Process.Pid, v)
	_ = cmd.Wait()
	return commits, cmd.ProcessState
}

// kill sends SIGKILL to processes below a lakectl, some of which may have ended. The
// process that lakectl has started becomes Java, after some others.
func kill(lakectl int, v victims) {
	deadline := time.Now().Add(10 * time.Second)
	var started []int
	for started = children(lakectl); len(started) == 0 && time.Now().Before(deadline); started = children(lakectl) {
		time.Sleep(time.Millisecond)
	}
	for _, submit := range started {
		if v != java {
			_ = syscall.Kill(-submit, syscall.SIGKILL)
			continue
		}
		for nameOf(submit) != "java" && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		_ = syscall.Kill(submit, syscall.SIGKILL)
	}
	if v == lakectlToo {
		_ = syscall.Kill(lakectl, syscall.SIGKILL)
	}
}

// children returns the processes that a process has started.
func children(parent int) (list []int) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	for _, path := range threads {
		text, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}

func nameOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(text))
}

// records counts the commits in the log.
func (k *killLab) records() int {
	names, _ := filepath.Glob(filepath.Join(k.Lake, "_lakectl/log/[0-9]*.json"))
	return len(names)
}

// nothingStaged fails the test if files are left that no commit has.
func (k *killLab) nothingStaged() {
	k.T.Helper()
	left, _ := filepath.Glob(filepath.Join(k.Lake, "_lakectl/stage/*"))
	if len(left) > 0 {
		k.T.Errorf("left behind: %q", left)
	}
}
