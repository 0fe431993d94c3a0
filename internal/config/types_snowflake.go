package config

import (
	"regexp"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// Snowflake says where the Snowflake tables are, and who logs in to them.
type Snowflake struct {
	Account          String   `yaml:"account" doc:"Account identifier, such as myorg-myaccount."`
	User             String   `yaml:"user" doc:"User name."`
	Role             String   `yaml:"role" doc:"Role of the session. Without it the user's default role."`
	Warehouse        String   `yaml:"warehouse" doc:"Warehouse that runs the queries."`
	Database         String   `yaml:"database" doc:"Database of the tables."`
	Schema           String   `yaml:"schema" doc:"Schema of the tables."`
	Authenticator    String   `yaml:"authenticator" enum:"key_pair,token,workload_identity,oauth,external_browser,password" doc:"How to log in. Without it: key_pair if there is a private_key_file, else by the token or the password that the environment has."`
	PrivateKeyFile   String   `yaml:"private_key_file" doc:"File of the private key for key_pair: PEM, PKCS#8, encrypted or not; relative to this file. The passphrase is in LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE."`
	IdentityProvider String   `yaml:"identity_provider" enum:"aws,azure,gcp,oidc" default:"aws" doc:"Whose identity workload_identity presents."`
	Sync             Bool     `yaml:"sync" default:"true" doc:"Tell Snowflake what a run on a lake on S3 has changed, after each run; only where an account is named."`
	LoginTimeout     Duration `yaml:"login_timeout" default:"30s" doc:"How long to try to log in."`
	StatementTimeout Duration `yaml:"statement_timeout" default:"1h" doc:"A statement that takes longer is stopped by Snowflake."`
}

var (
	snowflakeAccountRegexp = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)
	snowflakeNameRegexp    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)
	snowflakeUserRegexp    = regexp.MustCompile(`^[^\s\x00-\x1f"\x27]+$`)
)

func (s *Snowflake) check(d *decoder, _ diag.Pos) {
	d.matches(s.Account, snowflakeAccountRegexp, "an account identifier, such as myorg-myaccount (no https:// and no snowflakecomputing.com)")
	d.matches(s.User, snowflakeUserRegexp, "a name of a user")
	for _, name := range []String{s.Role, s.Warehouse, s.Database, s.Schema} {
		d.matches(name, snowflakeNameRegexp, "a name that Snowflake takes without quotes: letters, digits, _ and $")
	}
	if t := s.LoginTimeout; t.valid() && (t.Value < time.Second || t.Value > 10*time.Minute) {
		d.add(t.Pos, "", "login_timeout goes from 1s to 10m")
	}
	if t := s.StatementTimeout; t.valid() && (t.Value < time.Second || t.Value > 7*24*time.Hour) {
		d.add(t.Pos, "", "statement_timeout goes from 1s to 7d")
	}
	if key := s.PrivateKeyFile; key.IsSet() && key.Value != "" && s.Authenticator.IsSet() && s.Authenticator.Value != "key_pair" && s.Authenticator.Value != "" {
		d.add(key.Pos, "say authenticator: key_pair, or take the file out", "authenticator: %s does not use the private key", s.Authenticator.Value)
	}
}
