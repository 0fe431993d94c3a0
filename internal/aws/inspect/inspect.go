package inspect

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
)

// deploy is the command that makes what the stack and the jobs need.
const deploy = "`lakectl deploy`"

// attempts is how often a question is asked. Whoever looks for a fault wants an
// answer soon, and that a service does not answer is one.
const attempts = 3

// Inspector looks at the things of one environment in one account and region.
// It is safe for concurrent use.
type Inspector struct {
	names names.Names
	// imitated says that it is not AWS itself that answers, so that an operation
	// which fails may just not be there.
	imitated bool

	stacks        stackAPI
	buckets       bucketAPI
	objects       objectAPI
	jobs          jobAPI
	databases     databaseAPI
	simulator     simulatorAPI
	roles         roleAPI
	keys          keyAPI
	lakeFormation lakeFormationAPI
	subscriptions subscriptionAPI
	alarms        alarmAPI
}

// New returns what looks at the things with these names.
func New(s *session.Session, n names.Names) *Inspector {
	cfg := impatient(s.Config)
	buckets := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = s.Endpoint() != "" })
	catalog, principals := glue.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	return &Inspector{
		names: n, imitated: s.Endpoint() != "",
		stacks:  cloudformation.NewFromConfig(cfg),
		buckets: buckets, objects: buckets,
		jobs: catalog, databases: catalog,
		simulator: principals, roles: principals,
		keys:          kms.NewFromConfig(cfg),
		lakeFormation: lakeformation.NewFromConfig(cfg),
		subscriptions: sns.NewFromConfig(cfg),
		alarms:        monitor.Client(cfg),
	}
}

// impatient returns the configuration with few retries.
func impatient(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
	}
	return cfg
}
