package project

import (
	"strings"
	"testing"
)

func TestASilverTableHasTheNameOfItsDataset(t *testing.T) {
	const text = `
project: p
lake: ./lake
bronze:
  raw: {source: "*.csv"}
silver:
  clean:
    from: raw
    columns: {id: {type: string}}
`
	if p, problems := bindText(t, text, nil); p != nil || !strings.Contains(problems, `8:11: silver table "clean" is made from the dataset "raw"`) {
		t.Errorf("problems: %s", problems)
	}
	if p, problems := bindText(t, strings.ReplaceAll(text, "clean", "raw"), nil); p == nil || problems != "" {
		t.Errorf("problems: %s", problems)
	}
}
