package mem_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func() storage.Bucket { return mem.New(mem.Options{}) })
}

func TestConformanceKeep(t *testing.T) {
	storagetest.Run(t, func() storage.Bucket { return mem.New(mem.Options{Keep: true}) })
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := mem.New(mem.Options{Clock: func() time.Time { return now }})
	info, err := storage.WriteAll(t.Context(), b, "x", nil, storage.CreateOptions{})
	if err != nil || !info.Modified.Equal(now) {
		t.Errorf("%+v, %v", info, err)
	}
}
