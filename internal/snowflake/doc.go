// Package snowflake connects to an account of Snowflake and runs statements
// there. Where and as whom stands in lakehouse.yaml; secrets come from the
// environment alone (see Secrets), and stand in no error and in no log.
//
// Open logs in. Errors have their class and the next action: a wrong account,
// user or key, a role or warehouse that is not there and a statement that
// Snowflake refuses are the user's to mend (Usage); no network, an expired
// session and a timeout pass (Transient). Those of statements name Snowflake's
// own code and the id of the query, with which its history finds it.
//
// A call runs one statement. Values are bound to ?, and names of objects go
// through Identifier. Sessions are in UTC, carry the tag lakectl, and send no
// telemetry. What the driver logs is dropped.
//
// Package snowflaketest is Snowflake as far as the driver sees it, for tests.
package snowflake
