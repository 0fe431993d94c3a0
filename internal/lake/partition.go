package lake

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DefaultPartition is the folder of rows whose partition column is null.
const DefaultPartition = "__HIVE_DEFAULT_PARTITION__"

// PartitionPath returns the folders of a partition as Hive, Spark and Athena
// write them, such as "day=2026-11-23/shop=Köln%2FSüd": only what Hive escapes
// is escaped, as %XX.
//
// The empty text has no folder of its own: Spark refuses "shop=", and Hive,
// Spark and Athena put it with null. So does PartitionPath; a writer that
// groups rows by partition first maps its values through PartitionValue. The
// text "__HIVE_DEFAULT_PARTITION__" itself is kept apart from null by an escape.
//
// It panics if there are not as many values as columns.
func PartitionPath(columns []string, values []*string) string {
	if len(columns) != len(values) {
		panic(fmt.Sprintf("lake: %d partition columns and %d values", len(columns), len(values)))
	}
	var b strings.Builder
	for i, column := range columns {
		if i > 0 {
			b.WriteByte('/')
		}
		escape(&b, column)
		b.WriteByte('=')
		switch value := PartitionValue(values[i]); {
		case value == nil:
			b.WriteString(DefaultPartition)
		case *value == DefaultPartition:
			b.WriteString("%5F")
			b.WriteString(DefaultPartition[1:])
		default:
			escape(&b, *value)
		}
	}
	return b.String()
}

// PartitionValue returns the value that readers of the folder will see: the
// empty text is null.
func PartitionValue(value *string) *string {
	if value != nil && *value == "" {
		return nil
	}
	return value
}

// ParsePartitionPath is the inverse of PartitionPath.
func ParsePartitionPath(path string) (columns []string, values []*string, err error) {
	if path == "" {
		return nil, nil, nil
	}
	for part := range strings.SplitSeq(path, "/") {
		column, value, ok := strings.Cut(part, "=")
		if !ok || column == "" || value == "" {
			return nil, nil, fmt.Errorf("%q is not the folder of a partition: want column=value", part)
		}
		columns = append(columns, unescape(column))
		if value == DefaultPartition {
			values = append(values, nil)
			continue
		}
		value = unescape(value)
		values = append(values, &value)
	}
	return columns, values, nil
}

const hexDigits = "0123456789ABCDEF"

// escape writes text with what Hive escapes, and bytes that are not UTF-8, as %XX.
func escape(b *strings.Builder, text string) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < 0x80 && escaped(byte(r)):
			b.WriteByte('%')
			b.WriteByte(hexDigits[text[i]>>4])
			b.WriteByte(hexDigits[text[i]&15])
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
}

// escaped says whether Hive escapes an ASCII character.
func escaped(c byte) bool {
	return c < 0x20 || c == 0x7f || strings.IndexByte(`"#%'*/:=?\{[]^`, c) >= 0
}

// unescape resolves %XX; what only looks like an escape is left alone, as Hive does.
func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && hexValue(text[i+1]) >= 0 && hexValue(text[i+2]) >= 0 {
			out = append(out, byte(hexValue(text[i+1])<<4|hexValue(text[i+2])))
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return string(out)
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
