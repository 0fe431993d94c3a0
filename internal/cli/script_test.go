package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/internal/aws/catalog/catalogtest"
	"github.com/lakectl/lakectl/internal/aws/program/programtest"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// TestMain puts lakectl itself into the path of scripts.
func TestMain(m *testing.M) {
	testscript.Main(sweeping{m}, map[string]func(){"lakectl": func() { os.Exit(Main()) }})
}

// sweeping removes what all tests share when they have run.
type sweeping struct{ *testing.M }

func (s sweeping) Run() int {
	code := s.M.Run()
	if dir := jobProgram.dir; dir != "" {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// jobProgram is a program that jobs can run, built when a test first needs it.
var jobProgram struct {
	once      sync.Once
	dir, path string
	err       error
}

func programForJobs() (string, error) {
	p := &jobProgram
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "lakectl-program-"); p.err == nil {
			p.path, p.err = programtest.Build(context.Background(), p.dir, programtest.Module)
		}
	})
	return p.path, p.err
}

// TestScripts runs testdata/script/*.txtar against the real program. Beside the
// commands of testscript they have:
//
//	exits CODE ARGS...         runs lakectl; its exit code must be this
//	json FILE PATH WANT        the value at a path such as .ledger.0.silver
//	nocolor FILE               the file, stdout or stderr has no escape codes
//	cut FILE BYTES             shortens a file
//	hold DIR                   holds the lock of a lake until the script ends
//	pend DIR                   makes the last commit of a lake look half-published
//	sed FILE OLD NEW           replaces a text, which must be there
//	aws BUCKET...              starts S3 with these buckets, for this script alone
//	upload BUCKET KEY FILE     puts a file into a bucket of it
//	glue start|drop|deny ...   starts a Glue data catalog, drops a table of it, makes an operation fail
//	gluejobs [KEY=VALUE...]    starts S3, Glue with jobs and crawlers, logs and STS, and has a program for jobs; see startGlue
//	snowflake start ADDRESS    starts Snowflake over a lake of the script's S3, STS and the stack; PRINCIPAL and EXTERNAL_ID are set
//	snowflake stack|drop|put|sent ...  says what the stack has, changes the account, counts the statements that changed it
//	cloudwatch                 starts CloudWatch, SNS and STS, see type cloudWatch
func TestScripts(t *testing.T) {
	files, err := scripts()
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LAKEHOUSE_NOW", "2026-11-23T09:45:00Z")
			env.Setenv("GOARCH", runtime.GOARCH)
			for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
				env.Setenv(name, os.DevNull)
			}
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Values[serverKey] = new(*s3test.Server)
			env.Values[glueKey] = new(catalogtest.Glue)
			env.Values[snowflakeKey] = &snowflakeScript{tb: env.T().(testing.TB)}
			sample, err := filepath.Abs("../../sampledata")
			env.Setenv("SAMPLE", sample)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": jsonAt, "nocolor": noColor, "cut": cut, "hold": hold, "pend": pend, "sed": sed,
			"aws": startAWS, "upload": upload, "glue": glueCatalog, "gluejobs": startGlue,
			"cloudwatch": startCloudWatch, "snowflake": snowflakeServer,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("lakectl", args[1:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func jsonAt(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	ts.Check(d.Decode(&value))
	if d.More() {
		ts.Fatalf("%s has more than one JSON document", args[0])
	}
	for _, step := range strings.Split(strings.TrimPrefix(args[1], "."), ".") {
		switch at := value.(type) {
		case map[string]any:
			v, ok := at[step]
			if !ok {
				ts.Fatalf("there is no %s of %s", step, args[1])
			}
			value = v
		case []any:
			if step == "length" {
				value = len(at)
				continue
			}
			i, err := strconv.Atoi(step)
			ts.Check(err)
			if i >= len(at) {
				ts.Fatalf("%s: there are %d elements", args[1], len(at))
			}
			value = at[i]
		default:
			ts.Fatalf("%s: %v has no %s", args[1], value, step)
		}
	}
	if got := fmt.Sprint(value); (got == args[2]) == neg {
		ts.Fatalf("%s is %q, want %q", args[1], got, args[2])
	}
}

func noColor(ts *testscript.TestScript, _ bool, args []string) {
	if text := ts.ReadFile(args[0]); strings.Contains(text, "\x1b") || strings.Contains(text, "\r") {
		ts.Fatalf("%s has escape codes: %q", args[0], text)
	}
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

func sed(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(data), args[1]) {
		ts.Fatalf("%s does not have %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(data), args[1], args[2])), 0o644))
}

// hold takes the lock of a lake in the process of the test, which lives.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	lease, err := takeLock(ts.MkAbs(args[0]), lake.CurrentOwner())
	ts.Check(err)
	ts.Defer(func() { _ = lease.Release(context.Background()) })
}

func takeLock(dir string, owner lake.Owner) (*lake.Lease, error) {
	ctx := context.Background()
	bucket, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(ctx, bucket, lake.Options{Owner: owner})
	if err != nil {
		return nil, err
	}
	return l.Lock(ctx, lake.LockOptions{})
}

// pend takes away the note that the last commit is published whole, as a crash
// may. The commit itself is there.
func pend(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Remove(ts.MkAbs(args[0]) + "/_lakectl/published"))
}
