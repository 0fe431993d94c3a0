package budget

import (
	"sync"
	"testing"
)

func TestReserveRefusesAboveTheLimit(t *testing.T) {
	b := New(100)
	if !b.Reserve(60) || b.Reserve(41) || !b.Reserve(40) {
		t.Fatal("reserve 60, refuse 41, reserve 40 of 100")
	}
	b.Release(100)
	b.Take(150)
	if b.Used() != 150 || b.Peak() != 150 || b.Reserve(1) {
		t.Fatalf("used %d, peak %d", b.Used(), b.Peak())
	}
}

func TestNilHasNoLimit(t *testing.T) {
	var b *Budget
	b.Take(1)
	b.Release(1)
	if !b.Reserve(1<<62) || b.Used() != 0 || b.Peak() != 0 {
		t.Fatal("a nil budget refuses or counts")
	}
}

func TestConcurrentReserveNeverExceeds(t *testing.T) {
	b := New(1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if b.Reserve(7) {
					b.Release(7)
				}
			}
		})
	}
	wg.Wait()
	if b.Used() != 0 || b.Peak() > 1000 {
		t.Fatalf("used %d, peak %d", b.Used(), b.Peak())
	}
}
