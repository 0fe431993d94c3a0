//go:build e2e

package sparkrun

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/pipeline/remote"
	"github.com/lakectl/lakectl/internal/pipeline/task"
	"github.com/lakectl/lakectl/internal/spark"
)

const scripts = "../../spark/scripts"

func TestMain(m *testing.M) {
	code, err := withSpark(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// environment is what `make e2e-spark` says: the Python with pyspark, and lakectl.
func environment(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("%s is not set; run `make e2e-spark`", name)
	}
	return value, nil
}

// withSpark runs do while Spark serves at the socket E2E_SPARK_SOCKET.
func withSpark(do func() int) (code int, err error) {
	python, err := environment("E2E_PYTHON")
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "sparkrun-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 1, err
	}
	defer log.Close()
	modules, err := spark.Package()
	if err != nil {
		return 1, err
	}
	archive, socket := filepath.Join(dir, "lakehouse_spark.zip"), filepath.Join(dir, "socket")
	if err := os.WriteFile(archive, modules, 0o600); err != nil {
		return 1, err
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(python), "spark-submit"),
		append(sparkFlags(), "--py-files", archive, filepath.Join(scripts, "serve.py"), socket, "--stay")...)
	cmd.Env = append(os.Environ(), "PYSPARK_PYTHON="+python, "PYSPARK_DRIVER_PYTHON="+python)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if code != 0 {
			text, _ := os.ReadFile(log.Name())
			fmt.Fprintf(os.Stderr, "the end of Spark's log:\n%s\n", text[max(0, len(text)-8000):])
		}
	}()
	os.Setenv("E2E_SPARK_SOCKET", socket)
	if err := await(socket, 3*time.Minute); err != nil {
		return 1, err
	}
	return do(), nil
}

// sparkFlags has the JVM compile in haste: what a test saves by better code it
// would spend on making it.
func sparkFlags() []string {
	return []string{"--master", "local[2]", "--driver-memory", "3g", "--driver-java-options", "-XX:TieredStopAtLevel=1", "--conf", "spark.ui.enabled=false",
		"--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1"}
}

func await(socket string, patience time.Duration) error {
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return nil
		}
	}
	return fmt.Errorf("Spark does not listen after %s", patience)
}

// onSpark runs a project on Spark.
func onSpark(l *lab.Lab, change ...func(*pipeline.Options)) (*pipeline.Result, error) {
	l.T.Helper()
	conn, err := net.Dial("unix", os.Getenv("E2E_SPARK_SOCKET"))
	if err != nil {
		l.T.Fatal(err)
	}
	defer conn.Close() // it serves one at a time
	file := filepath.Join(l.Dir, "lakehouse.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		l.T.Fatal(err)
	}
	lakectl, err := environment("E2E_LAKECTL")
	if err != nil {
		l.T.Fatal(err)
	}
	engine, err := remote.New(l.T.Context(), conn, remote.Options{Project: l.Project(), LakeURL: "file://" + l.Lake, Binary: lakectl,
		Source: task.Project{File: file, Text: string(text), Environment: "dev", Lake: l.Lake}})
	if err != nil {
		l.T.Fatal(err)
	}
	return l.Run(append([]func(*pipeline.Options){func(o *pipeline.Options) { o.Engine = engine }}, change...)...)
}

// mustOnSpark is onSpark that fails the test on an error.
func mustOnSpark(l *lab.Lab, change ...func(*pipeline.Options)) *pipeline.Result {
	l.T.Helper()
	result, err := onSpark(l, change...)
	if err != nil {
		l.T.Fatal(err)
	}
	return result
}

// difference says in how many rows two tables differ.
func difference(got, want []string) int {
	n, i, j := 0, 0, 0
	for i < len(got) || j < len(want) {
		switch {
		case j == len(want) || i < len(got) && got[i] < want[j]:
			n, i = n+1, i+1
		case i == len(got) || want[j] < got[i]:
			n, j = n+1, j+1
		default:
			i, j = i+1, j+1
		}
	}
	return n
}

// compare compares all tables of two lakes but those in skip, prints what it
// compared, and fails on any difference.
func compare(t *testing.T, got, want *lab.Lab, skip ...string) {
	t.Helper()
	compareContents(t, got.Contents(skip...), want.Contents(skip...))
}

// compareContents is compare for contents that were read.
func compareContents(t *testing.T, g, w map[string][]string) {
	t.Helper()
	tables, rows, differences := 0, 0, 0
	for name := range w {
		tables, rows, differences = tables+1, rows+len(w[name]), differences+difference(g[name], w[name])
	}
	lab.SameContents(t, g, w)
	fmt.Printf("  %-60s %3d tables %9d rows  differences %d\n", strings.TrimPrefix(t.Name(), "Test"), tables, rows, differences)
}
