//go:build e2e

package awstest

import (
	"os"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// moto leads a test to the server of this run, and hides the machine's own
// configuration of AWS from it.
func moto(t *testing.T) *session.Session {
	t.Helper()
	endpoint := os.Getenv("E2E_AWS_ENDPOINT")
	if endpoint == "" {
		t.Fatal("E2E_AWS_ENDPOINT is not set: `make e2e-aws` starts a server and sets it to its address")
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_REGION": "eu-central-1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	s, err := session.Open(t.Context(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
