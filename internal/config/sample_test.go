package config

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const samplePath = "../project/testdata/sample.yaml"

func parseText(t *testing.T, text string) (*Config, string) {
	t.Helper()
	c, problems := Parse(FileName, []byte(text), Options{})
	if err := problems.Err(); err != nil {
		return c, err.Error()
	}
	return c, ""
}

func TestSampleParses(t *testing.T) {
	c, problems := Load(samplePath, Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if got := c.Silver.Get("transactions").Value.Columns.Names(); len(got) != 9 || got[3] != "transaction_timestamp" {
		t.Errorf("columns %v", got)
	}
	if got := c.Snowflake.Warehouse.Value; got != "LAKEHOUSE_WH" {
		t.Errorf("warehouse %q", got)
	}
}

// compiled returns the JSON Schema ready to validate.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("lakehouse.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("lakehouse.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// accepts says whether the schema accepts a YAML text.
func accepts(t *testing.T, schema *jsonschema.Schema, text []byte) bool {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	err = schema.Validate(value)
	t.Logf("schema: %v", err)
	return err == nil
}

func TestSchemaAcceptsTheSample(t *testing.T) {
	text, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	if !accepts(t, compiled(t), text) {
		t.Error("the schema refuses the sample")
	}
}

func TestSchemaIsDeterministic(t *testing.T) {
	if first := JSONSchema(); !bytes.Equal(first, JSONSchema()) {
		t.Error("two calls differ")
	}
}

// What the schema refuses, the decoder refuses, and the other way round as far
// as a schema can say it.
func TestSchemaAndDecoderAgree(t *testing.T) {
	schema := compiled(t)
	for _, test := range []struct {
		text string
		good bool
	}{
		{"athena: {scan_limit_bytes: 100GB}", true},
		{"athena: {scan_limit_bytes: 100000000}", true},
		{"athena: {scan_limit_byte: 100GB}", false},
		{"athena: {scan_limit_bytes: 100 potatoes}", false},
		{"athena:", true},
		{"silver: {b: {columns: {a: {type: string}}}}", true},
		{"silver: {b: {columns: {a: {type: 'decimal(10, 2)', format: [x, y]}}}}", false}, // the decoder alone
		{"silver: {b: {columns: {a: {type: strin}}}}", false},
		{"silver: {b: {columns: {a: {type: Integer}, b: {type: 'DECIMAL(38, 0)'}}}}", true},
		{"silver: {b: {columns: {a: {type: 'decimal(39,0)'}}}}", false},
		{"silver: {b: {columns: {a: {type: 'decimal(0,0)'}}}}", false},
		{"silver: {b: {columns: {a: {type: string}}, limits: {quarantined: '0.05'}}}", true},
		{"silver: {b: {columns: {a: {type: string}}, limits: {quarantined: 0.00000000001%}}}", true},
		{"silver: {b: {columns: {a: {type: string}}, limits: {quarantined: 150%}}}", false},
		{"silver: {b: {columns: {A: {type: string}}}}", false},
		{"silver: {b: {columns: {a: {}}}}", false},
		{"silver: {b: {colums: {a: {type: string}}}}", false},
		{"silver: {b: {columns: {a: {type: string}}, key: [a], limits: {quarantined: 0.5}}}", true},
		{"silver: {b: {columns: {a: {type: string}}, limits: {quarantined: 5}}}", false},
		{"silver: {b: {columns: {a: {type: string}}, checks: {c: {expect: a = 1}}}}", true},
		{"silver: {b: {columns: {a: {type: string}}, checks: {c: {on_fail: flag}}}}", false},
		{"silver: {b: {columns: {a: {type: string}}, checks: {c: {expect: a = 1, on_fail: warn}}}}", false},
		{"silver: {b: {columns: {a: {type: string}}, table_checks: {c: {newest: {column: a, within: 48h}}}}}", true},
		{"silver: {b: {columns: {a: {type: string}}, table_checks: {c: {newest: {column: a, within: 48}}}}}", false},
		{"gold: {g: {from: b, group_by: {a: a}, measures: {n: count(*), m: {expr: sum(a), type: bigint}}}}", true},
		{"gold: {g: {from: b, group_by: {a: a}, measures: {n: {exp: count(*)}}}}", false},
		{"gold: {g: {from: b, join: {c: {on: {x: y}}}, columns: {a: a}}}", true},
		{"gold: {g: {from: b, join: {c: {where: x}}, columns: {a: a}}}", false},
		{"environments: {prod: {athena: {scan_limit_bytes: 1GB}, silver: null, bronze: {b: {header: null}}}}", true},
		{"environments: {prod: {athena: {scan_limit: 1GB}}}", false},
		{"environments: {prod: {environment: dev}}", false},
		{"environments: {prod: }", true},
	} {
		text := base + test.text + "\n"
		_, problems := parseText(t, text)
		if (problems == "") != test.good {
			t.Errorf("%s: the decoder says %q", test.text, problems)
		}
		if ok := accepts(t, schema, []byte(text)); ok != test.good && !(ok && strings.Contains(test.text, "format: [")) {
			t.Errorf("%s: the schema accepts it: %v", test.text, ok)
		}
	}
}
