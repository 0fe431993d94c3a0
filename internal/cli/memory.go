package cli

import "runtime/debug"

// gcPercent makes the garbage collector run when the heap has grown by half:
// batches die young, and the memory that a run may take is better used by rows
// than by what nobody needs any more.
const gcPercent = 50

// boundMemory keeps the process near the memory that a run may take. Operators
// keep to their budget by themselves; this makes the collector run more often
// when buffers come near the limit.
func boundMemory(limit int64) {
	debug.SetGCPercent(gcPercent)
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
}
