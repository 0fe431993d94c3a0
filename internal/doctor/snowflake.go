package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// Account is what an account of Snowflake says of the project.
type Account struct {
	Name string // such as myorg-myaccount
	// Integration is Snowflake's way to the lake; it is empty for a lake in a folder,
	// which Snowflake does not read.
	Integration    string
	There, Enabled bool // the integration
}

// loginTimeout is how long a login may take with all of its attempts.
const loginTimeout = 45 * time.Second

// snowflakeCheck looks whether we may log in to Snowflake, and whether it has a
// way to the lake. What stands there is for `lakectl snowflake check`, which counts
// rows on a warehouse that costs.
func snowflakeCheck(o Options) Check {
	return Check{Group: Snowflake, Name: "account", Timeout: loginTimeout,
		Skip: func() string {
			switch {
			case o.Offline:
				return "--offline"
			case o.Config != nil && o.Config.Snowflake.Authenticator.Value == "external_browser":
				return "the login is by a browser, which is not opened for this: `lakectl snowflake check` logs in"
			}
			return ""
		},
		Run: func(ctx context.Context) diag.Finding {
			found, err := o.Snowflake(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				err = diag.Errorf(diag.Transient, "Snowflake does not answer within %s", loginTimeout).WithNext("look at the network, and try again")
			}
			if err != nil {
				return broken(err)
			}
			return found.finding()
		}}
}

func (a Account) finding() diag.Finding {
	said := fmt.Sprintf("%s lets us in", a.Name)
	const check = "`lakectl snowflake setup`; then `lakectl snowflake check` compares all of it"
	switch {
	case a.Integration == "":
		return diag.Findf(diag.Good, "%s; the lake is a folder, which it does not read", said)
	case !a.There:
		return diag.Findf(diag.Suspect, "%s; there is no integration %s that we may see: nothing is set up", said, a.Integration).WithRemedy(check)
	case !a.Enabled:
		return diag.Findf(diag.Bad, "%s; the integration %s is switched off: it cannot read the lake", said, a.Integration).WithRemedy(check)
	}
	return diag.Findf(diag.Good, "%s; the integration %s is there", said, a.Integration)
}
