// Package overlay is a storage.Bucket that lies over another one and never
// changes it, so that a dry run can do all that a run does.
//
// What is written goes to an upper bucket, what was not written is read from the
// base. An object that was written, deleted or moved away is no more looked for
// in the base. That is remembered in memory alone: an overlay serves one process
// for one dry run, and its upper bucket must be empty at first and written by
// nobody else. Conditions hold on what the overlay shows, so a write that would
// fail on the base fails here, too.
//
// The base may change meanwhile; what was not written here shows the change.
package overlay
