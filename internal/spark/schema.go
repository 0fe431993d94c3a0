package spark

import "github.com/lakectl/lakectl/internal/schema/jsonschema"

// DocumentSchema returns the JSON Schema of the compiled project.
func DocumentSchema() []byte {
	return jsonschema.Of(document{}, "a project as the programs of Spark read it: "+Format)
}
