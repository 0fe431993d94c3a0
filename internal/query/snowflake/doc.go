// Package snowflake runs the statements of package query in Snowflake.
//
// ${bronze}, ${silver} and ${gold} are the schemas of those names in the
// project's database, where its external tables stand. Values of parameters are
// bound, each by its type: dates, timestamps (TIMESTAMP_NTZ), whole numbers,
// booleans and texts as such; decimals and doubles as texts that the statement
// casts, because the driver would send them through 32-bit floats. Sessions are
// in UTC, and a statement's tag is lakectl and the query's name.
//
// Results stream: Snowflake's own Arrow, as it was written, is read batch by
// batch (SHOW and CALL answer in JSON, which is read row by row), so that memory
// holds a batch and not a result, and no number passes through a float. A part
// of a result that breaks off is fetched again from where it broke.
//
// Types: NUMBER(p,0) of up to 18 digits is bigint, other NUMBERs are
// decimal(p,s); FLOAT is double; TEXT, BOOLEAN and DATE are what they say; all
// timestamps are moments in UTC (TIMESTAMP_NTZ is taken to be UTC) of whole
// microseconds: what is finer is cut off, towards the past. BINARY is a text in
// hexadecimal digits, TIME and DECFLOAT are texts; VARIANT, OBJECT, ARRAY and
// all else are texts of JSON.
package snowflake
