package s3

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// conflictCodes are of requests that met another one for the same object. They
// may be repeated, but for CompleteMultipartUpload, whose whole upload must be.
// The last one is what versitygw says while a folder of its disk comes or goes.
var conflictCodes = []string{"ConditionalRequestConflict", "OperationAborted", "ExistingObjectIsDirectory"}

var (
	absentCodes   = []string{"NoSuchKey", "NotFound"}
	redirectCodes = []string{"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "MovedPermanently"}
)

// status returns the HTTP status of an answer that was an error, and a header of
// it; 0 if there was none.
func status(err error, header string) (code int, value string) {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return 0, ""
	}
	return response.HTTPStatusCode(), response.Response.Header.Get(header)
}

// explain says what an error of the store means for an object: it matches
// fs.ErrNotExist or storage.ErrPrecondition where it is one of these, and has a
// class and what to do otherwise.
func (b *Bucket) explain(doing, name string, err error) error {
	if err == nil {
		return nil
	}
	if session.WithoutCredentials(err) {
		return session.Explain(err)
	}
	code, where := session.Code(err), b.Address(name)
	number, region := status(err, "X-Amz-Bucket-Region")
	bucket := "s3://" + b.opts.Bucket
	switch {
	case code == "NoSuchBucket":
		return diag.Errorf(diag.Usage, "there is no bucket %s", bucket).
			WithNext("correct its name in lakehouse.yaml; if it is the bucket of the lake, `lakectl deploy` makes it")
	case slices.Contains(redirectCodes, code), number == http.StatusMovedPermanently:
		if region == "" {
			region = "another region"
		}
		return diag.Errorf(diag.Usage, "the bucket %s is in %s", bucket, region).
			WithNext("write that region into lakehouse.yaml, `aws: {region: ...}`, or set AWS_REGION")
	case slices.Contains(absentCodes, code), number == http.StatusNotFound && code == "":
		return &fs.PathError{Op: doing, Path: where, Err: fs.ErrNotExist}
	case code == "PreconditionFailed", number == http.StatusPreconditionFailed:
		return fmt.Errorf("%s %s: %w", doing, where, storage.ErrPrecondition)
	case slices.Contains(conflictCodes, code):
		return (&diag.Error{Class: diag.Transient, Msg: doing + " " + where + ": another request for it was under way", Err: err}).WithNext("run again")
	case code == "InvalidObjectState":
		return diag.Errorf(diag.Usage, "%s %s: the object is archived", doing, where).
			WithNext("restore it (`aws s3api restore-object`), and look at the bucket's lifecycle rules")
	case number == http.StatusForbidden && (code == "Forbidden" || code == "AccessDenied" || code == ""):
		return diag.Errorf(diag.Usage, "%s %s: access is denied", doing, where).
			WithNext("is it the right account%s, and do the credentials allow this on %s? `lakectl doctor` looks closer", b.ownerNote(), bucket)
	}
	if isCut(err) {
		return (&diag.Error{Class: diag.Transient, Msg: doing + " " + where + ": the transfer broke off: " + err.Error(), Err: err}).
			WithNext("look at the network, and try again")
	}
	return session.Explain(fmt.Errorf("%s %s: %w", doing, where, err))
}

// isCut says whether a body ended before its end, or came with another checksum
// than the store said; the SDK has no type for that.
func isCut(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || session.Code(err) == "" && strings.Contains(err.Error(), "checksum did not match")
}

func (b *Bucket) ownerNote() string {
	if b.opts.Owner == "" {
		return ""
	}
	return " (the bucket must belong to " + b.opts.Owner + ")"
}

// isGone says whether an upload does not exist any more: it was completed, or
// aborted by another.
func isGone(err error) bool { return session.Code(err) == "NoSuchUpload" }
