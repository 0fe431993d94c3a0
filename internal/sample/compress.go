package sample

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The compressions, by the ending of a file's name.
const (
	gz    = "gz"
	zst   = "zst"
	mixed = "mixed"
)

// compressor compresses blocks. The zero value is ready; not for use by
// several goroutines.
type compressor struct {
	gzip *gzip.Writer
	zstd *zstd.Encoder
	buf  bytes.Buffer
}

// append appends text to dst, as it is or as a gzip member or zstd frame of its own.
func (c *compressor) append(dst, text []byte, codec string) ([]byte, error) {
	switch codec {
	case "":
		return append(dst, text...), nil
	case gz:
		return c.appendGzip(dst, text)
	case zst:
		if c.zstd == nil {
			e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
			if err != nil {
				return nil, err
			}
			c.zstd = e
		}
		return c.zstd.EncodeAll(text, dst), nil
	}
	panic(fmt.Sprintf("sample: no compression %q", codec))
}

func (c *compressor) appendGzip(dst, text []byte) ([]byte, error) {
	c.buf.Reset()
	if c.gzip == nil {
		c.gzip = gzip.NewWriter(&c.buf)
	} else {
		c.gzip.Reset(&c.buf)
	}
	if _, err := c.gzip.Write(text); err != nil {
		return nil, err
	}
	if err := c.gzip.Close(); err != nil {
		return nil, err
	}
	return append(dst, c.buf.Bytes()...), nil
}
