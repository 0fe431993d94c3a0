package parquetio

import (
	"encoding/binary"
	"errors"
)

// parquet-go's Thrift decoder takes memory for a list before it has seen its
// elements, and descends as deep as the input says. What comes from a file is
// therefore walked first.

var (
	errThriftShort  = errors.New("the file is damaged: its metadata ends early")
	errThriftBroken = errors.New("the file is damaged: its metadata makes no sense")
)

const maxThriftDepth = 32

// thriftSize returns the bytes of the struct in the compact protocol that b
// begins with. No list in it has more elements than there are bytes for.
// errThriftShort means that b may only be too short.
func thriftSize(b []byte) (int, error) {
	w := thriftWalker{rest: b}
	if err := w.structure(0); err != nil {
		return 0, err
	}
	return len(b) - len(w.rest), nil
}

type thriftWalker struct{ rest []byte }

func (w *thriftWalker) byte() (byte, error) {
	if len(w.rest) == 0 {
		return 0, errThriftShort
	}
	c := w.rest[0]
	w.rest = w.rest[1:]
	return c, nil
}

func (w *thriftWalker) varint() (uint64, error) {
	v, n := binary.Uvarint(w.rest)
	switch {
	case n == 0:
		return 0, errThriftShort
	case n < 0:
		return 0, errThriftBroken
	}
	w.rest = w.rest[n:]
	return v, nil
}

func (w *thriftWalker) skip(n uint64) error {
	if n > uint64(len(w.rest)) {
		return errThriftShort
	}
	w.rest = w.rest[n:]
	return nil
}

func (w *thriftWalker) structure(depth int) error {
	if depth > maxThriftDepth {
		return errThriftBroken
	}
	for {
		c, err := w.byte()
		if err != nil || c == 0 {
			return err
		}
		if c>>4 == 0 { // the field's id follows
			if _, err := w.varint(); err != nil {
				return err
			}
		}
		if kind := c & 15; kind == thriftTrue || kind == thriftFalse {
			continue // the value is the type
		}
		if err := w.value(c&15, depth); err != nil {
			return err
		}
	}
}

// value skips one value outside of a struct's field header.
func (w *thriftWalker) value(kind byte, depth int) error {
	switch kind {
	case thriftTrue, thriftFalse, thriftI8:
		return w.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := w.varint()
		return err
	case 7: // double
		return w.skip(8)
	case thriftBinary:
		n, err := w.varint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thriftList, 10: // list, set
		return w.list(depth)
	case thriftStruct:
		return w.structure(depth + 1)
	default: // maps and UUIDs do not occur in Parquet
		return errThriftBroken
	}
}

func (w *thriftWalker) list(depth int) error {
	c, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(c >> 4)
	if n == 15 {
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	least := uint64(1) // bytes of an element
	if c&15 == thriftStruct {
		least = 2 // no struct in a list of Parquet's is empty
	}
	if n > uint64(len(w.rest))/least {
		return errThriftShort
	}
	for range n {
		if err := w.value(c&15, depth+1); err != nil {
			return err
		}
	}
	return nil
}
