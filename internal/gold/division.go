package gold

import (
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/vec"
)

// share is one of several shares of rows, by the hash of some columns. There are
// a power of two of them; the zero share is all rows.
type share struct{ part, of uint32 }

func (s share) whole() bool { return s.of <= 1 }

// split divides a share into so many, a power of two.
func (s share) split(into uint32) []share {
	of := max(1, s.of)
	shares := make([]share, into)
	for i := range shares {
		shares[i] = share{part: s.part + uint32(i)*of, of: of * into}
	}
	return shares
}

// each returns the shares that there are as many of as of this one.
func (s share) each() []share { return share{}.split(max(1, s.of)) }

// has says whether a row is in the share. The hash is hashed again, since tables
// of the share's values use its bits.
func (s share) has(hash uint64) bool {
	return s.whole() || uint32(vec.HashUint64(hash))&(s.of-1) == s.part
}

// division says which rows of a table a build is about, where the table is built
// in parts.
//
// Rows of different outer shares are in different groups: what is made of one is
// a part of the result. Those of different inner shares may be in the same group:
// what is computed of them is put together by absorbing it.
type division struct {
	outer share
	by    dividend // of outer: groups or joins
	inner share
	split dividend // of inner: joins or values
	left  []int    // joins: the columns of the table joined from that are compared
	value int      // values: the aggregate that counts distinct values of its argument
	alone bool     // it did not fit when the table was built alone
	need  int64    // bytes that were missed when it was last divided,
	stuck int      // and how often dividing it had not helped
}

// dividend is what rows are divided by.
type dividend uint8

const (
	byNothing dividend = iota
	byGroups           // the keys of their groups
	byJoins            // the columns that a join compares, on both of its sides
	byValues           // the argument of a count(distinct)
)

// joins returns the share of rows by the columns that are joined.
func (d *division) joins() share {
	switch {
	case d == nil:
		return share{}
	case d.by == byJoins:
		return d.outer
	case d.split == byJoins:
		return d.inner
	}
	return share{}
}

// groups returns the share of rows by the keys of groups.
func (d *division) groups() share {
	if d == nil || d.by != byGroups {
		return share{}
	}
	return d.outer
}

// values returns the share of rows by the argument of a count(distinct).
func (d *division) values() share {
	if d == nil || d.split != byValues {
		return share{}
	}
	return d.inner
}

// absorbs says whether results are put together from inner shares.
func (d *division) absorbs() bool { return d != nil && !d.inner.whole() }

// columnsOf returns the columns of a side by which its rows are divided.
func (d *division) columnsOf(i int, s *side) []int {
	switch {
	case d.joins().whole():
		return nil
	case i == 0:
		return d.left
	case slices.Equal(s.left, d.left):
		return s.right
	}
	return nil
}

// rowShare is a share of rows by some terms or inputs.
type rowShare struct {
	columns []int
	share   share
}

func (r *rowShare) equal(o *rowShare) bool {
	if r == nil || o == nil {
		return r == o
	}
	return r.share == o.share && slices.Equal(r.columns, o.columns)
}

// sharer finds the rows of shares. It belongs to one worker.
type sharer struct {
	hasher vec.Hasher
	hashes []uint64
	cols   []arrow.Array
	mask   []bool
}

// rows returns which of n rows are in the share; valid until the next call.
func (s *sharer) rows(of share, n int) []bool {
	s.hashes = s.hasher.Rows(s.hashes, s.cols, n)
	s.mask = resize(s.mask, n)
	for i, hash := range s.hashes[:n] {
		s.mask[i] = of.has(hash)
	}
	return s.mask
}

// powerOfTwo returns the least one that is not below x, up to most.
func powerOfTwo(x float64, most uint32) uint32 {
	n := uint32(1)
	for float64(n) < math.Min(x, float64(most)) {
		n *= 2
	}
	return n
}
