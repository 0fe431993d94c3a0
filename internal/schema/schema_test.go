package schema

import "testing"

func TestParseType(t *testing.T) {
	for text, want := range map[string]string{
		"string": "string", " Integer ": "integer", "DECIMAL(10, 2)": "decimal(10,2)", "decimal(5)": "decimal(5,0)",
		"timestamp": "timestamp", "decimal(38,38)": "decimal(38,38)",
	} {
		got, err := ParseType(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseType(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "int", "decimal", "decimal(0,0)", "decimal(39,2)", "decimal(3,4)", "binary", "invalid", "decimal(10,2"} {
		if got, err := ParseType(text); err == nil {
			t.Errorf("ParseType(%q) = %v, want an error", text, got)
		}
	}
}

func TestEngineNames(t *testing.T) {
	for _, test := range []struct {
		typ           Type
		duckdb, spark string
	}{
		{T(String), "VARCHAR", "string"}, {T(Integer), "INTEGER", "int"}, {T(Bigint), "BIGINT", "bigint"},
		{DecimalOf(10, 2), "DECIMAL(10,2)", "decimal(10,2)"}, {T(Timestamp), "TIMESTAMP", "timestamp"}, {T(Binary), "BLOB", "binary"},
	} {
		if test.typ.DuckDB() != test.duckdb || test.typ.Spark() != test.spark {
			t.Errorf("%v is %s in DuckDB and %s in Spark, want %s and %s", test.typ, test.typ.DuckDB(), test.typ.Spark(), test.duckdb, test.spark)
		}
	}
}
