package queries

import "testing"

func TestReads(t *testing.T) {
	for sql, want := range map[string]bool{
		"select 1": true, "SELECT 1": true, "\n -- drop\n /* delete */ (select 1)": true, "with x as (select 1) select * from x": true, "values 1, 2": true,
		"table ${silver}.t": true, "show tables": true, "describe t": true, "explain select 1": true, "explain (type distributed, format json) select 1": true,
		"explain analyze verbose select 1": true, "select 'drop table t'": true, "select deleted from t": true,
		"drop table t": false, "-- select\ndrop table t": false, "/* select */ delete from t": false, "insert into t select 1": false, "create table t as select 1": false,
		"unload (select 1) to 's3://x/y'": false, "msck repair table t": false, "explain analyze delete from t": false, "analyze delete from t": false,
		"explain": false, "": false, "'select' drop": false, "prepare p from select 1": false, "execute p": false, "select_1": false,
	} {
		if got := (Query{SQL: sql}).Reads(); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}
