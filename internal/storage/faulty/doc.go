// Package faulty wraps a storage.Bucket so that chosen operations fail, for
// tests of what a crash, a lost answer or a full disk leaves behind.
//
// Every operation has a number, counted from 1: Open, each ReadAt, Create, each
// Write, each Commit, Copy, the start of each List, Delete, Sync, Sweep. A plan names
// the number at which something goes wrong, and what. With the same calls in
// the same order the same thing happens, always. A wrapper stands for one
// process: after a kill all its operations fail with ErrKilled, while the
// wrapped bucket goes on to be used by the next.
package faulty
