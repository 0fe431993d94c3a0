package inspect

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

var shop = names.Names{Project: "shop", Environment: "dev", Account: "123456789012", Region: "eu-central-1", Partition: "aws",
	LakeBucket: "shop-lake", LakePrefix: "p/"}

// coded is an error of AWS with a code.
func coded(code string) error { return &smithy.GenericAPIError{Code: code, Message: "said AWS"} }

// answered is an error of AWS with a status and, if there is one, a header.
func answered(status int, code string, header ...string) error {
	h := http.Header{}
	if len(header) == 2 {
		h.Set(header[0], header[1])
	}
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: h}}, Err: coded(code)}}
}

// failing is all of AWS, when every operation fails with the same error.
type failing struct{ err error }

func (f failing) DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	return nil, f.err
}

func (f failing) HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return nil, f.err
}

func (f failing) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return nil, f.err
}

func (f failing) GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	return nil, f.err
}

func (f failing) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return nil, f.err
}

func (f failing) HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return nil, f.err
}

func (f failing) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return nil, f.err
}

func (f failing) GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error) {
	return nil, f.err
}

func (f failing) GetDatabase(context.Context, *glue.GetDatabaseInput, ...func(*glue.Options)) (*glue.GetDatabaseOutput, error) {
	return nil, f.err
}

func (f failing) SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	return nil, f.err
}

func (f failing) GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	return nil, f.err
}

func (f failing) DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return nil, f.err
}

func (f failing) GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return nil, f.err
}

func (f failing) GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	return nil, f.err
}

func (f failing) GetDataLakeSettings(context.Context, *lakeformation.GetDataLakeSettingsInput, ...func(*lakeformation.Options)) (*lakeformation.GetDataLakeSettingsOutput, error) {
	return nil, f.err
}

func (f failing) ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	return nil, f.err
}

func (f failing) DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return nil, f.err
}

// all returns an inspector to which every question is answered with an error.
func all(err error) *Inspector {
	f := failing{err}
	return &Inspector{names: shop, stacks: f, buckets: f, objects: f, jobs: f, databases: f, simulator: f, roles: f, keys: f,
		lakeFormation: f, subscriptions: f, alarms: f}
}

// looks are all looks at an account.
var looks = map[string]func(context.Context, *Inspector) diag.Finding{
	"stack":     func(ctx context.Context, i *Inspector) diag.Finding { f, _ := i.Stack(ctx); return f },
	"bucket":    func(ctx context.Context, i *Inspector) diag.Finding { return i.Bucket(ctx, "b", BucketOptions{}) },
	"archived":  func(ctx context.Context, i *Inspector) diag.Finding { return i.Archived(ctx, "silver") },
	"job":       func(ctx context.Context, i *Inspector) diag.Finding { return i.Job(ctx, "silver") },
	"default":   func(ctx context.Context, i *Inspector) diag.Finding { return i.DefaultDatabase(ctx) },
	"databases": func(ctx context.Context, i *Inspector) diag.Finding { return i.Databases(ctx, "silver") },
	"job role": func(ctx context.Context, i *Inspector) diag.Finding {
		return i.Role(ctx, RoleOptions{Kind: "glue-job", Policy: "glue-job", KMS: true})
	},
	"crawler role": func(ctx context.Context, i *Inspector) diag.Finding {
		return i.Role(ctx, RoleOptions{Kind: "glue-crawler", Policy: "glue-crawler"})
	},
	"user": func(ctx context.Context, i *Inspector) diag.Finding { return i.Writer(ctx, "arn:aws:iam::1:user/u") },
	"caller's role": func(ctx context.Context, i *Inspector) diag.Finding {
		return i.Analyst(ctx, "arn:aws:sts::1:assumed-role/r/s", true)
	},
	"key":          func(ctx context.Context, i *Inspector) diag.Finding { return i.Key(ctx) },
	"raw files":    func(ctx context.Context, i *Inspector) diag.Finding { return i.RawFiles(ctx, []string{"s3://raw/a*"}) },
	"formation":    func(ctx context.Context, i *Inspector) diag.Finding { return i.LakeFormation(ctx) },
	"subscription": func(ctx context.Context, i *Inspector) diag.Finding { return i.Subscription(ctx, "") },
	"alarms":       func(ctx context.Context, i *Inspector) diag.Finding { return i.Alarms(ctx) },
	"trust":        func(ctx context.Context, i *Inspector) diag.Finding { return i.SnowflakeTrust(ctx) },
}

// What cannot be looked at is a warning that says so and why, of every look.
func TestWhatCannotBeLookedAt(t *testing.T) {
	for name, look := range looks {
		for _, test := range []struct {
			err      error
			imitated bool
			text     string
			remedy   string
		}{
			{coded("AccessDeniedException"), false, "AccessDeniedException", "ask for the permission"},
			{coded("Throttling"), false, "Throttling", "try again in a minute"},
			{coded("UnknownOperationException"), false, "does not have the operation", ""},
			{answered(http.StatusNotImplemented, "what"), false, "does not have the operation", ""},
			{answered(http.StatusInternalServerError, "what"), true, "does not have the operation", ""},
			{answered(http.StatusInternalServerError, "InternalFailure"), false, "InternalFailure", "a fault of its own"},
			{&smithy.DeserializationError{Err: errors.New("<html>")}, true, "does not have the operation", ""},
			{context.DeadlineExceeded, false, "no answer in time", ""},
			{errors.New("broken pipe"), false, "broken pipe", ""},
		} {
			i := all(test.err)
			i.imitated = test.imitated
			f := look(context.Background(), i)
			if f.Level != diag.Suspect || !strings.HasPrefix(f.Text, "could not be checked: ") || !strings.Contains(f.Text, test.text) ||
				!strings.Contains(f.Remedy, test.remedy) || strings.Contains(f.Remedy, "doctor") {
				t.Errorf("%s, %v: %+v", name, test.err, f)
			}
		}
	}
}

// Where IAM may not be asked to simulate, it is said whether there is a role.
func TestRoleThatIsNotThere(t *testing.T) {
	i := all(coded("NoSuchEntity"))
	i.simulator = failing{coded("AccessDenied")}
	want(t, "role", looks["job role"](context.Background(), i), diag.Bad, "there is no role shop-dev-eu-central-1-glue-job", "`lakectl deploy`")
}

// Of a network that is not there it is said where it ends, not what the SDK did.
func TestNoNetwork(t *testing.T) {
	err := errors.New("operation error Glue: GetDatabase, exceeded maximum number of attempts, 3, request send failed, dial tcp 10.0.0.1:443: refused")
	f := all(err).DefaultDatabase(context.Background())
	if f.Text != "could not be checked: read the database default: dial tcp 10.0.0.1:443: refused" {
		t.Error(f.Text)
	}
}

// want compares a finding: its level, and what is in its text and its remedy.
func want(t *testing.T, name string, got diag.Finding, level diag.Level, text, remedy string) {
	t.Helper()
	if got.Level != level || !strings.Contains(got.Text, text) || !strings.Contains(got.Remedy, remedy) {
		t.Errorf("%s: %s %q, next %q; want %s %q, next %q", name, got.Level, got.Text, got.Remedy, level, text, remedy)
	}
	if (got.Level == diag.Bad) && got.Remedy == "" {
		t.Errorf("%s: %q has no remedy", name, got.Text)
	}
}

// On an empty account the remedy is to deploy.
func TestEmptyAccount(t *testing.T) {
	for name, code := range map[string]string{"bucket": "NoSuchBucket", "job": "EntityNotFoundException", "databases": "EntityNotFoundException",
		"job role": "NoSuchEntity", "crawler role": "NoSuchEntity", "key": "NotFoundException", "subscription": "NotFound"} {
		want(t, name, looks[name](context.Background(), all(coded(code))), diag.Bad, "there is no ", "`lakectl deploy`")
	}
	want(t, "trust", looks["trust"](context.Background(), all(coded("NoSuchEntity"))), diag.Bad, "there is no role", "`lakectl snowflake setup`")
	want(t, "default", looks["default"](context.Background(), all(coded("EntityNotFoundException"))), diag.Bad, "no database `default`", "aws glue create-database")
	f, none := all(&smithy.GenericAPIError{Code: "ValidationError", Message: "Stack with id shop-dev does not exist"}).Stack(context.Background())
	if want(t, "stack", f, diag.Bad, "nothing is deployed", "`lakectl deploy`"); !none {
		t.Error("the stack is there")
	}
}
