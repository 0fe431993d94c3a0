package names

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

// maxLength is how long project and environment together may be, so that
// `<project>-<environment>-logs-<account>` is the name of a bucket (63) and
// `<project>-<environment>-<region>-<role>` that of a role (64).
const maxLength = 35

// Names are the names of one environment of a project in one account and region.
type Names struct {
	Project, Environment string
	Account, Region      string
	Partition            string // aws, aws-cn, aws-us-gov

	// LakeBucket and LakePrefix are where the lake is: those of `lake:` if that
	// is on S3, else a bucket of its own, and no prefix. The prefix ends in / if
	// it is not empty.
	LakeBucket, LakePrefix string
}

// Of returns the names of a project in an account and region. What is wrong
// with them is an error of class Usage.
func Of(cfg *config.Config, account, region string) (Names, error) {
	n := Names{Project: cfg.Project.Value, Environment: cfg.Environment.Value, Account: account, Region: region, Partition: partition(region)}
	if len(n.Project)+len(n.Environment) > maxLength {
		return n, diag.Errorf(diag.Usage, "the project %q and the environment %q have %d characters together; names in AWS have room for %d",
			n.Project, n.Environment, len(n.Project)+len(n.Environment), maxLength).WithNext("shorten `project:` in %s", cfg.File)
	}
	if err := n.reserved(cfg.File); err != nil {
		return n, err
	}
	n.LakeBucket = n.base() + "-" + account
	if rest, ok := strings.CutPrefix(cfg.Lake.Value, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		n.LakeBucket = bucket
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			n.LakePrefix = prefix + "/"
		}
	}
	return n, nil
}

// reserved refuses a project whose buckets S3 would refuse, as it keeps names
// that begin so for itself.
func (n Names) reserved(file string) error {
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(n.base(), prefix) {
			return diag.Errorf(diag.Usage, "the project %q cannot have buckets: S3 keeps names that begin with %s for itself", n.Project, prefix).
				WithNext("choose another `project:` in %s", file)
		}
	}
	return nil
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (n Names) base() string { return n.Project + "-" + n.Environment }

// Stack is the CloudFormation stack.
func (n Names) Stack() string { return n.base() }

// LogsBucket is the bucket of the access logs.
func (n Names) LogsBucket() string { return n.base() + "-logs-" + n.Account }

// ScriptsBucket is the bucket that is there before the stack: of large
// templates, the scripts of jobs, and the compiled project.
func (n Names) ScriptsBucket() string { return n.base() + "-ops-" + n.Account }

// Database is the Glue database of a layer: bronze, silver or gold.
func (n Names) Database(layer string) string {
	return strings.ReplaceAll(n.base(), "-", "_") + "_" + layer
}

// Job is the Glue job of a layer.
func (n Names) Job(layer string) string { return n.base() + "-" + layer }

// Crawler is the Glue crawler of a layer.
func (n Names) Crawler(layer string) string { return n.base() + "-" + layer }

// Role is an IAM role: glue-job, glue-crawler, snowflake, scheduler, pipeline.
// Roles are global in an account, so that the region is in their names.
func (n Names) Role(kind string) string { return n.base() + "-" + n.Region + "-" + kind }

// RoleARN is the ARN of a role.
func (n Names) RoleARN(kind string) string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", n.Partition, n.Account, n.Role(kind))
}

// Policy is an IAM policy: glue-job, glue-job-sources, glue-crawler,
// athena-query, snowflake-s3, scheduler, pipeline, pipeline-key.
func (n Names) Policy(kind string) string { return n.Role(kind) }

// PolicyARN is the ARN of a policy.
func (n Names) PolicyARN(kind string) string {
	return fmt.Sprintf("arn:%s:iam::%s:policy/%s", n.Partition, n.Account, n.Policy(kind))
}

// Workgroup is the Athena workgroup.
func (n Names) Workgroup() string { return n.base() }

// SecurityConfiguration is that of Glue. It cannot be updated, so that its
// name changes with how it encrypts.
func (n Names) SecurityConfiguration(kms bool) string {
	if kms {
		return n.base() + "-kms"
	}
	return n.base() + "-s3"
}

// Topic is the SNS topic of alarms.
func (n Names) Topic() string { return n.base() + "-alerts" }

// TopicARN is the ARN of the topic.
func (n Names) TopicARN() string {
	return fmt.Sprintf("arn:%s:sns:%s:%s:%s", n.Partition, n.Region, n.Account, n.Topic())
}

// KeyAlias is the alias of the key, if the stack has one.
func (n Names) KeyAlias() string { return "alias/" + n.base() }

// LogGroup is the log group of what runs in AWS: jobs, which log to /output and
// /error below it (Glue's --custom-logGroup-prefix).
func (n Names) LogGroup(kind string) string {
	return "/" + n.Project + "/" + n.Environment + "/" + kind
}

// CrawlerLogGroup is the log group of crawlers, whose name Glue makes of their
// role's and of their security configuration's.
func (n Names) CrawlerLogGroup(kms bool) string {
	return "/aws-glue/crawlers-role/" + n.Role("glue-crawler") + "-" + n.SecurityConfiguration(kms)
}

// PipelineLogGroup is the log group of the pipeline that the schedule starts.
func (n Names) PipelineLogGroup() string { return "/aws/vendedlogs/states/" + n.base() }

// Dashboard is the CloudWatch dashboard.
func (n Names) Dashboard() string { return n.base() }

// Namespace is that of the CloudWatch metrics.
func (n Names) Namespace() string { return "Lakehouse/" + n.Project }

// Alarm is an alarm of one kind: failures, failure-rate, quality, freshness,
// glue-failed.
func (n Names) Alarm(kind string) string { return n.base() + "-" + kind }

// NamedQuery is a query in Athena. All of a region share one list.
func (n Names) NamedQuery(name string) string { return n.base() + "-" + name }
