package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriting has the system begin to write a file to disk, so that a later
// sync has less to wait for. It is only a hint.
func startWriting(f *os.File) {
	_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
