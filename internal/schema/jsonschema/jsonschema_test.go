package jsonschema

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

type inner struct {
	N int64 `json:"n"`
}

type outer struct {
	inner
	At    time.Time         `json:"at"`
	Name  *string           `json:"name"`
	Maybe *float64          `json:"maybe,omitempty"`
	List  []inner           `json:"list"`
	Map   map[string]*inner `json:"map,omitempty"`
	Is    bool              `json:"is"`
	Count uint64            `json:"count"`
	own   int
}

func compile(t *testing.T, text []byte) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOf(t *testing.T) {
	s := compile(t, Of(outer{}, "an example"))
	name, half := "x", 0.5
	for _, v := range []outer{{own: 1, List: []inner{}}, {Name: &name, Maybe: &half, List: []inner{{1}}, Map: map[string]*inner{"a": nil, "b": {2}}, Is: true, Count: 3}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		doc, _ := validator.UnmarshalJSON(bytes.NewReader(text))
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	good := `{"n":1,"at":"2026-01-01T00:00:00Z","name":null,"list":[],"is":true,"count":0}`
	for _, change := range [][2]string{{`"n":1,`, ``}, {`"n":1`, `"n":1.5`}, {`"n":1`, `"N":1`}, {`"name":null`, `"name":1`}, {`"list":[]`, `"list":null`},
		{`"is":true`, `"is":"true"`}, {`"count":0`, `"count":-1`}, {`"count":0`, `"count":0,"maybe":null`}, {`"list":[]`, `"list":[{}]`}} {
		doc, _ := validator.UnmarshalJSON(strings.NewReader(strings.Replace(good, change[0], change[1], 1)))
		if s.Validate(doc) == nil {
			t.Errorf("with %s for %s it is still good", change[1], change[0])
		}
	}
}
