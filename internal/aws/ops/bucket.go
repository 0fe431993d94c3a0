package ops

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// finder asks for buckets.
type finder interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// maker makes buckets.
type maker interface {
	finder
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
}

// configurer says what a bucket is like.
type configurer interface {
	PutBucketVersioning(context.Context, *s3.PutBucketVersioningInput, ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error)
	PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	PutBucketOwnershipControls(context.Context, *s3.PutBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error)
	PutBucketPolicy(context.Context, *s3.PutBucketPolicyInput, ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error)
}

// tagger sets tags.
type tagger interface {
	PutBucketTagging(context.Context, *s3.PutBucketTaggingInput, ...func(*s3.Options)) (*s3.PutBucketTaggingOutput, error)
}

// writer writes objects.
type writer interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// API is the part of S3 that Bucket uses.
type API interface {
	maker
	configurer
	tagger
	writer
}

// Client returns S3 itself.
func Client(s *session.Session) *s3.Client {
	return s3.NewFromConfig(s.Config, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // test servers have no name for each bucket
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// Options say which bucket is meant.
type Options struct {
	Names names.Names
	Tags  map[string]string
	// Plain says that S3 is spoken to by plain HTTP, as test servers are: a bucket
	// that refuses it would be closed to us, too.
	Plain bool
}

// Bucket is the bucket of a project's environment.
type Bucket struct {
	api API
	o   Options
}

// New returns the bucket. Nothing is asked of S3.
func New(api API, o Options) *Bucket { return &Bucket{api: api, o: o} }

// Name is the bucket's name.
func (b *Bucket) Name() string { return b.o.Names.ScriptsBucket() }

func (b *Bucket) name() *string { return aws.String(b.Name()) }

func (b *Bucket) owner() *string { return &b.o.Names.Account }

// URL returns where an object is: s3://bucket/key.
func (b *Bucket) URL(key string) string { return "s3://" + b.Name() + "/" + key }

// Address returns where CloudFormation finds an object: by https, at AWS's own
// address, with the bucket in the path, as the aws command writes it. That is the
// form that every test server reads, and it is right for a name with dots, too.
func (b *Bucket) Address(key string) string {
	host := "amazonaws.com"
	if b.o.Names.Partition == "aws-cn" {
		host = "amazonaws.com.cn"
	}
	return (&url.URL{Scheme: "https", Host: "s3." + b.o.Names.Region + "." + host, Path: b.Name() + "/" + key}).String()
}

// Ensure makes the bucket if it is not there, and makes it what it should be:
// versioned, encrypted, closed to the public and to plain HTTP.
func (b *Bucket) Ensure(ctx context.Context) (made bool, err error) {
	state, err := Look(ctx, b.api, b.Name(), b.o.Names)
	if err != nil {
		return false, err
	}
	switch state {
	case Foreign:
		return false, diag.Errorf(diag.Usage, "the bucket %s exists, and is not of account %s (or you may not see it)", b.Name(), b.o.Names.Account).
			WithNext("choose another `project:` name in lakehouse.yaml, or ask for s3:ListBucket on it")
	case Absent:
		if err := b.create(ctx); err != nil {
			return false, err
		}
		made = true
	}
	return made, b.configure(ctx)
}

func (b *Bucket) create(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: b.name(), ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}
	if region := b.o.Names.Region; region != "us-east-1" { // which has no name here
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := b.api.CreateBucket(ctx, in)
	switch session.Code(err) {
	case "BucketAlreadyOwnedByYou": // somebody of ours was faster
		return nil
	case "BucketAlreadyExists":
		return diag.Errorf(diag.Usage, "the bucket %s belongs to another account", b.Name()).WithNext("choose another `project:` name in lakehouse.yaml")
	}
	if err != nil {
		return session.Explain(fmt.Errorf("make the bucket %s: %w", b.Name(), err))
	}
	return nil
}

// configure says what the bucket is like. To say it again changes nothing.
func (b *Bucket) configure(ctx context.Context) error {
	for _, step := range b.settings(ctx) {
		if err := step.do(); err != nil {
			return session.Explain(fmt.Errorf("%s %s: %w", step.what, b.Name(), err))
		}
	}
	return nil
}

// setting is one thing that the bucket is to be.
type setting struct {
	what string
	do   func() error
}

func (b *Bucket) settings(ctx context.Context) []setting {
	return []setting{
		{"close the bucket to the public", func() error {
			_, err := b.api.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(),
				PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true),
					IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}})
			return err
		}},
		{"make the account the owner of all objects of the bucket", func() error {
			_, err := b.api.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(),
				OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}}})
			return err
		}},
		{"encrypt the bucket", func() error {
			_, err := b.api.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(),
				ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
					ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}}}})
			return err
		}},
		{"keep versions in the bucket", func() error {
			_, err := b.api.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(),
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			return err
		}},
		{"close the bucket to plain HTTP", func() error {
			if b.o.Plain {
				return nil
			}
			_, err := b.api.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(), Policy: aws.String(b.policy())})
			return err
		}},
		{"tag the bucket", func() error {
			_, err := b.api.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: b.name(), ExpectedBucketOwner: b.owner(), Tagging: &types.Tagging{TagSet: b.tags()}})
			return err
		}},
	}
}

// policy refuses what comes without TLS.
func (b *Bucket) policy() string {
	arn := "arn:" + b.o.Names.Partition + ":s3:::" + b.Name()
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []map[string]any{{
		"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{arn, arn + "/*"},
		"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}}}}})
	if err != nil {
		panic("ops: a policy does not marshal: " + err.Error())
	}
	return string(text)
}

func (b *Bucket) tags() []types.Tag {
	all := map[string]string{"Project": b.o.Names.Project, "Environment": b.o.Names.Environment}
	maps.Copy(all, b.o.Tags)
	var set []types.Tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		set = append(set, types.Tag{Key: aws.String(key), Value: aws.String(all[key])})
	}
	return set
}

// hashKey is the name under which an object says what is in it.
const hashKey = "lakectl-sha256"

// Put writes an object, unless one with the same content is there.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) (uploaded bool, err error) {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	head, err := b.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name(), Key: &key, ExpectedBucketOwner: b.owner()})
	if err == nil && head.Metadata[hashKey] == hash {
		return false, nil
	}
	if err != nil && !notFound(err) {
		return false, session.Explain(fmt.Errorf("look for %s: %w", b.URL(key), err))
	}
	_, err = b.api.PutObject(ctx, &s3.PutObjectInput{Bucket: b.name(), Key: &key, ExpectedBucketOwner: b.owner(), Body: bytes.NewReader(data),
		ContentLength: aws.Int64(int64(len(data))), Metadata: map[string]string{hashKey: hash}})
	if err != nil {
		return false, session.Explain(fmt.Errorf("write %s: %w", b.URL(key), err))
	}
	return true, nil
}

// PutTemplate writes a template by its content, and returns where CloudFormation
// finds it.
func (b *Bucket) PutTemplate(ctx context.Context, text string) (address string, err error) {
	sum := sha256.Sum256([]byte(text))
	key := "templates/" + hex.EncodeToString(sum[:]) + ".yaml"
	_, err = b.Put(ctx, key, []byte(text))
	return b.Address(key), err
}
