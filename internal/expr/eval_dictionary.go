package expr

import (
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// dictionaryKey tells dictionaries apart by the memory they lie in. A cache
// holds on to that memory, so an equal key is the same dictionary.
type dictionaryKey struct {
	offsets, data, valid *byte
	offset, n            int
}

func keyOf(dict arrow.ArrayData) dictionaryKey {
	start := func(i int) *byte {
		if b := dict.Buffers()[i]; b != nil {
			return unsafe.SliceData(b.Bytes())
		}
		return nil
	}
	return dictionaryKey{offsets: start(1), data: start(2), valid: start(0), offset: dict.Offset(), n: dict.Len()}
}

// dictionaryResult is a node's value for each entry of a dictionary and, last,
// for null.
type dictionaryResult struct {
	key    dictionaryKey
	values vector
	failed []int32 // by entry: its error's number in values.errs plus 1; nil if none fails
	strict bool    // null for null, and for no entry
}

// dictionaryCache keeps the results for the dictionaries last seen. Batches of
// a row group share one; two workers' morsels may alternate between some.
type dictionaryCache struct {
	results [2]*dictionaryResult
	next    int
	missed  dictionaryKey // the dictionary last seen without a result
	rows    int           // that were computed row by row with it
}

// worth says whether to compute a dictionary's entries for n rows: not if it is
// far larger than the rows that it has served so far.
func (c *dictionaryCache) worth(key dictionaryKey, n int) bool {
	if c.missed != key {
		c.missed, c.rows = key, 0
	}
	c.rows += n
	return key.n <= maxEntriesPerRow*c.rows
}

func (c *dictionaryCache) find(key dictionaryKey) *dictionaryResult {
	for _, r := range c.results {
		if r != nil && r.key == key {
			return r
		}
	}
	return nil
}

func (c *dictionaryCache) add(r *dictionaryResult) {
	c.results[c.next] = r
	c.next = (c.next + 1) % len(c.results)
	c.missed, c.rows = dictionaryKey{}, 0
}

// maxEntriesPerRow is how many entries of a dictionary are computed for each
// row that has it; with larger dictionaries results are computed row by row.
const maxEntriesPerRow = 4

// evalDictionary computes a node once for each entry of the dictionary of its
// only column, and once for null. It is not done if the column is not coded,
// or if its dictionary is far larger than the rows so far.
func (e *evaluator) evalDictionary(node *Node, slot int) (vector, bool) {
	if slot >= len(e.cols) || !isCoded(e.cols[slot], e.n) {
		return vector{}, false
	}
	dict := e.cols[slot].Data().Dictionary()
	key := keyOf(dict)
	cache := e.scratch.entries[node]
	if cache == nil {
		cache = new(dictionaryCache)
		e.scratch.entries[node] = cache
	}
	result := cache.find(key)
	if result == nil {
		if !cache.worth(key, e.n) {
			return vector{}, false
		}
		result = e.evalEntries(node, slot, dict)
		if e.err != nil {
			return nullVector(node.Type, e.n), true
		}
		result.key = key
		cache.add(result)
	}
	return e.gather(result, e.codesOf(slot), e.nullsOf(slot)), true
}

// isCoded says whether a column is a dictionary of strings, with n rows and n > 0.
func isCoded(col arrow.Array, n int) bool {
	if col == nil || n == 0 || col.Len() != n {
		return false
	}
	typ, ok := col.DataType().(*arrow.DictionaryType)
	return ok && typ.IndexType.ID() == arrow.INT32 && typ.ValueType.ID() == arrow.STRING
}

// evalEntries computes a node for each entry of a dictionary and for null.
func (e *evaluator) evalEntries(node *Node, slot int, dict arrow.ArrayData) *dictionaryResult {
	s := e.scratch
	mark := len(s.used)
	sub := &evaluator{scratch: s, n: dict.Len() + 1, columns: make([]*vector, slot+1)}
	entries := e.load(dict, schema.T(schema.String))
	// One more row, which is null.
	offsets := make([]int32, sub.n+1)
	copy(offsets, entries.txt.offsets)
	offsets[sub.n] = offsets[sub.n-1]
	valid := sub.ownValid(nil)
	copy(valid, entries.valid)
	valid[dict.Len()>>6] &^= 1 << (dict.Len() & 63)
	sub.columns[slot] = &vector{typ: entries.typ, n: sub.n, valid: valid, txt: texts{offsets: offsets, data: entries.txt.data}}
	v := sub.evalRows(node)
	e.failIf(sub.err)
	if v.constant {
		errs := expandErrors(&v, sub.n)
		v = sub.spread(&v)
		v.errs = errs
	}
	v.settle(s)
	s.releaseFrom(mark)
	if v.typ.Kind == schema.String && v.txt.dict == nil {
		v.txt.dict = dictionaryData(&v.txt)
	}
	strict := v.valid != nil && !bitAt(v.valid, dict.Len()) && countBits(v.valid, sub.n) == dict.Len()
	return &dictionaryResult{values: v, failed: numbersOf(v.errs, sub.n), strict: strict}
}

// numbersOf gives each of n entries the number of its error plus 1.
func numbersOf(errs rowErrors, n int) []int32 {
	if len(errs) == 0 {
		return nil
	}
	numbers := make([]int32, n)
	for i, err := range errs {
		numbers[err.row] = int32(i + 1)
	}
	return numbers
}

// nullsOf returns the validity bits of a column; nil if it has no nulls.
func (e *evaluator) nullsOf(slot int) []uint64 {
	if e.cols[slot].NullN() == 0 {
		return nil
	}
	data := e.cols[slot].Data()
	return alignedBits(alloc[uint64](e.scratch, words(e.n)), data.Buffers()[0].Bytes(), data.Offset(), e.n)
}

// codesOf returns the entry of each row; null rows have the entry after the last.
func (e *evaluator) codesOf(slot int) []int32 {
	data := e.cols[slot].Data()
	codes := valuesOf[int32](data.Buffers()[1], data.Offset(), data.Len())
	if e.cols[slot].NullN() == 0 {
		return codes
	}
	if e.codes == nil {
		e.codes = make(map[int][]int32)
	}
	if own, ok := e.codes[slot]; ok {
		return own
	}
	null := int32(data.Dictionary().Len())
	valid := e.nullsOf(slot)
	own := alloc[int32](e.scratch, e.n)
	for i, c := range codes {
		if !bitAt(valid, i) {
			c = null
		}
		own[i] = c
	}
	e.codes[slot] = own
	return own
}

// gather gives each row the value of its entry; valid are the column's
// validity bits. Strings stay coded.
func (e *evaluator) gather(r *dictionaryResult, codes []int32, valid []uint64) vector {
	from := &r.values
	out := vector{typ: from.typ, n: e.n}
	if r.strict {
		out.valid = valid
	} else if from.valid != nil {
		out.valid = gatherBits(alloc[uint64](e.scratch, words(e.n)), from.valid, codes)
	}
	switch from.typ.Kind {
	case schema.Boolean:
		out.bits = gatherBits(alloc[uint64](e.scratch, words(e.n)), from.bits, codes)
	case schema.Integer, schema.Date:
		out.i32 = gatherValues(alloc[int32](e.scratch, e.n), from.i32, codes)
	case schema.Bigint, schema.Timestamp:
		out.i64 = gatherValues(alloc[int64](e.scratch, e.n), from.i64, codes)
	case schema.Double:
		out.f64 = gatherValues(alloc[float64](e.scratch, e.n), from.f64, codes)
	case schema.Decimal:
		out.dec = gatherValues(alloc[decimal128.Num](e.scratch, e.n), from.dec, codes)
	case schema.String:
		out.txt = from.txt
		out.txt.codes = codes
		if from.txt.codes != nil {
			out.txt.codes = gatherValues(alloc[int32](e.scratch, e.n), from.txt.codes, codes)
		}
	}
	if r.failed != nil {
		for i, c := range codes {
			if number := r.failed[c]; number > 0 {
				err := from.errs[number-1]
				err.row = int32(i)
				out.errs = append(out.errs, err)
			}
		}
	}
	return out
}

func gatherValues[T any](dst, values []T, codes []int32) []T {
	for i, c := range codes {
		dst[i] = values[c]
	}
	return dst
}

func gatherBits(dst, values []uint64, codes []int32) []uint64 {
	for w := range dst {
		chunk := codes[w*64 : min(w*64+64, len(codes))]
		word := uint64(0)
		for i, c := range chunk {
			word |= values[c>>6] >> (c & 63) & 1 << i
		}
		dst[w] = word
	}
	return dst
}
