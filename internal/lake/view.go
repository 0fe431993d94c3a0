package lake

import (
	"context"

	"github.com/lakectl/lakectl/internal/storage"
)

// Open opens a file as it will be after the commit: what was staged for its
// path, else what is there now. The caller closes it.
func (tx *Tx) Open(ctx context.Context, path string) (storage.Object, error) {
	tx.mu.Lock()
	_, staged := tx.staged[path]
	tx.mu.Unlock()
	if staged {
		path = tx.stage.file(path)
	}
	return tx.lake.bucket.Open(ctx, path)
}
