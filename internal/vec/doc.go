// Package vec holds the kernels below the engine: hashing, comparing and
// gathering columns, and the exact rules for single values that all layers
// share: raw text to typed values (SEMANTICS section 2), decimals, the
// calendar, time zones, layouts of dates, and simple operations on UTF-8.
//
// Functions on values take and return plain Go values and bytes, allocate
// nothing, and say with a bool whether there is a result: bad data is never an
// error or a panic here. Columns are Arrow arrays; strings are plain or
// dictionary-coded with int32 indexes.
package vec
