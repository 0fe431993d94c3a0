// Package quiet keeps the driver of Snowflake from what it does by itself when a
// program starts and at each login: unpacking a native library into the
// temporary folder and loading it, and asking the addresses of cloud metadata,
// and AWS with the user's credentials, on what machine it runs. Both are for
// statistics of the driver's maker only.
//
// The driver reads variables of the environment for that, the first of them
// before main begins. Go initialises packages in the order of their paths, once
// all that they import is ready: this one imports os alone and comes before
// github.com/snowflakedb, so that the variables are set in time. A user's own
// values are left alone.
package quiet
