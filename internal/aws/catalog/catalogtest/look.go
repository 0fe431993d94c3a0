package catalogtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Dump writes down all that readers of the catalog can see, one thing a line, so
// that two catalogs can be compared. Versions are not of it.
func (g *Glue) Dump() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var lines []string
	for _, database := range slices.Sorted(maps.Keys(g.databases)) {
		for _, name := range slices.Sorted(maps.Keys(g.databases[database])) {
			t := g.databases[database][name]
			full := database + "." + name
			lines = append(lines, fmt.Sprintf("%s %s keys(%s) %s", full, aws.ToString(t.input.TableType), list(t.input.PartitionKeys), describe(t.input.StorageDescriptor)))
			for _, p := range slices.Sorted(maps.Keys(t.input.Parameters)) {
				lines = append(lines, fmt.Sprintf("%s %s=%s", full, p, t.input.Parameters[p]))
			}
			for _, k := range slices.Sorted(maps.Keys(t.partitions)) {
				lines = append(lines, fmt.Sprintf("%s %q %s", full, t.partitions[k].Values, describe(t.partitions[k].StorageDescriptor)))
			}
		}
	}
	return lines
}

func describe(sd *types.StorageDescriptor) string {
	if sd == nil {
		return "nowhere"
	}
	return fmt.Sprintf("%s (%s) %s", aws.ToString(sd.Location), list(sd.Columns), aws.ToString(sd.InputFormat))
}

func list(columns []types.Column) string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = aws.ToString(c.Name) + " " + aws.ToString(c.Type)
	}
	return strings.Join(texts, ", ")
}

// Change changes a table as somebody else would, and returns whether there is
// one.
func (g *Glue) Change(database, name string, change func(*types.TableInput)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.databases[database][name]
	if t == nil {
		return false
	}
	change(&t.input)
	t.version++
	return true
}

// ChangePartition changes a partition as somebody else would; one that is nil
// afterwards is dropped.
func (g *Glue) ChangePartition(database, name string, values []string, change func(*types.PartitionInput) *types.PartitionInput) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.databases[database][name]
	p := t.partitions[key(values)]
	if changed := change(&p); changed != nil {
		t.partitions[key(values)] = *changed
		return
	}
	delete(t.partitions, key(values))
}

// Drop drops a table as somebody else would.
func (g *Glue) Drop(database, name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.databases[database], name)
}

// Archived returns how many old versions of a table are kept.
func (g *Glue) Archived(database, name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.databases[database][name].archived
}
