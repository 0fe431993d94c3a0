package parquetio

import (
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// powerOfTen returns 10^n for n up to 38.
func powerOfTen(n int) decimal128.Num {
	var hi, lo uint64 = 0, 1
	for range n {
		carry, low := bits.Mul64(lo, 10)
		hi, lo = hi*10+carry, low
	}
	return decimal128.New(int64(hi), lo)
}

// appendBigEndian appends the low width bytes of v, most significant first.
func appendBigEndian(dst []byte, v decimal128.Num, width int) []byte {
	hi, lo := uint64(v.HighBits()), v.LowBits()
	for i := width - 1; i >= 0; i-- {
		if i >= 8 {
			dst = append(dst, byte(hi>>(8*(i-8))))
		} else {
			dst = append(dst, byte(lo>>(8*i)))
		}
	}
	return dst
}

// bigEndianDecimal reads a two's complement number of any length; false if it
// does not fit 128 bits. No bytes are zero.
func bigEndianDecimal(b []byte) (decimal128.Num, bool) {
	var sign byte
	if len(b) > 0 && b[0] >= 0x80 {
		sign = 0xff
	}
	for len(b) > 16 {
		if b[0] != sign || (b[1]^sign) >= 0x80 && len(b) == 17 {
			return decimal128.Num{}, false
		}
		b = b[1:]
	}
	hi, lo := uint64(int8(sign)), uint64(int8(sign))
	for _, c := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(c)
	}
	return decimal128.New(int64(hi), lo), true
}
