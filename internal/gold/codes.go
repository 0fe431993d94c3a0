package gold

import (
	"sync"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// column is a column of a silver table.
type column struct {
	table *project.Silver
	index int // of table.Table()
}

// codebook has one engine.Codes for each column, and the same for columns that
// any join compares.
type codebook struct {
	parent map[column]column
	codes  map[column]*engine.Codes
	all    []*engine.Codes

	mu      sync.Mutex
	account *account
}

func newCodebook(m *memory) *codebook {
	return &codebook{parent: map[column]column{}, codes: map[column]*engine.Codes{}, account: m.account()}
}

// add returns new codes for values of a type.
func (c *codebook) add(typ schema.Type) *engine.Codes {
	codes := engine.NewCodes(typ)
	c.all = append(c.all, codes)
	return codes
}

// hold accounts for the memory of all codes. Several workers call it.
func (c *codebook) hold() {
	bytes := int64(0)
	for _, codes := range c.all {
		bytes += codes.Bytes()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account.hold(bytes)
}

func (c *codebook) root(of column) column {
	for {
		up, ok := c.parent[of]
		if !ok {
			return of
		}
		of = up
	}
}

// unite makes two columns share their codes. It comes before any of.
func (c *codebook) unite(a, b column) {
	if a, b = c.root(a), c.root(b); a != b {
		c.parent[a] = b
	}
}

// of returns the codes of a column of a type.
func (c *codebook) of(col column, typ schema.Type) *engine.Codes {
	col = c.root(col)
	if c.codes[col] == nil {
		c.codes[col] = c.add(typ)
	}
	return c.codes[col]
}
