package athena

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
)

// Unload has Athena write the rows of a statement as files of Parquet below a
// place in S3, such as s3://bucket/folder, where there must be nothing yet. They
// never come to this machine.
func (e *Engine) Unload(ctx context.Context, st query.Statement, place string) (query.Stats, error) {
	bucket, prefix, ok := strings.Cut(strings.TrimPrefix(place, "s3://"), "/")
	if prefix = strings.Trim(prefix, "/"); !strings.HasPrefix(place, "s3://") || bucket == "" || !ok || prefix == "" {
		return query.Stats{}, diag.Errorf(diag.Usage, "%s is no folder in S3", place).WithNext("write it as s3://bucket/folder")
	}
	if err := st.OnlyReads(); err != nil {
		return query.Stats{}, err
	}
	if err := e.afford(ctx, st); err != nil {
		return query.Stats{}, err
	}
	empty, err := e.o.Empty(ctx, bucket, prefix+"/")
	if err != nil {
		return query.Stats{}, err
	}
	if !empty {
		return query.Stats{}, diag.Errorf(diag.Usage, "s3://%s/%s is not empty, and Athena would add to what is there", bucket, prefix).
			WithNext("name a folder that is not there yet")
	}
	sql, values := e.text(st)
	place = "s3://" + bucket + "/" + prefix + "/"
	x, err := e.execute(ctx, "unload ("+sql+"\n) to '"+strings.ReplaceAll(place, "'", "''")+"' with (format = 'PARQUET', compression = 'SNAPPY')", values)
	if err != nil {
		return query.Stats{}, err
	}
	r := &result{x: x, took: time.Since(x.began)}
	if err := e.afforded(x); err != nil {
		return query.Stats{}, err
	}
	stats := r.Stats()
	stats.Location = place
	page, err := e.page(ctx, x, nil)
	if err != nil {
		return stats, fmt.Errorf("the rows are in %s; how many was not told: %w", place, err)
	}
	stats.Rows = aws.ToInt64(page.UpdateCount) // how Athena says how many were written
	return stats, nil
}
