package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
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
	switch {
	case err == nil, errors.As(err, &typed):
		return err
	case WithoutCredentials(err):
		// What is below is not wrapped: a deadline in it is that of the SDK, which
		// asked the machine for credentials, and none of ours.
		return diag.Errorf(diag.Usage, "%s", whyNone(err)).WithNext("set AWS_PROFILE, or log in (`aws configure`, `aws sso login`)")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
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
	if next, class := byStatus(err); next != "" {
		return as(class, "%s", next)
	}
	return explainNetwork(err, msg)
}

// byStatus says what to do about an error of which no code is known, as proxies
// and other servers answer, by its HTTP status; nothing if that says nothing.
func byStatus(err error) (next string, class diag.Class) {
	var answer *smithyhttp.ResponseError
	if code := Code(err); code != "" && code != unknownCode || !errors.As(err, &answer) {
		return "", diag.OK
	}
	switch status := answer.HTTPStatusCode(); {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return "it was refused: look at the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID, ~/.aws), and at proxies on the way", diag.Usage
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return "try again in a minute; a server that is not AWS's (AWS_ENDPOINT_URL) may not know this operation: its own log says why", diag.Transient
	case status != 0:
		return "see who answers in AWS's place: a proxy, or the server that AWS_ENDPOINT_URL names", diag.Unexpected
	}
	return "", diag.OK
}

// explainNetwork is Explain for what never reached AWS.
func explainNetwork(err error, msg string) error {
	var lookup *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &lookup):
		return (&diag.Error{Class: diag.Transient, Msg: msg, Err: err}).WithNext("is the region right, and the network there? try again")
	case errors.As(err, &network):
		return (&diag.Error{Class: diag.Transient, Msg: msg, Err: err}).WithNext("look at the network, and try again")
	case msg != err.Error():
		return &diag.Error{Class: diag.Unexpected, Msg: msg, Err: err} // without the SDK's own words
	}
	return err
}

// refreshing is what the SDK says before the reason why it has no credentials.
const refreshing = "failed to refresh cached credentials"

// WithoutCredentials says whether an error is that there are no credentials. It
// may have the status of an answer in it: that of who was asked for them.
func WithoutCredentials(err error) bool {
	text := err.Error() // the SDK has no type for it
	return strings.Contains(text, refreshing) || strings.Contains(text, "get identity: get credentials")
}

// Refused says whether AWS turned away whoever asks, whatever was asked for: the
// credentials are missing, unknown or no longer good, or the clock is wrong. All
// that is asked next ends alike.
func Refused(err error) bool {
	return err != nil && (WithoutCredentials(err) || slices.Contains(slices.Concat(expired, unknown, skewed), Code(err)))
}

// whyNone says that there are no credentials, and why, unless that is that the
// last place where the SDK looks, the machine itself, has none either.
func whyNone(err error) string {
	const none = "there are no credentials for AWS"
	_, why, found := strings.Cut(err.Error(), refreshing+", ")
	if !found || strings.Contains(why, "EC2 IMDS") {
		return none
	}
	return none + ": " + why
}

// Code returns AWS's own code of an error, or "".
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// said returns the message of an error without what the SDK says of itself: the
// words before the operation's error, then AWS's own.
func said(err error) string {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return err.Error()
	}
	before, _, _ := strings.Cut(err.Error(), operation.Error())
	return before + operation.Service() + " " + operation.Operation() + ": " + answerOf(operation)
}

// answerOf says what AWS answered to an operation.
func answerOf(operation *smithy.OperationError) string {
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	known := errors.As(operation, &api)
	switch {
	case (!known || api.ErrorCode() == unknownCode) && errors.As(operation, &answer) && answer.Response != nil && answer.HTTPStatusCode() != 0:
		return wordless(answer)
	case known && api.ErrorMessage() != "":
		return api.ErrorCode() + ": " + api.ErrorMessage()
	case known:
		return api.ErrorCode()
	}
	return unanswered(operation)
}

// wordless says what is known of an answer without a code of AWS: who gave it,
// and its status.
func wordless(answer *smithyhttp.ResponseError) string {
	who := "the service"
	if r := answer.Response.Request; r != nil && r.URL != nil {
		who += " at " + r.URL.Host
	}
	switch status := answer.HTTPStatusCode(); {
	case status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s failed (HTTP %d) and does not say why", who, status)
	case status >= http.StatusBadRequest:
		return fmt.Sprintf("%s refused (HTTP %d) and does not say why", who, status)
	default:
		return fmt.Sprintf("the answer of %s cannot be understood (HTTP %d)", who, status)
	}
}

// unknownCode is what the SDK says where an answer has no code.
const unknownCode = "UnknownError"

// unanswered says why there was no answer, without the attempts that the SDK
// counts and the address of the request.
func unanswered(operation *smithy.OperationError) string {
	var lookup *net.DNSError
	var sent *url.Error
	var dialled *net.OpError
	switch {
	case errors.As(operation, &lookup):
		return fmt.Sprintf("the host %s cannot be found", lookup.Name)
	case errors.As(operation, &sent) && sent.Timeout():
		return "no answer came in time from " + hostOf(sent.URL)
	case errors.As(operation, &sent) && errors.As(sent.Err, &dialled) && dialled.Op == "dial": // whose words have the address, too
		return fmt.Sprintf("%s cannot be reached: %s", hostOf(sent.URL), dialled.Err)
	case errors.As(operation, &sent):
		return fmt.Sprintf("%s cannot be reached: %s", hostOf(sent.URL), sent.Err)
	}
	return operation.Err.Error()
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}
