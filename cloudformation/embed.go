package cloudformation

import _ "embed" // for the template

//go:embed lakehouse.yaml
var template string

// Template returns the template.
func Template() string { return template }
