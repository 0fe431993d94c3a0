package glue

import (
	"fmt"
	"slices"
)

// Actions of a Change.
const (
	Create = "create"
	Update = "update"
	Keep   = "keep" // it is as it should be
)

// Change is what a registration does, or would do, to one job or crawler.
type Change struct {
	Kind   string        `json:"kind"` // job, crawler
	Name   string        `json:"name"`
	Action string        `json:"action"`
	Fields []FieldChange `json:"fields,omitempty"` // of an update
}

// FieldChange is a field that differs; what is not there is empty.
type FieldChange struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Changed says whether any of the changes does something.
func Changed(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Action != Keep })
}

// field is one field of a job or crawler, as text.
type field struct{ name, value string }

// pairs appends the entries of a map as fields, ordered by name.
func pairs(list []field, prefix string, m map[string]string) []field {
	for _, key := range sortedKeys(m) {
		list = append(list, field{prefix + key, m[key]})
	}
	return list
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// differences compares the fields of what is with those of what should be.
func differences(is, should []field) []FieldChange {
	var out []FieldChange
	find := func(list []field, name string) (string, bool) {
		i := slices.IndexFunc(list, func(f field) bool { return f.name == name })
		if i < 0 {
			return "", false
		}
		return list[i].value, true
	}
	for _, f := range should {
		if old, _ := find(is, f.name); old != f.value {
			out = append(out, FieldChange{Field: f.name, Old: old, New: f.value})
		}
	}
	for _, f := range is {
		if _, ok := find(should, f.name); !ok && f.value != "" {
			out = append(out, FieldChange{Field: f.name, Old: f.value})
		}
	}
	return out
}

// changeOf returns the change that makes what is what should be; is is nil if
// there is nothing yet.
func changeOf(kind, name string, is, should []field) Change {
	c := Change{Kind: kind, Name: name, Action: Create}
	if is != nil {
		c.Action, c.Fields = Keep, differences(is, should)
		if len(c.Fields) > 0 {
			c.Action = Update
		}
	}
	return c
}

func number[T int32 | int64 | int](n T) string { return fmt.Sprint(n) }
