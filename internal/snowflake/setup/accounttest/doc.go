// Package accounttest is an account of Snowflake as far as package setup sees it,
// for tests: it remembers what is made, answers SHOW, DESC and the few selects,
// and refuses what Snowflake would refuse: things that are not there, roles that
// may not, places outside the integration. Statements that it does not know are
// errors, so that each one is looked at by hand.
//
// Answer works on one statement; Open makes a database/sql session of it.
package accounttest
