package vec

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// The hash is part of the lake's format: key indexes on disk hold its values.
// Changing a constant or the way of combining means a new index format.
const (
	hashSeed1 = 0x9E3779B97F4A7C15
	hashSeed2 = 0xE7037ED1A0B428DB
	hashSeed3 = 0x8EBC6AF09C88C6E3
	hashNull  = 0xA0761D6478BD642F
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// HashBytes returns the stable 64-bit hash of a text. It is made for speed on
// short keys (multiply and fold, as wyhash does), not against adversaries:
// equal hashes are always followed by a comparison of the values.
func HashBytes(b []byte) uint64 {
	n := len(b)
	switch {
	case n < 8:
		var a uint64
		for i := n - 1; i >= 0; i-- {
			a = a<<8 | uint64(b[i])
		}
		return mix(mix(a^hashSeed1, hashSeed2), uint64(n)^hashSeed3)
	case n <= 16:
		return mix(mix(binary.LittleEndian.Uint64(b)^hashSeed1, binary.LittleEndian.Uint64(b[n-8:])^hashSeed2), uint64(n)^hashSeed3)
	}
	state := uint64(n) ^ hashSeed1
	for len(b) > 16 {
		state = mix(binary.LittleEndian.Uint64(b)^hashSeed2, binary.LittleEndian.Uint64(b[8:])^state)
		b = b[16:]
	}
	var tail [16]byte
	copy(tail[:], b)
	return mix(mix(binary.LittleEndian.Uint64(tail[:])^hashSeed2, binary.LittleEndian.Uint64(tail[8:])^state), hashSeed3)
}

// HashUint64 returns the stable hash of a fixed-width value.
func HashUint64(v uint64) uint64 { return mix(mix(v^hashSeed1, hashSeed2), hashSeed3) }

// Hasher hashes rows of several columns. It caches the hashes of dictionary
// entries by dictionary, so it must not be used by two goroutines at once.
type Hasher struct {
	dictionary arrow.ArrayData // whose entries are hashed in entries
	entries    []uint64
	column     []uint64
}

// Rows sets dst to one hash for each of the n rows of cols and returns it,
// grown if it was too short. Equal rows have equal hashes, whether strings come
// as dictionaries or not; -0.0 equals 0.0, NaN equals NaN and null equals null.
// The hash of a single column is that of its value alone.
func (h *Hasher) Rows(dst []uint64, cols []arrow.Array, n int) []uint64 {
	dst = grow(dst, n)
	if len(cols) == 0 {
		clear(dst)
		return dst
	}
	h.hash(dst, cols[0])
	for _, col := range cols[1:] {
		h.column = grow(h.column, n)
		h.hash(h.column, col)
		for i, value := range h.column {
			dst[i] = mix(dst[i]^value, hashSeed2) + value
		}
	}
	return dst
}

// hash sets dst to the hashes of one column's values.
func (h *Hasher) hash(dst []uint64, col arrow.Array) {
	switch a := col.(type) {
	case *array.Dictionary:
		h.hashDictionary(dst, a)
	case *array.String:
		offsets, data := a.ValueOffsets(), Bytes(a)
		for i := range dst {
			dst[i] = HashBytes(data[offsets[i]:offsets[i+1]])
		}
	case *array.Binary:
		for i := range dst {
			dst[i] = HashBytes(a.Value(i))
		}
	case *array.Boolean:
		for i := range dst {
			dst[i] = HashUint64(uint64(btoi(a.Value(i))))
		}
	case *array.Int32:
		hashFixed(dst, a.Int32Values())
	case *array.Date32:
		hashFixed(dst, a.Date32Values())
	case *array.Int64:
		hashFixed(dst, a.Int64Values())
	case *array.Timestamp:
		hashFixed(dst, a.TimestampValues())
	case *array.Float64:
		for i, v := range a.Float64Values() {
			dst[i] = HashUint64(CanonicalBits(v))
		}
	case *array.Decimal128:
		for i, v := range a.Values() {
			dst[i] = mix(v.LowBits()^hashSeed1, uint64(v.HighBits())^hashSeed2)
		}
	default:
		panic(fmt.Sprintf("vec: cannot hash %s", col.DataType()))
	}
	if col.NullN() > 0 {
		for i := range dst {
			if col.IsNull(i) {
				dst[i] = hashNull
			}
		}
	}
}

func hashFixed[T ~int32 | ~int64](dst []uint64, values []T) {
	for i, v := range values {
		dst[i] = HashUint64(uint64(int64(v)))
	}
}

func (h *Hasher) hashDictionary(dst []uint64, a *array.Dictionary) {
	if identity := a.Data().Dictionary(); h.dictionary != identity {
		dictionary := a.Dictionary().(*array.String)
		h.entries = grow(h.entries, dictionary.Len())
		h.hash(h.entries, dictionary)
		h.dictionary = identity
	}
	for i, code := range Codes(a) {
		if uint(code) < uint(len(h.entries)) { // the code of a null row may be anything
			dst[i] = h.entries[code]
		}
	}
}

// CanonicalBits returns the bits of a double such that values that are equal
// in lakectl (NaN = NaN, -0.0 = 0.0) have equal bits.
func CanonicalBits(v float64) uint64 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(v)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
