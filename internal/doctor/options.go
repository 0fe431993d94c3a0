package doctor

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
)

// Options are what the checks look at, and how they get there.
type Options struct {
	// Config is lakehouse.yaml as far as it can be read; nil if it cannot.
	Config *config.Config
	// Validate says what is in lakehouse.yaml, what is odd about it, and what is
	// wrong with it.
	Validate func(context.Context) (inventory string, odd []string, err error)
	// OpenLake opens the lake. It only reads.
	OpenLake func(context.Context) (*lake.Lake, error)
	// Session opens the way to AWS; nothing is asked of AWS yet.
	Session func(context.Context) (*session.Session, error)
	// CatalogDifferences counts where the Glue catalog is not what the lake is.
	// If it is nil, that is not checked.
	CatalogDifferences func(context.Context) (int, error)
	// Snowflake logs in to the project's account, and says what it has. If it is nil,
	// that is not checked.
	Snowflake func(context.Context) (Account, error)
	Memory    int64            // bytes that a run takes if it is not told otherwise
	Now       func() time.Time // by the clock that wrote the lake
	Offline   bool             // leave out what needs a network
}

// Checks returns all checks.
func Checks(o Options) []Check {
	checks := append(machineChecks(o.Memory), projectCheck(o))
	aws := newCloud(o)
	checks = append(checks, lakeChecks(o, aws)...)
	checks = append(checks, aws.checks()...)
	if o.Snowflake != nil {
		checks = append(checks, snowflakeCheck(o))
	}
	return checks
}
