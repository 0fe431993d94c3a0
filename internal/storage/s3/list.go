package s3

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/storage"
)

// List implements storage.Bucket. The empty objects that consoles make for
// folders are left out. Names are asked for in the escapes of addresses: the XML
// of the answer cannot carry all characters that they may have.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: b.bucket(), Prefix: b.key(prefix),
			ExpectedBucketOwner: b.owner(), EncodingType: types.EncodingTypeUrl})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Info{}, b.explain("list", prefix, err))
				return
			}
			for i := range page.Contents {
				o := &page.Contents[i]
				if err := unescape(o, page.EncodingType); err != nil {
					yield(storage.Info{}, b.explain("list", prefix, err))
					return
				}
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

// unescape brings the key of a listed object back to what it is. Servers that do
// not know of escapes say nothing of them, and have not used any.
func unescape(o *types.Object, encoding types.EncodingType) error {
	if encoding != types.EncodingTypeUrl {
		return nil
	}
	key, err := url.QueryUnescape(aws.ToString(o.Key)) // a blank may be a +
	if err != nil {
		return fmt.Errorf("the server escapes a name in a way that is none: %w", err)
	}
	o.Key = &key
	return nil
}

func (b *Bucket) listed(o *types.Object) storage.Info {
	return storage.Info{Name: strings.TrimPrefix(aws.ToString(o.Key), b.opts.Prefix), Size: aws.ToInt64(o.Size),
		Version: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified).UTC()}
}
