package s3

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/storage"
)

// List implements storage.Bucket. The empty objects that consoles make for
// folders are left out.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: b.bucket(), Prefix: b.key(prefix), ExpectedBucketOwner: b.owner()})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Info{}, b.explain("list", prefix, err))
				return
			}
			for i := range page.Contents {
				o := &page.Contents[i]
				if folderMarker(aws.ToString(o.Key), aws.ToInt64(o.Size)) {
					continue
				}
				if err := ctx.Err(); err != nil {
					yield(storage.Info{}, err)
					return
				}
				if !yield(b.listed(o), nil) {
					return
				}
			}
		}
	}
}

func (b *Bucket) listed(o *types.Object) storage.Info {
	return storage.Info{Name: strings.TrimPrefix(aws.ToString(o.Key), b.opts.Prefix), Size: aws.ToInt64(o.Size),
		Version: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified).UTC()}
}
