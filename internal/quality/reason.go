package quality

import (
	"bytes"
	"encoding/json"
)

// Reason is why a row is not good enough: the check that failed, the column it
// is about and the value found there.
type Reason struct {
	Check  string `json:"check"`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Reasons prints reasons as quarantine holds them: a JSON array.
func Reasons(reasons []Reason) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // people read them
	if err := e.Encode(reasons); err != nil {
		panic(err) // texts always marshal
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// ParseReasons reads what Reasons printed.
func ParseReasons(text string) ([]Reason, error) {
	var reasons []Reason
	err := json.Unmarshal([]byte(text), &reasons)
	return reasons, err
}
