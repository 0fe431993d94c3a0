package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// Apply sends statements, one after the other, each in its role. done is told of
// each that was sent. After an error the next Plan has what is left.
func (s *Setup) Apply(ctx context.Context, steps []Step, done func(Step)) error {
	for _, step := range steps {
		if err := s.take(ctx, step.Role); err != nil {
			return s.explain(err, "take the role %s, to %s", step.Role, step)
		}
		if err := s.exec(ctx, step.SQL); err != nil {
			return s.explain(err, "%s, as %s", step, step.Role)
		}
		done(step)
	}
	return nil
}

// explain says what was being done, and what to do about the error.
func (s *Setup) explain(err error, format string, args ...any) error {
	wrapped := diag.Errorf(diag.ClassOf(err), "%s: %w", fmt.Sprintf(format, args...), err)
	switch wrapped.Class {
	case diag.Transient:
		return wrapped.WithNext("run it again: it goes on from here")
	case diag.Interrupted:
		return wrapped
	}
	return wrapped.WithNext("if you may not do this, have an administrator run what `lakectl snowflake setup --dry-run` prints; then, or when it is corrected, run it again: it goes on from here")
}

// Describe returns the integration as it is in Snowflake; nil if there is none.
func (s *Setup) Describe(ctx context.Context) (*Integration, error) {
	if _, err := s.takeOwner(ctx); err != nil {
		return nil, err
	}
	r := &stateReader{Setup: s, ctx: ctx, state: emptyState()}
	r.places()
	return r.state.integration, r.err
}

const (
	settleTime  = 2 * time.Minute // how long IAM takes to make a trust known, and more
	settleFirst = 2 * time.Second
	settleMost  = 15 * time.Second
)

// Validate has Snowflake list the places of the lake through the integration. A
// trust that was just made is not known everywhere at once, so that it tries for
// two minutes; waiting is told of each time.
func (s *Setup) Validate(ctx context.Context, waiting func(why string)) error {
	if _, err := s.takeOwner(ctx); err != nil {
		return err
	}
	if err := s.useWarehouse(ctx); err != nil {
		return err
	}
	until := s.now().Add(settleTime)
	for _, place := range s.allowed() {
		for pause := settleFirst; ; pause = min(2*pause, settleMost) {
			why, err := s.validate(ctx, place)
			if err != nil {
				return err
			}
			if why == "" {
				break
			}
			if !s.now().Add(pause).Before(until) {
				return diag.Errorf(diag.Unexpected, "Snowflake cannot list %s through the integration %s: %s", place, s.Integration(), why).
					WithNext("`lakectl snowflake check` compares the integration with the role %s; then run `lakectl snowflake setup` again", s.RoleARN)
			}
			waiting(why)
			if err := s.sleep(ctx, pause); err != nil {
				return err
			}
		}
	}
	return nil
}

// validate tries one place, and returns why it does not work.
func (s *Setup) validate(ctx context.Context, place string) (why string, err error) {
	list, err := s.rows(ctx, "select system$validate_storage_integration("+literals([]string{s.Integration(), place, "lakectl", "list"})+") as result")
	if err != nil {
		return "", s.explain(err, "validate the integration %s", s.Integration())
	}
	if len(list) != 1 {
		return "Snowflake does not say", nil
	}
	var result struct {
		Status  string `json:"status"`
		Message string `json:"message"`
		Actions map[string]struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"actions"`
	}
	if err := json.Unmarshal([]byte(list[0]["result"]), &result); err != nil {
		return "", fmt.Errorf("validate the integration %s: the answer is not JSON: %w", s.Integration(), err)
	}
	if strings.EqualFold(result.Status, "success") {
		return "", nil
	}
	for _, action := range result.Actions {
		if action.Message != "" {
			return action.Message, nil
		}
	}
	if result.Message != "" {
		return result.Message, nil
	}
	return "Snowflake does not say why", nil
}

// useWarehouse has the session use the project's warehouse: it may not have
// existed, or not for this role, when the session began.
func (s *Setup) useWarehouse(ctx context.Context) error {
	if err := s.exec(ctx, "use warehouse "+s.warehouse()); err != nil {
		return s.explain(err, "use the warehouse %s", strings.ToUpper(s.Warehouse))
	}
	return nil
}
