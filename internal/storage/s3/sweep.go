package s3

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/storage"
)

// abandoned is how old an upload must be to belong to no living writer: no run
// holds one open for so long.
const abandoned = 24 * time.Hour

// Sweep implements storage.Sweeper: it aborts uploads that crashes left, and
// removes the objects of probes.
func (b *Bucket) Sweep(ctx context.Context, folders ...string) error {
	for _, folder := range folders {
		if err := b.sweepUploads(ctx, strings.TrimSuffix(folder, "/")+"/"); err != nil {
			return err
		}
	}
	for info, err := range b.List(ctx, probeDir) {
		if err != nil {
			return err
		}
		if time.Since(info.Modified) < abandoned {
			continue // perhaps of a probe under way
		}
		if err := b.Delete(ctx, info.Name, storage.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket) sweepUploads(ctx context.Context, prefix string) error {
	pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{Bucket: b.bucket(), Prefix: b.key(prefix), ExpectedBucketOwner: b.owner()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.explain("list the uploads of", prefix, err)
		}
		for _, u := range page.Uploads {
			key := aws.ToString(u.Key)
			if time.Since(aws.ToTime(u.Initiated)) < abandoned || !strings.HasPrefix(key, *b.key(prefix)) {
				continue
			}
			one := upload{bucket: b, name: strings.TrimPrefix(key, b.opts.Prefix), id: u.UploadId}
			one.abort(ctx)
		}
	}
	return nil
}
