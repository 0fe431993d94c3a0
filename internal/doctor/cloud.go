package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lakectl/lakectl/internal/aws/inspect"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// cloud is what the checks of AWS have found out that others need.
type cloud struct {
	opts Options

	mu      sync.Mutex
	session *session.Session   // nil: no way to AWS
	inspect *inspect.Inspector // nil: no identity
	names   names.Names
	who     session.Identity
	absent  bool // there is no stack
}

func newCloud(o Options) *cloud { return &cloud{opts: o} }

// wanted says whether the project is meant to be in AWS. A lake in a store that
// is not AWS's has neither a catalog nor metrics.
func (c *cloud) wanted() bool {
	cfg := c.opts.Config
	if cfg == nil {
		return false
	}
	return usesAWS(&cfg.AWS) || (c.opts.onS3() || len(c.sources()) > 0) && (cfg.AWS.Catalog.Value || cfg.AWS.Metrics.Value)
}

// usesAWS says whether anything is set in the section aws of lakehouse.yaml.
func usesAWS(a *config.AWS) bool {
	return a.Account.IsSet() || a.Region.IsSet() || a.Profile.IsSet() || a.KMS.IsSet() || a.LogRetentionDays.IsSet() || a.Schedule.IsSet() ||
		a.Tags.Len() > 0 || a.Glue.WorkerType.IsSet() || a.Glue.MaxWorkers.IsSet() || a.Glue.Shuffle.IsSet() || a.Glue.Timeout.IsSet() || a.Glue.Retries.IsSet() || a.Glue.Flex.IsSet()
}

// offline says why AWS is not to be asked.
func (c *cloud) offline() string {
	switch {
	case c.opts.Offline:
		return "--offline"
	case c.opts.Config == nil:
		return "lakehouse.yaml cannot be read"
	}
	return ""
}

// noIdentity says why there is nobody to look at AWS.
func (c *cloud) noIdentity() string {
	if why := c.offline(); why != "" {
		return why
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inspect == nil {
		return "no identity"
	}
	return ""
}

// notDeployed says why there is nothing to look at that a stack has.
func (c *cloud) notDeployed() string {
	if why := c.noIdentity(); why != "" {
		return why
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.absent {
		return "nothing is deployed"
	}
	return ""
}

// identityTimeout is how long AWS may take to say who we are, less than what
// makes a check a warning: without an identity a project in AWS does not work.
const identityTimeout = 12 * time.Second

// identity finds out who we are. A project that has nothing to do with AWS need
// not be anybody.
func (c *cloud) identity(ctx context.Context) diag.Finding {
	limited, cancel := context.WithTimeout(ctx, identityTimeout)
	defer cancel()
	who, err := c.connect(limited)
	if errors.Is(err, context.DeadlineExceeded) {
		err = diag.Errorf(diag.Transient, "AWS does not say who we are within %s", identityTimeout).
			WithNext("is the network there, and the region right? try again")
	}
	switch {
	case err != nil && !c.wanted():
		return diag.Findf(diag.Skipped, "the project does not use AWS, and there is no way to it: %s", broken(err).Text)
	case err != nil:
		return broken(err)
	}
	return diag.Findf(diag.Good, "%s in account %s, region %s", who.ARN, who.Account, who.Region)
}

// connect opens the way to AWS and finds out who we are.
func (c *cloud) connect(ctx context.Context) (session.Identity, error) {
	s, err := c.opts.Session(ctx)
	if err != nil {
		return session.Identity{}, err
	}
	c.mu.Lock()
	c.session = s
	c.mu.Unlock()
	who, err := s.Identity(ctx)
	if err != nil {
		return who, err
	}
	n, err := names.Of(c.opts.Config, who.Account, who.Region)
	if err != nil {
		return who, err
	}
	c.mu.Lock()
	c.who, c.names, c.inspect = who, n, inspect.New(s, n)
	c.mu.Unlock()
	return who, nil
}

// stack looks at the stack, and keeps in mind if there is none.
func (c *cloud) stack(ctx context.Context) diag.Finding {
	f, none := c.inspect.Stack(ctx)
	c.mu.Lock()
	c.absent = none
	c.mu.Unlock()
	if none && !c.wanted() {
		f.Level = diag.Suspect // nobody has said that it should be there
	}
	return f
}

// checks are the checks of AWS. Those behind "identity" use what it found.
func (c *cloud) checks() []Check {
	list := []Check{
		{Group: AWS, Name: "identity", Skip: c.offline, Run: c.identity},
		{Group: AWS, Name: "clock", After: []string{"identity"}, Skip: c.noSession,
			Run: func(ctx context.Context) diag.Finding { return inspect.Clock(ctx, c.session) }},
		{Group: AWS, Name: "endpoint", After: []string{"identity"}, Skip: c.noIdentity,
			Run: func(context.Context) diag.Finding { return inspect.OtherEndpoint(c.session) }},
		c.writer(),
		c.rawFiles(),
		{Group: AWS, Name: "stack", After: []string{"identity"}, Skip: c.noIdentity, Run: c.stack},
	}
	list = append(list, c.bucketChecks()...)
	list = append(list, c.roleChecks()...)
	list = append(list, c.glueChecks()...)
	return append(list, c.alertChecks()...)
}

// noSession says why AWS cannot be asked anything, even who we are.
func (c *cloud) noSession() string {
	if why := c.offline(); why != "" {
		return why
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.inspect == nil && !c.wanted() {
		return "no identity"
	}
	return ""
}

// after makes a check of what is there once something is deployed.
func (c *cloud) after(name string, run func(context.Context) diag.Finding) Check {
	return Check{Group: AWS, Name: name, After: []string{"identity", "stack"}, Skip: c.notDeployed, Run: run}
}

// unless makes a check be skipped for one more reason.
func (c Check) unless(why func() string) Check {
	before := c.Skip
	c.Skip = func() string {
		if text := before(); text != "" {
			return text
		}
		return why()
	}
	return c
}

func (c *cloud) bucketChecks() []Check {
	bucket := func(name string, of func() string, o inspect.BucketOptions) Check {
		return c.after(name, func(ctx context.Context) diag.Finding { return c.inspect.Bucket(ctx, of(), o) })
	}
	withKey := c.opts.Config != nil && c.opts.Config.AWS.KMS.Value
	lakeBucket := bucket("lake bucket", func() string { return c.names.LakeBucket }, inspect.BucketOptions{Versioned: true, KMS: withKey})
	if c.opts.onS3() { // it may be there, and somebody else's, before anything is deployed
		lakeBucket.Skip = c.noIdentity
	}
	archived := c.after("archived objects", func(ctx context.Context) diag.Finding {
		return c.inspect.Archived(ctx, lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine)
	}).unless(c.lakeElsewhere)
	archived.Timeout = time.Minute
	return []Check{
		lakeBucket,
		bucket("scripts bucket", func() string { return c.names.ScriptsBucket() }, inspect.BucketOptions{}),
		bucket("logs bucket", func() string { return c.names.LogsBucket() }, inspect.BucketOptions{}),
		archived,
		c.after("key", func(ctx context.Context) diag.Finding { return c.inspect.Key(ctx) }).unless(func() string {
			if !withKey {
				return "lakehouse.yaml does not ask for one (aws: {kms: true})"
			}
			return ""
		}),
	}
}

// lakeElsewhere says that the lake is not on S3.
func (c *cloud) lakeElsewhere() string {
	if !c.opts.onS3() {
		return "the lake is a folder"
	}
	return ""
}

// writer checks what we may do with the lake, which matters before anything is
// deployed.
func (c *cloud) writer() Check {
	return Check{Group: AWS, Name: "your permissions", After: []string{"identity"}, Skip: c.noIdentity,
		Run: func(ctx context.Context) diag.Finding { return c.inspect.Writer(ctx, c.who.ARN) }}.unless(c.lakeElsewhere)
}

// rawFiles checks that those on S3 can be read, whatever is deployed.
func (c *cloud) rawFiles() Check {
	return Check{Group: AWS, Name: "raw files", After: []string{"identity"}, Skip: c.noIdentity,
		Run: func(ctx context.Context) diag.Finding { return c.inspect.RawFiles(ctx, c.sources()) }}.unless(func() string {
		if len(c.sources()) == 0 {
			return "none are on S3"
		}
		return ""
	})
}

// sources are the raw files on S3.
func (c *cloud) sources() []string {
	if c.opts.Config == nil {
		return nil
	}
	return template.Sources(c.opts.Config)
}

func (c *cloud) roleChecks() []Check {
	withKey := c.opts.Config != nil && c.opts.Config.AWS.KMS.Value
	role := func(name string, o inspect.RoleOptions) Check {
		o.KMS = withKey
		return c.after(name, func(ctx context.Context) diag.Finding { return c.inspect.Role(ctx, o) })
	}
	return []Check{
		c.after("your queries", func(ctx context.Context) diag.Finding { return c.inspect.Analyst(ctx, c.who.ARN, withKey) }).unless(c.lakeElsewhere),
		role("role of jobs", inspect.RoleOptions{Kind: "glue-job", Policy: "glue-job", Sources: c.sources()}),
		role("role of crawlers", inspect.RoleOptions{Kind: "glue-crawler", Policy: "glue-crawler"}),
		role("role of Snowflake", inspect.RoleOptions{Kind: "snowflake", Policy: "snowflake-s3"}).unless(c.noSnowflake),
		c.after("trust of Snowflake", func(ctx context.Context) diag.Finding { return c.inspect.SnowflakeTrust(ctx) }).unless(c.noSnowflake),
	}
}

// noSnowflake says that the project has nothing in Snowflake.
func (c *cloud) noSnowflake() string {
	if c.opts.Config.Snowflake.Account.Value == "" {
		return "lakehouse.yaml names no account (snowflake: {account: ...})"
	}
	return ""
}

func (c *cloud) glueChecks() []Check {
	list := []Check{
		c.after("database default", func(ctx context.Context) diag.Finding { return c.inspect.DefaultDatabase(ctx) }),
		c.after("databases", func(ctx context.Context) diag.Finding {
			return c.inspect.Databases(ctx, lake.Bronze, lake.Silver, lake.Gold)
		}),
		c.after("Lake Formation", func(ctx context.Context) diag.Finding { return c.inspect.LakeFormation(ctx) }),
	}
	for _, layer := range []string{lake.Bronze, lake.Silver, lake.Gold} {
		list = append(list, c.after("job "+layer, func(ctx context.Context) diag.Finding { return c.inspect.Job(ctx, layer) }))
	}
	if c.opts.CatalogDifferences != nil {
		catalog := c.after("catalog", c.catalog)
		catalog.Timeout = time.Minute
		list = append(list, catalog)
	}
	return list
}

// catalog looks whether the catalog is what the lake is.
func (c *cloud) catalog(ctx context.Context) diag.Finding {
	n, err := c.opts.CatalogDifferences(ctx)
	switch {
	case err != nil:
		f := broken(err)
		f.Level, f.Text = diag.Suspect, "could not be checked: "+f.Text
		return f
	case n > 0:
		return diag.Findf(diag.Bad, "the Glue catalog differs from the lake in %s: Athena sees other rows or types", places(n)).
			WithRemedy("`lakectl catalog sync`; `lakectl catalog check` says what differs")
	}
	return diag.Findf(diag.Good, "the same as the lake")
}

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

func (c *cloud) alertChecks() []Check {
	return []Check{
		c.after("alarms", func(ctx context.Context) diag.Finding { return c.inspect.Alarms(ctx) }),
		c.after("subscription", func(ctx context.Context) diag.Finding {
			return c.inspect.Subscription(ctx, c.opts.Config.Monitoring.AlertEmail.Value)
		}),
	}
}
