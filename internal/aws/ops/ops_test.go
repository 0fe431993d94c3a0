package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

var shop = names.Names{Project: "shop", Environment: "dev", Account: "123456789012", Region: "eu-central-1", Partition: "aws"}

const bucket = "shop-dev-ops-123456789012"

// answer is an error as S3 gives it.
func answer(status int, code string) error {
	var err error = &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
	return &smithy.OperationError{ServiceID: "S3", OperationName: "Test", Err: err}
}

// store is S3 with one bucket.
type store struct {
	calls   []string
	fails   map[string]error
	exists  bool
	region  string
	lies    *string // the region in which the bucket lies, as HeadBucket says it
	policy  string
	tags    []types.Tag
	objects map[string]map[string]string // their metadata
	body    string
}

func (s *store) call(name string, bucket, owner *string) error {
	s.calls = append(s.calls, name)
	if name != "CreateBucket" && (aws.ToString(owner) != shop.Account || bucket == nil) {
		return fmt.Errorf("%s does not say whose bucket it expects", name)
	}
	return s.fails[name]
}

func (s *store) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if err := s.call("HeadBucket", in.Bucket, in.ExpectedBucketOwner); err != nil || s.exists {
		return &s3.HeadBucketOutput{BucketRegion: s.lies}, err
	}
	return nil, answer(404, "NotFound")
}

func (s *store) CreateBucket(_ context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	s.exists = true
	if in.CreateBucketConfiguration != nil {
		s.region = string(in.CreateBucketConfiguration.LocationConstraint)
	}
	return &s3.CreateBucketOutput{}, s.call("CreateBucket", in.Bucket, nil)
}

func (s *store) PutBucketVersioning(_ context.Context, in *s3.PutBucketVersioningInput, _ ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error) {
	return &s3.PutBucketVersioningOutput{}, s.call("PutBucketVersioning", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) PutBucketEncryption(_ context.Context, in *s3.PutBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error) {
	return &s3.PutBucketEncryptionOutput{}, s.call("PutBucketEncryption", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error) {
	return &s3.PutPublicAccessBlockOutput{}, s.call("PutPublicAccessBlock", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) PutBucketOwnershipControls(_ context.Context, in *s3.PutBucketOwnershipControlsInput, _ ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error) {
	return &s3.PutBucketOwnershipControlsOutput{}, s.call("PutBucketOwnershipControls", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) PutBucketPolicy(_ context.Context, in *s3.PutBucketPolicyInput, _ ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
	s.policy = aws.ToString(in.Policy)
	return &s3.PutBucketPolicyOutput{}, s.call("PutBucketPolicy", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) PutBucketTagging(_ context.Context, in *s3.PutBucketTaggingInput, _ ...func(*s3.Options)) (*s3.PutBucketTaggingOutput, error) {
	s.tags = in.Tagging.TagSet
	return &s3.PutBucketTaggingOutput{}, s.call("PutBucketTagging", in.Bucket, in.ExpectedBucketOwner)
}

func (s *store) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if err := s.call("HeadObject", in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	meta, ok := s.objects[*in.Key]
	if !ok {
		return nil, answer(404, "NotFound")
	}
	return &s3.HeadObjectOutput{Metadata: meta}, nil
}

func (s *store) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	s.body = string(data)
	if s.objects == nil {
		s.objects = map[string]map[string]string{}
	}
	s.objects[*in.Key] = in.Metadata
	return &s3.PutObjectOutput{}, s.call("PutObject", in.Bucket, in.ExpectedBucketOwner)
}

func TestEnsure(t *testing.T) {
	s := &store{}
	b := New(s, Options{Names: shop, Tags: map[string]string{"team": "data"}})
	made, err := b.Ensure(t.Context())
	if err != nil || !made || s.region != "eu-central-1" {
		t.Fatalf("%v, %v, in %q", made, err, s.region)
	}
	for _, call := range []string{"PutPublicAccessBlock", "PutBucketOwnershipControls", "PutBucketEncryption", "PutBucketVersioning", "PutBucketPolicy", "PutBucketTagging"} {
		if !slices.Contains(s.calls, call) {
			t.Errorf("%s is not called", call)
		}
	}
	if !json.Valid([]byte(s.policy)) || !strings.Contains(s.policy, `"aws:SecureTransport":"false"`) || !strings.Contains(s.policy, "arn:aws:s3:::"+bucket+"/*") {
		t.Errorf("policy %s", s.policy)
	}
	if len(s.tags) != 3 || *s.tags[0].Key != "Environment" || *s.tags[2].Value != "data" {
		t.Errorf("tags %v", s.tags)
	}
	if made, err = b.Ensure(t.Context()); made || err != nil {
		t.Errorf("again: %v, %v", made, err)
	}
	plain := &store{}
	if _, err = New(plain, Options{Names: shop, Plain: true}).Ensure(t.Context()); err != nil || plain.policy != "" {
		t.Errorf("by plain HTTP: %v, %s", err, plain.policy)
	}
}

func TestEnsureFails(t *testing.T) {
	for _, test := range []struct {
		call  string
		err   error
		class diag.Class
		want  string
	}{
		{"HeadBucket", answer(403, "Forbidden"), diag.Usage, "is not of account 123456789012"},
		{"HeadBucket", answer(301, "MovedPermanently"), diag.Usage, "in another region"},
		{"HeadBucket", answer(503, "SlowDown"), diag.Transient, "look for the bucket"},
		{"CreateBucket", answer(409, "BucketAlreadyExists"), diag.Usage, "belongs to another account"},
		{"CreateBucket", answer(403, "AccessDenied"), diag.Usage, "make the bucket"},
		{"CreateBucket", answer(409, "BucketAlreadyOwnedByYou"), diag.OK, ""},
		{"PutBucketPolicy", answer(403, "AccessDenied"), diag.Usage, "close the bucket to plain HTTP " + bucket},
	} {
		s := &store{fails: map[string]error{test.call: test.err}}
		_, err := New(s, Options{Names: shop}).Ensure(t.Context())
		if diag.ClassOf(err) != test.class || test.want != "" && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.call, err)
		}
	}
}

func TestPut(t *testing.T) {
	s := &store{exists: true}
	b := New(s, Options{Names: shop})
	for _, step := range []struct {
		data     string
		uploaded bool
	}{{"one", true}, {"one", false}, {"two", true}, {"two", false}} {
		uploaded, err := b.Put(t.Context(), "scripts/a.py", []byte(step.data))
		if err != nil || uploaded != step.uploaded || s.body != step.data {
			t.Errorf("%+v: %v, %v, %q", step, uploaded, err, s.body)
		}
	}
	address, err := b.PutTemplate(t.Context(), "Resources:\n")
	if err != nil || !strings.HasPrefix(address, "https://s3.eu-central-1.amazonaws.com/"+bucket+"/templates/") || !strings.HasSuffix(address, ".yaml") {
		t.Errorf("%s, %v", address, err)
	}
	if got := b.URL("scripts/a.py"); got != "s3://"+bucket+"/scripts/a.py" {
		t.Error(got)
	}
	china := shop
	china.Partition, china.Region = "aws-cn", "cn-north-1"
	if got := New(s, Options{Names: china}).Address("k"); got != "https://s3.cn-north-1.amazonaws.com.cn/"+bucket+"/k" {
		t.Error(got)
	}
	s.fails = map[string]error{"HeadObject": answer(403, "Forbidden")}
	if _, err := b.Put(t.Context(), "k", nil); err == nil || !strings.Contains(err.Error(), "look for s3://"+bucket+"/k") {
		t.Error(err)
	}
	s.fails = map[string]error{"PutObject": answer(503, "SlowDown")}
	if _, err := b.Put(t.Context(), "k", nil); diag.ClassOf(err) != diag.Transient {
		t.Error(err)
	}
}

// A bucket in another region is found out before anything is made with it, as S3
// says it: in passing, or by a redirect.
func TestLookInAnotherRegion(t *testing.T) {
	moved := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 301, Header: http.Header{}}}, Err: errors.New("moved")}
	moved.Response.Header.Set("X-Amz-Bucket-Region", "eu-west-3")
	for want, s := range map[string]*store{
		"the bucket b is in eu-west-3, and this is eu-central-1":  {exists: true, lies: aws.String("eu-west-3")},
		"the bucket b is in eu-west-3, and this is eu-central-1 ": {fails: map[string]error{"HeadBucket": moved}},
		"the bucket b is in another region than eu-central-1":     {fails: map[string]error{"HeadBucket": answer(301, "")}},
	} {
		if _, err := Look(t.Context(), s, "b", shop); diag.ClassOf(err) != diag.Usage || err.Error() != strings.TrimSpace(want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if state, err := Look(t.Context(), &store{exists: true, lies: &shop.Region}, "b", shop); state != Ours || err != nil {
		t.Errorf("our region: %v, %v", state, err)
	}
}

// versions is a bucket with versions, to be emptied.
type versions struct {
	keys    []string // each with one version and one delete marker
	uploads []string
	refuse  string // the key that is not deleted
	other   bool   // something else is in the bucket
}

func (v *versions) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	out := &s3.ListObjectVersionsOutput{}
	for _, key := range v.keys {
		if key <= aws.ToString(in.KeyMarker) || !strings.HasPrefix(key, aws.ToString(in.Prefix)) {
			continue
		}
		if len(out.Versions) == 2 {
			out.IsTruncated, out.NextKeyMarker = aws.Bool(true), out.Versions[1].Key
			break
		}
		out.Versions = append(out.Versions, types.ObjectVersion{Key: aws.String(key), VersionId: aws.String("v")})
		out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{Key: aws.String(key), VersionId: aws.String("m")})
	}
	return out, nil
}

func (v *versions) DeleteObjects(_ context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	out := &s3.DeleteObjectsOutput{}
	for _, object := range in.Delete.Objects {
		if *object.Key == v.refuse {
			out.Errors = append(out.Errors, types.Error{Key: object.Key, Code: aws.String("AccessDenied"), Message: aws.String("locked")})
			continue
		}
		v.keys = slices.DeleteFunc(slices.Clone(v.keys), func(key string) bool { return key == *object.Key })
	}
	return out, nil
}

func (v *versions) ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	out := &s3.ListMultipartUploadsOutput{}
	for i, key := range v.uploads {
		if i == 1 {
			out.IsTruncated = aws.Bool(true)
			break
		}
		out.Uploads = append(out.Uploads, types.MultipartUpload{Key: aws.String(key), UploadId: aws.String("u")})
	}
	return out, nil
}

func (v *versions) AbortMultipartUpload(_ context.Context, in *s3.AbortMultipartUploadInput, _ ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	v.uploads = slices.DeleteFunc(v.uploads, func(key string) bool { return key == *in.Key })
	return nil, answer(404, "NoSuchUpload") // somebody was faster
}

func (v *versions) DeleteBucket(context.Context, *s3.DeleteBucketInput, ...func(*s3.Options)) (*s3.DeleteBucketOutput, error) {
	if v.other || len(v.keys) > 0 {
		return nil, answer(409, "BucketNotEmpty")
	}
	return nil, nil
}

func TestEmpty(t *testing.T) {
	v := &versions{keys: []string{"a", "b", "c", "d", "e"}, uploads: []string{"x", "y", "z"}}
	var said []int64
	n, err := Empty(t.Context(), v, Place{Bucket: "lake", Account: "1"}, func(n int64) { said = append(said, n) })
	if err != nil || n != 10 || len(v.keys) != 0 || len(v.uploads) != 0 || !slices.Equal(said, []int64{4, 8, 10}) {
		t.Errorf("%d, %v, %v, left %v %v", n, err, said, v.keys, v.uploads)
	}
	if done, err := Remove(t.Context(), v, Place{Bucket: "lake"}); !done || err != nil {
		t.Error(done, err)
	}
}

func TestEmptyPrefix(t *testing.T) {
	v := &versions{keys: []string{"a/1", "b/1"}}
	if n, err := Empty(t.Context(), v, Place{Bucket: "lake", Prefix: "a/"}, func(int64) {}); n != 2 || err != nil || !slices.Equal(v.keys, []string{"b/1"}) {
		t.Errorf("%d, %v, left %v", n, err, v.keys)
	}
	if done, err := Remove(t.Context(), v, Place{Bucket: "lake"}); done || err != nil {
		t.Error(done, err)
	}
}

func TestEmptyReadsErrors(t *testing.T) {
	v := &versions{keys: []string{"a", "b"}, refuse: "b"}
	_, err := Empty(t.Context(), v, Place{Bucket: "lake"}, func(int64) {})
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "2 of 4 were refused, first s3://lake/b: AccessDenied: locked") {
		t.Errorf("%v", err)
	}
}
