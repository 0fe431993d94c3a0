package vec

import "unsafe"

// fixed is a growing column of values of 32 or 64 bits. As long as all of them
// are equal only one is held, as is common for columns such as the time of a run.
type fixed[T int32 | int64] struct {
	values []T
	n      int
	same   bool // values[0] stands for all n
}

// gather appends src[row*stride] for each of the rows.
func gather[T int32 | int64, S ~int32 | ~int64](c *fixed[T], src []S, rows []int32, stride int) {
	if len(rows) == 0 {
		return
	}
	if c.n == 0 {
		c.values, c.same = append(c.values[:0], T(src[int(rows[0])*stride])), true
	}
	if c.same {
		first, i := c.values[0], 0
		for i < len(rows) && T(src[int(rows[i])*stride]) == first {
			i++
		}
		if i == len(rows) {
			c.n += len(rows)
			return
		}
		c.spread()
	}
	out := c.extend(len(rows))
	for i, row := range rows {
		out[i] = T(src[int(row)*stride])
	}
}

// gatherCodes appends global[codes[row]] for each of the rows; the code of a null
// row may be anything, and becomes 0.
func gatherCodes(c *fixed[int32], codes, global []int32, rows []int32) {
	at := func(row int32) int32 {
		if code := codes[row]; uint(code) < uint(len(global)) {
			return global[code]
		}
		return 0
	}
	if len(rows) == 0 {
		return
	}
	if c.n == 0 {
		c.values, c.same = append(c.values[:0], at(rows[0])), true
	}
	if c.same {
		first, i := c.values[0], 0
		for i < len(rows) && at(rows[i]) == first {
			i++
		}
		if i == len(rows) {
			c.n += len(rows)
			return
		}
		c.spread()
	}
	out := c.extend(len(rows))
	for i, row := range rows {
		out[i] = at(row)
	}
}

// spread makes a value for each row of the one that stands for all.
func (c *fixed[T]) spread() {
	if !c.same {
		return
	}
	first, n := c.values[0], c.n
	c.same, c.n, c.values = false, 0, c.values[:0]
	out := c.extend(n)
	for i := range out {
		out[i] = first
	}
}

// extend makes room for so many more values and returns it. It at least doubles
// what it takes, so that growing costs little.
func (c *fixed[T]) extend(more int) []T {
	need := c.n + more
	if cap(c.values) < need {
		grown := make([]T, c.n, max(need, 2*cap(c.values)))
		copy(grown, c.values)
		c.values = grown
	}
	c.values = c.values[:need]
	out := c.values[c.n:]
	c.n = need
	return out
}

// all returns the values, one for each row. They are the column's memory.
func (c *fixed[T]) all() []T {
	c.spread()
	return c.values
}

// bytes returns the memory in use.
func (c *fixed[T]) bytes() int64 {
	var zero T
	return int64(cap(c.values)) * int64(unsafe.Sizeof(zero))
}

// words returns the memory of a slice of values of 64 bits, or of several times
// that, as 64-bit words.
func words[T any](values []T) []int64 {
	b := asBytes(values)
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}
