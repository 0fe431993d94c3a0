package pipeline

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// A run whose lock is taken away stops, and says that and nothing else.
func TestLostLease(t *testing.T) {
	b := mem.New(mem.Options{})
	l, err := lake.Open(t.Context(), b, lake.Options{LeaseTTL: time.Second / 10})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := l.Lock(t.Context(), lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := whileHeld(t.Context(), lease)
	defer stop()
	own := errors.New("of its own")
	if err := orLost(ctx, own, lease); !errors.Is(err, own) {
		t.Errorf("while the lease is held: %v", err)
	}
	if _, err := l.Break(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the run goes on")
	}
	gate := diag.Errorf(diag.Gate, "a gate failed")
	for err, want := range map[error]diag.Class{context.Canceled: diag.Locked, own: diag.Locked, gate: diag.Gate} {
		if got := orLost(ctx, err, lease); diag.ClassOf(got) != want {
			t.Errorf("%v: %v", err, got)
		}
	}
	if err := orLost(ctx, nil, lease); err != nil {
		t.Error(err)
	}
}
