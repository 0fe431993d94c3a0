package session

import "github.com/lakectl/lakectl/internal/diag"

// ExplainAs is Explain for an error of which the caller knows better than its
// code what class it has and what to do.
func ExplainAs(err error, class diag.Class, next string) error {
	return (&diag.Error{Class: class, Msg: said(err), Err: err}).WithNext("%s", next)
}
