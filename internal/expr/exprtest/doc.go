// Package exprtest decides in tests what an expression gives: a slow evaluator
// of one row at a time in exact arithmetic, written from SEMANTICS section 5
// and sharing no code with the engine, and a generator of expressions and of
// values at the edges of each type.
//
// It is for tests only. The evaluator's forms of values, by kind of type:
// string, bool, *big.Int (integer and bigint), float64, *big.Rat (decimal),
// Date, Timestamp, and nil for null.
package exprtest
