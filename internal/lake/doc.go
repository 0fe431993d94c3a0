// Package lake keeps the tables of a lake and changes them by commits, so that
// a crash at any moment costs only time and no reader sees half a file. It
// knows nothing of Parquet, of rows, or of what the layers mean, but for the
// ledger: no commit may leave a record of an ingested file unaccounted for.
//
// # How a commit is made
//
// One process at a time holds the lease (Lock) and calls Recover. A
// transaction (Begin) writes its files under _lakectl/stage/<run>-<sequence>-
// <fence>/ and audits itself. Then, in this order, each step durable before
// the next:
//
//  1. the record _lakectl/log/<sequence>.json is created if absent. This is
//     the moment at which the commit exists;
//  2. each staged file is moved (or copied) to its place, each at once and
//     whole; then files that the commit removes are deleted;
//  3. the pointer _lakectl/published is advanced to the sequence;
//  4. what is left of the stage is deleted, and every now and then the folded
//     state is written down as a checkpoint.
//
// # Why a crash at any operation is recovered
//
// Before 1 is done the commit does not exist and nothing that anyone reads has
// changed; the stage is rubbish. After 3 it is complete. Between them the
// record says all that is to be done, and its files are staged or in place:
// nothing deletes a staged file before 3, and a move leaves the file in exactly
// one of the two places. So doing 2 again from the start is right: a file whose
// staged object is there is put (again, perhaps: the same content), one whose
// staged object is gone must be in place, which its SHA-256 proves; deleting
// twice is deleting once. Recover does just that before any other commit is
// begun, so commit N is published whole before N+1 is recorded, and only the
// last commit can ever be incomplete. That is also why the pointer may be lost:
// the existence of record N proves that N-1 is complete.
//
// # Why a writer that lost its lease does no harm
//
// The lease is for order; a holder may be paused, lose it, and wake up. If it
// has not recorded its commit yet: its record and that of the new holder have
// the same name, and only one of them is created. The new holder does not
// delete what a possibly living predecessor staged for the next sequence until
// a commit of that sequence exists (LockInfo.Doubtful), so whichever record
// wins has its files. If it was publishing commit N: it looks at the version of
// its targets, then checks that N+1 is not recorded, then puts or deletes on the
// condition that the targets are still these versions. Had N+1 touched a target
// before the look, N+1 would be recorded; if it does after, the condition fails.
// The pointer never goes back.
//
// # What readers see
//
// An object is replaced at once, so whoever opens one has its old or its new
// content, whole. State returns the last commit that is published whole, and
// names one that is being published (Pending): of its files a reader may find
// either content. Files that lose rows are published, and files that go are
// deleted, before those that gain some, so a row that moves may be missing for a
// moment and is never there twice.
//
// # What is in the lake
//
//	<layer>/<table>/...                   data files
//	_lakectl/keys/<layer>.<table>/...     index files, committed like data
//	_lakectl/log/<20 digits>.json         one record for each commit
//	_lakectl/log/<20 digits>.checkpoint.json   the folded state; may be deleted
//	_lakectl/published                    how far publishing is; may be deleted
//	_lakectl/stage/...                    files of commits in work
//	_lakectl/lock.json, _lakectl/clock    the lease; a probe for the store's time
package lake
