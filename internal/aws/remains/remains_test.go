package remains

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

// account is what is in AWS: the names of things, objects as bucket/key.
type account struct {
	things  map[string]bool
	objects []string
	refuse  string // the thing that is not deleted
}

func (a *account) get(kind, name string) error {
	if a.things[kind+" "+name] {
		return nil
	}
	if kind == "log group" {
		return &logtypes.ResourceNotFoundException{}
	}
	return &gluetypes.EntityNotFoundException{}
}

func (a *account) remove(kind, name string) error {
	if name == a.refuse {
		return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not you"}
	}
	err := a.get(kind, name)
	delete(a.things, kind+" "+name)
	return err
}

func (a *account) GetDatabase(_ context.Context, in *glue.GetDatabaseInput, _ ...func(*glue.Options)) (*glue.GetDatabaseOutput, error) {
	return nil, a.get("database", *in.Name)
}

func (a *account) DeleteDatabase(_ context.Context, in *glue.DeleteDatabaseInput, _ ...func(*glue.Options)) (*glue.DeleteDatabaseOutput, error) {
	return nil, a.remove("database", *in.Name)
}

func (a *account) GetJob(_ context.Context, in *glue.GetJobInput, _ ...func(*glue.Options)) (*glue.GetJobOutput, error) {
	return nil, a.get("job", *in.JobName)
}

func (a *account) DeleteJob(_ context.Context, in *glue.DeleteJobInput, _ ...func(*glue.Options)) (*glue.DeleteJobOutput, error) {
	return nil, a.remove("job", *in.JobName)
}

func (a *account) GetCrawler(_ context.Context, in *glue.GetCrawlerInput, _ ...func(*glue.Options)) (*glue.GetCrawlerOutput, error) {
	return nil, a.get("crawler", *in.Name)
}

func (a *account) DeleteCrawler(_ context.Context, in *glue.DeleteCrawlerInput, _ ...func(*glue.Options)) (*glue.DeleteCrawlerOutput, error) {
	return nil, a.remove("crawler", *in.Name)
}

func (a *account) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	out := &cloudwatchlogs.DescribeLogGroupsOutput{}
	for thing := range a.things {
		if name, ok := strings.CutPrefix(thing, "log group "); ok && strings.HasPrefix(name, *in.LogGroupNamePrefix) {
			out.LogGroups = append(out.LogGroups, logtypes.LogGroup{LogGroupName: &name})
		}
	}
	return out, nil
}

func (a *account) DeleteLogGroup(_ context.Context, in *cloudwatchlogs.DeleteLogGroupInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	return nil, a.remove("log group", *in.LogGroupName)
}

func answer(status int, code string) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: &smithy.GenericAPIError{Code: code}}
}

func (a *account) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if a.things["bucket "+*in.Bucket] {
		return &s3.HeadBucketOutput{}, nil
	}
	return nil, answer(404, "NotFound")
}

func (a *account) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	out := &s3.ListObjectVersionsOutput{}
	for _, object := range a.objects {
		if key, ok := strings.CutPrefix(object, *in.Bucket+"/"); ok && strings.HasPrefix(key, aws.ToString(in.Prefix)) {
			out.Versions = append(out.Versions, types.ObjectVersion{Key: &key})
		}
	}
	return out, nil
}

func (a *account) DeleteObjects(_ context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	for _, object := range in.Delete.Objects {
		a.objects = slices.DeleteFunc(a.objects, func(name string) bool { return name == *in.Bucket+"/"+*object.Key })
	}
	return &s3.DeleteObjectsOutput{}, nil
}

func (a *account) ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	return &s3.ListMultipartUploadsOutput{}, nil
}

func (a *account) AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	return nil, nil
}

func (a *account) DeleteBucket(_ context.Context, in *s3.DeleteBucketInput, _ ...func(*s3.Options)) (*s3.DeleteBucketOutput, error) {
	if slices.ContainsFunc(a.objects, func(name string) bool { return strings.HasPrefix(name, *in.Bucket+"/") }) {
		return nil, answer(409, "BucketNotEmpty")
	}
	delete(a.things, "bucket "+*in.Bucket)
	return nil, nil
}

var shop = names.Names{Project: "shop", Environment: "dev", Account: "123456789012", Region: "eu-central-1", LakeBucket: "shared", LakePrefix: "lake/"}

// full has one thing of each kind, and what is somebody else's.
func full() *account {
	a := &account{things: map[string]bool{}, objects: []string{"shared/lake/gold/a.parquet", "shared/lake/_lakectl/log/1.json", "shared/other/b.parquet", "shop-dev-logs-123456789012/x"}}
	for _, thing := range []string{"crawler shop-dev-gold", "job shop-dev-silver", "database shop_dev_bronze", "log group /shop/dev/jobs/output", "bucket shared",
		"bucket shop-dev-logs-123456789012", "bucket shop-dev-ops-123456789012", "database other", "log group /shop/dev/jobs/output2", "job shop-dev-other"} {
		a.things[thing] = true
	}
	return a
}

func finder(a *account) *Finder {
	return &Finder{names: shop, buckets: a, tables: a, workers: a, logs: a}
}

func TestFindAndDelete(t *testing.T) {
	a := full()
	f := finder(a)
	found, err := f.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, thing := range found {
		got = append(got, fmt.Sprintf("%s %s %v", thing.Kind, thing.Name, thing.HoldsData()))
	}
	want := []string{"job shop-dev-silver false", "crawler shop-dev-gold false", "database shop_dev_bronze true", "log group /shop/dev/jobs/output true", "bucket shared true",
		"bucket shop-dev-logs-123456789012 true", "bucket shop-dev-ops-123456789012 true"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, thing := range found {
		left, err := f.Delete(t.Context(), thing, func(int64) {})
		if shared := thing.Name == "shared"; err != nil || (left != "") != shared {
			t.Errorf("%+v: %q, %v", thing, left, err)
		}
		if left, err = f.Delete(t.Context(), thing, func(int64) {}); err != nil {
			t.Errorf("%+v again: %q, %v", thing, left, err)
		}
	}
	if len(a.things) != 4 || !slices.Equal(a.objects, []string{"shared/other/b.parquet"}) {
		t.Errorf("left are %v and %v", a.things, a.objects)
	}
}

func TestDeleteFails(t *testing.T) {
	a := full()
	a.refuse = "shop_dev_bronze"
	_, err := finder(a).Delete(t.Context(), Thing{Kind: Database, Name: a.refuse}, func(int64) {})
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "delete the database shop_dev_bronze") {
		t.Errorf("%v", err)
	}
}
