package spark

import "embed"

//go:embed scripts/*.py
var scripts embed.FS

// Script is the program of a layer.
type Script struct {
	Layer string // bronze, silver, gold
	Name  string // of its file
	Text  []byte
}

// Scripts returns the programs of all layers, in the order in which they run.
func Scripts() ([]Script, error) {
	list := []Script{{Layer: "bronze", Name: "bronze_ingest.py"}, {Layer: "silver", Name: "silver_transform.py"}, {Layer: "gold", Name: "gold_aggregate.py"}}
	for i := range list {
		var err error
		if list[i].Text, err = scripts.ReadFile("scripts/" + list[i].Name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Program returns one of the programs by the name of its file.
func Program(name string) ([]byte, error) { return scripts.ReadFile("scripts/" + name) }
