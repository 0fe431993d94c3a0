package parquetio

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"
)

const magic = "PAR1"

// footer collects what stands at the end of a file.
type footer struct {
	offset int64 // bytes written so far
	rows   int64
	groups []groupMeta
	stats  []columnTotal
}

// columnTotal are the statistics of a column over the file.
type columnTotal struct {
	nulls   int64
	bounds  bounds
	unbound bool // some row group has values without bounds
}

// groupMeta and chunkMeta are what the footer says of a row group and its columns.
type groupMeta struct {
	rows   int
	offset int64
	chunks []chunkMeta
}

type chunkMeta struct {
	leaf            *leaf
	codec           Codec
	dictOffset      int64 // 0: none
	dataOffset      int64
	size, plainSize int64
	rows, nulls     int64
	pages           []pageMeta
	coded           int    // pages with dictionary indexes
	bounds          bounds // cut
	exactMin        bool
	exactMax        bool
	bound           bool // every page with values has bounds
	bloomAt         int64
	bloomSize       int32
	columnIndexAt   int64
	columnIndexSize int32
	offsetIndexAt   int64
	offsetIndexSize int32
}

type pageMeta struct {
	offset   int64
	size     int32
	firstRow int64
	nulls    int64
	bounds   bounds // cut; not ok: a page of nulls
}

// newChunkMeta describes an encoded chunk that begins at offset.
func newChunkMeta(c *chunk, offset int64) chunkMeta {
	m := chunkMeta{leaf: c.leaf, codec: c.codec, bound: true, pages: make([]pageMeta, len(c.pages))}
	if c.dict != nil {
		m.dictOffset = offset
		m.addSize(c.dict, &offset)
	}
	m.dataOffset = offset
	var whole bounds
	for i := range c.pages {
		p := &c.pages[i]
		cut, _, _ := p.bounds.cut(c.leaf)
		m.pages[i] = pageMeta{offset: offset, size: int32(p.size()), firstRow: m.rows, nulls: int64(p.nulls), bounds: cut}
		m.addSize(p, &offset)
		m.rows += int64(p.rows)
		m.nulls += int64(p.nulls)
		if p.encoding == format.RLEDictionary {
			m.coded++
		}
		m.bound = m.bound && (cut.ok || p.nulls == p.rows)
		switch {
		case p.bounds.ok && !whole.ok:
			whole = p.bounds
		case p.bounds.ok:
			whole.merge(c.leaf, p.bounds)
		}
	}
	if m.bound {
		m.bounds, m.exactMin, m.exactMax = whole.cut(c.leaf)
	}
	return m
}

func (m *chunkMeta) addSize(p *page, offset *int64) {
	*offset += int64(p.size())
	m.size += int64(p.size())
	m.plainSize += int64(p.plainSize)
}

func (f *footer) add(g *groupMeta) {
	f.groups = append(f.groups, *g)
	f.rows += int64(g.rows)
	for i := range g.chunks {
		c, t := &g.chunks[i], &f.stats[i]
		t.nulls += c.nulls
		t.unbound = t.unbound || !c.bound
		switch {
		case c.bounds.ok && !t.bounds.ok:
			t.bounds = c.bounds
		case c.bounds.ok:
			t.bounds.merge(c.leaf, c.bounds)
		}
	}
}

// summary returns the statistics that Close gives.
func (f *footer) summary(leaves []leaf) Stats {
	s := Stats{Rows: f.rows, Bytes: f.offset, RowGroups: len(f.groups), Columns: make([]ColumnStats, len(leaves))}
	for i := range leaves {
		l, t := &leaves[i], &f.stats[i]
		c := ColumnStats{Name: l.name, Nulls: t.nulls}
		if t.bounds.ok && !t.unbound {
			c.HasBounds, c.Min, c.Max = true, l.value(t.bounds.min), l.value(t.bounds.max)
		}
		s.Columns[i] = c
	}
	return s
}

// writeBloom writes the bloom filter of a chunk that has one.
func (w *Writer) writeBloom(c *chunk, m *chunkMeta) error {
	if !c.leaf.bloom {
		return nil
	}
	filter := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(max(1, int64(len(c.hashes))), 10))
	filter.InsertBulk(c.hashes)
	var t thriftWriter
	t.begin()
	t.i32(1, int32(len(filter.Bytes())))
	for id := int16(2); id <= 4; id++ { // split blocks, xxHash, uncompressed
		t.open(id)
		t.empty(1)
		t.end()
	}
	t.end()
	m.bloomAt, m.bloomSize = w.footer.offset, int32(len(t.buf)+len(filter.Bytes()))
	return w.write(t.buf, filter.Bytes())
}

// encode returns the page indexes and the footer, to be written at f.offset.
func (f *footer) encode(w *Writer) []byte {
	var t thriftWriter
	f.eachChunk(func(m *chunkMeta) {
		if at := len(t.buf); m.bound {
			m.writeColumnIndex(&t)
			m.columnIndexAt, m.columnIndexSize = f.offset+int64(at), int32(len(t.buf)-at)
		}
	})
	f.eachChunk(func(m *chunkMeta) {
		at := len(t.buf)
		m.writeOffsetIndex(&t)
		m.offsetIndexAt, m.offsetIndexSize = f.offset+int64(at), int32(len(t.buf)-at)
	})
	at := len(t.buf)
	f.write(&t, w)
	t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(t.buf)-at))
	return append(t.buf, magic...)
}

func (f *footer) eachChunk(do func(*chunkMeta)) {
	for i := range f.groups {
		for j := range f.groups[i].chunks {
			do(&f.groups[i].chunks[j])
		}
	}
}

// write writes the FileMetaData.
func (f *footer) write(t *thriftWriter, w *Writer) {
	t.begin()
	t.i32(1, 2) // version: logical types and the newer statistics are used
	t.list(2, thriftStruct, len(w.leaves)+1)
	t.begin()
	t.text(4, "schema")
	t.i32(5, int32(len(w.leaves)))
	t.end()
	for i := range w.leaves {
		w.leaves[i].writeSchemaElement(t)
	}
	t.i64(3, f.rows)
	t.list(4, thriftStruct, len(f.groups))
	for i := range f.groups {
		f.groups[i].write(t, i)
	}
	if keys := slices.Sorted(maps.Keys(w.options.Metadata)); len(keys) > 0 {
		t.list(5, thriftStruct, len(keys))
		for _, k := range keys {
			t.begin()
			t.text(1, k)
			t.text(2, w.options.Metadata[k])
			t.end()
		}
	}
	t.text(6, w.options.CreatedBy)
	t.list(7, thriftStruct, len(w.leaves))
	for range w.leaves { // bounds are in the order of the type
		t.begin()
		t.empty(1)
		t.end()
	}
	t.end()
}

func (g *groupMeta) write(t *thriftWriter, ordinal int) {
	var size, plain int64
	t.begin()
	t.list(1, thriftStruct, len(g.chunks))
	for i := range g.chunks {
		g.chunks[i].write(t)
		size += g.chunks[i].size
		plain += g.chunks[i].plainSize
	}
	t.i64(2, plain)
	t.i64(3, int64(g.rows))
	t.i64(5, g.offset)
	t.i64(6, size)
	t.i16(7, int16(ordinal))
	t.end()
}

// write writes the ColumnChunk.
func (m *chunkMeta) write(t *thriftWriter) {
	t.begin()
	t.i64(2, 0) // there is no other copy of the metadata
	t.open(3)
	m.writeMetaData(t)
	t.end()
	t.i64(4, m.offsetIndexAt)
	t.i32(5, m.offsetIndexSize)
	if m.bound {
		t.i64(6, m.columnIndexAt)
		t.i32(7, m.columnIndexSize)
	}
	t.end()
}

func (m *chunkMeta) writeMetaData(t *thriftWriter) {
	t.i32(1, int32(m.leaf.physical))
	encodings := m.encodings()
	t.list(2, thriftI32, len(encodings))
	for _, e := range encodings {
		t.varint(int64(e))
	}
	t.list(3, thriftBinary, 1)
	t.bytes([]byte(m.leaf.name))
	t.i32(4, int32(m.codec.format()))
	t.i64(5, m.rows)
	t.i64(6, m.plainSize)
	t.i64(7, m.size)
	t.i64(9, m.dataOffset)
	if m.dictOffset > 0 {
		t.i64(11, m.dictOffset)
	}
	m.writeStatistics(t)
	m.writeEncodingStats(t)
	if m.bloomAt > 0 {
		t.i64(14, m.bloomAt)
		t.i32(15, m.bloomSize)
	}
}

// encodings lists what the pages use. The dictionary's page is PLAIN.
func (m *chunkMeta) encodings() []format.Encoding {
	if m.coded > 0 {
		return []format.Encoding{format.Plain, format.RLE, format.RLEDictionary}
	}
	return []format.Encoding{format.Plain, format.RLE}
}

func (m *chunkMeta) writeStatistics(t *thriftWriter) {
	t.open(12)
	t.i64(3, m.nulls)
	if m.bounds.ok {
		t.binary(5, m.bounds.max)
		t.binary(6, m.bounds.min)
		t.boolean(7, m.exactMax)
		t.boolean(8, m.exactMin)
	}
	t.end()
}

// writeEncodingStats tells readers whether a filter on the dictionary alone is enough.
func (m *chunkMeta) writeEncodingStats(t *thriftWriter) {
	stats := [][3]int{}
	if m.dictOffset > 0 {
		stats = append(stats, [3]int{int(format.DictionaryPage), int(format.Plain), 1})
	}
	if m.coded > 0 {
		stats = append(stats, [3]int{int(format.DataPage), int(format.RLEDictionary), m.coded})
	}
	if n := len(m.pages) - m.coded; n > 0 {
		stats = append(stats, [3]int{int(format.DataPage), int(format.Plain), n})
	}
	t.list(13, thriftStruct, len(stats))
	for _, s := range stats {
		t.begin()
		for i, v := range s {
			t.i32(int16(i+1), int32(v))
		}
		t.end()
	}
}

func (m *chunkMeta) writeColumnIndex(t *thriftWriter) {
	t.begin()
	t.list(1, thriftTrue, len(m.pages))
	for i := range m.pages {
		if m.pages[i].bounds.ok {
			t.buf = append(t.buf, thriftFalse)
		} else {
			t.buf = append(t.buf, thriftTrue)
		}
	}
	t.list(2, thriftBinary, len(m.pages))
	for i := range m.pages {
		t.bytes(m.pages[i].bounds.min)
	}
	t.list(3, thriftBinary, len(m.pages))
	for i := range m.pages {
		t.bytes(m.pages[i].bounds.max)
	}
	t.i32(4, int32(m.order()))
	t.list(5, thriftI64, len(m.pages))
	for i := range m.pages {
		t.varint(m.pages[i].nulls)
	}
	t.end()
}

// order says how the bounds of the pages follow one another, pages of nulls
// aside. Readers search an ordered index by halving.
func (m *chunkMeta) order() format.BoundaryOrder {
	up, down := true, true
	var last *bounds
	for i := range m.pages {
		b := &m.pages[i].bounds
		if !b.ok {
			continue
		}
		if last != nil {
			low, high := m.leaf.compare(last.min, b.min), m.leaf.compare(last.max, b.max)
			up, down = up && low <= 0 && high <= 0, down && low >= 0 && high >= 0
		}
		last = b
	}
	switch {
	case up:
		return format.Ascending
	case down:
		return format.Descending
	default:
		return format.Unordered
	}
}

func (m *chunkMeta) writeOffsetIndex(t *thriftWriter) {
	t.begin()
	t.list(1, thriftStruct, len(m.pages))
	for i := range m.pages {
		t.begin()
		t.i64(1, m.pages[i].offset)
		t.i32(2, m.pages[i].size)
		t.i64(3, m.pages[i].firstRow)
		t.end()
	}
	t.end()
}
