package doctor

import (
	"context"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
)

func TestSnowflake(t *testing.T) {
	look := func(offline bool, a Account, err error) diag.Finding {
		found := findings(t, []Check{snowflakeCheck(Options{Offline: offline, Snowflake: func(context.Context) (Account, error) {
			if offline {
				t.Error("Snowflake was asked")
			}
			return a, err
		}})})
		return found["account"]
	}
	wanted(t, "offline", look(true, Account{}, nil), diag.Skipped, "--offline", "")
	wanted(t, "refused", look(false, Account{}, diag.Errorf(diag.Usage, "wrong key").WithNext("DESC USER")), diag.Bad, "wrong key", "DESC USER")
	wanted(t, "silent", look(false, Account{}, context.DeadlineExceeded), diag.Bad, "Snowflake does not answer within 45s", "network")
	wanted(t, "a folder", look(false, Account{Name: "o-a"}, nil), diag.Good, "o-a lets us in; the lake is a folder", "")
	wanted(t, "not set up", look(false, Account{Name: "o-a", Integration: "LAKE_S3"}, nil), diag.Suspect, "no integration LAKE_S3", "lakectl snowflake setup")
	wanted(t, "switched off", look(false, Account{Name: "o-a", Integration: "LAKE_S3", There: true}, nil), diag.Bad, "switched off", "lakectl snowflake setup")
	wanted(t, "good", look(false, Account{Name: "o-a", Integration: "LAKE_S3", There: true, Enabled: true}, nil), diag.Good, "the integration LAKE_S3 is there", "")
	browser := Options{Config: project(t, "lake: ./lake", "snowflake: {account: a, authenticator: external_browser}"), Snowflake: func(context.Context) (Account, error) {
		t.Error("a browser was opened")
		return Account{}, nil
	}}
	wanted(t, "a browser", findings(t, []Check{snowflakeCheck(browser)})["account"], diag.Skipped, "by a browser", "")
	for _, c := range Checks(Options{}) {
		if c.Group == Snowflake {
			t.Error("a project without an account of Snowflake has a check of it")
		}
	}
}
