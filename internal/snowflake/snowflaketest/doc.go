// Package snowflaketest is Snowflake as far as its driver sees it: a server on
// this machine that logs in, checks the text, the values and the order of the
// statements that come, and answers each as a test has written it down.
//
//	s := snowflaketest.New(t)
//	s.Script(
//		snowflaketest.Want{Text: `select 1`, Columns: "N NUMBER(1,0)", Rows: [][]any{{1}}},
//		snowflaketest.Want{Match: `(?i)^create .* integration`, Binds: []string{"TEXT LAKE"}},
//		snowflaketest.Want{Text: `select * from T`, Error: &snowflaketest.Error{Code: "002003", State: "42S02", Message: "Object 'T' does not exist"}},
//	)
//	t.Setenv("LAKEHOUSE_SNOWFLAKE_URL", s.URL)
//
// A statement that is not the next of the script fails the test, and so does a
// script of which something is left at its end. For what depends on the
// statements before, a test gives a function in place of a script (Handle).
//
// Answers may be slow, asynchronous, in chunks (written while they are read, so
// that a result may be large), or break off. Sessions expire and are renewed.
package snowflaketest
