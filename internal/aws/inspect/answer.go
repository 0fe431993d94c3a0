package inspect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Codes by which services say that something is not there, and that they have
// no such operation.
var (
	absentCodes = []string{"NoSuchBucket", "NotFound", "NoSuchKey", "NoSuchEntity", "EntityNotFoundException", "NotFoundException", "ResourceNotFoundException",
		"NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError"}
	lacking = []string{"NotImplemented", "UnknownOperationException", "UnknownOperation", "InvalidAction", "UnsupportedOperation", "MethodNotAllowed"}
)

// absent says whether an error means that what was asked for is not there.
func absent(err error) bool { return slices.Contains(absentCodes, session.Code(err)) }

// status returns the status of the answer that an error is, 0 if there was none.
func status(err error) int {
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode()
	}
	return 0
}

// unchecked is the finding of what could not be looked at: nobody knows whether
// it is as it should be.
func (i *Inspector) unchecked(what string, err error) diag.Finding {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return diag.Findf(diag.Suspect, "could not be checked: %s: there was no answer in time", what)
	}
	if i.lacks(err) {
		return diag.Findf(diag.Suspect, "could not be checked: %s: this endpoint does not have the operation", what)
	}
	err = session.Explain(fmt.Errorf("%s: %w", what, err))
	text := oneLine(err.Error())
	if _, why, ok := strings.Cut(text, "request send failed, "); ok { // before it stands what the SDK did
		text = what + ": " + why
	}
	f := diag.Findf(diag.Suspect, "could not be checked: %s", text)
	var typed *diag.Error
	if errors.As(err, &typed) {
		f.Remedy, _, _ = strings.Cut(typed.Next, "; `lakectl doctor`") // whoever reads this has run it
	}
	return f
}

// lacks says whether an error means that the endpoint has no such operation.
// AWS itself has them all; what imitates it may answer with anything.
func (i *Inspector) lacks(err error) bool {
	var unreadable *smithy.DeserializationError
	switch {
	case slices.Contains(lacking, session.Code(err)), status(err) == http.StatusNotImplemented:
		return true
	case !i.imitated:
		return false
	}
	return errors.As(err, &unreadable) || status(err) == http.StatusInternalServerError
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// faults collects what is wrong with one thing, so that all of it is said.
type faults struct {
	level   diag.Level
	texts   []string
	remedy  string
	guesses []diag.Finding // of what could not be looked at
}

// add adds a fault; the remedy of the first of the worst is kept.
func (f *faults) add(level diag.Level, remedy, format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
	if level > f.level {
		f.level, f.remedy = level, remedy
	}
}

// finding is what is to be said in all: the faults, else what could not be
// looked at, else that all is well.
func (f *faults) finding(well string) diag.Finding {
	switch {
	case len(f.texts) > 0:
		return diag.Findf(f.level, "%s", strings.Join(f.texts, "; ")).WithRemedy("%s", f.remedy)
	case len(f.guesses) > 0:
		return f.guesses[0]
	}
	return diag.Findf(diag.Good, "%s", well)
}
