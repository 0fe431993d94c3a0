package csvio

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	fastgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/internal/diag"
)

// maxWindow bounds the memory of a zstd stream, as the zstd tool does.
const maxWindow = 128 << 20

// Decompress returns the content of a file by the end of its name: .gz (of any
// number of members), .zst or .zstd; the bytes of any other file as they are.
// Data that is truncated, corrupt or followed by something else is an error of
// class Partial that names the file, as soon as it is reached. Closing the
// result frees the decompressor and leaves r open.
func Decompress(name string, r io.Reader) (io.ReadCloser, error) {
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, ".gz"):
		return newGzipReader(name, r)
	case strings.HasSuffix(lower, ".zst"), strings.HasSuffix(lower, ".zstd"):
		return newZstdReader(name, r)
	default:
		return io.NopCloser(r), nil
	}
}

// compressed is the source of a decompressor.
type compressed struct {
	name   string
	format string
	r      *bufio.Reader
	read   int64 // bytes read from the file, some of them still buffered
	failed error // of the file itself
}

// count counts what the file gives and keeps its error, which is none of the format's.
func (c *compressed) count(r io.Reader) io.Reader { return &countingReader{c, r} }

type countingReader struct {
	c *compressed
	r io.Reader
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.c.read += int64(n)
	if err != nil && err != io.EOF { // readers return it bare
		r.c.failed = err
	}
	return n, err
}

func newCompressed(name, format string, r io.Reader) (*compressed, error) {
	c := &compressed{name: name, format: format}
	c.r = bufio.NewReaderSize(c.count(r), 1<<16)
	if _, err := c.r.Peek(1); err != nil {
		return nil, c.explain(err)
	}
	return c, nil
}

// at is how many compressed bytes were used.
func (c *compressed) at() string { return digits(int(c.read) - c.r.Buffered()) }

// explain says what an error of the decompressor means for the file.
func (c *compressed) explain(err error) error {
	switch {
	case err == nil || c.failed != nil && errors.Is(err, c.failed):
		return err
	case c.read == 0 && errors.Is(err, io.EOF):
		return diag.Errorf(diag.Partial, "%s: is empty: no %s data", c.name, c.format).WithNext("upload the file again")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return diag.Errorf(diag.Partial, "%s: unexpected end of %s data after %s bytes", c.name, c.format, c.at()).
			WithNext("the file is incomplete, upload it again")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return diag.Errorf(diag.Partial, "%s: %s checksum does not match at byte %s", c.name, c.format, c.at()).
			WithNext("the file is corrupt, upload it again")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return diag.Errorf(diag.Partial, "%s: is not %s data", c.name, c.format).
			WithNext("compress the file with %s, or give it the name of what it is", c.format)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return diag.Errorf(diag.Partial, "%s: its %s window is over %s bytes", c.name, c.format, digits(maxWindow)).
			WithNext("compress the file again without --long or --ultra")
	default:
		return diag.Errorf(diag.Partial, "%s: corrupt %s data at byte %s: %w", c.name, c.format, c.at(), err).
			WithNext("the file is corrupt, upload it again")
	}
}

// trailing says that data of another kind follows.
func (c *compressed) trailing(what string) error {
	return diag.Errorf(diag.Partial, "%s: %s follows the %s data at byte %s", c.name, what, c.format, c.at()).
		WithNext("the file may be damaged, upload it again")
}

// gzipReader reads the members of a gzip file one by one, so that it can say
// what stands after the last of them.
type gzipReader struct {
	*compressed
	z   *fastgzip.Reader
	err error
}

func newGzipReader(name string, r io.Reader) (io.ReadCloser, error) {
	c, err := newCompressed(name, "gzip", r)
	if err != nil {
		return nil, err
	}
	z, err := fastgzip.NewReader(c.r)
	if err != nil {
		return nil, c.explain(err)
	}
	z.Multistream(false)
	return &gzipReader{compressed: c, z: z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for g.err == nil {
		n, err := g.z.Read(p)
		switch {
		case err == io.EOF: //nolint:errorlint // the end of a member is bare
			g.err = g.nextMember()
		case err != nil:
			g.err = g.explain(err)
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// nextMember goes to the next member; io.EOF if there is none.
func (g *gzipReader) nextMember() error {
	next, err := g.r.Peek(2)
	switch {
	case len(next) == 0 && err == io.EOF: // bare
		return io.EOF
	case len(next) == 0:
		return err
	case next[0] == 0:
		return g.trailing("zero padding")
	case len(next) < 2 || next[0] != 0x1f || next[1] != 0x8b:
		return g.trailing("something that is not gzip data")
	}
	if err := g.z.Reset(g.r); err != nil {
		return g.explain(err)
	}
	g.z.Multistream(false)
	return nil
}

func (g *gzipReader) Close() error { return g.z.Close() }

// zstdReader explains the errors of a decoder.
type zstdReader struct {
	*compressed
	z     *zstd.Decoder
	begun bool // there was a frame
}

func newZstdReader(name string, r io.Reader) (io.ReadCloser, error) {
	c, err := newCompressed(name, "zstd", r)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(c.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, c.explain(err)
	}
	return &zstdReader{compressed: c, z: z}, nil
}

func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.z.Read(p)
	z.begun = z.begun || n > 0
	switch {
	case err == io.EOF: //nolint:errorlint // bare
		return n, err
	case z.begun && errors.Is(err, zstd.ErrMagicMismatch):
		return n, z.trailing("something that is not zstd data")
	}
	return n, z.explain(err)
}

func (z *zstdReader) Close() error {
	z.z.Close()
	return nil
}
