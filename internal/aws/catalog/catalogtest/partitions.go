package catalogtest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

func key(values []string) string { return strings.Join(values, "\x00") }

// item is the error of one partition of a batch.
func item(values []string, code string) types.PartitionError {
	return types.PartitionError{PartitionValues: values, ErrorDetail: &types.ErrorDetail{ErrorCode: aws.String(code), ErrorMessage: aws.String("this one")}}
}

// fault returns the code that a test wants a partition to fail with.
func (g *Glue) fault(operation string, values []string) string {
	if g.Item == nil {
		return ""
	}
	return g.Item(operation, values)
}

// partitions returns a table for a batch of so many, at most.
func (g *Glue) partitions(database, name *string, n, most int) (*table, error) {
	if n == 0 || n > most {
		return nil, failed("InvalidInputException", "%d partitions, at most %d are allowed", n, most)
	}
	return g.table(database, name)
}

func partition(p types.PartitionInput) types.Partition {
	return types.Partition{Values: p.Values, Parameters: p.Parameters, StorageDescriptor: p.StorageDescriptor}
}

// GetPartitions implements catalog.API.
func (g *Glue) GetPartitions(_ context.Context, in *glue.GetPartitionsInput, _ ...func(*glue.Options)) (*glue.GetPartitionsOutput, error) {
	return call(g, "GetPartitions", func() (*glue.GetPartitionsOutput, error) {
		t, err := g.table(in.DatabaseName, in.TableName)
		if err != nil {
			return nil, err
		}
		keys := slices.Sorted(maps.Keys(t.partitions))
		from, to, next := g.page(in.NextToken, len(keys))
		out := &glue.GetPartitionsOutput{NextToken: next}
		for _, k := range keys[from:to] {
			out.Partitions = append(out.Partitions, partition(t.partitions[k]))
		}
		return out, nil
	})
}

// BatchGetPartition implements catalog.API.
func (g *Glue) BatchGetPartition(_ context.Context, in *glue.BatchGetPartitionInput, _ ...func(*glue.Options)) (*glue.BatchGetPartitionOutput, error) {
	return call(g, "BatchGetPartition", func() (*glue.BatchGetPartitionOutput, error) {
		t, err := g.partitions(in.DatabaseName, in.TableName, len(in.PartitionsToGet), 1000)
		if err != nil {
			return nil, err
		}
		_, to, _ := g.page(nil, len(in.PartitionsToGet))
		out := &glue.BatchGetPartitionOutput{UnprocessedKeys: in.PartitionsToGet[to:]}
		for _, v := range in.PartitionsToGet[:to] {
			if p, ok := t.partitions[key(v.Values)]; ok {
				out.Partitions = append(out.Partitions, partition(p))
			}
		}
		return out, nil
	})
}

// BatchCreatePartition implements catalog.API.
func (g *Glue) BatchCreatePartition(_ context.Context, in *glue.BatchCreatePartitionInput, _ ...func(*glue.Options)) (*glue.BatchCreatePartitionOutput, error) {
	return call(g, "BatchCreatePartition", func() (*glue.BatchCreatePartitionOutput, error) {
		t, err := g.partitions(in.DatabaseName, in.TableName, len(in.PartitionInputList), 100)
		if err != nil {
			return nil, err
		}
		out := &glue.BatchCreatePartitionOutput{}
		for _, p := range in.PartitionInputList {
			code := g.fault("create", p.Values)
			switch _, there := t.partitions[key(p.Values)]; {
			case code != "":
			case there:
				code = "AlreadyExistsException"
			case len(p.Values) != len(t.input.PartitionKeys):
				code = "InvalidInputException"
			}
			if code != "" {
				out.Errors = append(out.Errors, item(p.Values, code))
				continue
			}
			t.partitions[key(p.Values)] = p
		}
		return out, nil
	})
}

// BatchUpdatePartition implements catalog.API.
func (g *Glue) BatchUpdatePartition(_ context.Context, in *glue.BatchUpdatePartitionInput, _ ...func(*glue.Options)) (*glue.BatchUpdatePartitionOutput, error) {
	return call(g, "BatchUpdatePartition", func() (*glue.BatchUpdatePartitionOutput, error) {
		t, err := g.partitions(in.DatabaseName, in.TableName, len(in.Entries), 100)
		if err != nil {
			return nil, err
		}
		out := &glue.BatchUpdatePartitionOutput{}
		for _, e := range in.Entries {
			code := g.fault("update", e.PartitionValueList)
			if _, there := t.partitions[key(e.PartitionValueList)]; !there && code == "" {
				code = "EntityNotFoundException"
			}
			if code != "" {
				failure := item(e.PartitionValueList, code)
				out.Errors = append(out.Errors, types.BatchUpdatePartitionFailureEntry{PartitionValueList: failure.PartitionValues, ErrorDetail: failure.ErrorDetail})
				continue
			}
			t.partitions[key(e.PartitionValueList)] = *e.PartitionInput
		}
		return out, nil
	})
}

// BatchDeletePartition implements catalog.API.
func (g *Glue) BatchDeletePartition(_ context.Context, in *glue.BatchDeletePartitionInput, _ ...func(*glue.Options)) (*glue.BatchDeletePartitionOutput, error) {
	return call(g, "BatchDeletePartition", func() (*glue.BatchDeletePartitionOutput, error) {
		t, err := g.partitions(in.DatabaseName, in.TableName, len(in.PartitionsToDelete), 25)
		if err != nil {
			return nil, err
		}
		out := &glue.BatchDeletePartitionOutput{}
		for _, v := range in.PartitionsToDelete {
			code := g.fault("delete", v.Values)
			if _, there := t.partitions[key(v.Values)]; !there && code == "" {
				code = "EntityNotFoundException"
			}
			if code != "" {
				out.Errors = append(out.Errors, item(v.Values, code))
				continue
			}
			delete(t.partitions, key(v.Values))
		}
		return out, nil
	})
}
