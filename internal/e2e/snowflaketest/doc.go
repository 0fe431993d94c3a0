// Package snowflaketest runs lakectl's queries in a Snowflake that executes
// them: fakesnow, from PyPI, which answers the protocol with DuckDB. What it
// does not know (accounts, keys, external tables, asynchronous statements) is
// tested against internal/snowflake/snowflaketest.
//
// `make e2e` installs it; E2E_FAKESNOW names the program.
package snowflaketest
