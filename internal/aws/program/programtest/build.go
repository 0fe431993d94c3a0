package programtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/aws/program"
)

// Module is the module of lakectl.
const Module = "github.com/lakectl/lakectl"

// Build builds the command cmd/lakectl of a module in an empty folder, for Linux
// on x86-64 without C, with further flags of `go build`, and returns the
// program's file. It needs no network.
func Build(ctx context.Context, dir, module string, flags ...string) (string, error) {
	if err := os.MkdirAll(filepath.Join(dir, "cmd/lakectl"), 0o755); err != nil {
		return "", err
	}
	for name, text := range map[string]string{"go.mod": "module " + module + "\n\ngo 1.24\n", "cmd/lakectl/main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	args := append([]string{"build", "-o", program.FileName}, flags...)
	c := exec.CommandContext(ctx, "go", append(args, "./cmd/lakectl")...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s in %s: %w: %s", module, dir, err, out)
	}
	return filepath.Join(dir, program.FileName), nil
}
