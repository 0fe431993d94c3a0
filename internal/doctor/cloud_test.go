package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// account is a server that knows who we are, and answers everything else with
// what a test wants.
func account(t *testing.T, other http.HandlerFunc) func(context.Context) (*session.Session, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "Action=GetCallerIdentity") {
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		other(w, r)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": ""} {
		t.Setenv(name, value)
	}
	return func(ctx context.Context) (*session.Session, error) {
		return session.Open(ctx, session.Options{Region: "eu-central-1", Account: "123456789012"})
	}
}

func notImplemented(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }

// cloudFindings runs all checks of a project.
func cloudFindings(t *testing.T, cfg *config.Config, o Options) map[string]diag.Finding {
	t.Helper()
	o.Config, o.Now, o.Memory = cfg, time.Now, 1
	o.Validate = func(context.Context) (string, []string, error) { return "all", nil, nil }
	o.OpenLake = func(ctx context.Context) (*lake.Lake, error) {
		return lake.Open(ctx, mem.New(mem.Options{}), lake.Options{})
	}
	return findings(t, Checks(o))
}

// levels counts the levels of findings.
func levels(found map[string]diag.Finding) map[diag.Level]int {
	n := map[diag.Level]int{}
	for _, f := range found {
		n[f.Level]++
	}
	return n
}

func TestOffline(t *testing.T) {
	asked := account(t, func(http.ResponseWriter, *http.Request) { t.Error("AWS was asked") })
	found := cloudFindings(t, project(t, "lake: s3://shop-lake"), Options{Offline: true, Session: asked})
	wanted(t, "identity", found["identity"], diag.Skipped, "--offline", "")
	wanted(t, "log", found["log"], diag.Skipped, "--offline", "")
	wanted(t, "folder", found["folder"], diag.Skipped, "on S3", "")
	if n := levels(found); n[diag.Bad] > 0 || n[diag.Suspect] > 0 {
		t.Errorf("%v", found)
	}
}

// Without a way to AWS a project that does not use it is in order; one that does
// is not.
func TestNoIdentity(t *testing.T) {
	none := func(context.Context) (*session.Session, error) {
		return nil, diag.Errorf(diag.Usage, "no AWS region is set").WithNext("set AWS_REGION")
	}
	found := cloudFindings(t, project(t), Options{Session: none})
	wanted(t, "not wanted", found["identity"], diag.Skipped, "does not use AWS, and there is no way to it: no AWS region is set", "")
	if levels(found)[diag.Bad] > 0 {
		t.Errorf("%v", found)
	}
	stores := project(t, "lake: s3://shop-lake", "aws: {catalog: false, metrics: false}") // of a store that is not AWS's
	wanted(t, "another store", cloudFindings(t, stores, Options{Session: none})["identity"], diag.Skipped, "does not use AWS", "")
	for _, line := range []string{"lake: s3://shop-lake", "aws: {kms: true}", `aws: {glue: {flex: true}}`, `aws: {tags: {Team: "x"}}`, `bronze: {a: {source: "s3://raw-files/in"}}`} {
		found = cloudFindings(t, project(t, line), Options{Session: none})
		wanted(t, line, found["identity"], diag.Bad, "no AWS region is set", "set AWS_REGION")
		wanted(t, line, found["clock"], diag.Skipped, "no identity", "")
		wanted(t, line, found["alarms"], diag.Skipped, "no identity", "")
	}
	silent := func(context.Context) (*session.Session, error) {
		return nil, fmt.Errorf("ask: %w", context.DeadlineExceeded)
	}
	wanted(t, "no answer", cloudFindings(t, project(t, "aws: {kms: true}"), Options{Session: silent})["identity"],
		diag.Bad, "AWS does not say who we are within 12s", "network")
	// The clock may be why AWS turns us away, so it is looked at all the same.
	denied := account(t, notImplemented)
	other := func(ctx context.Context) (*session.Session, error) {
		s, err := denied(ctx)
		if err != nil {
			return nil, err
		}
		return session.Open(ctx, session.Options{Region: s.Config.Region, Account: "999999999999"})
	}
	found = cloudFindings(t, project(t, "aws: {kms: true}"), Options{Session: other})
	wanted(t, "another account", found["identity"], diag.Bad, "the credentials are of account 123456789012", "AWS_PROFILE")
	wanted(t, "its clock", found["clock"], diag.Good, "the same", "")
	wanted(t, "its stack", found["stack"], diag.Skipped, "no identity", "")
}

// On an empty account there is one remedy, and nothing is said of what is not
// deployed.
func TestNothingDeployed(t *testing.T) {
	empty := account(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), "Action=DescribeStacks"):
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id shop-dev does not exist</Message></Error></ErrorResponse>`)
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.WriteHeader(http.StatusNotImplemented)
		}
	})
	found := cloudFindings(t, project(t), Options{Session: empty})
	wanted(t, "stack, not wanted", found["stack"], diag.Suspect, "nothing is deployed", "`lakectl deploy`")
	wanted(t, "lake bucket, not wanted", found["lake bucket"], diag.Skipped, "nothing is deployed", "")
	found = cloudFindings(t, project(t, "lake: s3://shop-lake"), Options{Session: empty, CatalogDifferences: func(context.Context) (int, error) { return 0, nil }})
	wanted(t, "stack", found["stack"], diag.Bad, "nothing is deployed", "`lakectl deploy`")
	wanted(t, "lake bucket", found["lake bucket"], diag.Bad, "there is no bucket shop-lake", "`lakectl deploy`")
	wanted(t, "raw files", found["raw files"], diag.Skipped, "none are on S3", "")
	wanted(t, "you", found["your permissions"], diag.Suspect, "does not have the operation", "")
	for _, name := range []string{"role of jobs", "job gold", "alarms", "subscription", "catalog", "archived objects", "databases", "scripts bucket"} {
		wanted(t, name, found[name], diag.Skipped, "nothing is deployed", "")
	}
}

// An endpoint that has no operations but one fails no check.
func TestNoOperations(t *testing.T) {
	found := cloudFindings(t, project(t, "lake: s3://shop-lake", "aws: {kms: true}", "snowflake: {account: x}"),
		Options{Session: account(t, notImplemented)})
	if n := levels(found); n[diag.Bad] > 0 || n[diag.Suspect] < 18 {
		t.Errorf("%v: %v", n, found)
	}
	for name, f := range found {
		if f.Level == diag.Suspect && name != "endpoint" && !strings.HasPrefix(f.Text, "could not be checked: ") {
			t.Errorf("%s: %s", name, f.Text)
		}
	}
}

func TestCatalogDifferences(t *testing.T) {
	for name, test := range map[string]struct {
		n            int
		err          error
		level        diag.Level
		text, remedy string
	}{
		"same":    {0, nil, diag.Good, "the same as the lake", ""},
		"differs": {3, nil, diag.Bad, "in 3 places", "`lakectl catalog sync`"},
		"unknown": {0, errors.New("denied"), diag.Suspect, "could not be checked: denied", ""},
	} {
		c := newCloud(Options{CatalogDifferences: func(context.Context) (int, error) { return test.n, test.err }})
		wanted(t, name, c.catalog(context.Background()), test.level, test.text, test.remedy)
	}
}
