//go:build e2e

package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
)

// doctorLab is a project that no other test has, and what it has in moto.
type doctorLab struct {
	t       *testing.T
	dir     string
	binary  string
	session *session.Session
	config  *config.Config
	names   names.Names
	s3      *s3.Client
}

func newDoctorLab(t *testing.T) *doctorLab {
	t.Helper()
	moto(t)
	l := &doctorLab{t: t, dir: t.TempDir(), binary: filepath.Join(t.TempDir(), "lakectl")}
	if out, err := exec.Command("go", "build", "-o", l.binary, "github.com/lakectl/lakectl/cmd/lakectl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id := time.Now().UnixNano()
	text := fmt.Sprintf("project: doc%d\nlake: s3://doc%d-lake/top\naws: {kms: true}\nsnowflake: {account: a-b}\n"+
		"monitoring: {alert_email: me@example.com}\nbronze: {a: {source: \"*.csv\"}}\n", id, id)
	l.must(os.WriteFile(filepath.Join(l.dir, "lakehouse.yaml"), []byte(text), 0o600))
	l.must(os.WriteFile(filepath.Join(l.dir, "a.csv"), []byte("x\n1\n"), 0o600))
	var err error
	l.session, err = session.Open(t.Context(), session.Options{})
	l.must(err)
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text), config.Options{})
	l.must(problems.Err())
	l.config = cfg
	l.names, err = names.Of(cfg, "123456789012", "eu-central-1")
	l.must(err)
	l.s3 = s3.NewFromConfig(l.session.Config, func(o *s3.Options) { o.UsePathStyle = true })
	return l
}

func (l *doctorLab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// diagnosis is what `doctor --json` finds: of each check its level, text and
// remedy, with blanks between.
func (l *doctorLab) diagnosis() map[string]string {
	l.t.Helper()
	cmd := exec.Command(l.binary, "doctor", "--json")
	cmd.Dir = l.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 {
		l.t.Fatalf("exit code %d (%v): %s", code, err, errs.String())
	}
	var result struct {
		Checks []struct{ Check, Level, Found, Remedy string }
	}
	l.must(json.Unmarshal(out.Bytes(), &result))
	found := map[string]string{}
	for _, c := range result.Checks {
		found[c.Check] = strings.TrimSpace(c.Level + " " + c.Found + " " + c.Remedy)
		if c.Level == "failed" && c.Remedy == "" {
			l.t.Errorf("%s has no remedy: %s", c.Check, c.Found)
		}
	}
	return found
}

// want compares findings: each begins with a level, and has a text.
func (l *doctorLab) want(found map[string]string, wanted map[string][2]string) {
	l.t.Helper()
	for check, w := range wanted {
		if !strings.HasPrefix(found[check], w[0]+" ") || !strings.Contains(found[check], w[1]) {
			l.t.Errorf("%s: %q, want %s with %q", check, found[check], w[0], w[1])
		}
	}
}

// On an empty account the remedy is to deploy.
func TestDoctorOnAnEmptyAccount(t *testing.T) {
	l := newDoctorLab(t)
	l.want(l.diagnosis(), map[string][2]string{
		"lakehouse.yaml":   {"ok", "1 bronze dataset"},
		"identity":         {"ok", "123456789012"},
		"clock":            {"ok", ""},
		"endpoint":         {"warning", "not AWS"},
		"stack":            {"failed", "nothing is deployed `lakectl deploy`"},
		"lake bucket":      {"failed", "there is no bucket " + l.names.LakeBucket + " `lakectl deploy`"},
		"log":              {"failed", "`lakectl deploy`"},
		"files":            {"skipped", ""},
		"your permissions": {"warning", "could not be checked"},
		"role of jobs":     {"skipped", "nothing is deployed"},
		"subscription":     {"skipped", "nothing is deployed"},
	})
}

// What is there is found, and what is wrong with it; what moto does not have is
// a warning.
func TestDoctorOnAStack(t *testing.T) {
	l := newDoctorLab(t)
	l.config.AWS.KMS.Value = false // moto cannot make a key with tags
	createStack(t, l.session, l.config, l.names)
	ctx, n := t.Context(), l.names
	l.want(l.diagnosis(), map[string][2]string{
		"stack":            {"ok", "CREATE_COMPLETE"},
		"log":              {"ok", "the lake is empty"},
		"files":            {"ok", "0 files"},
		"lake bucket":      {"failed", "nothing keeps"},
		"scripts bucket":   {"failed", "nothing keeps " + n.ScriptsBucket()},
		"raw files":        {"skipped", "none are on S3"},
		"job silver":       {"failed", "there is no job " + n.Job("silver") + " `lakectl deploy`"},
		"databases":        {"failed", "there is no database " + n.Database("bronze")},
		"key":              {"failed", "there is no key " + n.KeyAlias()},
		"role of jobs":     {"warning", "could not be checked"},
		"Lake Formation":   {"ok", "not in the way"},
		"alarms":           {"failed", "there is no alarm"},
		"subscription":     {"failed", "me@example.com is not told"},
		"archived objects": {"ok", "none of 0"},
	})

	_, err := l.s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &n.LakeBucket, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}})
	l.must(err)
	_, err = l.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &n.LakeBucket,
		VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}})
	l.must(err)
	_, err = l.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &n.LakeBucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
		Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{
			SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(n.KeyAlias())}}}}})
	l.must(err)
	_, err = l.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &n.LakeBucket, Key: aws.String("top/silver/x/cold.parquet"),
		Body: strings.NewReader("x"), StorageClass: s3types.StorageClassGlacier})
	l.must(err)
	l.job()
	l.key()
	_, err = sns.NewFromConfig(l.session.Config).Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(n.TopicARN()),
		Protocol: aws.String("email"), Endpoint: aws.String("me@example.com")})
	l.must(err)
	l.want(l.diagnosis(), map[string][2]string{
		"lake bucket":        {"ok", "is ours, in eu-central-1, and protected"},
		"files":              {"failed", "readers read them: silver/x/cold.parquet"},
		"archived objects":   {"failed", "1 of 1 objects are archived"},
		"job silver":         {"failed", "the script of the job " + n.Job("silver") + " is missing"},
		"key":                {"failed", "does not let logs.eu-central-1.amazonaws.com"},
		"trust of Snowflake": {"ok", "with an external id"},
		"subscription":       {"ok", "me@example.com"}, // moto confirms by itself,
	})

	t.Setenv("AWS_REGION", "us-east-1")
	l.want(l.diagnosis(), map[string][2]string{
		"stack":       {"failed", "nothing is deployed"},
		"lake bucket": {"failed", "is in eu-central-1, and everything else is in us-east-1 write `aws: {region: eu-central-1}`"},
	})
}

// job registers a job whose script is not there.
func (l *doctorLab) job() {
	l.t.Helper()
	_, err := glue.NewFromConfig(l.session.Config).CreateJob(l.t.Context(), &glue.CreateJobInput{Name: aws.String(l.names.Job("silver")),
		Role: aws.String(l.names.RoleARN("glue-job")), Command: &gluetypes.JobCommand{Name: aws.String("glueetl"),
			ScriptLocation: aws.String("s3://" + l.names.LakeBucket + "/scripts/none.py")}})
	l.must(err)
}

// key makes the key, with the policy that moto gives it.
func (l *doctorLab) key() {
	l.t.Helper()
	client := kms.NewFromConfig(l.session.Config)
	out, err := client.CreateKey(l.t.Context(), &kms.CreateKeyInput{})
	l.must(err)
	_, err = client.CreateAlias(l.t.Context(), &kms.CreateAliasInput{AliasName: aws.String(l.names.KeyAlias()), TargetKeyId: out.KeyMetadata.KeyId})
	l.must(err)
}
