package cli

import (
	"context"
	"sync"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage/s3"
)

// cloud is the place of a project in AWS: the way there, who we are, and what
// everything is called.
type cloud struct {
	Session *session.Session
	Who     session.Identity
	Names   names.Names
}

// openSession opens the way to AWS for a project; nothing is asked of AWS yet.
func openSession(ctx context.Context, cfg *config.Config) (*session.Session, error) {
	return session.Open(ctx, session.Options{Region: cfg.AWS.Region.Value, Profile: cfg.AWS.Profile.Value,
		Account: cfg.AWS.Account.Value, Agent: "lakectl"})
}

// openCloud finds the place of a project in AWS, and refuses an account that is
// not the project's.
func openCloud(ctx context.Context, cfg *config.Config) (*cloud, error) {
	s, err := openSession(ctx, cfg)
	if err != nil {
		return nil, err
	}
	who, err := s.Identity(ctx)
	if err != nil {
		return nil, err
	}
	n, err := names.Of(cfg, who.Account, who.Region)
	if err != nil {
		return nil, err
	}
	return &cloud{Session: s, Who: who, Names: n}, nil
}

// lazySession opens a project's way to AWS when something first needs it: a
// project on local folders needs no configuration of AWS.
type lazySession struct {
	cfg *config.Config

	mu     sync.Mutex
	opened *session.Session
}

func (l *lazySession) open(ctx context.Context) (*session.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened != nil {
		return l.opened, nil
	}
	s, err := openSession(ctx, l.cfg)
	l.opened = s
	return s, err
}

// parallelOnS3 is how many objects are published at a time: what takes time is
// the way there.
const parallelOnS3 = 32

// lakeBucket returns the bucket of a lake on S3. A project that names its account
// is refused in any other before its lake is looked at.
func (w *workspace) lakeBucket(ctx context.Context, cfg *config.Config) (*s3.Bucket, error) {
	s, err := w.cloud.open(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.AWS.Account.Value != "" {
		if _, err := s.Identity(ctx); err != nil {
			return nil, err
		}
	}
	n, err := names.Of(cfg, cfg.AWS.Account.Value, s.Config.Region)
	if err != nil {
		return nil, err
	}
	o := s3.Options{Bucket: n.LakeBucket, Prefix: n.LakePrefix, Owner: cfg.AWS.Account.Value}
	if cfg.AWS.KMS.Value {
		o.KMSKey = n.KeyAlias()
	}
	return s3.New(s, o), nil
}

// sourceBucket returns a bucket of raw files, whoever owns it.
func (w *workspace) sourceBucket(ctx context.Context, bucket string) (source.Store, error) {
	s, err := w.cloud.open(ctx)
	if err != nil {
		return nil, err
	}
	return s3.New(s, s3.Options{Bucket: bucket}), nil
}
