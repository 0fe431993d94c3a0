package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// call runs a command line in this process, as one at a terminal if there is
// something to answer.
func call(t *testing.T, answer string, args ...string) (code int, out, errs string) {
	t.Helper()
	streams, o, e := term.Test(answer)
	streams.Interactive = answer != ""
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	app := &App{IO: streams, Getenv: func(string) string { return "" }, Clock: time.Now, Dir: dir}
	code = app.Run(context.Background(), args)
	return code, o.String(), e.String()
}

// sampleProject makes the sample project, built, the working directory.
func sampleProject(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"init", "."}, {"run", "-q"}} {
		if code, _, errs := call(t, "", args...); code != 0 {
			t.Fatalf("%v: exit %d, %s", args, code, errs)
		}
	}
}

func TestChangedDefinitionIsAskedFor(t *testing.T) {
	sampleProject(t)
	data, err := os.ReadFile("lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("lakehouse.yaml", bytes.Replace(data, []byte("amount >= 0"), []byte("amount >= 1"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(t, "n\n", "run", "--dry-run")
	if code != 0 || !strings.Contains(out, "rebuilt") || !strings.Contains(errs, "has changed") || strings.Contains(errs, "[y/N]") {
		t.Errorf("a dry run: exit %d, %q, %q", code, out, errs)
	}
	code, out, errs = call(t, "n\n", "run")
	if code != 2 || out != "" || !strings.Contains(errs, "  silver.transactions (checks.amount_not_negative)\n") || !strings.Contains(errs, "Rebuild them? [y/N]") {
		t.Errorf("no: exit %d, %q, %q", code, out, errs)
	}
	if code, out, errs = call(t, "y\n", "run"); code != 0 || !strings.Contains(out, "rebuilt") {
		t.Errorf("yes: exit %d, %q, %q", code, out, errs)
	}
}

func TestLockBreakAsks(t *testing.T) {
	sampleProject(t)
	lease, err := takeLock("lake", lake.CurrentOwner())
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(context.Background())
	code, _, errs := call(t, "n\n", "lock", "break")
	if code != 2 || !strings.Contains(errs, "Break it? [y/N]") || !strings.Contains(errs, "the lock was not broken") {
		t.Errorf("no: exit %d, %q", code, errs)
	}
	if code, out, _ := call(t, "y\n", "lock", "break"); code != 0 || !strings.HasSuffix(out, "is broken\n") {
		t.Errorf("yes: exit %d, %q", code, out)
	}
}

// The lock of a process that died needs no breaking.
func TestLockOfTheDead(t *testing.T) {
	sampleProject(t)
	dead := lake.CurrentOwner()
	dead.PID, dead.Started = 1<<30, "1"
	if _, err := takeLock("lake", dead); err != nil { // never released
		t.Fatal(err)
	}
	if code, out, _ := call(t, "", "lock", "ls"); code != 0 || !strings.Contains(out, "this process is gone: the next run takes the lock over") {
		t.Errorf("lock ls: exit %d, %q", code, out)
	}
	if code, out, _ := call(t, "", "status"); code != 0 || !strings.Contains(out, "which is gone: the next run takes over") {
		t.Errorf("status: exit %d, %q", code, out)
	}
	if code, _, errs := call(t, "", "run"); code != 0 {
		t.Errorf("run: exit %d, %q", code, errs)
	}
	if code, out, _ := call(t, "", "lock", "ls"); code != 0 || out != "nobody holds the lock\n" {
		t.Errorf("lock ls: exit %d, %q", code, out)
	}
}

// watched is a buffer that tells when a text was written to it.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.text.String(), w.want)
	w.text.Write(p)
	if !before && strings.Contains(w.text.String(), w.want) {
		close(w.seen)
	}
	return len(p), nil
}

// A signal ends a run that waits, cleanly.
func TestSignal(t *testing.T) {
	hangups := make(chan os.Signal, 1) // below nohup(1) they are ignored, and lakectl goes on
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	sampleProject(t)
	lease, err := takeLock("lake", lake.CurrentOwner())
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(context.Background())
	for _, sent := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd := exec.Command("lakectl", "run", "--lock-timeout", "1m")
		errs := &watched{want: "waiting for the lock", seen: make(chan struct{})}
		cmd.Stderr = errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-errs.seen:
		case <-time.After(20 * time.Second):
			t.Error("it does not wait")
		}
		for range 2 { // as timeout(1) sends them, at once
			if err := cmd.Process.Signal(sent); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond)
		}
		_ = cmd.Wait() // the exit code is what counts
		if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errs.text.String(), "lakectl: interrupted\nnext: ") {
			t.Errorf("%v: exit %d, %q", sent, code, errs.text.String())
		}
	}
}

// On a terminal, tables fit; elsewhere nothing is cut.
func TestTablesFitTheTerminal(t *testing.T) {
	sampleProject(t)
	for _, args := range [][]string{{"status"}, {"query"}, {"query", "lineage"}, {"quarantine", "ls"}, {"quarantine", "ls", "--files"}, {"show", "silver.customers"}, {"run", "--dry-run", "--full-refresh"}} {
		streams, out, _ := term.Test("")
		streams.Out.Width = 80
		dir, _ := os.Getwd()
		app := &App{IO: streams, Getenv: func(string) string { return "" }, Clock: time.Now, Dir: dir}
		if code := app.Run(context.Background(), args); code != 0 {
			t.Errorf("%v: exit %d", args, code)
		}
		for line := range strings.Lines(out.String()) {
			if term.Width(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%v: wider than the terminal: %q", args, line)
			}
		}
	}
	streams, out, errs := term.Test("") // what queries answer is told whole, also where it is narrow
	streams.Out.Width, streams.Err.Width = 40, 40
	dir, _ := os.Getwd()
	app := &App{IO: streams, Getenv: func(string) string { return "" }, Clock: time.Now, Dir: dir}
	want := "gold_daily\n  Sales of each day, with the average of\n  the seven days that end with it\n  since=2026-01-01\n"
	if code := app.Run(context.Background(), []string{"query"}); code != 0 || !strings.Contains(out.String(), want) {
		t.Errorf("%d, %s, want %s", code, out.String(), want)
	}
	if code := app.Run(context.Background(), []string{"query", "select repeat('a', 100), repeat('b', 100)"}); code != 0 || !strings.HasSuffix(errs.String(), " 1 of\n2 columns, 1 text cut short (-o csv has\nall)\n") {
		t.Errorf("%d, %q", code, errs.String())
	}
	if _, out, _ := call(t, "", "quarantine", "ls"); strings.Contains(out, "…") {
		t.Errorf("a pipe gets cut texts: %s", out)
	}
}

// A bug is no wrong use, which exit code 2 of a panic would say.
func TestPanicsAreUnexpected(t *testing.T) {
	app, _, errs := testApp(t)
	app.Getenv = func(string) string { panic("no environment") }
	if err := os.WriteFile(filepath.Join(app.Dir, "lakehouse.yaml"), []byte("project: x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	app.projectDir = app.Dir
	if code := app.Run(context.Background(), []string{"validate", "-C", app.Dir}); code != 1 || !strings.Contains(errs.String(), "a bug of lakectl, please report it: no environment") {
		t.Errorf("exit %d, %q", code, errs.String())
	}
}

// A reader that asks only reads: the lake has the same files after it.
func TestReadingCommandsWriteNothing(t *testing.T) {
	sampleProject(t)
	list := func() string {
		var names []string
		err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				info, infoErr := entry.Info()
				if infoErr != nil {
					return infoErr
				}
				names = append(names, path+" "+info.ModTime().String())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(names, "\n")
	}
	before := list()
	for _, line := range []string{"validate", "status", "status --json", "quarantine ls", "quarantine show customers", "show gold.daily_sales", "lock ls", "run --dry-run --full-refresh -q"} {
		if code, _, errs := call(t, "", strings.Fields(line)...); code != 0 {
			t.Errorf("%s: exit %d, %s", line, code, errs)
		}
	}
	if after := list(); after != before {
		t.Errorf("the project changed: before\n%s\nafter\n%s", before, after)
	}
}
