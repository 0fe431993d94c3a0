package vec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// WriteTo writes what the builder holds, in the byte order of this machine:
// spilled columns are read back by the process that wrote them. Codes stay
// codes of its Interner, which is not written.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	flags := int64(0)
	for i, set := range []bool{b.coded, b.w32.same, b.w64.same} {
		if set {
			flags |= 1 << i
		}
	}
	parts := [...][]byte{b.valid, b.bits, asBytes(b.w32.values), asBytes(b.w64.values), asBytes(b.wide), b.text, asBytes(b.ends)}
	header := []int64{int64(b.rows), int64(b.nulls), flags}
	for _, part := range parts {
		header = append(header, int64(len(part)))
	}
	n, err := w.Write(asBytes(header))
	written := int64(n)
	for _, part := range parts {
		if err != nil {
			break
		}
		n, err = w.Write(part)
		written += int64(n)
	}
	return written, err
}

// errSpill says that spilled bytes are not what was written.
var errSpill = errors.New("spilled column is damaged")

// ReadBuilder reads a builder that WriteTo wrote, from the start of data, and
// returns the bytes that follow it. It copies what it keeps.
func ReadBuilder(data []byte, typ schema.Type, intern *Interner) (*Builder, []byte, error) {
	const fields = 10
	if len(data) < 8*fields {
		return nil, nil, fmt.Errorf("%w: %d bytes", errSpill, len(data))
	}
	var header [fields]int64
	for i := range header {
		header[i] = int64(binary.NativeEndian.Uint64(data[8*i:]))
	}
	data = data[8*fields:]
	b := &Builder{typ: typ, coder: intern.NewCoder(), rows: int(header[0]), nulls: int(header[1]), coded: header[2]&1 != 0}
	var parts [7][]byte
	for i := range parts {
		n := header[3+i]
		if n < 0 || n > int64(len(data)) {
			return nil, nil, fmt.Errorf("%w: a part of %d bytes of %d left", errSpill, n, len(data))
		}
		parts[i], data = data[:n], data[n:]
	}
	b.valid, b.bits, b.text = clone(parts[0]), clone(parts[1]), clone(parts[5])
	b.w32, b.w64 = readFixed[int32](parts[2], b.rows, header[2]&2 != 0), readFixed[int64](parts[3], b.rows, header[2]&4 != 0)
	b.ends = fromBytes[int32](parts[6])
	b.wide = fromBytes[decimal128.Num](parts[4])
	return b, data, nil
}

func readFixed[T int32 | int64](data []byte, rows int, same bool) fixed[T] {
	c := fixed[T]{values: fromBytes[T](data), same: same}
	if len(c.values) > 0 {
		c.n = rows
	}
	return c
}

// clone copies bytes; nothing stays nil, as a nil bitmap means no nulls.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// fromBytes copies bytes into a slice of fixed-width values.
func fromBytes[T any](b []byte) []T {
	var zero T
	size := len(asBytes([]T{zero}))
	if len(b) == 0 {
		return nil
	}
	out := make([]T, len(b)/size)
	copy(asBytes(out), b)
	return out
}
