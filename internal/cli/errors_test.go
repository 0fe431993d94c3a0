package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

func TestErrorsArePrintedOnceEach(t *testing.T) {
	one := diag.Errorf(diag.Partial, "a.csv: torn").WithNext("send it again")
	two := diag.Errorf(diag.Partial, "b.csv: torn").WithNext("send it again")
	gate := diag.Errorf(diag.Gate, "a gate failed:\n  too many\x1b[31m").WithNext("look")
	problems := diag.List{{Pos: diag.Pos{File: "f.yaml", Line: 1, Column: 2}, Message: "wrong", Hint: "do this"}, {Pos: diag.Pos{File: "f.yaml"}, Message: "bad"}}.Err()
	for name, test := range map[string]struct {
		err  error
		code int
		want string
	}{
		"plain":            {errors.New("x"), 1, "lakectl: x\n"},
		"next":             {one, 5, "lakectl: a.csv: torn\nnext: send it again\n"},
		"wrapped":          {fmt.Errorf("run: %w", one), 5, "lakectl: run: a.csv: torn\nnext: send it again\n"},
		"joined":           {errors.Join(one, two), 5, "lakectl: a.csv: torn\nlakectl: b.csv: torn\nnext: send it again\n"},
		"repeated":         {errors.Join(one, errors.Join(one)), 5, "lakectl: a.csv: torn\nnext: send it again\n"},
		"different":        {errors.Join(gate, one), 3, "lakectl: a gate failed:\n  too many\\x1b[31m\nnext: look\nlakectl: a.csv: torn\nnext: send it again\n"},
		"words of its own": {fmt.Errorf("%w and %w", one, two), 5, "lakectl: a.csv: torn and b.csv: torn\nnext: send it again\n"},
		"problems":         {problems, 2, "lakectl: 2 problems in f.yaml\nf.yaml:1:2: wrong; do this\nf.yaml: bad\n"},
		"cancelled":        {fmt.Errorf("read: %w", context.Canceled), 130, "lakectl: interrupted\nnext: run the same command again: nothing is half-published\n"},
	} {
		app, out, errs := testApp(t)
		if code := app.fail(context.Background(), test.err); code != test.code || errs.String() != test.want || out.String() != "" {
			t.Errorf("%s: exit %d, %q; want %d, %q", name, code, errs.String(), test.code, test.want)
		}
	}
}

func TestErrorsAsJSON(t *testing.T) {
	app, out, errs := testApp(t)
	app.json = true
	err := errors.Join(diag.Errorf(diag.Partial, "a.csv: torn").WithNext("send it again"),
		diag.List{{Pos: diag.Pos{File: "f", Line: 1}, Message: "<m>"}}.Err())
	if code := app.fail(context.Background(), err); code != 2 || out.String() != "" {
		t.Errorf("exit %d, printed %q", code, out.String())
	}
	var got map[string]jsonError
	if err := json.Unmarshal([]byte(errs.String()), &got); err != nil {
		t.Fatal(err)
	}
	e := got["error"]
	if e.Class != "usage" || e.ExitCode != 2 || e.Message != "a.csv: torn\n1 problem in f" || e.Next != "send it again" || len(e.Problems) != 1 {
		t.Errorf("got %+v", e)
	}
	if !strings.Contains(errs.String(), "<m>") {
		t.Error("JSON is escaped for HTML")
	}
}

func TestInterruptedWins(t *testing.T) {
	app, _, errs := testApp(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code := app.fail(ctx, errors.New("a file was closed")); code != 130 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit %d, %q", code, errs.String())
	}
}

// All that is asked with credentials that are no longer good fails alike: that is
// said once, beside what else went wrong.
func TestOneCauseIsSaidOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>no</Message></Error></ErrorResponse>`)
	}))
	defer server.Close()
	for name, value := range glueEnvironment(server.URL) {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	aws, err := session.Open(t.Context(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, refused := aws.Identity(t.Context())
	err = errors.Join(errors.New("a gate"), refused, errors.Join(notSent(refused), errors.New("a file")), fmt.Errorf("again: %w", refused))
	var said []string
	for _, f := range failures(diag.ClassOf(err), err) {
		said = append(said, f.message)
	}
	if got, want := strings.Join(said, "|"), "a gate|ask AWS who we are: STS GetCallerIdentity: ExpiredToken: no|a file"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
