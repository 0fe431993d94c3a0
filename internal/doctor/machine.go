package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lakectl/lakectl/internal/diag"
)

func machineChecks(memory int64) []Check {
	return []Check{
		{Group: Machine, Name: "memory", Run: func(context.Context) diag.Finding {
			free, source := freeMemory()
			return judgeMemory(free, source, memory)
		}},
		{Group: Machine, Name: "temporary files", Run: func(context.Context) diag.Finding { return spillRoom(os.TempDir(), memory) }},
	}
}

// judgeMemory says whether a run has the memory that it takes. Source is what
// sets the limit: the machine or a container; "" if nothing is known.
func judgeMemory(free int64, source string, takes int64) diag.Finding {
	switch {
	case source == "":
		return diag.Findf(diag.Skipped, "this system does not say how much memory is free")
	case free < takes:
		return diag.Findf(diag.Suspect, "%s of %s is free, and a run takes up to %s", bytes(free), source, bytes(takes)).
			WithRemedy("`lakectl run --memory %dMiB`, or more memory", max(64, free/2>>20))
	}
	return diag.Findf(diag.Good, "%s of %s is free; a run takes up to %s", bytes(free), source, bytes(takes))
}

// spillRoom looks whether what does not fit in memory can go to disk.
func spillRoom(dir string, memory int64) diag.Finding {
	const remedy = "set TMPDIR to a folder with room"
	f, err := os.CreateTemp(dir, "lakectl-doctor-*.tmp")
	if err != nil {
		return diag.Findf(diag.Bad, "no file can be made in %s, where goes what does not fit in memory: %v", dir, err).WithRemedy(remedy)
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return diag.Findf(diag.Bad, "%v", err).WithRemedy(remedy)
	}
	return judgeRoom(dir, memory, remedy)
}

// judgeRoom says whether a folder has room for so much.
func judgeRoom(dir string, wanted int64, remedy string) diag.Finding {
	free, err := freeDisk(dir)
	switch {
	case err != nil:
		return diag.Findf(diag.Suspect, "it is not known how much room %s has: %v", dir, err)
	case free == 0:
		return diag.Findf(diag.Bad, "%s is full", dir).WithRemedy("%s", remedy)
	case free < wanted:
		return diag.Findf(diag.Suspect, "%s has room for %s only", dir, bytes(free)).WithRemedy("%s", remedy)
	}
	return diag.Findf(diag.Good, "%s has room for %s", dir, bytes(free))
}

// freeDisk returns how many bytes we may yet write to the disk of a folder.
func freeDisk(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // it is of another type on other systems
}

// bytes writes an amount as people say it.
func bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return strings.Replace(fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)), ".0", "", 1)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
