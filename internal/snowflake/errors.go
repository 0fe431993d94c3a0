package snowflake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"github.com/lakectl/lakectl/internal/diag"
)

// Error is what Snowflake said, or the driver on its way there.
type Error struct {
	Code    int    // Snowflake's own, such as 2003
	State   string // SQL state
	QueryID string // of the statement, for Snowflake's history; may be empty
	Message string // on one line, without secrets
}

// Error says what Snowflake said, with the code and the id of the query.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s (Snowflake's code %06d", e.Message, e.Code)
	if e.QueryID != "" {
		text += ", query " + e.QueryID
	}
	return text + ")"
}

// Code returns Snowflake's code of an error, such as 2003 for an object that is
// not there; 0 if Snowflake did not say one.
func Code(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// Codes of errors, by what is to be done about them.
const (
	codeInternal      = 603
	codeNoWarehouse   = 606
	codeTimeout       = 630
	codeCancelled     = 604
	codeSessionGone   = 390111
	codeSessionToken  = 390114 // the session cannot be renewed any more
	codeRole          = 390186
	codeRoleMissing   = 390189
	codeQuota         = 90073 // of a resource monitor
	codeObject        = 390201
	codeNetworkPolicy = 390422
	codeRejected      = 260008 // HTTP 401 or 403 at the login
	codeLoginAnswer   = 261004 // another status at the login
)

var (
	wrongLogin   = []int{390100, 390101, 390102, 390103, 390104, 390144, 390303, 394300, 394301, 394302, 394303, 394304, 394305, 394306, 394400}
	expiredToken = []int{390318, 390110, 394401}
	lockedUser   = []int{390105, 390106, 390128, 390129}
	missing      = []int{2003, 2043, 3001, 3003, 90105, 90106}
	unreachable  = []int{3139, 3167, 91003} // integration of a stage, role in AWS, the bucket
	network      = []int{260007, 261000, 261001, 261002, 261003, 262000}
)

// Explain gives an error of a statement its class and says what to do. Errors
// that have a class and nil are returned as they are, and of an interrupted
// statement only that it was.
func (c *Client) Explain(err error) error {
	var typed *diag.Error
	var said *sf.SnowflakeError
	switch {
	case err == nil || errors.As(err, &typed):
		return err
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.As(err, &said):
		return c.explain(c.said(said))
	}
	return c.explainNetwork(err)
}

// explainLogin is Explain for an error before there is a session.
func (c *Client) explainLogin(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return diag.Errorf(diag.Transient, "%s does not answer", c.options.host()).
			WithNext("look at the network and the account's name, and try again; login_timeout: in lakehouse.yaml gives it longer")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	explained := c.Explain(err)
	var typed *diag.Error
	if errors.As(explained, &typed) && typed.Class == diag.Unexpected { // no identity of a cloud, no browser
		typed.Class, typed.Next = diag.Usage, c.options.loginHint()
	}
	return explained
}

// said returns the error of the driver without what must not be shown.
func (c *Client) said(said *sf.SnowflakeError) *Error {
	e := &Error{Code: said.Number, State: said.SQLState, QueryID: said.QueryID, Message: said.Message}
	if e.QueryID == "-1" { // the driver's word for none
		e.QueryID = ""
	}
	if len(said.MessageArgs) > 0 {
		e.Message = fmt.Sprintf(said.Message, said.MessageArgs...)
	}
	if i := strings.Index(e.Message, " URL: "); i > 0 { // of a request of ours, with its ids
		e.Message = strings.TrimRight(e.Message[:i], ",")
	}
	lines := strings.FieldsFunc(e.Message, func(r rune) bool { return r == '\n' || r == '\r' })
	e.Message = c.redact(strings.TrimRight(strings.Join(lines, ": "), ". "))
	e.Message = strings.ReplaceAll(e.Message, ":: ", ": ")
	return e
}

// redact takes the secrets of the login out of a text.
func (c *Client) redact(text string) string {
	for _, secret := range []string{c.options.Secrets.Password, c.options.Secrets.Token, c.options.Secrets.Passphrase} {
		if len(secret) >= 4 { // a shorter one says nothing, and would tear words apart
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// as gives what Snowflake said its class, and says what to do.
func (e *Error) as(class diag.Class, next string, args ...any) error {
	return (&diag.Error{Class: class, Msg: "Snowflake: " + e.Error(), Err: e}).WithNext(next, args...)
}

func (c *Client) explain(e *Error) error {
	o := c.options
	ofLogins := e.Code >= 390000 && e.Code < 400000
	expired := slices.Contains(expiredToken, e.Code) || strings.Contains(strings.ToLower(e.Message), "expired") && ofLogins
	switch {
	case e.Code == codeSessionGone || e.Code == codeSessionToken:
		return e.as(diag.Transient, "the session has ended: run the same command again")
	case expired:
		return e.as(diag.Usage, "the token has expired: make a new one, and set LAKEHOUSE_SNOWFLAKE_TOKEN to it")
	case slices.Contains(wrongLogin, e.Code):
		return e.as(diag.Usage, "%s", o.loginHint())
	case slices.Contains(lockedUser, e.Code):
		return e.as(diag.Usage, "the user %s may not log in now: ask an administrator of the account", o.User)
	case e.Code == codeRole || e.Code == codeRoleMissing:
		return e.as(diag.Usage, "correct role: under snowflake: in lakehouse.yaml, or have it granted: GRANT ROLE %s TO USER %s", o.Role, o.User)
	case e.Code == codeObject:
		return e.as(diag.Usage, "correct warehouse:, database: and schema: under snowflake: in lakehouse.yaml, or have USAGE on them granted to the role")
	case e.Code == codeNetworkPolicy:
		return e.as(diag.Usage, "the account's network policy does not know this address: ask an administrator to allow it")
	case e.Code == codeRejected, e.Code == codeLoginAnswer:
		return e.as(diag.Usage, "is the account %s right? it looks like myorg-myaccount; correct account: under snowflake: in lakehouse.yaml", o.Account)
	case ofLogins:
		return e.as(diag.Usage, "%s; an administrator finds out more in LOGIN_HISTORY", o.loginHint())
	}
	return e.ofStatement()
}

// ofStatement says what to do about an error of a statement, and of its way.
func (e *Error) ofStatement() error {
	switch {
	case e.Code == codeNoWarehouse:
		return e.as(diag.Usage, "write warehouse: under snowflake: in lakehouse.yaml, or have USAGE on it granted to the role; one that is suspended and does not resume by itself is resumed by its owner")
	case e.Code == codeQuota:
		return e.as(diag.Usage, "ask an administrator for a larger quota, or write another warehouse: under snowflake: in lakehouse.yaml")
	case e.Code == codeTimeout:
		return e.as(diag.Transient, "try again, give it longer (statement_timeout: under snowflake: in lakehouse.yaml), or use a larger warehouse")
	case e.Code == codeCancelled:
		return e.as(diag.Transient, "somebody or something stopped the statement at Snowflake: run it again")
	case e.Code == codeInternal:
		return e.as(diag.Transient, "try again; Snowflake's support finds out more by the query's id")
	case slices.Contains(missing, e.Code):
		return e.as(diag.Usage, "correct the name, or have it granted to the role; `lakectl snowflake check` says what is missing")
	case slices.Contains(unreachable, e.Code):
		return e.as(diag.Usage, "Snowflake has no way to the lake; `lakectl snowflake check` says where it ends, and what mends it")
	case slices.Contains(network, e.Code):
		return e.as(diag.Transient, "look at the network, and try again")
	case e.Code >= 260000 && e.Code < 270000: // the driver's own
		return e.as(diag.Usage, "correct snowflake: in lakehouse.yaml")
	}
	return e.as(diag.Usage, "correct the statement; Snowflake's history has it under the query's id")
}

// loginHint says what may be wrong with who logs in.
func (o Options) loginHint() string {
	switch o.Authenticator {
	case KeyPair:
		return fmt.Sprintf("does the user %s have the public key of %s? DESC USER shows RSA_PUBLIC_KEY_FP", o.User, o.PrivateKeyFile)
	case Password:
		return "correct user: in lakehouse.yaml or LAKEHOUSE_SNOWFLAKE_PASSWORD"
	case WorkloadIdentity:
		return fmt.Sprintf("has this machine an identity of %s, and does a service user of the account have it (WORKLOAD_IDENTITY = ...)?", strings.ToUpper(o.IdentityProvider))
	case ExternalBrowser:
		return fmt.Sprintf("log in to the browser of this machine as the user %s; where there is none, use a key pair or a token", o.User)
	}
	return "make a new token for the user, and set LAKEHOUSE_SNOWFLAKE_TOKEN to it"
}

// explainNetwork is Explain for what never reached Snowflake. The address of a
// request is left out: that of a result has a signature in it.
func (c *Client) explainNetwork(err error) error {
	var request *url.Error
	var lookup *net.DNSError
	var operation net.Error
	var notJSON *json.SyntaxError
	host := c.options.host()
	if errors.As(err, &request) {
		if u, parseErr := url.Parse(request.URL); parseErr == nil && u.Host != "" {
			host = strings.TrimSuffix(u.Host, ":443")
		}
		err = request.Err
	}
	failed := func(class diag.Class, next string) error {
		text := c.redact(err.Error())
		return (&diag.Error{Class: class, Msg: fmt.Sprintf("%s: %s", host, text), Err: err}).WithNext("%s", next)
	}
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return failed(diag.Usage, "is the account right, and the network there? correct account: under snowflake: in lakehouse.yaml")
	case errors.As(err, &notJSON):
		return (&diag.Error{Class: diag.Usage, Msg: host + ": what answers there is not Snowflake", Err: err}).
			WithNext("does a proxy or the login page of a network stand in between? then correct account: under snowflake: in lakehouse.yaml")
	case errors.As(err, &operation), request != nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), strings.Contains(err.Error(), "Hanging?"):
		return failed(diag.Transient, "look at the network, and try again")
	}
	return (&diag.Error{Class: diag.Unexpected, Msg: "Snowflake: " + c.redact(err.Error()), Err: err})
}
