//go:build e2e

package sparkrun

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/spark"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
)

// onS3 is a project whose raw files and lake are on S3.
type onS3 struct {
	*lab.Lab
	session *session.Session
	modules string // lakehouse_spark.zip
}

func newOnS3(t *testing.T) *onS3 {
	t.Helper()
	folder := t.TempDir()
	for _, bucket := range []string{"raw", "lake", "ops"} {
		if err := os.Mkdir(filepath.Join(folder, bucket), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l := &onS3{Lab: sampleLab(t), session: lab.Gateway(t, folder), modules: filepath.Join(t.TempDir(), "lakehouse_spark.zip")}
	l.Edit("lake: ./lake ", "aws: {catalog: false, metrics: false}\nlake: s3://lake/a/b ")
	l.Edit(`"customers_*.csv"`, `"s3://raw/customers_*.csv"`)
	l.Edit(`["transactions_*.csv", "transactions_*.csv.gz"]`, `["s3://raw/transactions_*.csv", "s3://raw/transactions_*.csv.gz"]`)
	l.Bucket = s3.New(l.session, s3.Options{Bucket: "lake", Prefix: "a/b/"})
	modules, err := spark.Package()
	if err == nil {
		err = os.WriteFile(l.modules, modules, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// put puts an object into a bucket.
func (l *onS3) put(bucket, name string, data []byte) {
	l.T.Helper()
	if _, err := storage.WriteAll(l.T.Context(), s3.New(l.session, s3.Options{Bucket: bucket}), name, data, storage.CreateOptions{}); err != nil {
		l.T.Fatal(err)
	}
}

// arrive puts raw files into their bucket, and into the folder of another project.
func (l *onS3) arrive(other *lab.Lab, s lab.Stock, names ...string) {
	l.T.Helper()
	other.Arrive(s, names...)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			l.T.Fatal(err)
		}
		l.put("raw", name, data)
	}
}

// contents are those of the lake, as if its files were beside the project.
func (l *onS3) contents() map[string][]string {
	all := l.Contents()
	for _, lines := range all {
		for i, line := range lines {
			lines[i] = strings.Replace(line, "source_file=s3://raw/", "source_file=", 1)
		}
		slices.Sort(lines)
	}
	return all
}

// submit is how Spark is started with its connector to S3.
func (l *onS3) submit() []string {
	l.T.Helper()
	python, err := environment("E2E_PYTHON")
	if err != nil {
		l.T.Fatal(err)
	}
	jars, err := environment("E2E_S3A")
	if err != nil {
		l.T.Fatal(err)
	}
	words := append([]string{filepath.Join(filepath.Dir(python), "spark-submit")}, sparkFlags()...)
	l.T.(*testing.T).Setenv("PYSPARK_PYTHON", python)
	words = append(words, "--jars", jars+"/hadoop-aws.jar,"+jars+"/aws-sdk.jar")
	for key, value := range map[string]string{"endpoint": os.Getenv("AWS_ENDPOINT_URL"), "access.key": "test", "secret.key": "testtest", "path.style.access": "true",
		"aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"} {
		words = append(words, "--conf", "spark.hadoop.fs.s3a."+key+"="+value)
	}
	return words
}

// do runs a command, which must succeed, and returns what it prints.
func (l *onS3) do(cmd *exec.Cmd) string {
	l.T.Helper()
	cmd.Dir = l.Dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.T.Fatalf("%v: %v\n%.6000s", cmd.Args, err, out)
	}
	return string(out)
}

// TestS3 runs a project whose files and lake are on S3: by `lakectl run --engine
// spark`, on this machine, and by the programs of Glue's jobs, one for each layer.
func TestS3(t *testing.T) {
	lakectl, err := environment("E2E_LAKECTL")
	if err != nil {
		t.Fatal(err)
	}
	want, got := sampleLab(t), newOnS3(t)
	removeFiles(t, want.Dir)
	stock := want.Generate(sample.Options{Seed: 11, Transactions: 4000, Customers: 300, Days: 20, Files: 6, Defects: 0.03})
	third := len(stock.Names) / 3
	batches := [][]string{stock.Names[:third], stock.Names[third : 2*third], stock.Names[2*third:]}
	runs := []func(){
		func() {
			t.Setenv("LAKEHOUSE_SPARK", strings.Join(got.submit(), " "))
			got.do(exec.CommandContext(t.Context(), lakectl, "run", "--engine", "spark", "--quiet"))
		},
		func() { got.do(exec.CommandContext(t.Context(), lakectl, "run", "--quiet")) },
		func() {
			got.jobs(lakectl)
			got.areLayers("scheduled")
		},
	}
	for i, run := range runs {
		got.arrive(want, stock, batches[i]...)
		want.MustRun()
		want.Now = want.Now.Add(time.Hour)
		run()
		t.Run(fmt.Sprint("run ", i+1), func(t *testing.T) { compareContents(t, got.contents(), want.Contents()) })
	}
	got.CheckLedger()
}

// jobs runs the programs of the jobs as Glue does, those of a schedule: no tables
// are named.
func (l *onS3) jobs(lakectl string) {
	l.T.Helper()
	compiled, err := spark.Compile(l.Project(), "s3://lake/a/b")
	if err != nil {
		l.T.Fatal(err)
	}
	l.put("ops", "scripts/x/project.json", compiled)
	programs, err := spark.Scripts()
	if err != nil {
		l.T.Fatal(err)
	}
	for _, p := range programs {
		path := filepath.Join(l.T.TempDir(), p.Name)
		if err := os.WriteFile(path, p.Text, 0o600); err != nil {
			l.T.Fatal(err)
		}
		words := append(l.submit(), "--py-files", l.modules, path, "--JOB_NAME", "x", "--layer", p.Layer, "--project-s3", "s3://ops/scripts/x/project.json", "--binary", lakectl, "--run", "scheduled")
		if out := l.do(exec.CommandContext(l.T.Context(), words[0], words[1:]...)); !strings.Contains(out, "succeeded: commit") {
			l.T.Errorf("the job of %s says\n%.3000s", p.Layer, out)
		}
	}
}

// areLayers fails the test unless the last runs say what they are a part of.
func (l *onS3) areLayers(of string) {
	l.T.Helper()
	runs, err := pipeline.Runs(l.T.Context(), l.Bucket, 3)
	if err != nil {
		l.T.Fatal(err)
	}
	for _, r := range runs {
		if r.PartOf != of {
			l.T.Errorf("run %s is a part of %q, not of %q", r.Run, r.PartOf, of)
		}
	}
}

// removeFiles removes the raw files of the sample project.
func removeFiles(t *testing.T, dir string) {
	t.Helper()
	for _, pattern := range []string{"*.csv", "*.csv.gz"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}
