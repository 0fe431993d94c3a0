package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/sampledata"
)

// memory is what `lakectl run` takes for tables in work unless told otherwise.
const memory = 1 << 30

// writeProject writes the sample project's lakehouse.yaml beside the raw files.
func writeProject(s *settings) error {
	text, err := fs.ReadFile(sampledata.Project(), config.FileName)
	if err != nil {
		return err
	}
	changed, err := projectFor(string(text), s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.rawDir(), config.FileName), []byte(changed), 0o644)
}

// projectFor changes the sample project's file: where the lakes are, that of Spark
// in an environment of its own, and whether silver.transactions is partitioned.
func projectFor(text string, s *settings) (string, error) {
	changes := [][2]string{
		{"\nlake: ./lake ", "\nlake: " + strconv.Quote(s.lake(lakectlSide)) + " "},
		{"\n  test: {lake: ./lake-test}\n", "\n  " + sparkSide + ": {lake: " + strconv.Quote(s.lake(sparkSide)) + "}\n"},
	}
	if s.Unpartition {
		changes = append(changes, [2]string{"\n    partition_by: transaction_date\n", "\n"})
	}
	for _, c := range changes {
		if strings.Count(text, c[0]) != 1 {
			return "", fmt.Errorf("the sample project has not one line %q; change the bench with it", strings.TrimSpace(c[0]))
		}
		text = strings.Replace(text, c[0], c[1], 1)
	}
	return text, nil
}

// lakectlCommand returns a run of the real program.
func lakectlCommand(ctx context.Context, s *settings) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Lakectl, "run", "--json", "--project", s.rawDir(), "--workers", strconv.Itoa(s.Threads))
	cmd.Env = append(os.Environ(), "LAKEHOUSE_ENVIRONMENT=", "LAKEHOUSE_NOW="+s.now().Format(time.RFC3339))
	return cmd
}

// sparkCommand returns a run of the real program that has Spark work on the rows,
// with all of the machine's memory but what others need.
func sparkCommand(ctx context.Context, s *settings) *exec.Cmd {
	cmd := lakectlCommand(ctx, s)
	cmd.Args = append(cmd.Args, "--engine", "spark", "--env", sparkSide)
	cmd.Env = append(cmd.Env, "PYSPARK_PYTHON="+filepath.Join(filepath.Dir(s.Submit), "python"),
		fmt.Sprintf("LAKEHOUSE_SPARK=%s --master local[%d] --driver-memory 8g --conf spark.ui.enabled=false", s.Submit, s.Threads))
	return cmd
}

// stagesOfResult reads the stages from what `lakectl run --json` prints. It
// does not tell the CPU of stages.
func stagesOfResult(text []byte) (map[string]cost, error) {
	var result pipeline.Result
	if err := decode(text, &result); err != nil {
		return nil, err
	}
	stages := map[string]cost{bronzeStage: {CPU: -1}, silverStage: {CPU: -1}, goldStage: {CPU: -1}}
	add := func(stage string, seconds float64) {
		c := stages[stage]
		c.Wall += seconds
		stages[stage] = c
	}
	for _, b := range result.Bronze {
		add(bronzeStage, b.Seconds)
	}
	for _, t := range result.Silver {
		add(silverStage, t.Seconds)
	}
	last := 0.0
	for _, t := range result.Gold { // made at once, and timed from one beginning
		last = max(last, t.Seconds)
	}
	add(goldStage, last)
	return stages, nil
}

// folder makes source.Folder a pipeline.Sources.
type folder struct{ source.Folder }

func (f folder) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return f.Folder.Open(ctx, path)
}

// runLakectl runs the project in this process, and says what its stages took.
func runLakectl(ctx context.Context, s *settings) (map[string]cost, error) {
	cfg, problems := config.Load(filepath.Join(s.rawDir(), config.FileName), config.Options{})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	all, err := p.Select(nil)
	if err != nil {
		return nil, err
	}
	bucket, err := local.New(s.lake(lakectlSide), local.Options{})
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(ctx, bucket, lake.Options{Clock: s.now})
	if err != nil {
		return nil, err
	}
	w := &watch{profile: s.Profile}
	_, err = pipeline.Run(ctx, p, l, pipeline.Options{Selection: all, Workers: s.Threads, Memory: memory, Now: s.now(),
		Sources: folder{source.Folder{Root: s.rawDir()}}, Observer: w})
	if err == nil {
		err = w.failed
	}
	return w.meter.stages, err
}
