package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/doctor"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
)

// doctor logs in, looks for the integration, and changes nothing; of a project
// without an account it asks nothing.
func TestDoctorLooksAtSnowflake(t *testing.T) {
	const at = "snowflake: {account: myorg-shop, user: ann, database: LAKEHOUSE, schema: ANALYTICS, warehouse: WH}\n"
	integration := &accounttest.Thing{Kind: "integration", Name: "LAKEHOUSE_S3", Owner: "ACCOUNTADMIN", Set: map[string]string{"enabled": "true"}}
	for name, test := range map[string]struct {
		lake string
		put  *accounttest.Thing
		want doctor.Account
	}{
		"a folder":   {"./lake", nil, doctor.Account{Name: "myorg-shop"}},
		"not set up": {"s3://lake", nil, doctor.Account{Name: "myorg-shop", Integration: "LAKEHOUSE_S3"}},
		"set up":     {"s3://lake", integration, doctor.Account{Name: "myorg-shop", Integration: "LAKEHOUSE_S3", There: true, Enabled: true}},
	} {
		t.Run(name, func(t *testing.T) {
			account, server := accounttest.New(), snowflaketest.New(t)
			server.Handle(func(s snowflaketest.Statement) snowflaketest.Want { return answerSnowflake(account, s) })
			if test.put != nil {
				account.Put(test.put)
			}
			o := doctorAt(t, "project: shop\nlake: "+test.lake+"\nbronze: {a: {source: a.csv}}\n"+at, map[string]string{snowflake.URLVariable: server.URL, "LAKEHOUSE_SNOWFLAKE_TOKEN": "token"})
			got, err := o.Snowflake(t.Context())
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			for _, sent := range account.Sent() {
				if sent.Changes() {
					t.Errorf("it sent %s", sent.SQL)
				}
			}
			server.Deny(&snowflaketest.Error{Code: "394400", Message: "Programmatic access token is invalid."})
			if _, err := o.Snowflake(t.Context()); diag.ClassOf(err) != diag.Usage {
				t.Errorf("refused: %v", err)
			}
		})
	}
	if doctorAt(t, "project: shop\nlake: ./lake\nbronze: {a: {source: a.csv}}\n", nil).Snowflake != nil {
		t.Error("a project without an account has something to look at")
	}
}

// doctorAt returns what doctor would look at in a project.
func doctorAt(t *testing.T, text string, env map[string]string) doctor.Options {
	t.Helper()
	app, _, _ := testApp(t)
	app.Getenv, app.projectDir = func(name string) string { return env[name] }, app.Dir
	if err := os.WriteFile(filepath.Join(app.Dir, "lakehouse.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := app.doctorOptions(&DoctorOptions{App: app})
	if err != nil {
		t.Fatal(err)
	}
	if o.Config == nil {
		_, _, err := o.Validate(t.Context())
		t.Fatal(err)
	}
	return o
}
