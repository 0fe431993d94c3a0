package lake

import "github.com/lakectl/lakectl/internal/schema/jsonschema"

// RecordSchema returns the JSON Schema of the records of the log, for programs
// that read them.
func RecordSchema() []byte {
	return jsonschema.Of(Record{}, "a commit of a lake: _lakectl/log/<sequence>.json")
}
