package engine

import (
	"math/bits"
	"slices"
)

// Absorb adds what another aggregation has computed, of the same aggregates over
// the same types but with Codes of its own. closed are those of the other's
// Codes whose values no other aggregation that is absorbed has met: how many
// there are is added, and the values are forgotten. So a count of distinct values
// that do not fit in memory together is made of parts that do.
func (a *Aggregation) Absorb(other *Aggregation, closed []*Codes) {
	mapping := a.groups.absorb(other.groups, other.ResultRows(absorbedRows))
	for i, s := range a.states {
		distinct, ok := s.accumulator.(*countDistinct)
		if !ok {
			s.merge(other.states[i].accumulator, mapping, a.groups.Len())
			continue
		}
		from := other.states[i].accumulator.(*countDistinct)
		if slices.Contains(closed, from.codes) {
			distinct.addCounts(from, mapping, a.groups.Len())
		} else {
			distinct.absorb(from, mapping, a.groups.Len())
		}
	}
}

// absorbedRows is for how many groups or codes values are made at a time, at most.
const absorbedRows = 1 << 15

// absorb adds the groups of another, whose Codes are others, and returns for
// each of its groups the group here.
func (g *Groups) absorb(other *Groups, rows int) []uint32 {
	mapping := make([]uint32, other.n)
	coders := make([]*Coder, len(g.columns))
	for k, c := range g.columns {
		coders[k] = c.NewCoder()
	}
	keys := make([][]uint32, len(g.columns))
	ids := make([]uint32, other.n-1)
	for i := range ids {
		ids[i] = uint32(i + 1)
	}
	for start := 0; start < len(ids); start += rows {
		chunk := ids[start:min(start+rows, len(ids))]
		for k, coder := range coders {
			keys[k] = coder.Encode(keys[k], other.Key(k, chunk))
		}
		g.Add(mapping[start+1:start+1+len(chunk)], keys, len(chunk), nil)
	}
	return mapping
}

// translate gives codes to the values of other Codes and returns, for each of
// their codes, the code here.
func (c *Codes) translate(from *Codes) []uint32 {
	codes := make([]uint32, from.Len())
	for i := range codes {
		codes[i] = uint32(i)
	}
	rows := absorbedRows
	if from.texts != nil {
		rows = max(1, min(rows, maxResultText/max(1, from.texts.longest)))
	}
	coder, table := c.NewCoder(), make([]uint32, len(codes))
	for start := 0; start < len(codes); start += rows {
		end := min(start+rows, len(codes))
		coder.Encode(table[start:end], from.Values(codes[start:end]))
	}
	return table
}

// absorb adds the sets of another, whose Codes are others.
func (a *countDistinct) absorb(from *countDistinct, mapping []uint32, groups int) {
	a.sets = extend(a.sets, groups)
	table := a.codes.translate(from.codes)
	a.slab.universe = a.codes.Len()
	for id := range from.sets {
		if to := mapping[id]; to != NoGroup {
			from.sets[id].each(func(code uint32) { a.sets[to].add(table[code], &a.slab) })
		}
	}
	a.addCounted(from, mapping, groups)
}

// addCounts adds the sizes of the sets of another.
func (a *countDistinct) addCounts(from *countDistinct, mapping []uint32, groups int) {
	a.counted = extend(a.counted, groups)
	for id := range from.sets {
		a.counted[mapping[id]] += int64(from.sets[id].count())
	}
	a.addCounted(from, mapping, groups)
}

// addCounted adds what another has counted and forgotten.
func (a *countDistinct) addCounted(from *countDistinct, mapping []uint32, groups int) {
	if len(from.counted) == 0 {
		return
	}
	a.counted = extend(a.counted, groups)
	for id, n := range from.counted {
		a.counted[mapping[id]] += n
	}
}

// each calls do for every code of the set.
func (s *codeSet) each(do func(code uint32)) {
	words := s.words
	switch s.form {
	case setBitmap:
		for i, w := range words {
			for ; w != 0; w &= w - 1 {
				do(uint32(32*i + bits.TrailingZeros32(w)))
			}
		}
		return
	case setList:
		words = words[:s.n]
	}
	for _, code := range words {
		if code != NoCode {
			do(code)
		}
	}
}
