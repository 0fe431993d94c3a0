package inspect

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type objectAPI interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// archivePages is how many lists of 1,000 objects are looked through in each
// folder of tables.
const archivePages = 20

// Archived looks for objects of tables that are in an archive, which Athena
// leaves out without a word and everything else cannot read. Folders are those of
// the layers.
func (i *Inspector) Archived(ctx context.Context, folders ...string) diag.Finding {
	var seen, archived int
	var first, after string
	for _, folder := range folders {
		list := s3.NewListObjectsV2Paginator(i.objects, &s3.ListObjectsV2Input{Bucket: aws.String(i.names.LakeBucket),
			Prefix: aws.String(i.names.LakePrefix + folder + "/"), ExpectedBucketOwner: aws.String(i.names.Account)})
		pages := 0
		for ; list.HasMorePages() && pages < archivePages; pages++ {
			page, err := list.NextPage(ctx)
			if err != nil {
				return i.unchecked("list "+i.names.LakeBucket, err)
			}
			for _, o := range page.Contents {
				seen++
				if o.StorageClass != types.ObjectStorageClassGlacier && o.StorageClass != types.ObjectStorageClassDeepArchive {
					continue
				}
				if archived++; first == "" {
					first = aws.ToString(o.Key)
				}
			}
		}
		if list.HasMorePages() && after == "" {
			after = fmt.Sprintf("; only the first %d of %s/ were looked at", pages*1000, folder)
		}
	}
	if archived > 0 {
		return diag.Findf(diag.Bad, "%d of %d objects are archived, and Athena leaves their rows out without a word: the first is %s%s", archived, seen, first, after).
			WithRemedy("bring each back: `aws s3api restore-object --bucket %s --key KEY --restore-request Days=7`, copy it onto itself with "+
				"`--storage-class STANDARD`, and take the rule away that moves it: `aws s3api get-bucket-lifecycle-configuration --bucket %s`",
				i.names.LakeBucket, i.names.LakeBucket)
	}
	return diag.Findf(diag.Good, "none of %d objects%s", seen, after)
}
