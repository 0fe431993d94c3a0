package catalogtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"
)

// Glue is a data catalog. The zero value is an empty one. It is safe for
// concurrent use.
type Glue struct {
	// Before, if set, is asked before each call, which counts from 1; its error
	// is the answer, and nothing is done.
	Before func(call int, operation string) error
	// After, if set, is asked after each call that went well; its error is the
	// answer although what was asked for is done.
	After func(call int, operation string) error
	// Item, if set, says with which code a partition of a batch fails; "" for
	// not at all.
	Item func(operation string, values []string) string
	// Page is how many things a list has at most; 0 is what was asked for.
	Page int

	mu        sync.Mutex
	calls     []string
	denied    string // an operation
	databases map[string]map[string]*table
}

type table struct {
	input      types.TableInput
	version    int
	archived   int
	partitions map[string]types.PartitionInput
}

func failed(code, format string, args ...any) error {
	return &smithy.OperationError{ServiceID: "Glue", OperationName: "call", Err: &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...)}}
}

// Error returns an error as Glue answers with.
func Error(code string) error { return failed(code, "as the test wants it") }

// Deny makes an operation fail from now on. Unlike Before it may be called while
// others ask.
func (g *Glue) Deny(operation string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.denied = operation
}

// Calls returns the operations asked for, in order, and forgets them.
func (g *Glue) Calls() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls := g.calls
	g.calls = nil
	return calls
}

// call does one call.
func call[O any](g *Glue, operation string, do func() (*O, error)) (*O, error) {
	g.mu.Lock()
	g.calls = append(g.calls, operation)
	n, denied := len(g.calls), g.denied == operation
	g.mu.Unlock()
	if denied {
		return nil, Error("AccessDeniedException")
	}
	if g.Before != nil {
		if err := g.Before(n, operation); err != nil {
			return nil, err
		}
	}
	g.mu.Lock()
	out, err := do()
	g.mu.Unlock()
	if err == nil && g.After != nil {
		err = g.After(n, operation)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (g *Glue) database(name *string) (map[string]*table, error) {
	d, ok := g.databases[aws.ToString(name)]
	if !ok {
		return nil, failed("EntityNotFoundException", "Database %s not found.", aws.ToString(name))
	}
	return d, nil
}

func (g *Glue) table(database, name *string) (*table, error) {
	d, err := g.database(database)
	if err != nil {
		return nil, err
	}
	t, ok := d[strings.ToLower(aws.ToString(name))]
	if !ok {
		return nil, failed("EntityNotFoundException", "Table %s not found.", aws.ToString(name))
	}
	return t, nil
}

// CreateDatabase implements catalog.API.
func (g *Glue) CreateDatabase(_ context.Context, in *glue.CreateDatabaseInput, _ ...func(*glue.Options)) (*glue.CreateDatabaseOutput, error) {
	return call(g, "CreateDatabase", func() (*glue.CreateDatabaseOutput, error) {
		name := strings.ToLower(*in.DatabaseInput.Name)
		if g.databases[name] != nil {
			return nil, failed("AlreadyExistsException", "Database already exists.")
		}
		if g.databases == nil {
			g.databases = map[string]map[string]*table{}
		}
		g.databases[name] = map[string]*table{}
		return &glue.CreateDatabaseOutput{}, nil
	})
}

// page cuts a list.
func (g *Glue) page(token *string, n int) (from, to int, next *string) {
	from, _ = strconv.Atoi(aws.ToString(token))
	to = n
	if g.Page > 0 && from+g.Page < n {
		to = from + g.Page
		next = aws.String(strconv.Itoa(to))
	}
	return from, to, next
}

func output(database string, t *table) types.Table {
	in := t.input
	return types.Table{DatabaseName: aws.String(database), Name: aws.String(strings.ToLower(*in.Name)), Description: in.Description, Owner: in.Owner,
		Parameters: maps.Clone(in.Parameters), PartitionKeys: in.PartitionKeys, StorageDescriptor: in.StorageDescriptor, TableType: in.TableType,
		TargetTable: in.TargetTable, ViewOriginalText: in.ViewOriginalText, Retention: in.Retention, VersionId: aws.String(strconv.Itoa(t.version))}
}

// GetTables implements catalog.API.
func (g *Glue) GetTables(_ context.Context, in *glue.GetTablesInput, _ ...func(*glue.Options)) (*glue.GetTablesOutput, error) {
	return call(g, "GetTables", func() (*glue.GetTablesOutput, error) {
		d, err := g.database(in.DatabaseName)
		if err != nil {
			return nil, err
		}
		names := slices.Sorted(maps.Keys(d))
		from, to, next := g.page(in.NextToken, len(names))
		out := &glue.GetTablesOutput{NextToken: next}
		for _, name := range names[from:to] {
			out.TableList = append(out.TableList, output(*in.DatabaseName, d[name]))
		}
		return out, nil
	})
}

// GetTable implements catalog.API.
func (g *Glue) GetTable(_ context.Context, in *glue.GetTableInput, _ ...func(*glue.Options)) (*glue.GetTableOutput, error) {
	return call(g, "GetTable", func() (*glue.GetTableOutput, error) {
		t, err := g.table(in.DatabaseName, in.Name)
		if err != nil {
			return nil, err
		}
		out := output(*in.DatabaseName, t)
		return &glue.GetTableOutput{Table: &out}, nil
	})
}

// CreateTable implements catalog.API.
func (g *Glue) CreateTable(_ context.Context, in *glue.CreateTableInput, _ ...func(*glue.Options)) (*glue.CreateTableOutput, error) {
	return call(g, "CreateTable", func() (*glue.CreateTableOutput, error) {
		d, err := g.database(in.DatabaseName)
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(*in.TableInput.Name)
		if d[name] != nil {
			return nil, failed("AlreadyExistsException", "Table already exists.")
		}
		if err := valid(in.TableInput.StorageDescriptor); err != nil {
			return nil, err
		}
		d[name] = &table{input: *in.TableInput, partitions: map[string]types.PartitionInput{}}
		return &glue.CreateTableOutput{}, nil
	})
}

// UpdateTable implements catalog.API.
func (g *Glue) UpdateTable(_ context.Context, in *glue.UpdateTableInput, _ ...func(*glue.Options)) (*glue.UpdateTableOutput, error) {
	return call(g, "UpdateTable", func() (*glue.UpdateTableOutput, error) {
		t, err := g.table(in.DatabaseName, in.TableInput.Name)
		if err != nil {
			return nil, err
		}
		if in.VersionId != nil && *in.VersionId != strconv.Itoa(t.version) {
			return nil, failed("ConcurrentModificationException", "Update table failed due to concurrent modifications.")
		}
		if err := valid(in.TableInput.StorageDescriptor); err != nil {
			return nil, err
		}
		if t.version++; !aws.ToBool(in.SkipArchive) {
			t.archived++
		}
		t.input = *in.TableInput
		return &glue.UpdateTableOutput{}, nil
	})
}

// DeleteTable implements catalog.API.
func (g *Glue) DeleteTable(_ context.Context, in *glue.DeleteTableInput, _ ...func(*glue.Options)) (*glue.DeleteTableOutput, error) {
	return call(g, "DeleteTable", func() (*glue.DeleteTableOutput, error) {
		if _, err := g.table(in.DatabaseName, in.Name); err != nil {
			return nil, err
		}
		delete(g.databases[*in.DatabaseName], strings.ToLower(*in.Name))
		return &glue.DeleteTableOutput{}, nil
	})
}

// valid refuses what Glue refuses in a description.
func valid(sd *types.StorageDescriptor) error {
	seen := map[string]bool{}
	for _, c := range sd.Columns {
		name := aws.ToString(c.Name)
		if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 && r != '\t' }) {
			return failed("InvalidInputException", "1 validation error detected: Value %q at name failed to satisfy constraint", name)
		}
		if seen[strings.ToLower(name)] {
			return failed("InvalidInputException", "Duplicate column %s", name)
		}
		seen[strings.ToLower(name)] = true
	}
	return nil
}
