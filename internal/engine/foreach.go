package engine

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// ForEach calls do for each task 0..n-1, on so many workers at a time, tasks
// being taken in order. The first error cancels the others' context and is
// returned; no call is running any more then.
func ForEach(ctx context.Context, workers, n int, do func(ctx context.Context, worker, task int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for worker := range max(1, min(workers, n)) {
		group.Go(func() error {
			for {
				task := int(next.Add(1)) - 1
				if task >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return context.Cause(ctx)
				}
				if err := do(ctx, worker, task); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}
