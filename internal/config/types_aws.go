package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// AWS says where in AWS the lakehouse is, and how it is set up there. All of it
// has defaults: a project that never sees AWS need not have it.
type AWS struct {
	Account          String      `yaml:"account" doc:"Number of the account. With it, nothing is done in any other."`
	Region           String      `yaml:"region" doc:"Region, such as eu-central-1. Without it the standard configuration decides: AWS_REGION or the profile."`
	Profile          String      `yaml:"profile" doc:"Profile of the shared AWS configuration. Without it the standard configuration decides."`
	KMS              Bool        `yaml:"kms" default:"false" doc:"Encrypt with a key of the lakehouse's own, in place of S3's."`
	Catalog          Bool        `yaml:"catalog" default:"true" doc:"Keep the Glue catalog the same as a lake on S3, after each run."`
	Metrics          Bool        `yaml:"metrics" default:"true" doc:"Send the figures of each run on a lake on S3 to CloudWatch, and failures to the topic of alarms."`
	LogRetentionDays Int         `yaml:"log_retention_days" default:"90" doc:"After how many days logs are deleted: one of the numbers that CloudWatch knows."`
	Schedule         String      `yaml:"schedule" doc:"When AWS runs the lakehouse by itself on Glue: cron(0 3 * * ? *) or rate(1 day), in UTC; empty: never."`
	Tags             Map[String] `yaml:"tags" names:"tag" doc:"Tags of everything that is deployed, beside Project and Environment, for example to share out costs."`
	Glue             Glue        `yaml:"glue" doc:"The jobs of --engine glue."`
}

// Glue is the size of the Glue jobs.
type Glue struct {
	WorkerType String   `yaml:"worker_type" enum:"G.1X,G.2X,G.4X,G.8X" default:"G.1X" doc:"Size of a worker: G.1X has 4 cores, 16 GB and costs 1 DPU."`
	MaxWorkers Int      `yaml:"max_workers" default:"10" doc:"The most workers of a job, which starts with fewer when there is little to do."`
	Shuffle    Int      `yaml:"shuffle_partitions" default:"0" doc:"In how many parts Spark sorts and groups rows; 0: one for each 16 MiB that it reads."`
	Timeout    Duration `yaml:"timeout" default:"2h" doc:"A job that takes longer is stopped."`
	Retries    Int      `yaml:"retries" default:"0" doc:"How often a job that failed is started again."`
	Flex       Bool     `yaml:"flex" default:"false" doc:"Run on spare capacity: cheaper, starts later, and may be interrupted. For G.1X and G.2X."`
}

var (
	accountRegexp  = regexp.MustCompile(`^[0-9]{12}$`)
	regionRegexp   = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+)+-[0-9]$`)
	scheduleRegexp = regexp.MustCompile(`^(cron\([^()]+\)|rate\([1-9][0-9]* [a-z]+\))$`)
	emailRegexp    = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
)

// logDays are the retentions that CloudWatch Logs knows.
var logDays = []int64{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// maxTags leaves some of the 50 that AWS allows for those of our own.
const maxTags = 40

func (a *AWS) check(d *decoder, _ diag.Pos) {
	d.matches(a.Account, accountRegexp, "the number of an AWS account: 12 digits, in quotes")
	d.matches(a.Region, regionRegexp, "a region, such as eu-central-1")
	d.matches(a.Schedule, scheduleRegexp, "a schedule, such as cron(0 3 * * ? *) or rate(1 day)")
	if days := a.LogRetentionDays; days.valid() && !slices.Contains(logDays, days.Value) {
		d.add(days.Pos, "take 7, 14, 30, 60, 90, 180, 365 or 731", "CloudWatch does not keep logs for %d days", days.Value)
	}
	if a.Tags.Len() > maxTags {
		d.add(a.Tags.Pos, "", "there are %d tags; AWS has room for %d", a.Tags.Len(), maxTags)
	}
	for _, tag := range a.Tags.Entries {
		if len(tag.Value.Value) > 256 {
			d.add(tag.Value.Pos, "", "the value of a tag has at most 256 characters")
		}
		if name := strings.ToLower(tag.Name); name == "project" || name == "environment" || strings.HasPrefix(name, "aws:") {
			d.add(tag.Pos, "take it out", "%s is a tag that is not yours to set", quote(tag.Name))
		}
	}
}

func (g *Glue) check(d *decoder, _ diag.Pos) {
	d.between(g.MaxWorkers, "max_workers", 2, 299)
	d.between(g.Shuffle, "shuffle_partitions", 0, 100_000)
	d.between(g.Retries, "retries", 0, 10)
	if t := g.Timeout; t.valid() && (t.Value < 5*time.Minute || t.Value > 7*24*time.Hour) {
		d.add(t.Pos, "", "timeout goes from 5m to 7d")
	}
	if g.Flex.Value && g.WorkerType.Value != "G.1X" && g.WorkerType.Value != "G.2X" {
		d.add(g.Flex.Pos, "use G.1X or G.2X", "Glue has no flex for workers of type %s", g.WorkerType.Value)
	}
}

// matches reports a text that is in the file and not what it should be.
func (d *decoder) matches(s String, pattern *regexp.Regexp, want string) {
	if s.IsSet() && !s.wrong && s.Value != "" && !pattern.MatchString(s.Value) {
		d.add(s.Pos, "", "%s is not %s", quote(s.Value), want)
	}
}
