package inspect

import (
	"encoding/json"
	"slices"
	"strings"
)

// document is a policy, as far as it is asked about.
type document struct {
	Statement oneOrMore[statement]
}

type statement struct {
	Effect    string
	Principal principals
	Action    oneOrMore[string]
	Resource  oneOrMore[string]
	Condition map[string]map[string]oneOrMore[string]
}

// principals are those of a statement, by kind: AWS, Service, Federated.
type principals map[string]oneOrMore[string]

// UnmarshalJSON implements json.Unmarshaler. A principal may be just "*".
func (p *principals) UnmarshalJSON(data []byte) error {
	var all string
	if json.Unmarshal(data, &all) == nil {
		*p = principals{"AWS": {all}, "Service": {all}}
		return nil
	}
	var kinds map[string]oneOrMore[string]
	err := json.Unmarshal(data, &kinds)
	*p = kinds
	return err
}

// oneOrMore is a value or a list of them: policies have either.
type oneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]T)(o))
	}
	var one T
	err := json.Unmarshal(data, &one)
	*o = oneOrMore[T]{one}
	return err
}

// parseDocument reads a policy.
func parseDocument(text string) (document, error) {
	var d document
	err := json.Unmarshal([]byte(text), &d)
	return d, err
}

// allowsService says whether a policy allows a service to do something.
func (d document) allowsService(service, action string) bool {
	return slices.ContainsFunc(d.Statement, func(s statement) bool {
		return s.Effect == "Allow" && (slices.Contains(s.Principal["Service"], service) || slices.Contains(s.Principal["Service"], "*")) && s.does(action)
	})
}

// does says whether a statement is about an action. Actions may end in a star,
// and their case does not matter.
func (s statement) does(action string) bool {
	action = strings.ToLower(action)
	return slices.ContainsFunc(s.Action, func(pattern string) bool {
		prefix, star := strings.CutSuffix(strings.ToLower(pattern), "*")
		return prefix == action || star && strings.HasPrefix(action, prefix)
	})
}

// values returns the values of a key in the conditions of one operator, such as
// StringEquals; the case of keys does not matter.
func (s statement) values(operator, key string) []string {
	for name, values := range s.Condition[operator] {
		if strings.EqualFold(name, key) {
			return values
		}
	}
	return nil
}
