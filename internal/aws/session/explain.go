package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/diag"
)

// Codes of errors, by what is to be done about them. S3, STS and the JSON
// services call the same things by other names.
var (
	throttled = []string{"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
		"RequestThrottled", "RequestThrottledException", "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "LimitExceededException"}
	unavailable = []string{"ServiceUnavailable", "ServiceUnavailableException", "InternalError", "InternalFailure", "InternalServerError",
		"InternalServiceException", "InternalServerException", "RequestTimeout", "RequestTimeoutException", "OperationTimeoutException", "503 Service Unavailable"}
	expired = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
	unknown = []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthFailure",
		"InvalidToken", "MissingAuthenticationToken", "InvalidSignatureException"}
	denied = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AllAccessDisabled",
		"Forbidden"} // the last is all that S3 says to HEAD
	skewed = []string{"RequestTimeTooSkewed"}
)

// Explain gives an error of AWS its class and says what to do. An error that
// has a class already, one of the context, and nil are returned as they are.
func Explain(err error) error {
	var typed *diag.Error
	if err == nil || errors.As(err, &typed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	msg := said(err)
	as := func(class diag.Class, next string, args ...any) error {
		return (&diag.Error{Class: class, Msg: msg, Err: err}).WithNext(next, args...)
	}
	code := Code(err)
	switch {
	case slices.Contains(throttled, code):
		return as(diag.Transient, "AWS slows us down: try again in a minute")
	case slices.Contains(unavailable, code):
		return as(diag.Transient, "AWS has a fault of its own: try again in a minute")
	case slices.Contains(expired, code):
		return as(diag.Transient, "renew the credentials (for SSO: `aws sso login`) and run the same command again")
	case slices.Contains(unknown, code):
		return as(diag.Usage, "AWS does not know these credentials: look at AWS_PROFILE, AWS_ACCESS_KEY_ID and ~/.aws")
	case slices.Contains(skewed, code):
		return as(diag.Usage, "the clock of this machine is wrong: set it (NTP), and run again")
	case slices.Contains(denied, code):
		return as(diag.Usage, "ask for the permission that the message names; `lakectl doctor` says which roles lack what")
	}
	var answer *smithyhttp.ResponseError
	if (code == "" || code == unnamed) && errors.As(err, &answer) && answer.Response != nil {
		return explainAnswer(err, msg, answer)
	}
	return explainNetwork(err, msg)
}

// Refused says whether AWS turned away whoever asks, whatever was asked for: the
// credentials are missing, unknown or no longer good, or the clock is wrong. All
// that is asked next ends alike.
func Refused(err error) bool {
	return errors.Is(err, errNoCredentials) || slices.Contains(slices.Concat(expired, unknown, skewed), Code(err))
}

var errNoCredentials = errors.New("there are no credentials for AWS")

// explainAnswer is Explain for an answer in which there is no code of AWS: a
// gateway or a test server speaks, or AWS is not well.
func explainAnswer(err error, msg string, answer *smithyhttp.ResponseError) error {
	if answer.HTTPStatusCode() >= http.StatusInternalServerError {
		return (&diag.Error{Class: diag.Transient, Msg: msg, Err: err}).
			WithNext("try again in a minute; a server that is not AWS's (AWS_ENDPOINT_URL) may not know this operation: its own log says why")
	}
	return (&diag.Error{Class: diag.Unexpected, Msg: msg, Err: err}).
		WithNext("see who answers in AWS's place: a proxy, or the server that AWS_ENDPOINT_URL names")
}

// explainNetwork is Explain for what never reached AWS.
func explainNetwork(err error, msg string) error {
	var lookup *net.DNSError
	var network net.Error
	text := err.Error()
	switch {
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "get identity: get credentials"):
		return (&diag.Error{Class: diag.Usage, Msg: errNoCredentials.Error(), Err: errors.Join(errNoCredentials, err)}).
			WithNext("set AWS_PROFILE, or log in (`aws configure`, `aws sso login`)")
	case errors.As(err, &lookup):
		return (&diag.Error{Class: diag.Transient, Msg: msg, Err: err}).WithNext("is the region right, and the network there? try again")
	case errors.As(err, &network):
		return (&diag.Error{Class: diag.Transient, Msg: msg, Err: err}).WithNext("look at the network, and try again")
	case msg != err.Error():
		return &diag.Error{Class: diag.Unexpected, Msg: msg, Err: err} // without the SDK's own words
	}
	return err
}

// unnamed is the code that the SDK makes up for an answer that has none.
const unnamed = "UnknownError"

// Code returns AWS's own code of an error, or "".
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// wordless says what is known of an answer without a code of AWS: who gave it,
// and its status.
func wordless(answer *smithyhttp.ResponseError) string {
	who := "the service"
	if r := answer.Response.Request; r != nil && r.URL != nil {
		who += " at " + r.URL.Host
	}
	status := answer.HTTPStatusCode()
	if status >= http.StatusInternalServerError {
		return fmt.Sprintf("%s failed (HTTP %d) and does not say why", who, status)
	}
	return fmt.Sprintf("the answer of %s cannot be understood (HTTP %d)", who, status)
}

// said returns the message of an error without what the SDK says of itself: the
// words before the operation's error, then AWS's own.
func said(err error) string {
	var operation *smithy.OperationError
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	switch {
	case !errors.As(err, &operation):
		return err.Error()
	case (!errors.As(err, &api) || api.ErrorCode() == unnamed) && errors.As(err, &answer) && answer.Response != nil:
		before, _, _ := strings.Cut(err.Error(), operation.Error())
		return fmt.Sprintf("%s%s %s: %s", before, operation.Service(), operation.Operation(), wordless(answer))
	case api == nil:
		return err.Error()
	}
	words := fmt.Sprintf("%s %s: %s", operation.Service(), operation.Operation(), api.ErrorCode())
	if message := api.ErrorMessage(); message != "" {
		words += ": " + message
	}
	before, _, _ := strings.Cut(err.Error(), operation.Error())
	return before + words
}
