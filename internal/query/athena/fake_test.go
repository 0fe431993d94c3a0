package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/vec"
	"github.com/lakectl/lakectl/queries"
)

// fake is Athena, as far as a statement of one kind goes.
type fake struct {
	mu       sync.Mutex
	starts   []*athena.StartQueryExecutionInput
	stopped  []string
	looks    int
	pending  int // looks before it ends
	state    types.QueryExecutionState
	reason   string
	failure  *types.AthenaError
	kind     types.StatementType
	scanned  int64
	reused   bool
	columns  []types.ColumnInfo
	rows     [][]*string
	size     int // of pages
	location string
	updated  int64

	startErr, getErr, stopErr, resultErr error
	onLook                               func(n int)
	onStart                              func()
}

func (f *fake) StartQueryExecution(ctx context.Context, in *athena.StartQueryExecutionInput, _ ...func(*athena.Options)) (*athena.StartQueryExecutionOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts = append(f.starts, in)
	if f.onStart != nil {
		f.onStart()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return &athena.StartQueryExecutionOutput{QueryExecutionId: aws.String("id-1")}, f.startErr
}

func (f *fake) GetQueryExecution(ctx context.Context, _ *athena.GetQueryExecutionInput, _ ...func(*athena.Options)) (*athena.GetQueryExecutionOutput, error) {
	f.mu.Lock()
	f.looks++
	n := f.looks
	f.mu.Unlock()
	if f.onLook != nil {
		f.onLook(n)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.getErr != nil {
		return nil, f.getErr
	}
	state := f.state
	if n <= f.pending {
		state = types.QueryExecutionStateQueued
		if n > 1 {
			state = types.QueryExecutionStateRunning
		}
	}
	kind := f.kind
	if kind == "" {
		kind = types.StatementTypeDml
	}
	return &athena.GetQueryExecutionOutput{QueryExecution: &types.QueryExecution{
		QueryExecutionId: aws.String("id-1"), StatementType: kind, ResultConfiguration: &types.ResultConfiguration{OutputLocation: &f.location},
		Status: &types.QueryExecutionStatus{State: state, StateChangeReason: aws.String(f.reason), AthenaError: f.failure},
		Statistics: &types.QueryExecutionStatistics{DataScannedInBytes: &f.scanned, QueryQueueTimeInMillis: aws.Int64(700), EngineExecutionTimeInMillis: aws.Int64(1200),
			ResultReuseInformation: &types.ResultReuseInformation{ReusedPreviousResult: f.reused}}}}, nil
}

func (f *fake) GetQueryResults(_ context.Context, in *athena.GetQueryResultsInput, _ ...func(*athena.Options)) (*athena.GetQueryResultsOutput, error) {
	if f.resultErr != nil {
		return nil, f.resultErr
	}
	all := f.rows
	if f.kind == "" {
		head := make([]*string, len(f.columns))
		for i, c := range f.columns {
			head[i] = c.Name
		}
		all = append([][]*string{head}, all...)
	}
	from, _ := strconv.Atoi(aws.ToString(in.NextToken))
	size := f.size
	if size == 0 {
		size = pageRows
	}
	to := min(from+size, len(all))
	out := &athena.GetQueryResultsOutput{ResultSet: &types.ResultSet{ResultSetMetadata: &types.ResultSetMetadata{ColumnInfo: f.columns}}, UpdateCount: &f.updated}
	for _, row := range all[from:to] {
		r := types.Row{}
		for _, text := range row {
			r.Data = append(r.Data, types.Datum{VarCharValue: text})
		}
		out.ResultSet.Rows = append(out.ResultSet.Rows, r)
	}
	if to < len(all) {
		out.NextToken = aws.String(strconv.Itoa(to))
	}
	return out, nil
}

func (f *fake) StopQueryExecution(ctx context.Context, in *athena.StopQueryExecutionInput, _ ...func(*athena.Options)) (*athena.StopQueryExecutionOutput, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f.stopped = append(f.stopped, aws.ToString(in.QueryExecutionId))
	return &athena.StopQueryExecutionOutput{}, f.stopErr
}

// engine returns an engine on the fake, which does not wait.
func (f *fake) engine(o Options) *Engine {
	if f.state == "" {
		f.state = types.QueryExecutionStateSucceeded
	}
	if o.Database == nil {
		o.Database = func(layer string) string { return "lakehouse_dev_" + layer }
	}
	o.Workgroup = "lakehouse-dev"
	e := newEngine(f, o)
	e.first, e.slowest = time.Microsecond, time.Millisecond
	return e
}

// refusal is an error of Athena's.
func refusal(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

func texts(values ...any) []*string {
	row := make([]*string, len(values))
	for i, v := range values {
		if v != nil {
			row[i] = aws.String(fmt.Sprint(v))
		}
	}
	return row
}

func info(name, kind string, digits ...int32) types.ColumnInfo {
	c := types.ColumnInfo{Name: &name, Type: &kind}
	if len(digits) == 2 {
		c.Precision, c.Scale = digits[0], digits[1]
	}
	return c
}

func sql(text string) query.Statement { return query.Statement{Query: queries.Query{SQL: text}} }

// drain returns the rows of a result as texts.
func drain(r query.Result) (lines []string, err error) {
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return lines, r.Close()
		}
		if err != nil {
			return lines, errors.Join(err, r.Close())
		}
		for i := range int(record.NumRows()) {
			values := make([]string, record.NumCols())
			for c, col := range record.Columns() {
				values[c] = "null"
				if !col.IsNull(i) {
					values[c] = string(vec.AppendText(nil, col, i))
				}
			}
			lines = append(lines, strings.Join(values, "|"))
		}
		record.Release()
	}
}

// file is the stream of an object.
type file struct {
	io.Reader
	closed bool
}

func (f *file) Close() error       { f.closed = true; return nil }
func (f *file) Info() storage.Info { return storage.Info{} }

func mustRun(t *testing.T, e *Engine, st query.Statement) query.Result {
	t.Helper()
	r, err := e.Run(context.Background(), st)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
