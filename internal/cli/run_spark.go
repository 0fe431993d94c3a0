package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline/remote"
	"github.com/lakectl/lakectl/internal/pipeline/task"
	"github.com/lakectl/lakectl/internal/spark"
)

// sparkSocket names the socket of a program that has started lakectl, as the jobs
// of Glue do; sparkCommand is how to start one, if there is none.
const (
	sparkSocket  = "LAKEHOUSE_SPARK_SOCKET"
	sparkCommand = "LAKEHOUSE_SPARK"
)

// readHere is how many bytes of a table lakectl reads about as quickly as Spark
// begins to: see remote.Options.
const readHere = 64 << 20

// runSpark runs the pipeline on this machine's side, and has Spark work on the rows.
func runSpark(ctx context.Context, opts *RunOptions) (err error) {
	app := opts.App
	w, err := app.open(ctx)
	if err != nil {
		return err
	}
	o, err := opts.pipeline(ctx, w)
	if err != nil {
		return err
	}
	s, err := app.startSpark(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	setup, err := sparkOptions(w)
	if err != nil {
		return err
	}
	if o.Engine, err = remote.New(ctx, s.conn, setup); err != nil {
		return s.explain(err)
	}
	return app.runOn(ctx, w, o, s.explain)
}

// sparkOptions returns what Spark is told of a project.
func sparkOptions(w *workspace) (remote.Options, error) {
	file, err := filepath.Abs(w.Config.File)
	if err != nil {
		return remote.Options{}, err
	}
	lake, url := w.Config.Path(w.Config.Lake.Value), ""
	if url = lake; !onS3(lake) {
		if lake, err = filepath.Abs(lake); err != nil {
			return remote.Options{}, err
		}
		url = "file://" + filepath.ToSlash(lake)
	}
	binary, err := os.Executable()
	return remote.Options{Project: w.Project, LakeURL: url, Binary: binary, Parallel: int(w.Config.AWS.Glue.Shuffle.Value),
		ReadHere: readHere, Source: task.Project{File: file, Text: w.Config.Text, Environment: w.Config.Environment.Value, Lake: lake}}, err
}

// rootOf returns the folder of a project.
func rootOf(cfg *config.Config) string { return filepath.Dir(cfg.File) }

// sparkProgram is the program that holds the session of Spark.
type sparkProgram struct {
	conn    net.Conn
	command *exec.Cmd     // nil if it was there before lakectl
	done    chan struct{} // closed when it has ended
	ended   error         // how, then
	dir     string        // its folder, with the socket and the log
}

// startSpark connects to Spark's program, and starts one if there is none.
func (app *App) startSpark(ctx context.Context) (*sparkProgram, error) {
	if path := app.Getenv(sparkSocket); path != "" {
		conn, err := dial(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("connect to the program that %s names: %w", sparkSocket, err)
		}
		return &sparkProgram{conn: conn}, nil
	}
	dir, err := os.MkdirTemp("", "lakectl-spark-")
	if err != nil {
		return nil, err
	}
	s := &sparkProgram{dir: dir, done: make(chan struct{})}
	if err := s.start(ctx, app); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// start starts the program and waits until it listens.
func (s *sparkProgram) start(ctx context.Context, app *App) error {
	archive, err := spark.Package()
	if err != nil {
		return err
	}
	main, err := spark.Program("serve.py")
	if err != nil {
		return err
	}
	program, modules, socket := filepath.Join(s.dir, "serve.py"), filepath.Join(s.dir, "lakehouse_spark.zip"), filepath.Join(s.dir, "socket")
	if err := errors.Join(os.WriteFile(program, main, 0o600), os.WriteFile(modules, archive, 0o600)); err != nil {
		return err
	}
	words := strings.Fields(app.Getenv(sparkCommand))
	if len(words) == 0 {
		words = []string{"spark-submit"}
	}
	log, err := os.Create(s.log())
	if err != nil {
		return err
	}
	defer log.Close()
	words = append(words, "--py-files", modules, program, socket)
	s.command = exec.Command(words[0], words[1:]...)
	s.command.Stdout, s.command.Stderr = log, log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for lakectl, which ends it
	if err := s.command.Start(); err != nil {
		s.command = nil
		return diag.Errorf(diag.Usage, "Spark cannot be started: %w", err).
			WithNext("install Spark 3.5 (such as `pip install pyspark==3.5.6`, with Java 17), or say how to start it: %s=\"/opt/spark/bin/spark-submit --master local[4]\"", sparkCommand)
	}
	go func() {
		s.ended = s.command.Wait()
		close(s.done)
	}()
	return s.await(ctx, socket)
}

func (s *sparkProgram) log() string { return filepath.Join(s.dir, "log") }

// sparkPatience is how long Spark may take to start.
const sparkPatience = 3 * time.Minute

// await connects when the program listens.
func (s *sparkProgram) await(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, sparkPatience, diag.Errorf(diag.Transient, "Spark has not started after %s", sparkPatience).
		WithNext("run again; if it stays so, start `spark-shell` to see why"))
	defer cancel()
	for {
		conn, err := dial(ctx, socket)
		if err == nil {
			s.conn = conn
			return nil
		}
		select {
		case <-s.done:
			if s.killed() {
				return diag.Errorf(diag.Transient, "Spark was killed before it was there (%v)", s.ended).
					WithNext("run again; if it stays so, the machine may lack memory: `dmesg` says what was killed for it")
			}
			return diag.Errorf(diag.Unexpected, "Spark ended before it was there (%v):\n%s", s.ended, s.tail()).
				WithNext("try `%s --version`; Spark 3.5 needs Java 17 and a Python with pandas and pyarrow", s.command.Args[0])
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// killed says whether the program, which has ended, did so by a signal.
func (s *sparkProgram) killed() bool {
	status, ok := s.command.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

func dial(ctx context.Context, socket string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", socket)
}

// explain adds the end of Spark's log to an error that Spark did not explain.
func (s *sparkProgram) explain(err error) error {
	if s.command == nil || diag.ClassOf(err) != diag.Transient {
		return err
	}
	select {
	case <-s.done:
		return fmt.Errorf("%w\n%s", err, s.tail())
	case <-time.After(time.Second):
		return err
	}
}

// tail returns the end of the program's log.
func (s *sparkProgram) tail() string {
	const most = 2000
	data, err := os.ReadFile(s.log())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	data = bytes.TrimSpace(data)
	if len(data) > most {
		data = data[len(data)-most:]
		data = data[bytes.IndexByte(data, '\n')+1:]
	}
	return string(data)
}

// stop ends the program, which does so when its connection is closed, and
// removes its folder.
func (s *sparkProgram) stop() error {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.command != nil {
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL) // with the JVM that it has started
			<-s.done
		}
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}
