package vec

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// IsASCII says whether all bytes are below 0x80.
func IsASCII(text []byte) bool {
	for len(text) >= 8 {
		if load64(text)&0x8080808080808080 != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// CodePoints returns the number of code points of UTF-8 text.
func CodePoints(text []byte) int {
	n := len(text)
	for len(text) >= 8 {
		// Bytes 10xxxxxx continue a code point.
		w := load64(text)
		n -= bits.OnesCount64(w &^ (w << 1) & 0x8080808080808080)
		text = text[8:]
	}
	for _, c := range text {
		if c&0xc0 == 0x80 {
			n--
		}
	}
	return n
}

// AppendLower appends text in lower case by the simple one-to-one mapping of Unicode.
func AppendLower(dst, text []byte) []byte {
	if !IsASCII(text) {
		return appendMapped(dst, text, unicode.ToLower)
	}
	at := len(dst)
	dst = append(dst, text...)
	swapCase(dst[at:], 'A')
	return dst
}

// AppendUpper appends text in upper case by the simple one-to-one mapping of Unicode.
func AppendUpper(dst, text []byte) []byte {
	if !IsASCII(text) {
		return appendMapped(dst, text, unicode.ToUpper)
	}
	at := len(dst)
	dst = append(dst, text...)
	swapCase(dst[at:], 'a')
	return dst
}

// swapCase changes the case of the 26 letters from first on in ASCII text,
// eight bytes at a time.
func swapCase(text []byte, first byte) {
	const ones = 0x0101010101010101
	for len(text) >= 8 {
		w := load64(text)
		// The high bit of each byte: not below first, and not beyond the last letter.
		from, beyond := w+ones*uint64(0x80-first), w+ones*uint64(0x80-first-26)
		binary.LittleEndian.PutUint64(text, w^(from&^beyond&(ones*0x80))>>2)
		text = text[8:]
	}
	for i, c := range text {
		if c-first < 26 {
			text[i] = c ^ 0x20
		}
	}
}

// appendMapped maps each code point; bytes that are not UTF-8 are kept.
func appendMapped(dst, text []byte, mapping func(rune) rune) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n <= 1 {
			dst = append(dst, text[0])
		} else {
			dst = utf8.AppendRune(dst, mapping(r))
		}
		text = text[n:]
	}
	return dst
}

// TrimLeft returns text without the blanks (U+0020) at its start.
func TrimLeft(text []byte) []byte {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	return text
}

// TrimRight returns text without the blanks (U+0020) at its end.
func TrimRight(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
}

// Substring returns length code points of text from the position from: 1 is
// the first, 0 means the first too, -1 is the last. Positions before the first
// count towards the length but give nothing, as in Spark. A negative length
// gives the empty text.
func Substring(text []byte, from, length int64) []byte {
	if length <= 0 {
		return text[:0]
	}
	ascii := IsASCII(text)
	count := int64(len(text))
	if !ascii && from < 0 {
		count = int64(CodePoints(text))
	}
	start := max(from-1, 0)
	if from < 0 {
		start = from + count
	}
	end := start + min(length, math.MaxInt64-max(start, 0))
	start = max(start, 0)
	if end <= start || start >= int64(len(text)) {
		return text[:0]
	}
	if ascii {
		return text[start:min(end, count)]
	}
	return text[byteOf(text, start):byteOf(text, end)]
}

// byteOf returns the offset of the code point of that number (from 0), or the
// length of text if it has fewer.
func byteOf(text []byte, number int64) int {
	for i, c := range text {
		if c&0xc0 == 0x80 {
			continue
		}
		if number == 0 {
			return i
		}
		number--
	}
	return len(text)
}

// AppendReplaced appends text with every occurrence of from, which is not
// empty, replaced by to, from left to right.
func AppendReplaced(dst, text, from, to []byte) []byte {
	for {
		i := bytes.Index(text, from)
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), to...)
		text = text[i+len(from):]
	}
}

// SplitPart returns the n-th part (from 1) of text between delimiters, or the
// empty text beyond the last. The delimiter must not be empty.
func SplitPart(text, delimiter []byte, n int64) []byte {
	for ; ; n-- {
		i := bytes.Index(text, delimiter)
		if n == 1 {
			if i < 0 {
				return text
			}
			return text[:i]
		}
		if i < 0 {
			return text[:0]
		}
		text = text[i+len(delimiter):]
	}
}
