package glue

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// explain gives an error of Glue its class, and says what to do.
func explain(err error) error {
	var typed *diag.Error
	if err == nil || errors.As(err, &typed) {
		return err
	}
	as := func(class diag.Class, next string) error {
		return session.ExplainAs(err, class, next)
	}
	switch session.Code(err) {
	case "EntityNotFoundException":
		return as(diag.Usage, "`lakectl job register` and `lakectl crawler register` make jobs and crawlers, `lakectl deploy` the rest")
	case "AlreadyExistsException", "IdempotentParameterMismatchException", "ConcurrentModificationException", "CrawlerRunningException", "SchedulerTransitioningException":
		return as(diag.Transient, "somebody else is at it: try again in a minute")
	case "ConcurrentRunsExceededException":
		return as(diag.Locked, "a run is under way: `lakectl job status` shows it, `lakectl job stop` stops it")
	case "ResourceNumberLimitExceededException":
		return as(diag.Transient, "a quota of the account is reached: try again when other jobs have ended, or have it raised (Service Quotas, AWS Glue)")
	case "InvalidInputException":
		return as(diag.Usage, "is the stack deployed? `lakectl deploy` makes the roles and the security configuration that jobs and crawlers name")
	}
	return session.Explain(err)
}

func notFound(err error) bool {
	var missing *types.EntityNotFoundException
	return errors.As(err, &missing)
}
