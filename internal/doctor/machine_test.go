package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

func wanted(t *testing.T, name string, got diag.Finding, level diag.Level, text, remedy string) {
	t.Helper()
	if got.Level != level || !strings.Contains(got.Text, text) || !strings.Contains(got.Remedy, remedy) {
		t.Errorf("%s: %s %q, next %q; want %s %q, next %q", name, got.Level, got.Text, got.Remedy, level, text, remedy)
	}
}

func TestMachine(t *testing.T) {
	wanted(t, "enough", judgeMemory(8<<30, "this machine", 1<<30), diag.Good, "8 GiB of this machine is free; a run takes up to 1 GiB", "")
	wanted(t, "little", judgeMemory(600<<20, "this container", 1<<30), diag.Suspect, "600 MiB of this container", "--memory 300MiB")
	wanted(t, "unknown", judgeMemory(0, "", 1<<30), diag.Skipped, "does not say", "")
	dir := t.TempDir()
	wanted(t, "room", spillRoom(dir, 1), diag.Good, dir+" has room for", "")
	wanted(t, "no room", spillRoom(dir, 1<<60), diag.Suspect, "only", "TMPDIR")
	wanted(t, "no folder", spillRoom(filepath.Join(dir, "none"), 1), diag.Bad, "no file can be made", "TMPDIR")
	wanted(t, "nothing known", judgeRoom(filepath.Join(dir, "none"), 1, "x"), diag.Suspect, "not known how much room", "")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v are left behind, %v", left, err)
	}
	for n, want := range map[int64]string{5: "5 bytes", 3 << 20: "3 MiB", 1 << 30: "1 GiB", 3 << 29: "1.5 GiB", 10 << 30: "10 GiB"} {
		if got := bytes(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	wanted(t, "there", folder(dir), diag.Good, "has room for", "")
	wanted(t, "not yet", folder(filepath.Join(dir, "a", "b")), diag.Good, "is not there yet: the first run makes it", "")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wanted(t, "a file", folder(file), diag.Bad, "is a file, and the lake is a folder", "another folder")
	wanted(t, "below a file", folder(filepath.Join(file, "lake")), diag.Bad, "cannot be reached", "another folder")
	shut := filepath.Join(dir, "shut")
	if err := os.Mkdir(shut, 0o500); err != nil {
		t.Fatal(err)
	}
	if f := folder(shut); os.Getuid() != 0 { // root may write anywhere
		wanted(t, "shut", f, diag.Bad, "cannot be read and written: permission denied", "chown")
	}
}

func TestLock(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 45, 0, 0, time.UTC)
	self := lake.CurrentOwner()
	other := lake.Owner{Host: "elsewhere", PID: 7, Command: "lakectl run"}
	dead := self
	dead.Started = "1"
	held := func(o lake.Owner, ago time.Duration) *lake.LockInfo {
		return &lake.LockInfo{Owner: o, Renewed: now.Add(-ago), TTL: 60}
	}
	wanted(t, "free", judgeLock(nil, now), diag.Good, "nobody holds it", "")
	wanted(t, "alive", judgeLock(held(self, 20*time.Second), now), diag.Good, "renewed it 20s ago", "")
	wanted(t, "elsewhere", judgeLock(held(other, 70*time.Second), now), diag.Good, "process 7 on elsewhere (lakectl run)", "")
	wanted(t, "stale", judgeLock(held(other, time.Hour), now), diag.Suspect, "has not renewed it for 1h0m0s", "`lakectl lock break`")
	if self.Started != "" {
		wanted(t, "dead", judgeLock(held(dead, 0), now), diag.Suspect, "which is gone", "`lakectl lock break`")
	}
	wanted(t, "a clock that is ahead", judgeLock(held(other, -time.Hour), now), diag.Good, "renewed it 0s ago", "")
}

func TestBrokenProject(t *testing.T) {
	var l diag.List
	l.Addf(diag.Pos{File: "lakehouse.yaml", Line: 3, Column: 1}, "a")
	l.Addf(diag.Pos{File: "lakehouse.yaml", Line: 4, Column: 1}, "b")
	wanted(t, "problems", brokenProject(l.Err()), diag.Bad, "lakehouse.yaml:3:1: a (and 1 more)", "`lakectl validate`")
	wanted(t, "typed", brokenProject(diag.Errorf(diag.Usage, "none").WithNext("init")), diag.Bad, "none", "init")
	wanted(t, "other", brokenProject(errors.New("odd")), diag.Bad, "odd", "")
}
