//go:build unix

package local_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

func open(t *testing.T, dir string) *local.Bucket {
	t.Helper()
	b, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, b storage.Bucket, name, data string) storage.Info {
	t.Helper()
	info, err := storage.WriteAll(t.Context(), b, name, []byte(data), storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// tree lists all files and folders below dir.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, file)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestConformance(t *testing.T) {
	n := 0
	dir := t.TempDir()
	storagetest.Run(t, func() storage.Bucket {
		n++
		return open(t, filepath.Join(dir, strconv.Itoa(n), "not", "yet", "made"))
	})
}

func TestWithSync(t *testing.T) {
	b, err := local.New(filepath.Join(t.TempDir(), "a", "b"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			name := fmt.Sprintf("t/p=%d/x", i%3)
			if _, err := storage.WriteAll(t.Context(), b, fmt.Sprintf("stage/%d", i), []byte("x"), storage.CreateOptions{}); err != nil {
				t.Error(err)
			}
			if _, err := b.Copy(t.Context(), name, fmt.Sprintf("stage/%d", i), storage.CopyOptions{Move: true}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(tree(t, filepath.Join(b.Dir(), "t"))); got != 7 {
		t.Errorf("%d files and folders, want 7", got)
	}
}

func TestConformanceWithSync(t *testing.T) {
	n := 0
	dir := t.TempDir()
	if shm, err := os.MkdirTemp("/dev/shm", "lakectl-test-"); err == nil {
		dir = shm // syncs cost nothing there, and thousands are made
		t.Cleanup(func() { _ = os.RemoveAll(shm) })
	}
	storagetest.Run(t, func() storage.Bucket {
		n++
		b, err := local.New(filepath.Join(dir, strconv.Itoa(n)), local.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestSyncOfWhatIsGone(t *testing.T) {
	b, err := local.New(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Sync(t.Context(), []string{"not/there"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestEmptyFoldersGo(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, "silver/t/day=1/x.parquet", "x")
	put(t, b, "silver/y.parquet", "y")
	if err := b.Delete(t.Context(), "silver/t/day=1/x.parquet", storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	want := []string{".", "_lakectl", "_lakectl/_tmp.lock", "silver", "silver/y.parquet"}
	if got := tree(t, b.Dir()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := b.Delete(t.Context(), "silver/y.parquet", storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, b.Dir()); !slices.Equal(got, want[:3]) {
		t.Errorf("got %q, want %q", got, want[:3])
	}
}

func TestSweep(t *testing.T) {
	b := open(t, t.TempDir())
	start := func(name string) storage.Writer {
		w, err := b.Create(t.Context(), name, storage.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte("half"))
		return w
	}
	put(t, b, "silver/keep", "x")
	alive := start("silver/a/alive")
	start("silver/b/dead").(interface{ Abandon() }).Abandon()
	if err := os.WriteFile(filepath.Join(b.Dir(), "silver", "_tmp-of-another-process"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(b.Dir(), "of", "the user"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.Dir(), "_tmp_notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Sweep(t.Context(), "_lakectl", "silver"); err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(tree(t, b.Dir()), func(n string) bool { return strings.HasPrefix(n, "silver/a/") })
	if want := []string{".", "_lakectl", "_lakectl/_tmp.lock", "_tmp_notes.txt", "of", "of/the user", "silver", "silver/a", "silver/keep"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := alive.Commit(t.Context()); err != nil {
		t.Errorf("the file of a living writer was swept: %v", err)
	}
	if err := open(t, filepath.Join(b.Dir(), "nothing")).Sweep(t.Context(), "silver"); err != nil {
		t.Errorf("sweep of an absent folder: %v", err)
	}
}

func TestTemporaryNames(t *testing.T) {
	b := open(t, t.TempDir())
	w, err := b.Create(t.Context(), "silver/t/x.parquet", storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, name := range tree(t, filepath.Join(b.Dir(), "silver")) {
		if strings.HasSuffix(name, ".parquet") {
			t.Errorf("an engine would read the unfinished %s", name)
		}
	}
}

func TestLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	b := open(t, dir)
	put(t, b, "real/x", "inside")
	if err := os.WriteFile(filepath.Join(outside, "x"), []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"out": outside, "in": "real", "file": filepath.Join(outside, "x")} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"out/x": "outside", "in/x": "inside", "file": "outside"} {
		if got, _, err := storage.ReadAll(t.Context(), b, name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	_, err := storage.WriteAll(t.Context(), b, "out/y", []byte("y"), storage.CreateOptions{})
	e, ok := errors.AsType[*diag.Error](err)
	if !ok || !strings.Contains(e.Next, "symbolic link") {
		t.Errorf("a write out of the root: %v", err)
	}
	if err := b.Delete(t.Context(), "out/x", storage.DeleteOptions{}); err == nil {
		t.Error("a file out of the root was deleted")
	}
	put(t, b, "in/y", "through a link that stays inside")
	for _, name := range []string{"in/y", "in/x"} {
		if err := b.Delete(t.Context(), name, storage.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "in")); err != nil {
		t.Errorf("the link itself was removed: %v", err)
	}
	put(t, b, "file", "replaced")
	if got, _ := os.ReadFile(filepath.Join(outside, "x")); string(got) != "outside" {
		t.Errorf("the target of a link was overwritten: %q", got)
	}
}

// What a file system answers is told with the file and what to do.
func TestErrors(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, "file", "x")
	for _, test := range []struct{ name, message, next string }{
		{strings.Repeat("x", 300), "file name too long", "255 bytes"},
		{"file/below", "not a directory", ""},
	} {
		_, err := storage.WriteAll(t.Context(), b, test.name, nil, storage.CreateOptions{})
		e, ok := errors.AsType[*diag.Error](err)
		if !ok || !strings.Contains(e.Msg, test.message) || !strings.Contains(e.Msg, filepath.Join(b.Dir(), test.name)) || !strings.Contains(e.Next, test.next) {
			t.Errorf("%.20s: %v", test.name, err)
		}
	}
	put(t, b, "folder/x", "x")
	_, err := storage.WriteAll(t.Context(), b, "folder", nil, storage.CreateOptions{})
	if !errors.Is(err, syscall.EISDIR) {
		t.Errorf("an object named like a folder: %v", err)
	}
}

func TestPermission(t *testing.T) {
	dir := t.TempDir()
	b := open(t, filepath.Join(dir, "lake"))
	put(t, b, "silver/x", "x")
	folder := filepath.Join(b.Dir(), "silver")
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	_, err := storage.WriteAll(t.Context(), b, "silver/y", nil, storage.CreateOptions{})
	if os.Geteuid() == 0 {
		if err != nil { // permissions do not bind root
			t.Errorf("root: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*diag.Error](err)
	if !ok || !errors.Is(err, fs.ErrPermission) || !strings.Contains(e.Next, folder) {
		t.Errorf("error %v", err)
	}
}

const helperEnv = "LAKECTL_TEST_LOCAL_HELPER"

// TestProcesses has several processes count up one object by IfMatch: no
// increment may be lost.
func TestProcesses(t *testing.T) {
	const processes, each = 3, 40
	if dir := os.Getenv(helperEnv); dir != "" {
		countUp(t, open(t, dir), each)
		return
	}
	dir := t.TempDir()
	b := open(t, dir)
	put(t, b, "deep/counter", "0")
	var group sync.WaitGroup
	for range processes {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcesses$")
			cmd.Env = append(os.Environ(), helperEnv+"="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	got, _, err := storage.ReadAll(t.Context(), b, "deep/counter")
	if err != nil || string(got) != strconv.Itoa(processes*each) {
		t.Errorf("counted to %s, %v; want %d", got, err, processes*each)
	}
}

func countUp(t *testing.T, b storage.Bucket, times int) {
	for done := 0; done < times; {
		data, info, err := storage.ReadAll(t.Context(), b, "deep/counter")
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(string(data))
		_, err = storage.WriteAll(t.Context(), b, "deep/counter", []byte(strconv.Itoa(n+1)), storage.CreateOptions{IfMatch: info.Version})
		switch {
		case err == nil:
			done++
		case !errors.Is(err, storage.ErrPrecondition):
			t.Fatal(err)
		}
	}
}

// A process that is stopped in the midst of a change keeps all others from
// making one; they say so instead of hanging.
func TestOthersDoNotHang(t *testing.T) {
	dir := t.TempDir()
	b, err := local.New(dir, local.Options{NoSync: true, Patience: time.Second / 10})
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, "x", "before")
	stopped, err := os.Open(filepath.Join(dir, "_lakectl/_tmp.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(stopped.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 50 {
		_, err := storage.WriteAll(t.Context(), b, "x", nil, storage.CreateOptions{})
		e, ok := errors.AsType[*diag.Error](err)
		if !ok || e.Class != diag.Locked || !strings.Contains(e.Next, "_lakectl/_tmp.lock") {
			t.Fatalf("error %v", err)
		}
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("each of the changes waits on its own: %s in all", took)
	}
	cancelled, cancel := context.WithTimeout(t.Context(), time.Second/10)
	defer cancel()
	patient, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := patient.Delete(cancelled, "x", storage.DeleteOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	stopped.Close()
	put(t, b, "x", "after")
}

// What is no folder is not taken for an empty one.
func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink("nowhere", link)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{file: "is a file", link: "a symbolic link to nothing"} {
		if _, err := local.New(path, local.Options{}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	for _, noSync := range []bool{true, false} {
		b.Run(fmt.Sprintf("nosync=%v", noSync), func(b *testing.B) {
			bucket, err := local.New(b.TempDir(), local.Options{NoSync: noSync})
			if err != nil {
				b.Fatal(err)
			}
			var next sync.Mutex
			n := 0
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					next.Lock()
					n++
					name := strconv.Itoa(n)
					next.Unlock()
					if _, err := storage.WriteAll(b.Context(), bucket, "stage/"+name, []byte("x"), storage.CreateOptions{}); err != nil {
						b.Error(err)
					}
					if _, err := bucket.Copy(b.Context(), "t/p="+name+"/x", "stage/"+name, storage.CopyOptions{Move: true}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
