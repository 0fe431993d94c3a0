package glue

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/spark"
)

func registry(f *fake) *Registry { return &Registry{jobs: f, tags: f, crawlers: f} }

func actions(changes []Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Name+" "+c.Action)
	}
	return strings.Join(out, ", ")
}

func TestRegisterJobs(t *testing.T) {
	p, n, code := sampled(t, "{kms: true, tags: {team: data, old: x}}")
	f := newFake()
	r := registry(f)
	jobs := Jobs(p.Config, n, code)
	changes, err := r.RegisterJobs(t.Context(), jobs)
	if err != nil || actions(changes) != "shop-dev-bronze create, shop-dev-silver create, shop-dev-gold create" {
		t.Fatalf("%s, %v", actions(changes), err)
	}
	silver := f.jobs["shop-dev-silver"]
	got := jobFields(silver)
	for _, want := range []field{
		{"glue_version", "5.1"}, {"worker_type", "G.1X"}, {"max_workers", "10"}, {"execution_class", "STANDARD"}, {"timeout_minutes", "120"},
		{"concurrent_runs", "1"}, {"security_configuration", "shop-dev-kms"}, {"role", "arn:aws:iam::111122223333:role/shop-dev-eu-central-1-glue-job"},
		{"arguments.--job-bookmark-option", "job-bookmark-disable"}, {"arguments.--enable-auto-scaling", "true"},
		{"arguments.--custom-logGroup-prefix", "/shop/dev/jobs"}, {"arguments.--TempDir", "s3://the-lake/a/b/_lakectl/tmp/glue/"},
		{"arguments.--project-s3", "s3://shop-dev-ops-111122223333/" + code.Project},
		{"script", "s3://shop-dev-ops-111122223333/" + code.Scripts["silver"]},
		{"arguments.--extra-py-files", "s3://shop-dev-ops-111122223333/" + code.Package},
		{"arguments.--extra-files", "s3://shop-dev-ops-111122223333/" + code.Program},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the job has no %v: %v", want, got)
		}
	}

	f.calls = nil
	if changes, err = r.RegisterJobs(t.Context(), jobs); err != nil || Changed(changes) || slices.Contains(f.calls, "UpdateJob") {
		t.Errorf("the second time: %s, %v, %v", actions(changes), f.calls, err)
	}

	// Somebody has changed a job, an argument and the tags; the file has changed, too.
	silver.Timeout, silver.DefaultArguments["--mine"] = aws.Int32(7), "x"
	was := "s3://shop-dev-ops-111122223333/" + code.Project
	p, n, code = sampled(t, "{kms: true, tags: {team: ml}, glue: {flex: true}}")
	jobs = Jobs(p.Config, n, code)
	changes, err = r.RegisterJobs(t.Context(), jobs)
	want := []FieldChange{{"execution_class", "STANDARD", "FLEX"}, {"timeout_minutes", "7", "120"},
		{"arguments.--project-s3", was, "s3://shop-dev-ops-111122223333/" + code.Project}, {"tags.team", "data", "ml"},
		{"arguments.--mine", "x", ""}, {"tags.old", "x", ""}}
	if diff := cmp.Diff(want, changes[1].Fields); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if diff := cmp.Diff(map[string]string{"Project": "shop", "Environment": "dev", "team": "ml"}, f.tags[jobs[1].ARN]); diff != "" {
		t.Error(diff)
	}
	if changes, err = r.PlanJobs(t.Context(), jobs); err != nil || Changed(changes) {
		t.Errorf("afterwards: %s, %v", actions(changes), err)
	}
}

func TestRegisterFails(t *testing.T) {
	p, n, code := sampled(t, "{}")
	for _, test := range []struct {
		operation, code string
		class           diag.Class
		next            string
	}{
		{"GetJob", "AccessDeniedException", diag.Usage, "lakectl doctor"},
		{"GetJob", "ThrottlingException", diag.Transient, "slows us down"},
		{"CreateJob", "AlreadyExistsException", diag.Transient, "somebody else"},
		{"CreateJob", "ResourceNumberLimitExceededException", diag.Transient, "quota"},
		{"CreateJob", "InvalidInputException", diag.Usage, "lakectl deploy"},
		{"CreateJob", "InternalServiceException", diag.Transient, "fault of its own"},
	} {
		f := newFake()
		f.fails[test.operation] = []error{nil, fail(test.operation, test.code)}
		changes, err := registry(f).RegisterJobs(t.Context(), Jobs(p.Config, n, code))
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != test.class || !strings.Contains(typed.Next, test.next) {
			t.Errorf("%s %s: %v", test.operation, test.code, err)
		}
		if strings.Contains(err.Error(), "operation error") {
			t.Errorf("the error speaks of the SDK: %v", err)
		}
		if test.operation == "CreateJob" && actions(changes) != "shop-dev-bronze create" {
			t.Errorf("done before it failed: %s", actions(changes))
		}
	}
}

func TestRegisterCrawlers(t *testing.T) {
	p, n, _ := sampled(t, "{}")
	f := newFake()
	r := registry(f)
	crawlers := Crawlers(p, n)
	changes, err := r.RegisterCrawlers(t.Context(), crawlers)
	if err != nil || len(changes) != 3 || changes[2].Action != Create {
		t.Fatalf("%s, %v", actions(changes), err)
	}
	gold := f.crawlers["shop-dev-gold"]
	if *gold.Configuration != `{"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas","TableLevelConfiguration":5},"Version":1}` {
		t.Error(*gold.Configuration) // the-lake / a / b / gold / daily_sales
	}
	if target := gold.Targets.S3Targets[1]; *target.Path != "s3://the-lake/a/b/gold/daily_sales/" || !slices.Contains(target.Exclusions, "**_$folder$") {
		t.Errorf("%v", target)
	}
	if gold.SchemaChangePolicy.UpdateBehavior != "LOG" || gold.SchemaChangePolicy.DeleteBehavior != "LOG" || *gold.DatabaseName != "shop_dev_gold" {
		t.Errorf("%+v", gold)
	}

	// Glue says the same JSON in another order.
	gold.Configuration = aws.String(`{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 5, "TableGroupingPolicy": "CombineCompatibleSchemas"}, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}`)
	if changes, err = r.RegisterCrawlers(t.Context(), crawlers); err != nil || Changed(changes) {
		t.Errorf("the second time: %+v, %v", changes, err)
	}
	p.Gold = p.Gold[1:]
	changes, err = r.RegisterCrawlers(t.Context(), Crawlers(p, n))
	if err != nil || actions(changes) != "shop-dev-bronze keep, shop-dev-silver keep, shop-dev-gold update" ||
		len(changes[2].Fields) != 1 || changes[2].Fields[0].Field != "target.s3://the-lake/a/b/gold/daily_sales/" || changes[2].Fields[0].New != "" {
		t.Errorf("a table less: %+v, %v", changes, err)
	}
	f.fails["UpdateCrawler"] = []error{fail("UpdateCrawler", "CrawlerRunningException")}
	p.Gold = p.Gold[1:]
	if _, err = r.RegisterCrawlers(t.Context(), Crawlers(p, n)); diag.ClassOf(err) != diag.Transient {
		t.Errorf("while it runs: %v", err)
	}
	p.Gold = nil
	if crawlers = Crawlers(p, n); len(crawlers) != 2 {
		t.Errorf("%d crawlers without gold tables", len(crawlers))
	}
}

// bucket is an Uploader.
type bucket map[string]string

func (b bucket) Put(_ context.Context, key string, data []byte) (bool, error) {
	if strings.Contains(key, b["refuses"]) && b["refuses"] != "" {
		return false, errors.New("no")
	}
	_, have := b[key]
	b[key] = string(data)
	return !have, nil
}

func (b bucket) PutFile(ctx context.Context, key string, f File) (bool, error) {
	if _, have := b[key]; have {
		return false, nil // unread
	}
	in, err := f.Open()
	if err != nil {
		return false, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err == nil && int64(len(data)) != f.Size() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return false, err
	}
	return b.Put(ctx, key, data)
}

func TestCodeLiesUnderItsHash(t *testing.T) {
	p, n, code := sampled(t, "{}")
	b := bucket{}
	uploaded, err := code.Upload(t.Context(), b)
	if err != nil || len(uploaded) != 6 {
		t.Fatalf("%v, %v", uploaded, err)
	}
	if uploaded, err = code.Upload(t.Context(), b); err != nil || len(uploaded) != 0 {
		t.Errorf("the second time: %v, %v", uploaded, err)
	}
	if !strings.Contains(b[code.Project], `"lake": "s3://the-lake/a/b"`) {
		t.Error("the compiled project does not say where the lake is")
	}
	shared, err := spark.Package()
	if err != nil || b[code.Package] != string(shared) || path.Base(code.Package) != "lakehouse_spark.zip" || path.Dir(code.Package) != path.Dir(code.Scripts["gold"]) {
		t.Errorf("the package is at %s, with %d bytes; %v", code.Package, len(b[code.Package]), err)
	}
	if b[code.Program] != "lakectl" || path.Base(code.Program) != "lakectl" || !strings.HasPrefix(code.Program, "scripts/"+file("lakectl").SHA256()[:32]) {
		t.Errorf("the program is at %s, and is %q", code.Program, b[code.Program])
	}
	_, _, same := sampled(t, "{glue: {flex: true}}")
	if diff := cmp.Diff(code, same, cmpopts.IgnoreUnexported(Code{}), cmpopts.IgnoreFields(Code{}, "Project")); diff != "" { // which has all of lakehouse.yaml
		t.Errorf("the size of jobs makes other programs of them: %s", diff)
	}
	p.Silver[0].Distinct = true
	other, err := CodeOf(p, n, file("another lakectl"))
	if err != nil || other.Project == code.Project || other.Program == code.Program || other.Scripts["gold"] != code.Scripts["gold"] || other.Package != code.Package {
		t.Errorf("keys %v, %v, %v", code, other, err)
	}
}

// An upload that fails says of what, and what was done before.
func TestUploadFails(t *testing.T) {
	_, _, code := sampled(t, "{}")
	for refused, before := range map[string]int{code.Project: 4, code.Program: 5, code.Package: 3} {
		uploaded, err := code.Upload(t.Context(), bucket{"refuses": refused})
		if err == nil || !strings.Contains(err.Error(), "upload "+refused) || len(uploaded) != before {
			t.Errorf("%s: %v, %v", refused, uploaded, err)
		}
	}
}
