package parquetio

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// values collects the non-null values of one column for the open page, and the
// dictionary that the pages of a row group share.
type values interface {
	// add appends the rows [from, to) of a. valid has a byte for each of them, 1
	// where the row has a value; nil if all have one.
	add(a arrow.Array, valid []byte, from, to int) error
	// size is the bytes that the open page takes.
	size() int
	// held is the bytes of memory that are kept beyond the open page.
	held() int
	// review decides whether the dictionary pays; the page is about to end or
	// enough has been seen.
	review(pageEnds bool)
	// finish appends the open page's values to dst, coded, and begins a new page.
	finish(dst []byte) (out []byte, encoding format.Encoding, b bounds)
	// dictionary returns the dictionary's page, PLAIN, and its number of entries.
	dictionary() (plain []byte, entries int)
	// reset begins another row group in the same memory.
	reset()
}

// A dictionary is built for each row group, of the values as they come. It is
// judged once a sample was seen, and given up when most values are new ones; it
// is closed, so that the pages that follow are PLAIN, when it is full.
const (
	dictionarySample = 4096
	maxTextBytes     = 1 << 20
	maxNumbers       = 1 << 16 // more than 16 bits for an index save little
)

// newValues must be reset before its first use.
func newValues(l *leaf) values {
	switch l.physical {
	case format.Boolean:
		return &booleans{}
	case format.Int32:
		return &numbers[int32]{leaf: l}
	case format.Int64, format.Double:
		return &numbers[int64]{leaf: l}
	case format.FixedLenByteArray:
		return &fixed{leaf: l, limit: powerOfTen(int(l.typ.Precision))}
	default:
		return &texts{leaf: l}
	}
}

// coding is the state of a column's dictionary in a row group.
type coding struct {
	on      bool // values of the open page are collected as indexes
	judged  bool
	seen    int     // values since the row group began
	before  int     // entries when the page began
	index   []int32 // of the open page
	page    uint32  // number of the open page, from 1
	stamps  []uint32
	entries int
	packed  []byte // for finish
}

func (c *coding) reset(on bool) {
	*c = coding{on: on, index: c.index[:0], stamps: c.stamps[:0], packed: c.packed}
}

// verdict says what review must do: keep coding, begin anew without a dictionary
// (nothing was written with it), or close it with this page.
type verdict uint8

const (
	keep verdict = iota
	abandon
	closeAfterPage
)

// judge decides at the end of a page, or before when a sample was seen. A page
// that ends is the last of its kind when the dictionary is full or stopped
// paying.
func (c *coding) judge(pageEnds, full bool) verdict {
	if !c.on || len(c.index) == 0 {
		return keep
	}
	if !c.judged {
		if !pageEnds && c.seen < dictionarySample {
			return keep
		}
		c.judged = true
		if c.entries*2 > c.seen {
			c.on = false
			return abandon
		}
	}
	if pageEnds && (full || (c.entries-c.before)*2 > len(c.index)) {
		return closeAfterPage
	}
	return keep
}

// used calls f for each entry that the open page uses, in order of appearance.
func (c *coding) used(f func(entry int32)) {
	c.page++
	for len(c.stamps) < c.entries {
		c.stamps = append(c.stamps, 0)
	}
	for _, i := range c.index {
		if c.stamps[i] != c.page {
			c.stamps[i] = c.page
			f(i)
		}
	}
}

// finish appends the indexes of the open page to dst.
func (c *coding) finish(dst []byte) []byte {
	var err error
	if c.packed, err = (&rle.DictionaryEncoding{}).EncodeInt32(c.packed, c.index); err != nil {
		panic(err) // indexes are never negative
	}
	c.index, c.before = c.index[:0], c.entries
	return append(dst, c.packed...)
}
