package cli

import (
	"context"
	"slices"

	"github.com/lakectl/lakectl/internal/aws/ops"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/diag"
)

// preflight finds what would be in the way of the stack: the names of buckets
// are the whole world's. One of ours that is there already, of a stack that was
// deleted or made by hand, is taken over; one of somebody else's is an error
// before anything is begun.
func (d *deployment) preflight(ctx context.Context) error {
	inStack, err := d.engine.Resources(ctx)
	if err != nil {
		return err
	}
	n := d.cloud.Names
	api := ops.Client(d.cloud.Session)
	for _, bucket := range []string{n.LakeBucket, n.LogsBucket()} {
		if slices.ContainsFunc(inStack, func(r stack.Resource) bool { return r.Physical == bucket }) {
			continue
		}
		state, err := ops.Look(ctx, api, bucket, n)
		if err != nil {
			return err
		}
		switch state {
		case ops.Ours:
			d.adopted = append(d.adopted, bucket)
		case ops.Foreign:
			return diag.Errorf(diag.Usage, "the bucket %s exists, and is not of account %s (or you may not see it)", bucket, n.Account).
				WithNext("choose another `project:` or `lake:` in %s, or ask for s3:ListBucket on it", d.Config.File)
		}
	}
	return nil
}
