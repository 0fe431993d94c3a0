package engine

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/lakectl/lakectl/internal/schema"
)

// Order returns all groups in the order of their keys, column by column: nulls
// first, text by its bytes, NaN greatest. It is the one order of results that
// depends neither on workers nor on batches.
func (g *Groups) Order() []uint32 {
	ids := make([]uint32, g.n-1)
	for i := range ids {
		ids[i] = uint32(i + 1)
	}
	if len(g.columns) > 0 {
		g.sort(ids, 0)
	}
	return ids
}

// fewGroups is how many groups are sorted by comparing whole keys.
const fewGroups = 48

// sort orders ids, which agree in the columns before k, by the columns from k on.
func (g *Groups) sort(ids []uint32, k int) {
	if len(ids) <= fewGroups {
		slices.SortFunc(ids, func(a, b uint32) int { return g.compare(a, b, k) })
		return
	}
	codes, column := g.keys[k], g.columns[k]
	prefixes := column.prefixes(codes, ids)
	sortByPrefix(ids, prefixes)
	for start := 0; start < len(ids); {
		end := start + 1
		for end < len(ids) && prefixes[end] == prefixes[start] {
			end++
		}
		if end-start > 1 {
			g.sortTies(ids[start:end], k)
		}
		start = end
	}
}

// sortTies orders ids whose keys in column k have equal prefixes.
func (g *Groups) sortTies(ids []uint32, k int) {
	codes := g.keys[k]
	if slices.ContainsFunc(ids, func(id uint32) bool { return codes[id] != codes[ids[0]] }) {
		slices.SortFunc(ids, func(a, b uint32) int { return g.compare(a, b, k) })
		return
	}
	if k+1 < len(g.columns) {
		g.sort(ids, k+1)
	}
}

// compare orders two groups by the columns from k on.
func (g *Groups) compare(a, b uint32, k int) int {
	for ; k < len(g.columns); k++ {
		if c := g.columns[k].compare(g.keys[k][a], g.keys[k][b]); c != 0 {
			return c
		}
	}
	return 0
}

// prefixes returns for each id the first 64 bits of its key, as a number that
// orders as the key does; equal ones may belong to different keys. What all
// texts start with is left out of theirs.
func (c *Codes) prefixes(codes, ids []uint32) []uint64 {
	out := make([]uint64, len(ids))
	switch c.typ.Kind {
	case schema.String:
		skip := c.commonPrefix(codes, ids)
		for i, id := range ids {
			if code := codes[id]; code != NoCode {
				out[i] = textPrefix(c.texts.value(code)[skip:])
			}
		}
	case schema.Decimal:
		for i, id := range ids {
			if code := codes[id]; code != NoCode {
				v := decimalOf(c.texts.value(code))
				out[i] = uint64(clampDecimal(v.HighBits(), v.LowBits())) ^ 1<<63
			}
		}
	default:
		for i, id := range ids {
			if code := codes[id]; code != NoCode {
				out[i] = uint64(c.orderedWord(code)) ^ 1<<63
			}
		}
	}
	return out
}

func (c *Codes) orderedWord(code uint32) int64 {
	if c.typ.Kind == schema.Double {
		return orderedDouble(c.words.values[code])
	}
	return int64(c.words.values[code])
}

// clampDecimal returns the nearest 64-bit number of a 128-bit one.
func clampDecimal(hi int64, lo uint64) int64 {
	switch {
	case hi > 0 || hi == 0 && int64(lo) < 0:
		return math.MaxInt64
	case hi < -1 || hi == -1 && int64(lo) >= 0:
		return math.MinInt64
	}
	return int64(lo)
}

// commonPrefix returns the length of what the texts of all ids start with.
func (c *Codes) commonPrefix(codes, ids []uint32) int {
	first, n := "", -1
	for _, id := range ids {
		if codes[id] == NoCode {
			continue
		}
		text := c.texts.value(codes[id])
		if n < 0 {
			first, n = text, len(text)
		}
		n = min(n, len(text))
		for n > 0 && text[:n] != first[:n] {
			n--
		}
	}
	return max(n, 0)
}

func textPrefix(text string) uint64 {
	var b [8]byte
	copy(b[:], text)
	return binary.BigEndian.Uint64(b[:])
}

// sortByPrefix sorts ids and prefixes together, stably: least significant byte
// first, bytes that are the same in all being skipped.
func sortByPrefix(ids []uint32, prefixes []uint64) {
	type entry struct {
		prefix uint64
		id     uint32
	}
	from, to := make([]entry, len(ids)), make([]entry, len(ids))
	for i, id := range ids {
		from[i] = entry{prefixes[i], id}
	}
	if len(ids) < 1<<10 {
		slices.SortFunc(from, func(a, b entry) int { return cmp.Compare(a.prefix, b.prefix) })
	} else {
		var counts [8][256]int
		for i := range from {
			for b := range 8 {
				counts[b][byte(from[i].prefix>>(8*b))]++
			}
		}
		for b := range 8 {
			if counts[b][byte(from[0].prefix>>(8*b))] == len(from) {
				continue
			}
			sum := 0
			for v, n := range counts[b] {
				counts[b][v] = sum
				sum += n
			}
			for _, e := range from {
				at := &counts[b][byte(e.prefix>>(8*b))]
				to[*at] = e
				*at++
			}
			from, to = to, from
		}
	}
	for i, e := range from {
		ids[i], prefixes[i] = e.id, e.prefix
	}
}
