package gold

import (
	"sync"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/diag"
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
	return &codebook{parent: map[column]column{}, codes: map[column]*engine.Codes{}, account: m.account("the table of all keys and distinct values")}
}

// add returns new codes for values of a type.
func (c *codebook) add(typ schema.Type) *engine.Codes {
	codes := engine.NewCodes(typ)
	c.all = append(c.all, codes)
	return codes
}

// hold accounts for the memory of all codes. Several workers call it.
func (c *codebook) hold() error {
	bytes := int64(0)
	for _, codes := range c.all {
		bytes += codes.Bytes()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account.hold(bytes)
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

// memory asks the budget for what grows, in steps.
type memory struct {
	budget *budget.Budget
	mu     sync.Mutex
	taken  int64
}

const memoryStep = 4 << 20

// account is one holder's part of memory, of one goroutine at a time.
type account struct {
	memory *memory
	what   string // for the message when there is none left
	used   int64  // bytes
	taken  int64  // from the budget
}

func (m *memory) account(what string) *account { return &account{memory: m, what: what} }

// hold says that so many bytes are in use now.
func (a *account) hold(bytes int64) error {
	if a.used = bytes; bytes <= a.taken {
		return nil
	}
	more := (bytes - a.taken + memoryStep - 1) / memoryStep * memoryStep
	if !a.memory.budget.Reserve(more) {
		return diag.Errorf(diag.Budget, "%s does not fit the memory: it needs more than %d MiB", a.what, bytes>>20).
			WithNext("give the run more with --memory")
	}
	a.taken += more
	a.memory.mu.Lock()
	a.memory.taken += more
	a.memory.mu.Unlock()
	return nil
}

// release gives back all that was taken.
func (m *memory) release() {
	m.budget.Release(m.taken)
	m.taken = 0
}
