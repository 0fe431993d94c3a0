// Package budget shares one amount of memory among the parts of a run.
//
// Operators that can spill to disk ask with Reserve and spill when it refuses;
// small, unavoidable amounts are taken with Take, which never refuses.
package budget
