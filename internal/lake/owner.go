package lake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Owner is the process that holds a lease.
type Owner struct {
	Host string `json:"host"`
	// Boot tells this run of the host's system, and this set of process
	// numbers (a container has its own), from any other; "" if not known.
	Boot    string `json:"boot,omitempty"`
	PID     int    `json:"pid"`
	Started string `json:"started,omitempty"` // when the process started, in units of its system; "" if not known
	Command string `json:"command,omitempty"`
}

// CurrentOwner describes this process.
func CurrentOwner() Owner {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	pid := os.Getpid()
	command := []string{filepath.Base(os.Args[0])}
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		command = append(command, os.Args[1]) // no more: an argument may be secret
	}
	return Owner{Host: host, Boot: bootID(), PID: pid, Started: processStart(pid), Command: strings.Join(command, " ")}
}

// String says who it is.
func (o Owner) String() string {
	s := fmt.Sprintf("process %d on %s", o.PID, o.Host)
	if o.Command != "" {
		s += fmt.Sprintf(" (%s)", o.Command)
	}
	return s
}

// Gone says whether the process is certainly dead, as seen by the process
// self: it ran on the same host since the same boot, and no process has its
// number and start time any more. Where that cannot be known it is false.
func (o Owner) Gone(self Owner) bool {
	if o.Host != self.Host || o.Boot != self.Boot || o.Boot == "" || o.Started == "" {
		return false
	}
	return processGone(o.PID, o.Started)
}
