package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// How many partitions Glue takes in one call.
const (
	maxGet    = 1000
	maxPut    = 100
	maxDelete = 25
	maxPage   = 1000
)

// partitions are those of one table of the catalog.
type partitions struct {
	api            partitionAPI
	wait           func(context.Context, int) error
	t              *target
	database, name *string
}

func (c *Catalog) partitions(t *target) *partitions {
	return &partitions{c.api, c.wait, t, aws.String(t.database), aws.String(t.name)}
}

// all reads all partitions.
func (p *partitions) all(ctx context.Context) ([]types.Partition, error) {
	var list []types.Partition
	pages := glue.NewGetPartitionsPaginator(p.api, &glue.GetPartitionsInput{DatabaseName: p.database, TableName: p.name, MaxResults: aws.Int32(maxPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Explain(fmt.Errorf("read the partitions of %s: %w", p.t.full(), err))
		}
		list = append(list, page.Partitions...)
	}
	return list, nil
}

// these reads some partitions, those of them that there are.
func (p *partitions) these(ctx context.Context, values [][]string) ([]types.Partition, error) {
	slices.SortFunc(values, slices.Compare)
	var list []types.Partition
	for chunk := range slices.Chunk(values, maxGet) {
		keys := make([]types.PartitionValueList, len(chunk))
		for i, v := range chunk {
			keys[i] = types.PartitionValueList{Values: v}
		}
		for len(keys) > 0 {
			out, err := p.api.BatchGetPartition(ctx, &glue.BatchGetPartitionInput{DatabaseName: p.database, TableName: p.name, PartitionsToGet: keys})
			if err != nil {
				return nil, session.Explain(fmt.Errorf("read partitions of %s: %w", p.t.full(), err))
			}
			list = append(list, out.Partitions...)
			if len(out.UnprocessedKeys) >= len(keys) {
				return nil, diag.Errorf(diag.Transient, "Glue does not return %d partitions of %s", len(keys), p.t.full()).WithNext("try again in a minute")
			}
			keys = out.UnprocessedKeys // the answer was too large for them
		}
	}
	return list, nil
}

// create adds partitions. Those that are there meanwhile are updated.
func (p *partitions) create(ctx context.Context, list []partition) error {
	var there []changed
	inputs := make([]types.PartitionInput, len(list))
	byKey := map[string]partition{}
	for i, part := range list {
		inputs[i], byKey[key(part.values)] = partitionInput(p.t, part, nil), part
	}
	err := send(ctx, batch[types.PartitionInput]{"create", p, maxPut, func(in types.PartitionInput) []string { return in.Values },
		func(chunk []types.PartitionInput) ([]types.PartitionError, error) {
			out, err := p.api.BatchCreatePartition(ctx, &glue.BatchCreatePartitionInput{DatabaseName: p.database, TableName: p.name, PartitionInputList: chunk})
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(out.Errors, func(e types.PartitionError) bool {
				if code(e) != exists {
					return false
				}
				there = append(there, changed{byKey[key(e.PartitionValues)], nil})
				return true
			}), nil
		}}, inputs)
	if err != nil {
		return err
	}
	return p.update(ctx, there)
}

// update changes partitions.
func (p *partitions) update(ctx context.Context, list []changed) error {
	entries := make([]types.BatchUpdatePartitionRequestEntry, len(list))
	for i, part := range list {
		in := partitionInput(p.t, part.partition, part.have)
		entries[i] = types.BatchUpdatePartitionRequestEntry{PartitionInput: &in, PartitionValueList: part.values}
	}
	return send(ctx, batch[types.BatchUpdatePartitionRequestEntry]{"update", p, maxPut,
		func(e types.BatchUpdatePartitionRequestEntry) []string { return e.PartitionValueList },
		func(chunk []types.BatchUpdatePartitionRequestEntry) ([]types.PartitionError, error) {
			out, err := p.api.BatchUpdatePartition(ctx, &glue.BatchUpdatePartitionInput{DatabaseName: p.database, TableName: p.name, Entries: chunk})
			if err != nil {
				return nil, err
			}
			errs := make([]types.PartitionError, len(out.Errors))
			for i, e := range out.Errors {
				errs[i] = types.PartitionError{PartitionValues: e.PartitionValueList, ErrorDetail: e.ErrorDetail}
			}
			return errs, nil
		}}, entries)
}

// remove takes partitions away. Those that are gone already are fine.
func (p *partitions) remove(ctx context.Context, list [][]string) error {
	return send(ctx, batch[[]string]{"delete", p, maxDelete, func(v []string) []string { return v },
		func(chunk [][]string) ([]types.PartitionError, error) {
			values := make([]types.PartitionValueList, len(chunk))
			for i, v := range chunk {
				values[i] = types.PartitionValueList{Values: v}
			}
			out, err := p.api.BatchDeletePartition(ctx, &glue.BatchDeletePartitionInput{DatabaseName: p.database, TableName: p.name, PartitionsToDelete: values})
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(out.Errors, func(e types.PartitionError) bool { return code(e) == notFound }), nil
		}}, list)
}

// batch is how items of one kind are sent.
type batch[T any] struct {
	verb   string
	of     *partitions
	most   int // items in a call
	values func(T) []string
	call   func([]T) ([]types.PartitionError, error) // once; returns what failed of it
}

// send sends items in batches. Those that failed for a passing reason are sent
// again, a few times; of the others the first is the error.
func send[T any](ctx context.Context, b batch[T], items []T) error {
	for attempt := 0; len(items) > 0; attempt++ {
		var failed []types.PartitionError
		for chunk := range slices.Chunk(items, b.most) {
			errs, err := b.call(chunk)
			if err != nil {
				return session.Explain(fmt.Errorf("%s partitions of %s: %w", b.verb, b.of.t.full(), err))
			}
			failed = append(failed, errs...)
		}
		lasting := slices.IndexFunc(failed, func(e types.PartitionError) bool { return !passing(code(e)) })
		if lasting >= 0 || len(failed) > 0 && attempt == attempts-1 {
			return b.failed(failed, max(lasting, 0))
		}
		again := map[string]bool{}
		for _, e := range failed {
			again[key(e.PartitionValues)] = true
		}
		items = slices.DeleteFunc(slices.Clone(items), func(item T) bool { return !again[key(b.values(item))] })
		if len(items) > 0 {
			if err := b.of.wait(ctx, attempt); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed is the error of partitions that could not be sent.
func (b batch[T]) failed(errs []types.PartitionError, first int) error {
	e := errs[first]
	detail := &smithy.GenericAPIError{Code: code(e)}
	if e.ErrorDetail != nil {
		detail.Message = aws.ToString(e.ErrorDetail.ErrorMessage)
	}
	more := ""
	if len(errs) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(errs)-1)
	}
	return session.Explain(fmt.Errorf("%s the partition %s of %s%s: %w", b.verb, strings.Join(e.PartitionValues, "/"), b.of.t.full(), more, detail))
}

// code returns the code of the error of one partition.
func code(e types.PartitionError) string {
	if e.ErrorDetail == nil {
		return ""
	}
	return aws.ToString(e.ErrorDetail.ErrorCode)
}
