package athena

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/storage"
)

// Name is what --engine calls this engine.
const Name = "athena"

// api is what the engine needs of Athena.
type api interface {
	StartQueryExecution(context.Context, *athena.StartQueryExecutionInput, ...func(*athena.Options)) (*athena.StartQueryExecutionOutput, error)
	GetQueryExecution(context.Context, *athena.GetQueryExecutionInput, ...func(*athena.Options)) (*athena.GetQueryExecutionOutput, error)
	GetQueryResults(context.Context, *athena.GetQueryResultsInput, ...func(*athena.Options)) (*athena.GetQueryResultsOutput, error)
	StopQueryExecution(context.Context, *athena.StopQueryExecutionInput, ...func(*athena.Options)) (*athena.StopQueryExecutionOutput, error)
}

// Options are the settings of New.
type Options struct {
	// Workgroup is where statements run. It says where results are written, and
	// how much a statement may read.
	Workgroup string
	// Database returns the name of a layer's database.
	Database func(layer string) string
	// Objects opens results that are too large for pages: the stream of an object
	// of a bucket.
	Objects func(ctx context.Context, bucket, key string) (storage.Stream, error)
	// Empty says whether a bucket has no object below a prefix.
	Empty func(ctx context.Context, bucket, prefix string) (bool, error)
	// Reuse is how old an earlier answer to the same statement may be; 0 is none.
	Reuse time.Duration
	// MaxScan is how many bytes a statement may read; 0 is any number.
	MaxScan int64
	// Estimate, if set, returns how many bytes a statement would read at most: those
	// of the files of the partitions that it needs.
	Estimate func(context.Context, query.Statement) (int64, error)
	// OnState, if set, is told when the state of a statement changes.
	OnState func(state string)
}

// Engine runs statements in Athena.
type Engine struct {
	api api
	o   Options
	// first and slowest are the times between two looks at a statement.
	first, slowest time.Duration
	// startTimeout and stopTimeout are how long the requests to start and to stop a
	// statement may take.
	startTimeout, stopTimeout time.Duration
}

// New returns the engine.
func New(s *session.Session, o Options) *Engine { return newEngine(athena.NewFromConfig(s.Config), o) }

func newEngine(api api, o Options) *Engine {
	return &Engine{api: api, o: o, first: 200 * time.Millisecond, slowest: 2 * time.Second, startTimeout: time.Minute, stopTimeout: 10 * time.Second}
}

// Name implements query.Engine.
func (e *Engine) Name() string { return Name }

// Milliseconds says that timestamps of tables are read to the millisecond: the
// catalog knows no finer ones.
func (e *Engine) Milliseconds() bool { return true }

// Close implements query.Engine.
func (e *Engine) Close() error { return nil }

// Run implements query.Engine.
func (e *Engine) Run(ctx context.Context, st query.Statement) (query.Result, error) {
	if err := st.OnlyReads(); err != nil {
		return nil, err
	}
	if err := e.afford(ctx, st); err != nil {
		return nil, err
	}
	sql, values := e.text(st)
	x, err := e.execute(ctx, sql, values)
	if err != nil {
		return nil, err
	}
	if err := e.afforded(x); err != nil {
		return nil, err
	}
	return e.result(ctx, x)
}

// Explain implements query.Engine.
func (e *Engine) Explain(ctx context.Context, st query.Statement) (string, error) {
	if err := st.OnlyReads(); err != nil {
		return "", err
	}
	sql, values := e.text(st)
	x, err := e.execute(ctx, "explain "+sql, values)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for token := (*string)(nil); ; {
		page, err := e.page(ctx, x, token)
		if err != nil {
			return "", err
		}
		for _, row := range page.ResultSet.Rows {
			for _, d := range row.Data {
				b.WriteString(aws.ToString(d.VarCharValue))
			}
			b.WriteByte('\n')
		}
		if token = page.NextToken; token == nil {
			return b.String(), nil
		}
	}
}

// text returns the SQL of a statement for Athena, and the literals of its
// parameters in the order of their use.
func (e *Engine) text(st query.Statement) (sql string, values []string) {
	sql = st.Query.Text(func(layer string) string { return `"` + e.o.Database(layer) + `"` }, func(name string) string {
		values = append(values, st.Value(name).Literal())
		return "?"
	})
	return sql, values
}

// maxLiteral is how long Athena takes a parameter, in characters.
const maxLiteral = 1024

// execution is a statement that has ended well.
type execution struct {
	id     string
	detail *types.QueryExecution
	began  time.Time
}

// execute runs a statement to its end.
func (e *Engine) execute(ctx context.Context, sql string, values []string) (*execution, error) {
	for _, v := range values {
		if n := len([]rune(v)); n > maxLiteral {
			return nil, diag.Errorf(diag.Usage, "the value of a parameter has %d characters, and Athena takes %d", n, maxLiteral).
				WithNext("write it into the SQL of a file, or ask --engine duckdb")
		}
	}
	x := &execution{began: time.Now()}
	input := &athena.StartQueryExecutionInput{QueryString: &sql, WorkGroup: &e.o.Workgroup, ClientRequestToken: aws.String(token()), ExecutionParameters: values}
	if e.o.Reuse > 0 {
		minutes := int32(max(1, e.o.Reuse.Round(time.Minute)/time.Minute))
		input.ResultReuseConfiguration = &types.ResultReuseConfiguration{ResultReuseByAgeConfiguration: &types.ResultReuseByAgeConfiguration{
			Enabled: true, MaxAgeInMinutes: &minutes}}
	}
	// Whoever interrupts now waits for the answer: without it nobody knows which
	// statement to stop.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.startTimeout)
	defer cancel()
	started, err := e.api.StartQueryExecution(start, input)
	if err != nil {
		return nil, e.refused(ctx, err)
	}
	x.id = aws.ToString(started.QueryExecutionId)
	return x, e.wait(ctx, x)
}

// token returns a token that no other statement has.
func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "lakectl-" + hex.EncodeToString(b[:])
}

// wait follows a statement to its end. If ctx ends before, it is stopped.
func (e *Engine) wait(ctx context.Context, x *execution) error {
	state := types.QueryExecutionState("")
	for pause := e.first; ; pause = min(pause*3/2, e.slowest) {
		out, err := e.api.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: &x.id})
		if err != nil && ctx.Err() == nil {
			return e.lost(ctx, x, err)
		}
		if err == nil {
			if x.detail = out.QueryExecution; x.detail == nil || x.detail.Status == nil {
				return diag.Errorf(diag.Unexpected, "Athena says nothing of query %s", x.id)
			}
			if now := x.detail.Status.State; now != state && e.o.OnState != nil {
				e.o.OnState(strings.ToLower(string(now)))
			}
			state = x.detail.Status.State
		}
		switch state {
		case types.QueryExecutionStateSucceeded:
			return nil
		case types.QueryExecutionStateFailed:
			return e.failed(x)
		case types.QueryExecutionStateCancelled:
			return cancelled(x)
		}
		select {
		case <-ctx.Done():
			return e.stop(ctx, x)
		case <-time.After(pause):
		}
	}
}

// lost is the error of a statement that cannot be followed. It is stopped, so that
// nobody pays for an answer that nobody gets.
func (e *Engine) lost(ctx context.Context, x *execution, cause error) error {
	err := session.Explain(fmt.Errorf("query %s in Athena cannot be followed: %w", x.id, cause))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.stopTimeout)
	defer cancel()
	if _, stopErr := e.api.StopQueryExecution(ctx, &athena.StopQueryExecutionInput{QueryExecutionId: &x.id}); stopErr != nil {
		return (&diag.Error{Class: diag.ClassOf(err), Msg: err.Error() + "; it may still run there", Err: err}).
			WithNext("when AWS answers again: aws athena stop-query-execution --query-execution-id %s", x.id)
	}
	return err
}

// stop stops a statement whose context has ended, and says how far it was.
func (e *Engine) stop(ctx context.Context, x *execution) error {
	cause := ctx.Err()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.stopTimeout)
	defer cancel()
	if _, err := e.api.StopQueryExecution(ctx, &athena.StopQueryExecutionInput{QueryExecutionId: &x.id}); err != nil {
		return errors.Join(diag.Errorf(diag.Interrupted, "query %s may still run in Athena: it could not be stopped: %w", x.id, err).
			WithNext("aws athena stop-query-execution --query-execution-id %s", x.id), cause)
	}
	read := ""
	if out, err := e.api.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: &x.id}); err == nil && out.QueryExecution != nil {
		if bytes := scanned(out.QueryExecution); bytes > 0 {
			read = fmt.Sprintf("; it had read %s, which is charged", size(bytes))
		}
	}
	stopped := diag.Errorf(diag.Interrupted, "query %s was stopped in Athena%s", x.id, read)
	stopped.Err = cause // whoever pressed Ctrl-C knows it
	return stopped
}

func scanned(detail *types.QueryExecution) int64 {
	if detail == nil || detail.Statistics == nil {
		return 0
	}
	return aws.ToInt64(detail.Statistics.DataScannedInBytes)
}

// size writes bytes as Athena's console does.
func size(bytes int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if bytes >= unit.bytes {
			return fmt.Sprintf("%.3g %s", float64(bytes)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d B", bytes)
}
