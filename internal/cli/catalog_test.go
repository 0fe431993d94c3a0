package cli

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lakectl/lakectl/internal/aws/catalog/catalogtest"
	"github.com/lakectl/lakectl/internal/diag"
)

func TestCatalogOptions(t *testing.T) {
	app, _, _ := testApp(t)
	var got CatalogOptions
	keep := func(o *CatalogOptions) error { got = *o; return nil }
	if err := parse(newCatalogSyncCmd(app, keep), "gold silver.x --dry-run"); err != nil {
		t.Fatal(err)
	}
	want := CatalogOptions{Tables: []string{"gold", "silver.x"}, DryRun: true}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(CatalogOptions{}, "App")); diff != "" {
		t.Error(diff)
	}
	if err := parse(newCatalogCheckCmd(app, keep), ""); err != nil || got.DryRun || got.Tables != nil {
		t.Errorf("%v, %+v", err, got)
	}
}

// What follows a run says what was sent, and of a failure that the run stays.
func TestCatalogAfterRun(t *testing.T) {
	g := &catalogtest.Glue{}
	server := httptest.NewServer(g)
	defer server.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_GLUE": server.URL, "AWS_ENDPOINT_URL_STS": server.URL, "AWS_REGION": "eu-central-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	app, _, errs := testApp(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(app.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("lakehouse.yaml", "project: shop\nlake: ./lake\nbronze: {a: {source: a.csv}}\nsilver: {a: {columns: {id: {type: string}}}}\n")
	write("a.csv", "id,\"x,y\"\n1,2\n")
	t.Chdir(app.Dir)
	if code := app.Run(t.Context(), []string{"run", "-q"}); code != 0 {
		t.Fatal(errs.String())
	}
	app.quiet = false
	w, err := app.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := openCloud(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	g.Before = func(_ int, operation string) error {
		if operation == "UpdateTable" {
			return catalogtest.Error("AccessDeniedException")
		}
		return nil
	}
	r, err := app.syncCatalog(t.Context(), w, c)
	if r == nil || diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "update the table shop_dev_bronze.a") ||
		!strings.Contains(err.Error(), "what the run committed stays") {
		t.Errorf("%v, %+v", err, r)
	}
	g.Before = nil
	if r, err = app.syncCatalog(t.Context(), w, c); err != nil || r.Changes != 1 {
		t.Errorf("%v, %+v", err, r)
	}
	if r, err = app.syncCatalog(t.Context(), w, c); err != nil || r.Changes != 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if text := errs.String(); strings.Count(text, "catalog: 1 change sent\n") != 1 || !strings.Contains(text, "is left out of the catalog") {
		t.Error(text)
	}
}
