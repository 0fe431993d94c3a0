package catalog

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/lakectl/lakectl/internal/aws/session"
)

type databaseAPI interface {
	CreateDatabase(context.Context, *glue.CreateDatabaseInput, ...func(*glue.Options)) (*glue.CreateDatabaseOutput, error)
	GetTables(context.Context, *glue.GetTablesInput, ...func(*glue.Options)) (*glue.GetTablesOutput, error)
}

type tableAPI interface {
	GetTable(context.Context, *glue.GetTableInput, ...func(*glue.Options)) (*glue.GetTableOutput, error)
	CreateTable(context.Context, *glue.CreateTableInput, ...func(*glue.Options)) (*glue.CreateTableOutput, error)
	UpdateTable(context.Context, *glue.UpdateTableInput, ...func(*glue.Options)) (*glue.UpdateTableOutput, error)
	DeleteTable(context.Context, *glue.DeleteTableInput, ...func(*glue.Options)) (*glue.DeleteTableOutput, error)
}

type partitionAPI interface {
	GetPartitions(context.Context, *glue.GetPartitionsInput, ...func(*glue.Options)) (*glue.GetPartitionsOutput, error)
	BatchGetPartition(context.Context, *glue.BatchGetPartitionInput, ...func(*glue.Options)) (*glue.BatchGetPartitionOutput, error)
	BatchCreatePartition(context.Context, *glue.BatchCreatePartitionInput, ...func(*glue.Options)) (*glue.BatchCreatePartitionOutput, error)
	BatchUpdatePartition(context.Context, *glue.BatchUpdatePartitionInput, ...func(*glue.Options)) (*glue.BatchUpdatePartitionOutput, error)
	BatchDeletePartition(context.Context, *glue.BatchDeletePartitionInput, ...func(*glue.Options)) (*glue.BatchDeletePartitionOutput, error)
}

// API is what is asked of Glue.
type API interface {
	databaseAPI
	tableAPI
	partitionAPI
}

// Client returns the Glue of a session.
func Client(s *session.Session) API { return glue.NewFromConfig(s.Config) }

// Codes of Glue's errors.
const (
	notFound = "EntityNotFoundException"
	exists   = "AlreadyExistsException"
	modified = "ConcurrentModificationException"
)

// conflict says whether a call failed because somebody else changed the table
// meanwhile, so that all of it is to be looked at again.
func conflict(err error) bool {
	return slices.Contains([]string{notFound, exists, modified, "VersionMismatchException"}, session.Code(err))
}

// passing says whether an error of one partition of a batch may go away by
// itself. Errors of whole calls are retried by the SDK.
func passing(code string) bool {
	return slices.Contains([]string{"ThrottlingException", "InternalServiceException", "OperationTimeoutException",
		"ResourceNotReadyException", modified}, code)
}
