// Package inspect looks at what a project has in AWS, and says of each thing
// whether it is as it should be and what to do if it is not. It changes nothing.
//
// Each look is a function that returns one finding and never an error: what
// cannot be looked at, because we may not or because the endpoint has no such
// operation, is a finding too. Nothing here knows which looks there are in all
// and in which order they make sense: that is the business of package doctor.
package inspect
