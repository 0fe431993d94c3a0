package config

import (
	"strings"
	"testing"
	"time"
)

func TestSnowflake(t *testing.T) {
	head := "project: p\nlake: ./lake\nbronze: {a: {source: a.csv}}\nsnowflake: "
	c, problem := parseText(t, head+`{account: myorg-acme, user: ci@acme.com, role: READER, private_key_file: keys/ci.p8}`)
	s := c.Snowflake
	if problem != "" || s.IdentityProvider.Value != "aws" || s.LoginTimeout.Value != 30*time.Second || s.StatementTimeout.Value != time.Hour || s.Role.Value != "READER" {
		t.Errorf("%s %+v", problem, s)
	}
	for text, want := range map[string]string{
		`{account: xy12345.eu-central-1, authenticator: token}`:   ``,
		`{account: "", user: "", role: "", private_key_file: ""}`: ``,
		`{account: "https://a.snowflakecomputing.com"}`:           `lakehouse.yaml:4:22: "https://a.snowflakecomputing.com" is not an account identifier`,
		`{user: "a b"}`:                                     `"a b" is not a name of a user`,
		`{role: "A; drop"}`:                                 `"A; drop" is not a name that Snowflake takes without quotes`,
		`{database: 'a"b'}`:                                 `is not a name that Snowflake takes`,
		`{schema: 9lives}`:                                  `is not a name that Snowflake takes`,
		`{warehouse: a.b}`:                                  `is not a name that Snowflake takes`,
		`{authenticator: okta}`:                             `okta`,
		`{identity_provider: ibm}`:                          `ibm`,
		`{login_timeout: 1h}`:                               `login_timeout goes from 1s to 10m`,
		`{statement_timeout: 8d}`:                           `statement_timeout goes from 1s to 7d`,
		`{password: geheim}`:                                `secrets are never in this file`,
		`{authenticator: token, private_key_file: k.p8}`:    `authenticator: token does not use the private key`,
		`{authenticator: key_pair, private_key_file: k.p8}`: ``,
	} {
		if _, got := parseText(t, head+text); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
