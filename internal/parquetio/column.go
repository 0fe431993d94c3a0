package parquetio

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// page is one encoded page.
type page struct {
	header, body []byte
	plainSize    int // of header and body before compression
	encoding     format.Encoding
	rows, nulls  int
	bounds       bounds // uncut; ok only if there are values and they have bounds
}

func (p *page) size() int { return len(p.header) + len(p.body) }

// chunk collects one column of one row group.
type chunk struct {
	leaf   *leaf
	codec  Codec
	values values
	// The open page.
	rows, nulls int
	levels      []byte // a byte for each row from the page's first null on; before that, empty
	// The row group.
	pages   []page
	encoded int // bytes in pages
	hashes  []uint64
	dict    *page
}

// add appends the rows [from, to) of an array to the open page.
func (c *chunk) add(a arrow.Array, from, to int, s *scratch) error {
	valid, nulls := s.validity(a, from, to)
	if nulls > 0 && !c.leaf.optional {
		return nullInRequired(c.leaf)
	}
	if nulls > 0 && len(c.levels) == 0 {
		for range c.rows {
			c.levels = append(c.levels, 1)
		}
	}
	if nulls > 0 {
		c.levels = append(c.levels, valid...)
	} else if len(c.levels) > 0 {
		for range to - from {
			c.levels = append(c.levels, 1)
		}
	}
	c.rows += to - from
	c.nulls += nulls
	return c.values.add(a, valid, from, to)
}

// cut ends the open page.
func (c *chunk) cut(s *scratch) {
	c.values.review(true)
	s.plain = c.appendLevels(s.plain[:0])
	head := len(s.plain)
	p := page{rows: c.rows, nulls: c.nulls}
	s.plain, p.encoding, p.bounds = c.values.finish(s.plain)
	if c.leaf.bloom && p.encoding == format.Plain {
		c.hashes = hashValues(c.hashes, s.plain[head:], c.leaf)
	}
	s.press(&p, c.codec, format.DataPage, func(t *thriftWriter) {
		t.open(5)
		t.i32(1, int32(p.rows))
		t.i32(2, int32(p.encoding))
		t.i32(3, int32(format.RLE))
		t.i32(4, int32(format.RLE))
		t.end()
	})
	c.pages = append(c.pages, p)
	c.encoded += p.size()
	c.rows, c.nulls, c.levels = 0, 0, c.levels[:0]
}

// appendLevels appends the definition levels of the open page with their length.
func (c *chunk) appendLevels(dst []byte) []byte {
	if !c.leaf.optional {
		return dst
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if c.nulls == 0 {
		dst = binary.AppendUvarint(dst, uint64(c.rows)<<1)
		dst = append(dst, 1)
	} else {
		levels, err := (&rle.Encoding{BitWidth: 1}).EncodeLevels(nil, c.levels)
		if err != nil {
			panic(err) // levels are 0 or 1
		}
		dst = append(dst, levels...)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// close ends the chunk: no rows follow.
func (c *chunk) close(s *scratch) {
	if c.rows > 0 {
		c.cut(s)
	}
	plain, entries := c.values.dictionary()
	if entries == 0 {
		return
	}
	if c.leaf.bloom {
		c.hashes = hashValues(c.hashes, plain, c.leaf)
	}
	s.plain = append(s.plain[:0], plain...)
	c.dict = &page{rows: entries, encoding: format.Plain}
	s.press(c.dict, c.codec, format.DictionaryPage, func(t *thriftWriter) {
		t.open(7)
		t.i32(1, int32(entries))
		t.i32(2, int32(format.Plain))
		t.end()
	})
	c.encoded += c.dict.size()
}

// scratch is memory shared by the columns of a row group, used by one at a time.
type scratch struct {
	plain  []byte
	packed []byte
	valid  []byte
	thrift thriftWriter
}

// press compresses s.plain to the page's body and writes its header, whose last
// part the caller adds.
func (s *scratch) press(p *page, codec Codec, kind format.PageType, rest func(*thriftWriter)) {
	s.packed = codec.compress(s.packed, s.plain)
	p.body = append([]byte(nil), s.packed...)
	t := &s.thrift
	t.buf = t.buf[:0]
	t.begin()
	t.i32(1, int32(kind))
	t.i32(2, int32(len(s.plain)))
	t.i32(3, int32(len(p.body)))
	t.i32(4, int32(crc32.ChecksumIEEE(p.body)))
	rest(t)
	t.end()
	p.header = append([]byte(nil), t.buf...)
	p.plainSize = len(p.header) + len(s.plain)
}

// hashValues appends the bloom filter's hashes of PLAIN values.
func hashValues(dst []uint64, plain []byte, l *leaf) []uint64 {
	for len(plain) > 0 {
		from, to := 0, l.width
		if l.width == 0 {
			from, to = 4, 4+int(binary.LittleEndian.Uint32(plain))
		}
		dst = append(dst, bloom.XXH64{}.Sum64(plain[from:to]))
		if l.physical == format.Double {
			for _, twin := range twinsOf(doubleOf(plain)) {
				dst = append(dst, bloom.XXH64{}.Sum64Uint64(twin))
			}
		}
		plain = plain[to:]
	}
	return dst
}

// twinsOf returns the bits of the doubles that equal v but are written
// otherwise: a filter holds them all, as a reader may ask for any.
func twinsOf(v float64) []uint64 {
	switch {
	case v == 0:
		return []uint64{0, 1 << 63}
	case math.IsNaN(v): // Java and C++, with either sign, and Go
		return []uint64{0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000000001}
	default:
		return nil
	}
}
