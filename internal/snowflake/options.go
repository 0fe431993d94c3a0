package snowflake

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

// The ways to log in, as lakehouse.yaml calls them.
const (
	KeyPair          = "key_pair"
	Token            = "token" // programmatic access token
	WorkloadIdentity = "workload_identity"
	OAuth            = "oauth"
	ExternalBrowser  = "external_browser"
	Password         = "password"
)

// Options says where to log in and as whom.
type Options struct {
	Account          string // such as myorg-myaccount
	User             string
	Role             string // "": the user's default
	Warehouse        string // "": the user's default
	Database         string
	Schema           string
	Authenticator    string // one of the ways to log in; "": what there is the means for
	PrivateKeyFile   string // for KeyPair, a path from this process's folder
	IdentityProvider string // for WorkloadIdentity: aws, azure, gcp or oidc
	URL              string // of a server in place of Snowflake's; http only on this machine
	Secrets          Secrets
	LoginTimeout     time.Duration // how long to retry a login; 0: 30 seconds
	RequestTimeout   time.Duration // how long to retry a request; 0: a minute
	StatementTimeout time.Duration // after which Snowflake stops a statement; 0: its own setting
}

// Secrets are those of a login. They come from the environment only.
type Secrets struct {
	Password   string // LAKEHOUSE_SNOWFLAKE_PASSWORD, SNOWFLAKE_PASSWORD
	Token      string // LAKEHOUSE_SNOWFLAKE_TOKEN, SNOWFLAKE_TOKEN
	Passphrase string // LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE, SNOWFLAKE_PRIVATE_KEY_PASSPHRASE, PRIVATE_KEY_PASSPHRASE
}

// URLVariable names a server in place of Snowflake's, for tests.
const URLVariable = "LAKEHOUSE_SNOWFLAKE_URL"

// FromConfig returns the options of a project, with the secrets that the
// environment has. Of two variables ours comes before Snowflake's own.
func FromConfig(c *config.Config, getenv func(string) string) Options {
	first := func(names ...string) string {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	s := c.Snowflake
	o := Options{
		Account: s.Account.Value, User: s.User.Value, Role: s.Role.Value, Warehouse: s.Warehouse.Value,
		Database: s.Database.Value, Schema: s.Schema.Value,
		Authenticator: s.Authenticator.Value, IdentityProvider: s.IdentityProvider.Value,
		LoginTimeout: s.LoginTimeout.Value, StatementTimeout: s.StatementTimeout.Value,
		URL: getenv(URLVariable),
		Secrets: Secrets{
			Password:   first("LAKEHOUSE_SNOWFLAKE_PASSWORD", "SNOWFLAKE_PASSWORD"),
			Token:      first("LAKEHOUSE_SNOWFLAKE_TOKEN", "SNOWFLAKE_TOKEN"),
			Passphrase: first("LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "PRIVATE_KEY_PASSPHRASE"),
		},
	}
	if s.PrivateKeyFile.Value != "" {
		o.PrivateKeyFile = c.Path(s.PrivateKeyFile.Value)
	}
	return o
}

// withDefaults fills in what may be left out, and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.LoginTimeout <= 0 {
		o.LoginTimeout = 30 * time.Second
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = time.Minute
	}
	switch {
	case o.Authenticator != "":
	case o.PrivateKeyFile != "":
		o.Authenticator = KeyPair
	case o.Secrets.Token != "":
		o.Authenticator = Token
	case o.Secrets.Password != "":
		o.Authenticator = Password
	}
	return o, o.check()
}

// check says what is missing for the login.
func (o Options) check() error {
	missing := func(format string, args ...any) *diag.Error { return diag.Errorf(diag.Usage, format, args...) }
	switch {
	case o.Account == "":
		return missing("lakehouse.yaml names no account of Snowflake").WithNext("write snowflake: {account: myorg-myaccount, user: ...} into it; a SELECT CURRENT_ORGANIZATION_NAME() || '-' || CURRENT_ACCOUNT_NAME() says its name")
	case o.Authenticator == "":
		return missing("nothing says how to log in to Snowflake").WithNext("write private_key_file: under snowflake: in lakehouse.yaml, or set LAKEHOUSE_SNOWFLAKE_TOKEN, or say authenticator: workload_identity or external_browser")
	case o.User == "" && o.Authenticator != WorkloadIdentity && o.Authenticator != OAuth:
		return missing("lakehouse.yaml names no user of Snowflake").WithNext("write user: under snowflake: in it")
	case o.Authenticator == KeyPair && o.PrivateKeyFile == "":
		return missing("there is no private key to log in to Snowflake with").WithNext("write private_key_file: under snowflake: in lakehouse.yaml")
	case o.Authenticator == Password && o.Secrets.Password == "":
		return missing("there is no password to log in to Snowflake with").WithNext("set LAKEHOUSE_SNOWFLAKE_PASSWORD, or better use a key pair")
	case o.needsToken() && o.Secrets.Token == "":
		return missing("there is no token to log in to Snowflake with").WithNext("set LAKEHOUSE_SNOWFLAKE_TOKEN")
	}
	return nil
}

func (o Options) needsToken() bool {
	return o.Authenticator == Token || o.Authenticator == OAuth || o.Authenticator == WorkloadIdentity && o.IdentityProvider == "oidc"
}

// host is the name of the server, for messages.
func (o Options) host() string {
	if u, err := url.Parse(o.URL); err == nil && u.Host != "" {
		return u.Host
	}
	if strings.HasPrefix(strings.ToLower(o.Account[strings.LastIndexByte(o.Account, '.')+1:]), "cn-") {
		return o.Account + ".snowflakecomputing.cn"
	}
	return o.Account + ".snowflakecomputing.com"
}

// server is another server than Snowflake's.
type server struct {
	protocol, host string
	port           int
}

// server reads the URL; a password must not go over a network in the clear.
func (o Options) server() (server, error) {
	wrong := diag.Errorf(diag.Usage, "%s is not the address of a server", URLVariable).
		WithNext("write http://127.0.0.1:PORT or https://HOST, or unset it to use Snowflake itself")
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.Scheme != "http" && u.Scheme != "https" {
		return server{}, wrong
	}
	s := server{protocol: u.Scheme, host: u.Hostname(), port: map[string]int{"http": 80, "https": 443}[u.Scheme]}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil {
			return server{}, wrong
		}
	}
	if ip := net.ParseIP(s.host); u.Scheme == "http" && s.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return server{}, diag.Errorf(diag.Usage, "%s would send secrets to %s in the clear", URLVariable, s.host).
			WithNext("use https://, or a server on this machine")
	}
	return s, nil
}
