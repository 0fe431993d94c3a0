package program_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/program"
	"github.com/lakectl/lakectl/internal/aws/program/programtest"
	"github.com/lakectl/lakectl/internal/diag"
)

// built builds a program, and returns its bytes.
func built(t *testing.T, module string, flags ...string) []byte {
	t.Helper()
	path, err := programtest.Build(t.Context(), t.TempDir(), module, flags...)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// good is a program that jobs can run.
func good(t *testing.T) []byte {
	t.Helper()
	return built(t, programtest.Module, "-trimpath", "-ldflags", "-s -w")
}

// changed returns a program in which a text is replaced by one as long.
func changed(t *testing.T, data []byte, old, now string) []byte {
	t.Helper()
	if !bytes.Contains(data, []byte(old)) || len(old) != len(now) {
		t.Fatalf("there is no %q in the program", old)
	}
	return bytes.ReplaceAll(data, []byte(old), []byte(now))
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func build(settings ...string) *debug.BuildInfo {
	b := &debug.BuildInfo{}
	for i := 0; i < len(settings); i += 2 {
		b.Settings = append(b.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return b
}

// Which file is taken, of those that there are.
func TestFind(t *testing.T) {
	good := good(t)
	static := build("GOOS", "linux", "GOARCH", "amd64", "CGO_ENABLED", "0")
	for name, test := range map[string]struct {
		there []string // below the folder
		named string
		build *debug.BuildInfo
		want  string // "" for none
	}{
		"named before all":          {[]string{"mine", "bin/lakectl-linux-amd64", "bin/lakectl"}, "mine", static, "mine"},
		"named, and not there":      {[]string{"bin/lakectl-linux-amd64"}, "mine", static, ""},
		"beside":                    {[]string{"bin/lakectl-linux-amd64", "bin/lakectl"}, "", static, "bin/lakectl-linux-amd64"},
		"itself":                    {[]string{"bin/lakectl"}, "", static, "bin/lakectl"},
		"it was built with C":       {[]string{"bin/lakectl"}, "", build("GOOS", "linux", "GOARCH", "amd64", "CGO_ENABLED", "1"), ""},
		"it is for a Mac":           {[]string{"bin/lakectl"}, "", build("GOOS", "darwin", "GOARCH", "amd64", "CGO_ENABLED", "0"), ""},
		"it is for Arm":             {[]string{"bin/lakectl"}, "", build("GOOS", "linux", "GOARCH", "arm64", "CGO_ENABLED", "0"), ""},
		"it is not known what":      {[]string{"bin/lakectl"}, "", nil, ""},
		"not known, but one beside": {[]string{"bin/lakectl-linux-amd64"}, "", nil, "bin/lakectl-linux-amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range test.there {
				write(t, filepath.Join(dir, file), good)
			}
			places := program.Places{Running: filepath.Join(dir, "bin/lakectl"), Build: test.build}
			if test.named != "" {
				places.Named = filepath.Join(dir, test.named)
			}
			p, err := places.Find()
			if test.want == "" {
				if diag.ClassOf(err) != diag.Usage || !strings.Contains(next(err), "make build-glue") || !strings.Contains(next(err), filepath.Join(dir, "bin")) {
					t.Errorf("%v, next: %s", err, next(err))
				}
				return
			}
			sum := sha256.Sum256(good)
			if err != nil || p.Path() != filepath.Join(dir, test.want) || p.Size() != int64(len(good)) || p.SHA256() != hex.EncodeToString(sum[:]) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func next(err error) string {
	if typed, ok := err.(*diag.Error); ok { //nolint:errorlint // it is the outermost
		return typed.Next
	}
	return ""
}

// What jobs cannot run is refused, whichever way it was found.
func TestUnfit(t *testing.T) {
	good := good(t)
	arm := bytes.Clone(good)
	arm[18], arm[19] = 183, 0 // e_machine of ELF: EM_AARCH64
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"a script":     {[]byte("#!/bin/sh\nexit 0\n"), "it is not built for Linux"},
		"empty":        {nil, "it is not built for Linux"},
		"half":         {good[:1000], "it is not built for Linux"},
		"for Arm":      {arm, "it is built for aarch64, not for x86-64"},
		"for Plan 9":   {changed(t, good, "GOOS=linux", "GOOS=plan9"), "it is built for plan9, not for Linux"},
		"with C":       {built(t, programtest.Module, "-buildmode=pie"), "it is linked to libraries of the system"},
		"somebody's":   {built(t, "example.com/other"), "it is example.com/other/cmd/lakectl, not lakectl"},
		"not Go":       {changed(t, good, "\xff Go buildinf:", "\xff no buildinf:"), "it does not say what it was built from"},
		"another tool": {changed(t, good, programtest.Module+"/cmd/lakectl\n", programtest.Module+"/cmd/lakekit\n"), "cmd/lakekit, not lakectl"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := write(t, filepath.Join(dir, program.FileName), test.data)
			for _, places := range []program.Places{{Named: path}, {Running: filepath.Join(dir, "lakectl")}} {
				_, err := places.Find()
				if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), path+" is no program for jobs in Glue") || !strings.Contains(err.Error(), test.want) ||
					!strings.Contains(next(err), "make build-glue") {
					t.Errorf("%v, next: %s", err, next(err))
				}
			}
		})
	}
}

// Jobs run the version that registers them, where that can be known.
func TestVersion(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) string {
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "it begins")
	path, err := programtest.Build(t.Context(), dir, programtest.Module, "-buildvcs=true")
	if err != nil {
		t.Fatal(err)
	}
	commit := git("rev-parse", "HEAD")
	old := strings.Repeat("0", 40)
	for name, test := range map[string]struct {
		here *debug.BuildInfo
		want string
	}{
		"the same":      {build("vcs.revision", commit), ""},
		"older":         {build("vcs.revision", old), "it is lakectl of commit " + commit[:12] + ", and this one is of commit " + old[:12]},
		"not known":     {build(), ""},
		"no build":      {nil, ""},
		"a release":     {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, ", and this one is of version v1.2.3"},
		"a development": {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, ""},
	} {
		p, err := program.Places{Named: path, Build: test.here}.Find()
		if test.want == "" && (err != nil || p == nil) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

// What is read is what was found.
func TestOpen(t *testing.T) {
	good := good(t)
	path := write(t, filepath.Join(t.TempDir(), program.FileName), good)
	p, err := program.Places{Named: path}.Find()
	if err != nil {
		t.Fatal(err)
	}
	read := func() ([]byte, error) {
		in, err := p.Open()
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return io.ReadAll(in)
	}
	if data, err := read(); err != nil || !bytes.Equal(data, good) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	write(t, path, append(bytes.Clone(good), 0)) // somebody builds it anew
	if _, err := read(); diag.ClassOf(err) != diag.Transient || !strings.Contains(err.Error(), path+" was changed while it was read") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil {
		t.Error("a file that is gone was read")
	}
}

// The place of this process is that of its tests.
func TestHere(t *testing.T) {
	here, err := program.Here("x")
	if err != nil || here.Named != "x" || !strings.HasSuffix(here.Running, ".test") && !strings.HasSuffix(here.Running, ".test.exe") || here.Build == nil {
		t.Errorf("%+v, %v", here, err)
	}
	if _, err := programtest.Build(context.Background(), t.TempDir(), "not a module", ""); err == nil {
		t.Error("what cannot be built was built")
	}
}
