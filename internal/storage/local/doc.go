// Package local is a storage.Bucket in a folder of a local or network file
// system.
//
// An object is a file; its name is its path under the root. A write goes to a
// temporary file in the folder of its target (its name begins with _tmp, so
// that no engine takes it for part of a table), which is synced, put in place
// by rename or link, and followed by a sync of the folder. A crash leaves a
// temporary file behind and nothing else; Sweep removes those whose writer is
// gone, which it knows by the lock that a writer holds on its file. Objects
// written with the option Deferred are synced by Sync, many at a time.
//
// Every change takes an exclusive flock on <root>/_lakectl/_tmp.lock for the
// instant in which it looks at its target and replaces it. That makes the
// conditions hold between processes, and between hosts where the network file
// system carries flock. Nothing slow happens under it: data is synced before,
// folders after. Only a process that is stopped within that instant (Ctrl-Z, a
// paused container) keeps the lock: the others fail after Options.Patience.
//
// The version of an object is its modification time, size and inode number. A
// file that replaces another is always given a later time, so that an inode
// number that is used again does not bring an old version back.
//
// Symbolic links are followed for reading. Nothing is written through a link
// that leads out of the root, and List does not descend into linked folders.
package local
