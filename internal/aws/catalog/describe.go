package catalog

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/lake"
)

// Parameters of tables that are ours.
const (
	paramProject     = "lakectl_project"
	paramEnvironment = "lakectl_environment"
	paramTable       = "lakectl_table"  // as in the lake: silver.transactions
	paramCommit      = "lakectl_commit" // the last commit that was sent whole
	paramRun         = "lakectl_run"    // which made it: tells it from the same number of another lake

	paramClass      = "classification"
	paramExternal   = "EXTERNAL"
	paramProjection = "projection.enabled"
)

const external = "EXTERNAL_TABLE"

// How Hive reads and writes Parquet.
const (
	inputFormat  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	outputFormat = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
	serde        = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
)

// parameters returns those parameters of a table that lakectl sets, but for the
// commit.
func (c *Catalog) parameters(t *target) map[string]string {
	return map[string]string{paramProject: c.names.Project, paramEnvironment: c.names.Environment, paramTable: t.ref.String(),
		paramClass: "parquet", paramExternal: "TRUE"}
}

// descriptor says where a table or partition is and how it is read. What others
// have set beside that is kept.
func descriptor(location string, columns []types.Column, have *types.StorageDescriptor) *types.StorageDescriptor {
	d := &types.StorageDescriptor{Location: aws.String(location), Columns: columns, InputFormat: aws.String(inputFormat), OutputFormat: aws.String(outputFormat),
		NumberOfBuckets: -1, SerdeInfo: &types.SerDeInfo{SerializationLibrary: aws.String(serde), Parameters: map[string]string{"serialization.format": "1"}}}
	if have == nil {
		return d
	}
	d.Parameters = have.Parameters
	d.Columns = withNotes(columns, have.Columns)
	return d
}

// withNotes returns columns with the comments and parameters that those of the
// same names have.
func withNotes(columns, have []types.Column) []types.Column {
	notes := map[string]types.Column{}
	for _, c := range have {
		notes[strings.ToLower(aws.ToString(c.Name))] = c
	}
	list := make([]types.Column, len(columns))
	for i, c := range columns {
		note := notes[*c.Name]
		list[i] = types.Column{Name: c.Name, Type: c.Type, Comment: note.Comment, Parameters: note.Parameters}
	}
	return list
}

// input returns the table as it is sent. It says which commit was sent only if
// sent is set: before that, the table is not done.
func (c *Catalog) input(t *target, have *types.Table, sent bool) *types.TableInput {
	in := &types.TableInput{Name: aws.String(t.name), TableType: aws.String(external), Parameters: map[string]string{}}
	var sd *types.StorageDescriptor
	var keys []types.Column
	if have == nil {
		in.Description = aws.String(fmt.Sprintf("%s of the project %s (%s), kept by lakectl", t.ref, c.names.Project, c.names.Environment))
	} else {
		in.Description, in.Owner, in.Retention = have.Description, have.Owner, have.Retention
		in.LastAccessTime, in.LastAnalyzedTime = have.LastAccessTime, have.LastAnalyzedTime
		maps.Copy(in.Parameters, have.Parameters)
		sd, keys = have.StorageDescriptor, have.PartitionKeys
	}
	in.StorageDescriptor = descriptor(t.location, t.columns, sd)
	in.PartitionKeys = withNotes(t.keys, keys)
	maps.Copy(in.Parameters, c.parameters(t))
	for _, ours := range []string{paramCommit, paramRun, paramProjection} {
		delete(in.Parameters, ours)
	}
	if sent {
		in.Parameters[paramCommit] = strconv.FormatUint(t.commit.Sequence, 10)
		in.Parameters[paramRun] = t.commit.Run
	}
	return in
}

// partitionInput returns a partition as it is sent.
func partitionInput(t *target, p partition, have *types.Partition) types.PartitionInput {
	in := types.PartitionInput{Values: p.values}
	var sd *types.StorageDescriptor
	if have != nil {
		in.LastAccessTime, in.LastAnalyzedTime, in.Parameters, sd = have.LastAccessTime, have.LastAnalyzedTime, have.Parameters, have.StorageDescriptor
	}
	in.StorageDescriptor = descriptor(p.location, t.columns, sd)
	return in
}

// sentCommit returns the commit that the catalog has of a table, if it is one of
// this lake, else 0.
func sentCommit(s *lake.State, have *types.Table) uint64 {
	n, err := strconv.ParseUint(have.Parameters[paramCommit], 10, 64)
	if err != nil || n == 0 || n > uint64(len(s.Commits)) || s.Commits[n-1].Run != have.Parameters[paramRun] {
		return 0
	}
	return n
}
