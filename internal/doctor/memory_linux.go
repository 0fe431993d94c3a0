package doctor

import (
	"os"
	"strconv"
	"strings"
)

// freeMemory returns how many bytes a process may yet take, and what limits it.
func freeMemory() (free int64, source string) {
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		free, source = available(string(text)), "the memory of this machine"
	}
	limit, err1 := number("/sys/fs/cgroup/memory.max") // "max" is no number, and no limit
	used, err2 := number("/sys/fs/cgroup/memory.current")
	if room := limit - used; err1 == nil && err2 == nil && (source == "" || room < free) {
		free, source = room, "the memory of this container"
	}
	return free, source
}

func number(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// available finds what is free in the text of /proc/meminfo.
func available(text string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
