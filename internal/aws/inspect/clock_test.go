package inspect

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// sessionOf is a session with a server of a test.
func sessionOf(t *testing.T, handler http.HandlerFunc) *session.Session {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": ""} {
		t.Setenv(name, value)
	}
	s, err := session.Open(context.Background(), session.Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The clock is compared also with an answer that turns us away, as it does when
// the clock is wrong.
func TestClock(t *testing.T) {
	for name, test := range map[string]struct {
		ahead  time.Duration
		status int
		level  diag.Level
		text   string
	}{
		"right":           {0, 200, diag.Good, "the same"},
		"somewhat":        {30 * time.Second, 200, diag.Good, "behind"},
		"behind":          {2 * time.Minute, 200, diag.Suspect, "this clock is"},
		"far behind":      {time.Hour, 200, diag.Bad, "behind that of AWS, which refuses"},
		"far ahead":       {-time.Hour, 200, diag.Bad, "ahead of that of AWS, which refuses"},
		"far, and denied": {time.Hour, 403, diag.Bad, "behind that of AWS, which refuses"},
		"denied":          {0, 403, diag.Good, "the same"},
	} {
		s := sessionOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(test.ahead).UTC().Format(http.TimeFormat))
			w.WriteHeader(test.status)
			if test.status == 200 {
				fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			} else {
				fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
			}
		})
		f := Clock(context.Background(), s)
		remedy := ""
		if test.level != diag.Good {
			remedy = "timedatectl"
		}
		want(t, name, f, test.level, test.text, remedy)
	}
	s := sessionOf(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil; fmt.Fprint(w, "<a></a>") })
	want(t, "no date", Clock(context.Background(), s), diag.Suspect, "could not be checked", "")
	want(t, "endpoint", OtherEndpoint(s), diag.Suspect, "that answers, not AWS", "unset AWS_ENDPOINT_URL")
	t.Setenv("AWS_ENDPOINT_URL", "")
	plain, err := session.Open(context.Background(), session.Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "AWS", OtherEndpoint(plain), diag.Good, "AWS in eu-central-1", "")
}
