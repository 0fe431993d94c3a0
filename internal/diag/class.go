package diag

import (
	"context"
	"errors"
	"fmt"
)

// Class says what kind of failure an error is; its number is the exit code of
// the process, so that a scheduler can tell what to do.
type Class int

// The exit codes of lakectl.
const (
	OK          Class = 0   // done, or nothing to do
	Unexpected  Class = 1   // anything not foreseen
	Usage       Class = 2   // wrong flags or configuration: nothing was touched
	Gate        Class = 3   // a quality gate failed: do not retry
	Transient   Class = 4   // throttling, network, timeouts: retry
	Partial     Class = 5   // some files failed whole, the rest is committed
	Locked      Class = 6   // another run holds the lock
	Pending     Class = 7   // changes pending (--detailed-exitcode)
	Budget      Class = 8   // a budget was exceeded
	Ledger      Class = 9   // the ledger does not add up: a bug of lakectl
	Interrupted Class = 130 // Ctrl-C
)

// severity orders classes when several apply; the first wins.
var severity = [...]Class{Interrupted, Usage, Locked, Ledger, Gate, Unexpected, Transient, Partial, Budget, Pending}

// Error is a failure with its class and, where there is one, the next action.
type Error struct {
	Class Class
	Msg   string // what happened and where
	Next  string // what to do about it; may be empty
	Err   error  // the cause; may be nil
}

// Errorf makes an error of a class. A %w verb wraps a cause, as in fmt.Errorf.
func Errorf(class Class, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: class, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// WithNext returns the error with a next action.
func (e *Error) WithNext(format string, args ...any) *Error {
	e.Next = fmt.Sprintf(format, args...)
	return e
}

// Error returns the message; Next is printed by package cli on a line of its own.
func (e *Error) Error() string { return e.Msg }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of an error: that of the outermost Error or
// Problems in its tree; of joined errors the one that matters most.
func ClassOf(err error) Class {
	if err == nil {
		return OK
	}
	switch e := err.(type) { //nolint:errorlint // the tree is walked by hand
	case *Error:
		return e.Class
	case *Problems:
		return Usage
	case interface{ Unwrap() []error }:
		worst := OK
		for _, sub := range e.Unwrap() {
			worst = Worst(worst, ClassOf(sub))
		}
		return worst
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return ClassOf(inner)
		}
	}
	if errors.Is(err, context.Canceled) {
		return Interrupted
	}
	return Unexpected
}

// Worst returns the class that decides the exit code when both apply.
func Worst(a, b Class) Class {
	for _, c := range severity {
		if a == c || b == c {
			return c
		}
	}
	return OK
}
