// Package cost says what things cost on AWS: what a run has cost, and what one
// will, with the assumptions that the estimate rests on.
//
// Prices are list prices of one region at one date, which stand beside them.
// They are for orders of magnitude: the bill is AWS's.
package cost
