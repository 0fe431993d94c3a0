package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
)

// refused is the error of a statement that Athena did not start.
func (e *Engine) refused(ctx context.Context, err error) error {
	var invalid *types.InvalidRequestException
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &invalid):
		return session.Explain(fmt.Errorf("the query was not started in Athena: %w", err))
	}
	message := invalid.ErrorMessage()
	text := strings.ToLower(message)
	switch {
	case strings.Contains(text, "workgroup") && strings.Contains(text, "not found"), strings.Contains(text, "workgroup") && strings.Contains(text, "disabled"),
		strings.Contains(text, "output location"):
		return diag.Errorf(diag.Usage, "the workgroup %s cannot be used: %s", e.o.Workgroup, message).WithNext("make it with `lakectl deploy`, or see with `lakectl drift` what changed it")
	case strings.Contains(text, "token"):
		return diag.Errorf(diag.Unexpected, "Athena did not start the query: %s", message)
	}
	return diag.Errorf(diag.Usage, "Athena did not start the query: %s", message)
}

// The categories of Athena's errors.
const (
	categorySystem = 1
	categoryUser   = 2
)

// failed is the error of a statement that Athena could not do.
func (e *Engine) failed(x *execution) error {
	status := x.detail.Status
	reason := strings.TrimSpace(aws.ToString(status.StateChangeReason))
	category, kind, retryable := int32(0), int32(0), false
	if status.AthenaError != nil {
		category, kind, retryable = aws.ToInt32(status.AthenaError.ErrorCategory), aws.ToInt32(status.AthenaError.ErrorType), status.AthenaError.Retryable
		if reason == "" {
			reason = aws.ToString(status.AthenaError.ErrorMessage)
		}
	}
	if reason == "" {
		reason = fmt.Sprintf("error %d of Athena, without words", kind)
	}
	err := func(class diag.Class) *diag.Error { return diag.Errorf(class, "Athena: %s (query %s)", reason, x.id) }
	text := strings.ToLower(reason)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("bytes scanned limit", "scanned limit exceeded"):
		return err(diag.Budget).WithNext("the workgroup %s stops queries that read more than athena.scan_limit_bytes: ask for fewer partitions, or raise it and deploy", e.o.Workgroup)
	case has("table_not_found", "schema_not_found", "does not exist", "hive_metastore_error"):
		return err(diag.Usage).WithNext("write tables as ${silver}.transactions, which Athena knows by the name of their database; `lakectl catalog check` says which it does not know, `lakectl catalog sync` tells it")
	case has("hive_partition_schema_mismatch", "hive_bad_data", "hive_cursor_error", "hive_cannot_open_split"):
		return err(diag.Unexpected).WithNext("`lakectl catalog check` compares the tables of the catalog with the lake; if a run published meanwhile, ask again")
	case has("access denied", "accessdenied", "insufficient permissions", "not authorized"):
		return err(diag.Usage).WithNext("what is needed is in `lakectl policy show athena-query`")
	case retryable, has("exhausted resources", "query timeout", "slow down", "throttl"):
		return err(diag.Transient).WithNext("ask again")
	case category == categoryUser, has("syntax_error", "column_not_found", "type_mismatch", "mismatched input", "cannot be resolved", "division_by_zero", "invalid_function_argument", "invalid_cast_argument"):
		return err(diag.Usage)
	case category == categorySystem:
		return err(diag.Transient).WithNext("it is an error of Athena's own: ask again, and if it stays, AWS is to know of query %s", x.id)
	}
	return err(diag.Unexpected)
}

// cancelled is the error of a statement that somebody else stopped.
func cancelled(x *execution) error {
	reason := ""
	if text := aws.ToString(x.detail.Status.StateChangeReason); text != "" {
		reason = ": " + text
	}
	if strings.Contains(strings.ToLower(reason), "scanned limit") {
		return diag.Errorf(diag.Budget, "Athena stopped query %s%s", x.id, reason).
			WithNext("the workgroup allows athena.scan_limit_bytes: ask for fewer partitions, or raise it and deploy")
	}
	return diag.Errorf(diag.Unexpected, "query %s was stopped in Athena by somebody else%s", x.id, reason).WithNext("ask again")
}

// afford refuses a statement that would read more than it may, where that is
// known before it runs.
func (e *Engine) afford(ctx context.Context, st query.Statement) error {
	if e.o.MaxScan <= 0 || e.o.Estimate == nil {
		return nil
	}
	bytes, err := e.o.Estimate(ctx, st)
	if err == nil && bytes > e.o.MaxScan {
		err = diag.Errorf(diag.Budget, "the query may read up to %s, the files of its partitions, and is allowed %s; it was not run", size(bytes), size(e.o.MaxScan)).
			WithNext("ask for fewer partitions, or allow more with --max-scan")
	}
	return err
}

// afforded reports a statement that has read more than it was allowed.
func (e *Engine) afforded(x *execution) error {
	if bytes := scanned(x.detail); e.o.MaxScan > 0 && bytes > e.o.MaxScan {
		return diag.Errorf(diag.Budget, "query %s has read %s, and was allowed %s: that was known when it had ended, and is charged", x.id, size(bytes), size(e.o.MaxScan)).
			WithNext("for a limit that stops queries set athena.scan_limit_bytes, and deploy")
	}
	return nil
}
