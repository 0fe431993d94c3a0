// Package s3 keeps objects in a bucket of S3, or of a store that speaks its
// protocol, below a prefix.
//
// An object's version is its ETag, in quotes: S3's conditions compare nothing
// else. So versions tell contents apart, not writes: the same bytes written
// twice may have the same version. Whoever needs more writes something unique
// into the object, as the lake does.
//
// # Conditions
//
// A small object is written by PutObject, a large one by a multipart upload,
// and a copy is a multipart upload whose parts are copied in the store: all
// three check If-Match and If-None-Match at the moment the object appears. Not
// every server honours them on CopyObject, so that is used where there are no
// conditions. Some stores take the headers and ignore them; Probe makes the very
// calls that are used and fails if one goes through that must not. The lake
// calls it before it takes the lock. Where only the condition of DeleteObject is
// ignored, it is checked beforehand instead.
//
// # Failures
//
// The SDK repeats what was throttled, timed out or met a fault of the server;
// reads go on where they broke off. A request that is repeated may meet its own
// first try and fail with storage.ErrPrecondition although it succeeded:
// whoever depends on that reads the object back. A crash leaves uploads behind
// that are not complete, which nobody sees; Sweep aborts the old ones, and so
// does the bucket's lifecycle.
package s3
