package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	if _, err = s.Identity(t.Context()); diag.ClassOf(err) != diag.Usage || err.Error() != "there are no credentials for AWS" {
		t.Errorf("without credentials: %v", err)
	}
}

// TestWithoutCredentials is about why there are none: the SDK's own deadline
// for asking the machine is none of ours, and an answer of the machine none of
// AWS's; what a profile says is told.
func TestWithoutCredentials(t *testing.T) {
	quietEnvironment(t, "")
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer refuses.Close()
	profiles := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(profiles, []byte("[profile broken]\ncredential_process = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": refuses.URL, "AWS_CONFIG_FILE": profiles} {
		t.Setenv(name, value)
	}
	for profile, want := range map[string]string{"": "there are no credentials for AWS",
		"broken": "there are no credentials for AWS: process provider error: error in credential_process: exit status 1"} {
		s, err := Open(t.Context(), Options{Region: "eu-central-1", Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Identity(t.Context()); diag.ClassOf(err) != diag.Usage || err.Error() != want {
			t.Errorf("%q: %v, want %s", profile, err, want)
		}
	}
	sdk := &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity",
		Err: fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, %w", context.DeadlineExceeded)}
	if err := Explain(sdk); diag.ClassOf(err) != diag.Usage || err.Error() != "there are no credentials for AWS" || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the machine does not answer: %v", err)
	}
}

// TestWithoutAnswer is about what is said where AWS does not answer, or somebody
// else does.
func TestWithoutAnswer(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	proxy := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	for _, test := range []struct {
		endpoint, want, next string
		class                diag.Class
	}{
		{closed.URL, strings.TrimPrefix(closed.URL, "http://") + " cannot be reached: connect: connection refused", "network", diag.Transient},
		{"http://nobody.invalid", "the host nobody.invalid cannot be found", "is the region right", diag.Transient},
		{proxy(http.StatusForbidden), "the service at HOST refused (HTTP 403) and does not say why", "credentials", diag.Usage},
		{proxy(http.StatusBadGateway), "the service at HOST failed (HTTP 502) and does not say why", "try again", diag.Transient},
	} {
		quietEnvironment(t, test.endpoint)
		s, err := Open(t.Context(), Options{Region: "eu-central-1"})
		if err != nil {
			t.Fatal(err)
		}
		s.Config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		_, err = s.Identity(t.Context())
		var typed *diag.Error
		if want := "ask AWS who we are: STS GetCallerIdentity: " + strings.ReplaceAll(test.want, "HOST", strings.TrimPrefix(test.endpoint, "http://")); !errors.As(err, &typed) || err.Error() != want || typed.Class != test.class || !strings.Contains(typed.Next, test.next) {
			t.Errorf("%s: %v (%+v), want %s", test.endpoint, err, typed, want)
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
