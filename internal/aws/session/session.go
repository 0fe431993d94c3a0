package session

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/lakectl/lakectl/internal/diag"
)

// Options say which account and region are meant. What is empty is left to the
// standard configuration.
type Options struct {
	Region, Profile string
	// Account, if set, is the only account in which anything may be done.
	Account string
	// Agent is what the requests say they come from, such as lakectl/1.2.
	Agent string
}

// Session is a configuration of the SDK. It is safe for concurrent use.
type Session struct {
	Config aws.Config

	account string
	once    sync.Mutex
	who     *Identity
}

// Identity is who we are to AWS.
type Identity struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
	Region  string `json:"region"`
}

// Open reads the standard configuration. Nothing is asked of AWS yet, unless a
// profile's credentials need it.
func Open(ctx context.Context, o Options) (*Session, error) {
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // what matters comes back as an error
		config.WithRetryer(func() aws.Retryer {
			return retry.NewAdaptiveMode(func(a *retry.AdaptiveModeOptions) {
				a.StandardOptions = append(a.StandardOptions, func(s *retry.StandardOptions) {
					s.MaxAttempts, s.MaxBackoff = 6, 8*time.Second // some 20 seconds in all
				})
			})
		}),
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Agent != "" {
		load = append(load, config.WithAppID(o.Agent))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, diag.Errorf(diag.Usage, "the AWS configuration cannot be read: %w", err).
			WithNext("look at ~/.aws/config, AWS_PROFILE, and `aws: {profile: ...}` in lakehouse.yaml")
	}
	if cfg.Region == "" {
		return nil, diag.Errorf(diag.Usage, "no AWS region is set").
			WithNext("write `aws: {region: eu-central-1}` into lakehouse.yaml, or set AWS_REGION")
	}
	cfg.HTTPClient = impatient(cfg.HTTPClient, silence)
	return &Session{Config: cfg, account: o.Account}, nil
}

// Identity asks AWS who we are, once, and refuses an account that is not the
// project's.
func (s *Session) Identity(ctx context.Context) (Identity, error) {
	s.once.Lock()
	defer s.once.Unlock()
	if s.who != nil {
		return *s.who, nil
	}
	out, err := sts.NewFromConfig(s.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, Explain(fmt.Errorf("ask AWS who we are: %w", err))
	}
	who := Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), Region: s.Config.Region}
	if s.account != "" && s.account != who.Account {
		return who, diag.Errorf(diag.Usage, "the credentials are of account %s, and the project is of account %s", who.Account, s.account).
			WithNext("choose another profile (AWS_PROFILE), or another environment (--env); you are %s", who.ARN)
	}
	s.who = &who
	return who, nil
}

// Endpoint says whether requests go to another address than AWS's own, such as
// a test server's.
func (s *Session) Endpoint() string {
	return strings.TrimSuffix(aws.ToString(s.Config.BaseEndpoint), "/")
}
