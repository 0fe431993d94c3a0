// Package storage is where the bytes of a lake live: a flat namespace of named
// objects with atomic, conditional writes, as small as a folder and an S3
// bucket have in common.
//
// An object is written whole or not at all: nobody ever sees half of one. A
// write may be made conditional on the object being absent (IfNoneMatch) or
// on its being a known version (IfMatch); of several writers with the same
// condition exactly one wins and the others get ErrPrecondition. An error
// other than ErrPrecondition leaves open whether the write happened, as an
// answer may be lost on its way; callers who must know read the object back.
//
// Names are relative slash-separated paths in UTF-8 (see CheckName). Folders
// exist only as parts of names.
//
// Retries of throttled or failed requests belong in the adapter that knows
// which requests may be repeated; callers of a Bucket do not retry.
//
// Package storagetest holds the tests that every Bucket passes.
package storage
