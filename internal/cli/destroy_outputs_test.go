package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/names"
)

func TestRemoveOutputs(t *testing.T) {
	n := names.Names{Project: "shop", Environment: "dev", Account: "123456789012", Region: "us-east-1"}
	for name, tc := range map[string]struct {
		text    string
		removed bool
	}{
		"ours":            {`{"account": "123456789012", "region": "us-east-1", "stack": "` + n.Stack() + `"}`, true},
		"another account": {`{"account": "111111111111", "region": "us-east-1", "stack": "` + n.Stack() + `"}`, false},
		"another region":  {`{"account": "123456789012", "region": "eu-west-1", "stack": "` + n.Stack() + `"}`, false},
		"broken":          {`{`, true},
		"none":            {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, outputsFolder, "dev.json")
			if tc.text != "" {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := removeOutputs(filepath.Join(dir, "lakehouse.yaml"), n)
			if err != nil || (got != "") != tc.removed {
				t.Fatalf("%q, %v", got, err)
			}
			if _, err := os.Stat(path); (err == nil) != (tc.text != "" && !tc.removed) {
				t.Errorf("the file: %v", err)
			}
		})
	}
}
