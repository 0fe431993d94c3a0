package sample

import "math/bits"

// random is a stream of random numbers (splitmix64). Every row has its own, made
// from the seed and the row's number alone.
type random uint64

const golden = 0x9E3779B97F4A7C15

// stream returns the stream of the n-th thing of a kind.
func stream(seed, kind uint64, n int64) random {
	return random(mix(mix(seed+kind*golden) + uint64(n)*0xD1342543DE82EF95))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *random) next() uint64 {
	*r += golden
	return mix(uint64(*r))
}

// below returns a number from 0 to n-1; n must be positive.
func (r *random) below(n int64) int64 {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int64(high)
}

// skewed returns a number from 0 to n-1 of which small ones are likelier: half
// of them are below n/4.
func (r *random) skewed(n int64) int64 {
	half := r.next() >> 32
	high, _ := bits.Mul64(half*half, uint64(n))
	return int64(high)
}
