package program

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/lakectl/lakectl/internal/diag"
)

// Variable is the environment variable that names the program.
const Variable = "LAKEHOUSE_GLUE_BINARY"

// FileName is the name of the program where it lies beside the lakectl that runs.
const FileName = "lakectl-linux-amd64"

// Places are where a program may be.
type Places struct {
	Named   string           // a file; it is the one, if this is not empty
	Running string           // the file of the lakectl that runs
	Build   *debug.BuildInfo // how that was built; nil if it is not known
}

// Here returns the places of this process; named may be empty.
func Here(named string) (Places, error) {
	p := Places{Named: named}
	var err error
	if p.Running, err = os.Executable(); err == nil {
		p.Running, err = filepath.EvalSymlinks(p.Running) // beside a link lies nothing of ours
	}
	p.Build, _ = debug.ReadBuildInfo()
	return p, err
}

// Find returns the program: the one that is named, else the one beside the
// lakectl that runs, else that itself. That there is none, or that the first one
// cannot be used, is an error of class Usage.
func (p Places) Find() (*Program, error) {
	if p.Named != "" {
		return p.look(p.Named)
	}
	beside := filepath.Join(filepath.Dir(p.Running), FileName)
	if _, err := os.Stat(beside); !errors.Is(err, fs.ErrNotExist) {
		return p.look(beside)
	}
	if p.Build != nil && setting(p.Build, "GOOS") == "linux" && setting(p.Build, "GOARCH") == "amd64" && setting(p.Build, "CGO_ENABLED") == "0" {
		return p.look(p.Running)
	}
	return nil, diag.Errorf(diag.Usage, "jobs in Glue run lakectl for Linux on x86-64 that was built without C, and there is none").WithNext("%s", p.remedy())
}

// remedy says how to come by the program.
func (p Places) remedy() string {
	return "`make build-glue` builds it; or take " + FileName + " of the same release as this lakectl, and put it into " + filepath.Dir(p.Running) +
		", or name it by " + Variable
}

// setting returns a setting of a build, "" if it is not there.
func setting(build *debug.BuildInfo, key string) string {
	for _, s := range build.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
