package template

import (
	"strconv"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
)

// Names of parameters that commands ask for by themselves.
const (
	SnowflakePrincipal  = "SnowflakePrincipal"
	SnowflakeExternalID = "SnowflakeExternalId"
)

// Parameters returns the values of the template's parameters for a project. The
// two of Snowflake are not among them: lakehouse.yaml does not say them, so that
// a stack keeps those it has, or else the template's defaults.
func Parameters(cfg *config.Config, n names.Names) map[string]string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]string{
		"Project":          n.Project,
		"Environment":      n.Environment,
		"LakeBucketName":   n.LakeBucket,
		"LakePrefix":       n.LakePrefix,
		"UseKms":           strconv.FormatBool(cfg.AWS.KMS.Value),
		"AlertEmail":       cfg.Monitoring.AlertEmail.Value,
		"MaxWorkers":       number(cfg.AWS.Glue.MaxWorkers.Value),
		"ScanLimitBytes":   number(int64(cfg.Athena.ScanLimit.Value)),
		"LogRetentionDays": number(cfg.AWS.LogRetentionDays.Value),
		"FreshnessHours":   number(cfg.Monitoring.FreshnessHours.Value),
		"Schedule":         cfg.AWS.Schedule.Value,
	}
}
