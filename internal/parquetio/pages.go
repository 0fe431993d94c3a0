package parquetio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/s2"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageReader reads the pages of a column chunk up to their encoded values.
// parquet-go's own reader is not used because it believes what pages say of
// their size: one damaged run length and it takes gigabytes.
type pageReader struct {
	in       *bufio.Reader
	left     int64          // bytes of the chunk
	codec    compress.Codec // nil: none
	snappy   bool
	optional bool
	body     []byte // as stored; used again for each page
	plain    []byte // decompressed; used again
	levels   []byte
}

// rawPage is a page before its values are decoded. Its memory is good until the
// next page is read.
type rawPage struct {
	dictionary bool
	encoding   format.Encoding
	rows       int    // of a dictionary: entries
	values     int    // rows that are not null
	levels     []byte // a byte for each row, 1 where it has a value; nil if all have one
	data       []byte
}

// Limits on what a page may say, far above what writers make.
const (
	maxPageBytes = 1 << 30
	maxPageRows  = 1 << 26
)

// newPageReader begins at the first page of a column's chunk.
func (f *File) newPageReader(c *format.ColumnChunk, column *fileColumn) (*pageReader, error) {
	m := &c.MetaData
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < from {
		from = m.DictionaryPageOffset
	}
	switch {
	case c.FilePath != "":
		return nil, fmt.Errorf("parquet: column %q lies in another file, %q; such files cannot be read", column.name, c.FilePath)
	case c.CryptoMetadata.Value != nil:
		return nil, fmt.Errorf("parquet: column %q is encrypted; encrypted files cannot be read", column.name)
	case from < 4 || m.TotalCompressedSize < 0 || from > f.size-m.TotalCompressedSize:
		return nil, fmt.Errorf("parquet: the file is damaged: column %q lies outside of it", column.name)
	}
	codec := parquet.LookupCompressionCodec(m.Codec)
	if m.Codec == format.LZO || m.Codec == format.Lz4 {
		return nil, fmt.Errorf("parquet: column %q is compressed with %s, which cannot be read", column.name, m.Codec)
	}
	if m.Codec == format.Uncompressed {
		codec = nil
	}
	section := io.NewSectionReader(f.in, from, m.TotalCompressedSize)
	buffer := int(min(int64(f.options.BufferBytes), max(m.TotalCompressedSize, 16)))
	return &pageReader{in: bufio.NewReaderSize(section, buffer), left: m.TotalCompressedSize, codec: codec, snappy: m.Codec == format.Snappy, optional: column.optional}, nil
}

// next returns the next dictionary or data page, or io.EOF.
func (r *pageReader) next() (*rawPage, error) {
	for {
		h, err := r.header()
		if err != nil {
			return nil, err
		}
		if err := r.readBody(h); err != nil {
			return nil, err
		}
		switch {
		case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
			return r.dictionaryPage(h)
		case h.Type == format.DataPage && h.DataPageHeader.Valid:
			return r.pageV1(h)
		case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
			return r.pageV2(h)
		case h.Type != format.IndexPage:
			return nil, errPage
		}
	}
}

var errPage = errors.New("the file is damaged: a page's header makes no sense")

// header reads a page's header, of whatever size it is.
func (r *pageReader) header() (*format.PageHeader, error) {
	if r.left == 0 {
		return nil, io.EOF
	}
	for window := 256; ; window *= 4 {
		b, err := r.in.Peek(int(min(int64(window), r.left, int64(r.in.Size()))))
		if err != nil {
			return nil, fmt.Errorf("reading a page's header: %w", err)
		}
		n, err := thriftSize(b)
		if errors.Is(err, errThriftShort) && len(b) == window {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := new(format.PageHeader)
		var protocol thrift.CompactProtocol
		if err := thrift.Unmarshal(&protocol, b[:n], h); err != nil {
			return nil, fmt.Errorf("reading a page's header: %w", err)
		}
		r.left -= int64(n)
		_, err = r.in.Discard(n)
		return h, err
	}
}

// readBody reads the stored bytes of a page and checks their checksum, if any.
func (r *pageReader) readBody(h *format.PageHeader) error {
	size := int64(h.CompressedPageSize)
	if size < 0 || size > r.left || h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPageBytes {
		return errPage
	}
	r.left -= size
	r.body = resize(r.body, int(size))
	if _, err := io.ReadFull(r.in, r.body); err != nil {
		return fmt.Errorf("reading a page: %w", err)
	}
	if h.CRC != 0 && crc32.ChecksumIEEE(r.body) != uint32(h.CRC) {
		return errors.New("the file is damaged: a page has another checksum than when it was written")
	}
	return nil
}

func resize(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// decompress returns the page's bytes as they were before compression.
func (r *pageReader) decompress(body []byte, size int) ([]byte, error) {
	if r.codec == nil {
		return body, nil
	}
	if size == 0 {
		return nil, nil
	}
	if r.snappy { // its decoder takes the memory that the data says
		if n, err := s2.DecodedLen(body); err != nil || n != size {
			return nil, errPage
		}
	}
	r.plain = resize(r.plain, size)
	out, err := r.codec.Decode(r.plain, body)
	if err != nil {
		return nil, fmt.Errorf("decompressing a page: %w", err)
	}
	if len(out) != size {
		return nil, fmt.Errorf("the file is damaged: a page has %d bytes and not %d", len(out), size)
	}
	return out, nil
}

func (r *pageReader) dictionaryPage(h *format.PageHeader) (*rawPage, error) {
	d := &h.DictionaryPageHeader.V
	if d.Encoding != format.Plain && d.Encoding != plainDictionary || d.NumValues < 0 || d.NumValues > maxPageRows {
		return nil, errPage
	}
	data, err := r.decompress(r.body, int(h.UncompressedPageSize))
	n := int(d.NumValues)
	return &rawPage{dictionary: true, encoding: format.Plain, rows: n, values: n, data: data}, err
}

func (r *pageReader) pageV1(h *format.PageHeader) (*rawPage, error) {
	d := &h.DataPageHeader.V
	if d.NumValues < 0 || d.NumValues > maxPageRows {
		return nil, errPage
	}
	data, err := r.decompress(r.body, int(h.UncompressedPageSize))
	if err != nil {
		return nil, err
	}
	p := &rawPage{encoding: d.Encoding, rows: int(d.NumValues), values: int(d.NumValues), data: data}
	if !r.optional {
		return p, nil
	}
	if d.DefinitionLevelEncoding == format.BitPacked {
		n := (p.rows + 7) / 8
		if len(data) < n {
			return nil, errLevels
		}
		r.levels = unpackLevels(resize(r.levels, p.rows), data)
		p.data = data[n:]
		p.setLevels(r.levels)
		return p, nil
	}
	if len(data) < 4 || int64(len(data)-4) < int64(binary.LittleEndian.Uint32(data)) {
		return nil, errLevels
	}
	n := 4 + int(binary.LittleEndian.Uint32(data))
	p.data = data[n:]
	return p, r.readLevels(p, data[4:n])
}

func (r *pageReader) pageV2(h *format.PageHeader) (*rawPage, error) {
	d := &h.DataPageHeaderV2.V
	repetition, definition := int(d.RepetitionLevelsByteLength), int(d.DefinitionLevelsByteLength)
	if d.NumValues < 0 || d.NumValues > maxPageRows || repetition < 0 || definition < 0 || repetition+definition > len(r.body) {
		return nil, errPage
	}
	levels, data := r.body[repetition:repetition+definition], r.body[repetition+definition:]
	if !d.IsCompressed.Valid || d.IsCompressed.V {
		var err error
		if data, err = r.decompress(data, int(h.UncompressedPageSize)-repetition-definition); err != nil {
			return nil, err
		}
	}
	p := &rawPage{encoding: d.Encoding, rows: int(d.NumValues), values: int(d.NumValues), data: data}
	if !r.optional || definition == 0 && d.NumNulls == 0 {
		return p, nil
	}
	return p, r.readLevels(p, levels)
}

var errLevels = errors.New("the file is damaged: a page does not say which of its rows are null")

// readLevels decodes definition levels of one bit.
func (r *pageReader) readLevels(p *rawPage, in []byte) error {
	r.levels = resize(r.levels, p.rows)
	if err := decodeBits(r.levels, in); err != nil {
		return err
	}
	p.setLevels(r.levels)
	return nil
}

func (p *rawPage) setLevels(levels []byte) {
	p.values = 0
	for _, l := range levels {
		p.values += int(l)
	}
	if p.values < len(levels) {
		p.levels = levels
	}
}

// unpackLevels reads the oldest coding of levels: bits, the highest first.
func unpackLevels(dst, in []byte) []byte {
	for i := range dst {
		dst[i] = in[i/8] >> (7 - i%8) & 1
	}
	return dst
}

// decodeBits fills dst with the bits of a hybrid of runs and packed groups.
func decodeBits(dst, in []byte) error {
	for len(dst) > 0 {
		head, n := binary.Uvarint(in)
		if n <= 0 {
			return errLevels
		}
		in = in[n:]
		if head&1 == 0 {
			if len(in) == 0 || in[0] > 1 {
				return errLevels
			}
			run := dst[:min(head>>1, uint64(len(dst)))]
			for i := range run {
				run[i] = in[0]
			}
			dst, in = dst[len(run):], in[1:]
			continue
		}
		groups := min(head>>1, uint64(len(in)))
		if head>>1 > groups && groups*8 < uint64(len(dst)) || groups == 0 && head>>1 > 0 {
			return errLevels
		}
		for _, b := range in[:groups] {
			if len(dst) >= 8 {
				binary.LittleEndian.PutUint64(dst, spreadBits[b])
				dst = dst[8:]
				continue
			}
			for i := range dst {
				dst[i] = b >> i & 1
			}
			dst = nil
		}
		in = in[groups:]
	}
	return nil
}

// spreadBits has, for each byte, its bits as the bytes of a little-endian word.
var spreadBits = func() (t [256]uint64) {
	for b := range t {
		for i := range 8 {
			t[b] |= uint64(b>>i&1) << (8 * i)
		}
	}
	return t
}()
