package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/diag"
)

// quietEnvironment hides the machine's own AWS configuration from a test.
func quietEnvironment(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": endpoint,
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
}

func stsServer(t *testing.T, account string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account><Arn>arn:aws:iam::%s:user/ann</Arn><UserId>x</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, account, account)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestIdentity(t *testing.T) {
	quietEnvironment(t, stsServer(t, "111122223333").URL)
	for _, test := range []struct{ account, want string }{
		{"", ""}, {"111122223333", ""}, {"444455556666", "the credentials are of account 111122223333, and the project is of account 444455556666"},
	} {
		s, err := Open(t.Context(), Options{Region: "eu-central-1", Account: test.account})
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.Identity(t.Context())
		if test.want == "" && (err != nil || who.Account != "111122223333" || who.ARN != "arn:aws:iam::111122223333:user/ann" || who.Region != "eu-central-1") {
			t.Errorf("%+v, %v", who, err)
		}
		if test.want != "" && (err == nil || err.Error() != test.want || diag.ClassOf(err) != diag.Usage) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

func TestOpenFails(t *testing.T) {
	quietEnvironment(t, "")
	if _, err := Open(t.Context(), Options{}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "no AWS region") {
		t.Errorf("without a region: %v", err)
	}
	if _, err := Open(t.Context(), Options{Region: "eu-central-1", Profile: "nobody"}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("with a profile that does not exist: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s, err := Open(t.Context(), Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Identity(t.Context()); diag.ClassOf(err) != diag.Usage || err.Error() != "there are no credentials for AWS" || !Refused(err) {
		t.Errorf("without credentials: %v", err)
	}
}

// An answer in which AWS says nothing names who gave it, the operation, and what
// to do; that of a service that fails may be another one the next time.
func TestAnswersWithoutACode(t *testing.T) {
	for status, test := range map[int]struct {
		class      diag.Class
		want, next string
	}{
		http.StatusInternalServerError: {diag.Transient, "ask AWS who we are: STS GetCallerIdentity: the service at HOST failed (HTTP 500) and does not say why", "AWS_ENDPOINT_URL"},
		http.StatusBadGateway:          {diag.Transient, "ask AWS who we are: STS GetCallerIdentity: the service at HOST failed (HTTP 502) and does not say why", "try again"},
		http.StatusOK:                  {diag.Unexpected, "ask AWS who we are: STS GetCallerIdentity: the answer of the service at HOST cannot be understood (HTTP 200)", "a proxy"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, "<!doctype html><title>No</title><p>The server")
		}))
		quietEnvironment(t, server.URL)
		s, err := Open(t.Context(), Options{Region: "eu-central-1"})
		if err != nil {
			t.Fatal(err)
		}
		s.Config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		_, err = s.Identity(t.Context())
		server.Close()
		want := strings.ReplaceAll(test.want, "HOST", strings.TrimPrefix(server.URL, "http://"))
		var typed *diag.Error
		if !errors.As(err, &typed) || err.Error() != want || typed.Class != test.class || !strings.Contains(typed.Next, test.next) {
			t.Errorf("HTTP %d: %v (%+v), want %s", status, err, typed, want)
		}
	}
}

func TestExplain(t *testing.T) {
	api := func(code string) error {
		return fmt.Errorf("list the jobs: %w", &smithy.OperationError{ServiceID: "Glue", OperationName: "ListJobs",
			Err: &smithy.GenericAPIError{Code: code, Message: "no"}})
	}
	for _, test := range []struct {
		err   error
		class diag.Class
		want  string
	}{
		{api("ThrottlingException"), diag.Transient, "list the jobs: Glue ListJobs: ThrottlingException: no"},
		{api("InternalServiceException"), diag.Transient, "list the jobs: Glue ListJobs: InternalServiceException: no"},
		{api("ExpiredToken"), diag.Transient, "list the jobs: Glue ListJobs: ExpiredToken: no"},
		{api("AccessDenied"), diag.Usage, "list the jobs: Glue ListJobs: AccessDenied: no"},
		{api("InvalidClientTokenId"), diag.Usage, "list the jobs: Glue ListJobs: InvalidClientTokenId: no"},
		{api("RequestTimeTooSkewed"), diag.Usage, "list the jobs: Glue ListJobs: RequestTimeTooSkewed: no"},
		{api("EntityNotFoundException"), diag.Unexpected, "list the jobs: Glue ListJobs: EntityNotFoundException: no"},
		{&net.DNSError{Name: "glue.xx-y-1.amazonaws.com"}, diag.Transient, ""},
		{context.Canceled, diag.Interrupted, ""},
		{diag.Errorf(diag.Gate, "as it was"), diag.Gate, "as it was"},
		{errors.New("anything"), diag.Unexpected, "anything"},
	} {
		err := Explain(test.err)
		if refused := test.want != "" && slices.ContainsFunc([]string{"ExpiredToken", "InvalidClientTokenId", "RequestTimeTooSkewed"}, func(code string) bool {
			return strings.Contains(test.want, code)
		}); Refused(err) != refused {
			t.Errorf("%v: refused %v", err, !refused)
		}
		if diag.ClassOf(err) != test.class || test.want != "" && err.Error() != test.want {
			t.Errorf("%v: class %v, %q, want %v, %q", test.err, diag.ClassOf(err), err, test.class, test.want)
		}
	}
	if Explain(nil) != nil {
		t.Error("nil is an error")
	}
}
