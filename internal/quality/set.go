package quality

import (
	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/schema"
)

// Set is the exact set of the values of a column that others refer to. It is
// filled by one goroutine; afterwards any number may look up, each with a
// Lookup of its own.
type Set struct {
	codes *engine.Codes
	add   *engine.Coder
	batch []uint32
}

// NewSet returns an empty set of values of a type.
func NewSet(typ schema.Type) *Set {
	codes := engine.NewCodes(typ)
	return &Set{codes: codes, add: codes.NewCoder()}
}

// Len returns the number of values.
func (s *Set) Len() int { return s.codes.Len() - 1 } // code 0 is null

// Bytes returns the memory in use.
func (s *Set) Bytes() int64 { return s.codes.Bytes() }

// Add adds the values of a column; nulls are left out.
func (s *Set) Add(col arrow.Array) { s.batch = s.add.Encode(s.batch, col) }

// Lookup answers which values of a column are in a set. It remembers the
// answers for a dictionary, so each goroutine needs its own.
type Lookup struct {
	find  *engine.Coder
	codes []uint32
}

// Lookup returns a new Lookup into the set, which must not be added to any more.
func (s *Set) Lookup() *Lookup { return &Lookup{find: s.codes.NewFinder()} }

// Contains sets found[i] to whether the value of row i is in the set. Nulls are
// in no set.
func (l *Lookup) Contains(found []bool, col arrow.Array) {
	l.codes = l.find.Encode(l.codes, col)
	for i, code := range l.codes {
		found[i] = code != engine.NoCode
	}
}
