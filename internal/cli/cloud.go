package cli

import (
	"context"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
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
