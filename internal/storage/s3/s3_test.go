package s3_test

import (
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	server, next := s3test.New(t, "lake"), 0
	storagetest.RunByContent(t, func() storage.Bucket {
		next++
		return s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: fmt.Sprintf("lake %d/", next), PartSize: 5 << 20})
	})
}

// Where the store ignores conditions but those of PutObject, they are made up for.
func TestConformanceOfLooseStore(t *testing.T) {
	server, next := s3test.NewLoose(t, "lake"), 0
	storagetest.RunByContent(t, func() storage.Bucket {
		next++
		b := s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: fmt.Sprintf("lake-%d/", next), PartSize: 5 << 20})
		if err := b.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		return b
	})
}
