package lake

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// bootID joins the id of the boot with that of the space of process numbers.
func bootID() string {
	boot, err1 := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, err2 := os.Readlink("/proc/self/ns/pid")
	if err1 != nil || err2 != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + space
}

// processStart returns when a process started, in clock ticks since the boot,
// or "" if that cannot be read or the process is a zombie.
func processStart(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is the command in parentheses, which may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19 // fields 3 and 22 of the line
	if len(fields) <= start || string(fields[state]) == "Z" || string(fields[state]) == "X" {
		return ""
	}
	return string(fields[start])
}

// processGone says whether the process with that number and start is gone. A
// process of another user may be hidden in /proc, but not from kill.
func processGone(pid int, started string) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	now := processStart(pid)
	return now != "" && now != started
}
