package snowflake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/quiet"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
)

// TestMain is also the browser that the driver opens: a program of that name
// whose argument is an address. The driver listens only when it has ended, so it
// leaves another behind that reads the page.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "xdg-open" {
		os.Exit(m.Run())
	}
	var err error
	if len(os.Args) == 2 {
		err = exec.Command("xdg-open", os.Args[1], "read").Start()
	} else {
		var answer *http.Response
		if answer, err = http.Get(os.Args[1]); err == nil {
			err = answer.Body.Close()
		}
	}
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func options(s *snowflaketest.Server) Options {
	return Options{Account: "acme-lake", User: "ci", Role: "READER", Warehouse: "WH", Database: "LAKEHOUSE", Schema: "ANALYTICS", URL: s.URL,
		Secrets: Secrets{Token: "pat-secret"}, LoginTimeout: time.Second, RequestTimeout: time.Second, StatementTimeout: 90 * time.Second}
}

func open(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What a login sends, for each way to log in.
func TestLogin(t *testing.T) {
	key, _, err := readKey("testdata/plain.p8", "")
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	fingerprint := "SHA256:" + base64.StdEncoding.EncodeToString(sum[:])
	for name, test := range map[string]struct {
		change func(*Options)
		want   map[string]string
		notes  string
	}{
		"token":    {func(o *Options) {}, map[string]string{"AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "TOKEN": "pat-secret", "LOGIN_NAME": "ci", "PASSWORD": ""}, ""},
		"oauth":    {func(o *Options) { o.Authenticator = OAuth }, map[string]string{"AUTHENTICATOR": "OAUTH", "TOKEN": "pat-secret", "LOGIN_NAME": "ci"}, ""},
		"password": {func(o *Options) { o.Secrets = Secrets{Password: "geheim"} }, map[string]string{"AUTHENTICATOR": "", "PASSWORD": "geheim", "TOKEN": ""}, "with a password"},
		"oidc": {func(o *Options) {
			o.Authenticator, o.IdentityProvider, o.User = WorkloadIdentity, "oidc", ""
			o.Secrets.Token = jwt(t)
		},
			map[string]string{"AUTHENTICATOR": "WORKLOAD_IDENTITY", "PROVIDER": "OIDC", "TOKEN": jwt(t), "LOGIN_NAME": ""}, ""},
		"aws": {func(o *Options) {
			o.Authenticator, o.IdentityProvider, o.User = WorkloadIdentity, "aws", ""
			identity(t)
		},
			map[string]string{"AUTHENTICATOR": "WORKLOAD_IDENTITY", "PROVIDER": "AWS", "LOGIN_NAME": "", "PASSWORD": ""}, ""},
		"key pair": {func(o *Options) { o.PrivateKeyFile, o.Secrets.Passphrase = private(t, "aes256.p8"), passphrase },
			map[string]string{"AUTHENTICATOR": "SNOWFLAKE_JWT", "iss": "ACME-LAKE.CI." + fingerprint, "sub": "ACME-LAKE.CI"}, ""},
		"browser": {func(o *Options) { o.Authenticator = ExternalBrowser; browse(t) },
			map[string]string{"AUTHENTICATOR": "EXTERNALBROWSER", "TOKEN": "from-the-browser", "PROOF_KEY": "proof", "LOGIN_NAME": "ci"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := snowflaketest.New(t)
			o := options(s)
			test.change(&o)
			c := open(t, o)
			login := s.Logins()[0]
			if test.want["iss"] != "" {
				for name, value := range claims(t, login.Text("TOKEN")) {
					login.Data[name] = value
				}
			}
			for field, want := range test.want {
				if got := login.Text(field); got != want {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
			if notes := strings.Join(c.Notes(), "; "); !strings.Contains(notes, test.notes) || (test.notes == "") != (notes == "") {
				t.Errorf("notes: %q", notes)
			}
			if login.Text("ACCOUNT_NAME") != "acme-lake" || login.Database != "LAKEHOUSE" || login.Schema != "ANALYTICS" || login.Warehouse != "WH" || login.Role != "READER" {
				t.Errorf("%+v", login)
			}
			want := map[string]string{"TIMEZONE": "UTC", "QUERY_TAG": "lakectl", "CLIENT_TELEMETRY_ENABLED": "false", "GO_QUERY_RESULT_FORMAT": "ARROW", "STATEMENT_TIMEOUT_IN_SECONDS": "90"}
			for name, value := range want {
				if login.Session[name] != value {
					t.Errorf("%s is %v, want %s", name, login.Session[name], value)
				}
			}
		})
	}
}

// identity gives this machine one of AWS.
func identity(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "geheim-aws", "AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
}

// Without an identity, and without a browser, the login says what is missing.
func TestLoginWithoutMeansOfThisMachine(t *testing.T) {
	s := snowflaketest.New(t)
	identity(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("PATH", t.TempDir())
	o := options(s)
	o.Authenticator, o.IdentityProvider = WorkloadIdentity, "aws"
	_, err := Open(context.Background(), o)
	wantError(t, "identity", err, diag.Usage, "Snowflake: ", "an identity of AWS")
	o.Authenticator = ExternalBrowser
	_, err = Open(context.Background(), o)
	wantError(t, "browser", err, diag.Usage, "xdg-open", "use a key pair or a token")
}

// jwt is a token as an identity provider issues it.
func jwt(t *testing.T) string {
	t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + part(map[string]string{"iss": "https://issuer", "sub": "ci"}) + "."
}

func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// private copies a key to where others cannot read it.
func private(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// browse makes this program the browser.
func browse(t *testing.T) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, "xdg-open")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

// What is missing is said before anything is sent.
func TestOpenWithoutMeans(t *testing.T) {
	for want, test := range map[string]struct {
		o    Options
		next string
	}{
		"names no account":        {Options{User: "u", Secrets: Secrets{Token: "t"}}, "account:"},
		"nothing says how":        {Options{Account: "a", User: "u"}, "LAKEHOUSE_SNOWFLAKE_TOKEN"},
		"names no user":           {Options{Account: "a", Secrets: Secrets{Token: "t"}}, "user:"},
		"there is no private key": {Options{Account: "a", User: "u", Authenticator: KeyPair}, "private_key_file:"},
		"there is no password":    {Options{Account: "a", User: "u", Authenticator: Password}, "LAKEHOUSE_SNOWFLAKE_PASSWORD"},
		"there is no token":       {Options{Account: "a", User: "u", Authenticator: Token}, "LAKEHOUSE_SNOWFLAKE_TOKEN"},
		"is not the address":      {Options{Account: "a", User: "u", URL: "localhost:80", Secrets: Secrets{Token: "t"}}, "http://127.0.0.1:PORT"},
		"in the clear":            {Options{Account: "a", User: "u", URL: "http://proxy.example", Secrets: Secrets{Token: "t"}}, "https://"},
		"is not there":            {Options{Account: "a", User: "u", PrivateKeyFile: "testdata/none.p8"}, "private_key_file:"},
	} {
		_, err := Open(context.Background(), test.o)
		wantError(t, want, err, diag.Usage, want, test.next)
	}
}

func TestFromConfig(t *testing.T) {
	env := map[string]string{"SNOWFLAKE_PASSWORD": "theirs", "LAKEHOUSE_SNOWFLAKE_PASSWORD": "ours", "SNOWFLAKE_TOKEN": "token", "PRIVATE_KEY_PASSPHRASE": "phrase", URLVariable: "http://localhost:1"}
	text := "project: p\nlake: ./lake\nbronze: {a: {source: a.csv}}\nsnowflake: {account: a, user: u, private_key_file: keys/k.p8}\n"
	c, problems := config.Parse("/srv/shop/lakehouse.yaml", []byte(text), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	o := FromConfig(c, func(name string) string { return env[name] })
	want := Secrets{Password: "ours", Token: "token", Passphrase: "phrase"}
	if o.Secrets != want || o.PrivateKeyFile != "/srv/shop/keys/k.p8" || o.URL != "http://localhost:1" || o.StatementTimeout != time.Hour || o.LoginTimeout != 30*time.Second {
		t.Errorf("%+v", o)
	}
	if o, err := o.withDefaults(); err != nil || o.Authenticator != KeyPair {
		t.Errorf("%s %v", o.Authenticator, err)
	}
}

// Each refusal of a login says what to do.
func TestLoginRefused(t *testing.T) {
	for _, test := range []struct {
		answer     snowflaketest.Error
		change     func(*Options)
		class      diag.Class
		text, next string
	}{
		{snowflaketest.Error{Code: "390100", Message: "Incorrect username or password was specified."}, func(o *Options) { o.Secrets = Secrets{Password: "geheim"} }, diag.Usage, "Incorrect username or password was specified (Snowflake's code 390100)", "LAKEHOUSE_SNOWFLAKE_PASSWORD"},
		{snowflaketest.Error{Code: "390144", Message: "JWT token is invalid. [abc]"}, func(o *Options) { o.PrivateKeyFile = private(t, "plain.p8") }, diag.Usage, "JWT token is invalid", "RSA_PUBLIC_KEY_FP"},
		{snowflaketest.Error{Code: "394400", Message: "Programmatic access token is invalid: pat-secret"}, nil, diag.Usage, "token is invalid: ***", "make a new token"},
		{snowflaketest.Error{Code: "394401", Message: "Programmatic access token is expired."}, nil, diag.Usage, "expired", "make a new one"},
		{snowflaketest.Error{Code: "390318", Message: "OAuth access token expired. [x]"}, func(o *Options) { o.Authenticator = OAuth }, diag.Usage, "expired", "make a new one"},
		{snowflaketest.Error{Code: "390186", Message: "Role 'READER' specified in the connect string is not granted to this user."}, nil, diag.Usage, "Role 'READER'", "GRANT ROLE READER TO USER ci"},
		{snowflaketest.Error{Code: "390189", Message: "Role 'READER' specified in the connect string does not exist or not authorized."}, nil, diag.Usage, "Role 'READER'", "role:"},
		{snowflaketest.Error{Code: "390201", Message: "The requested warehouse does not exist or not authorized."}, nil, diag.Usage, "warehouse does not exist", "warehouse:"},
		{snowflaketest.Error{Code: "390422", Message: "Incoming request with IP/Token 10.0.0.1 is not allowed to access Snowflake."}, nil, diag.Usage, "not allowed", "network policy"},
		{snowflaketest.Error{Code: "390106", Message: "User temporarily locked."}, nil, diag.Usage, "locked", "administrator"},
		{snowflaketest.Error{Code: "390913", Message: "Network policy is required."}, nil, diag.Usage, "Network policy is required", "make a new token for the user, and set LAKEHOUSE_SNOWFLAKE_TOKEN to it; an administrator finds out more in LOGIN_HISTORY"},
		{snowflaketest.Error{Status: http.StatusForbidden}, nil, diag.Usage, "verify account name is correct", "account:"},
		{snowflaketest.Error{Status: http.StatusNotFound}, nil, diag.Usage, "HTTP: 404 (Snowflake's code 261004)", "acme-lake"},
		{snowflaketest.Error{Status: http.StatusServiceUnavailable}, nil, diag.Transient, "HTTP Status: 503", "network"},
	} {
		s := snowflaketest.New(t)
		s.Deny(&test.answer)
		o := options(s)
		if test.change != nil {
			test.change(&o)
		}
		_, err := Open(context.Background(), o)
		wantError(t, test.answer.Message, err, test.class, test.text, test.next)
		for _, secret := range []string{"pat-secret", "geheim", "request_id", "requestId"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%v tells %s", err, secret)
			}
		}
	}
}

func TestNoNetwork(t *testing.T) {
	s := snowflaketest.New(t)
	o := options(s)
	o.URL = "https://no-such-account.invalid"
	_, err := Open(context.Background(), o)
	var typed *diag.Error
	if !errors.As(err, &typed) || !strings.Contains(typed.Msg, "no-such-account.invalid: ") || !strings.Contains(typed.Next, "network") || strings.Contains(typed.Msg, "login-request") {
		t.Errorf("%#v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.URL = "http://" + l.Addr().String()
	_ = l.Close()
	_, err = Open(context.Background(), o)
	wantError(t, "refused", err, diag.Transient, strings.TrimPrefix(o.URL, "http://")+": dial tcp", "network")
}

// Statements come with their values, their tag and one at a time, and give rows.
func TestQuery(t *testing.T) {
	s := snowflaketest.New(t)
	s.Script(
		snowflaketest.Want{Text: "create schema X"},
		snowflaketest.Want{Text: "desc integration I where name = ?", Binds: []string{"TEXT it's"}, Columns: "property TEXT, property_value TEXT",
			Rows: [][]any{{"STORAGE_AWS_EXTERNAL_ID", "LAKE_1"}, {"COMMENT", nil}}},
		snowflaketest.Want{Match: "^select", Slow: 2, Columns: "N NUMBER(1,0)", Rows: [][]any{{1}}},
		snowflaketest.Want{Match: "^select", Async: 2, Columns: "N NUMBER(1,0)", Rows: [][]any{{2}}},
	)
	c := open(t, options(s))
	ctx := context.Background()
	if err := c.Exec(ctx, "create schema X"); err != nil {
		t.Error(err)
	}
	table, err := c.Query(ctx, "desc integration I where name = ?", "it's")
	if err != nil || len(table.Rows) != 2 || table.Text(0, "property_value") != "LAKE_1" || table.Text(1, "property_value") != "" || table.Text(0, "none") != "" {
		t.Errorf("%+v %v", table, err)
	}
	for _, want := range []string{"1", "2"} {
		if table, err := c.Query(ctx, "select n from t"); err != nil || table.Text(0, "N") != want {
			t.Errorf("%+v %v", table, err)
		}
	}
	for _, statement := range s.Statements() {
		if statement.Parameters["MULTI_STATEMENT_COUNT"] != 1.0 {
			t.Errorf("%+v", statement)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if begun, _, ended := s.Sessions(); begun != 1 || ended != 1 {
		t.Errorf("%d sessions were begun, %d ended", begun, ended)
	}
	if o := c.Options(); o.Secrets != (Secrets{}) || o.Warehouse != "WH" {
		t.Errorf("%+v", o)
	}
}

// An expired session is renewed without a word; one that cannot be is told.
func TestExpiredSession(t *testing.T) {
	s := snowflaketest.New(t)
	c := open(t, options(s))
	s.Script(snowflaketest.Want{Text: "select 1"})
	s.Expire(false)
	if err := c.Exec(context.Background(), "select 1"); err != nil {
		t.Error(err)
	}
	if _, renewed, _ := s.Sessions(); renewed != 1 {
		t.Errorf("renewed %d times", renewed)
	}
	s.Expire(true)
	wantError(t, "final", c.Exec(context.Background(), "select 1"), diag.Transient, "Authentication token has expired", "run the same command again")
}

// Cancelling stops the statement at Snowflake.
func TestCancel(t *testing.T) {
	s := snowflaketest.New(t)
	s.Script(snowflaketest.Want{Text: "select slow()", Delay: time.Minute}, snowflaketest.Want{Text: "select 1"})
	c := open(t, options(s))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for len(s.Statements()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := c.Exec(ctx, "select slow()"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := s.Aborted(); !slices.Equal(got, []string{"select slow()"}) {
		t.Errorf("stopped: %q", got)
	}
	if err := c.Exec(context.Background(), "select 1"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// An answer that is lost is asked for again, and the statement runs once; a
// network that stays away is told.
func TestLostAnswer(t *testing.T) {
	s := snowflaketest.New(t)
	s.Script(snowflaketest.Want{Text: "create table T", Drop: 1}, snowflaketest.Want{Text: "select 1", Drop: 100})
	o := options(s)
	o.RequestTimeout = time.Minute
	if err := open(t, o).Exec(context.Background(), "create table T"); err != nil || len(s.Statements()) != 1 {
		t.Errorf("%v, %d statements", err, len(s.Statements()))
	}
	wantError(t, "gone", open(t, options(s)).Exec(context.Background(), "select 1"), diag.Transient, "EOF", "network")
}

// Whoever cancels does not wait for ever for a network that is gone.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		gone := make(chan struct{})
		defer close(gone)
		began := time.Now()
		_, err := Await(ctx, func() (int, error) { <-gone; return 1, nil })
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Minute+cleanup {
			t.Errorf("%v after %v", err, took)
		}
		if n, err := Await(ctx, func() (int, error) { time.Sleep(time.Second); return 2, nil }); n != 2 || err != nil {
			t.Errorf("what ends in time: %d %v", n, err)
		}
	})
}

func TestIdentifier(t *testing.T) {
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{[]string{"lakehouse"}, `"LAKEHOUSE"`}, {[]string{"LAKE_1", "gold", "daily$sales"}, `"LAKE_1"."GOLD"."DAILY$SALES"`},
		{[]string{`a"; drop table t; --`}, ""}, {[]string{""}, ""}, {[]string{"ok", "1a"}, ""}, {[]string{"ä"}, ""}, {[]string{strings.Repeat("a", 256)}, ""}, {[]string{"a.b"}, ""},
	} {
		got, err := Identifier(test.parts...)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && diag.ClassOf(err) != diag.Usage {
			t.Errorf("%q: %s %v", test.parts, got, err)
		}
	}
}

// The driver writes nothing to the terminal, and starts nothing by itself.
func TestQuiet(t *testing.T) {
	for _, name := range quiet.Variables {
		if os.Getenv(name) != "true" {
			t.Errorf("%s is %q", name, os.Getenv(name))
		}
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, stdout := os.Stderr, os.Stdout
	os.Stderr, os.Stdout = write, write
	s := snowflaketest.New(t)
	s.Deny(&snowflaketest.Error{Code: "390100", Message: "Incorrect username or password was specified."})
	_, err = Open(context.Background(), options(s))
	s.Deny(nil)
	s.Script(snowflaketest.Want{Text: "select 1", Error: &snowflaketest.Error{Code: "002003", Message: "x"}})
	if c, openErr := Open(context.Background(), options(s)); openErr == nil {
		_ = c.Exec(context.Background(), "select 1")
		_ = c.Close()
	}
	os.Stderr, os.Stdout = stderr, stdout
	_ = write.Close()
	said, readErr := io.ReadAll(read)
	if err == nil || readErr != nil || len(bytes.TrimSpace(said)) > 0 {
		t.Errorf("%v %v: %s", err, readErr, said)
	}
}
