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
// A write with a condition is one PutObject; only what is written without one
// may become a multipart upload. A copy with a condition is an upload whose parts
// are copied in the store and whose completion has the condition: not every
// server honours it on CopyObject, which is used where there is none.
//
// Some stores take conditions and ignore them. Probe makes the very calls that
// are used, such that they must fail; the lake calls it before it takes the
// lock. A store that lets PutObject through is refused. Where CompleteMultipartUpload
// is let through, copies go by way of this machine to PutObject; where
// DeleteObject is, its condition is checked beforehand.
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
