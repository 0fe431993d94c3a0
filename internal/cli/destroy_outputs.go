package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/aws/names"
)

// removeOutputs removes what the deployment wrote of itself beside file, which is
// lakehouse.yaml: it is no more. Outputs of another account or region stay, as
// that deployment does. It returns the path of what it removed, if anything.
func removeOutputs(file string, n names.Names) (string, error) {
	path := filepath.Join(filepath.Dir(file), outputsFolder, n.Environment+".json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the outputs of the deployment: %w", err)
	}
	var of struct{ Account, Region, Stack string }
	if json.Unmarshal(data, &of) == nil && (of.Account != n.Account || of.Region != n.Region || of.Stack != n.Stack()) {
		return "", nil
	}
	if err := os.Remove(path); err != nil {
		return "", fmt.Errorf("remove the outputs of the deployment: %w", err)
	}
	return path, nil
}
