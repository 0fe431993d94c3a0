package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

// ident returns a name between quotes. Names are in upper case, so that those who
// ask need no quotes.
func ident(name string) string { return quoted(strings.ToUpper(name)) }

// columnName is the name of a column. Every external table has a VALUE of its
// own, the whole row; a column of that name gets another.
func columnName(name string) string {
	if name = strings.ToUpper(name); name == wholeRow {
		return name + "_"
	}
	return name
}

const wholeRow = "VALUE"

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

var plainRegexp = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)

// userName returns the name of a user as Snowflake has it: one that needs quotes,
// such as an address, was made with them, and is as it was written.
func userName(name string) string {
	if plainRegexp.MatchString(name) {
		return strings.ToUpper(name)
	}
	return name
}

// literal returns a text as SQL says it. A backslash is an escape in Snowflake.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}

// sqlType returns a type as Snowflake calls it in DESC, but for the length of
// texts.
func sqlType(t schema.Type) string {
	switch t.Kind {
	case schema.Boolean:
		return "BOOLEAN"
	case schema.Integer:
		return "NUMBER(10,0)"
	case schema.Bigint:
		return "NUMBER(19,0)"
	case schema.Double:
		return "FLOAT"
	case schema.Decimal:
		return fmt.Sprintf("NUMBER(%d,%d)", t.Precision, t.Scale)
	case schema.Date:
		return "DATE"
	case schema.Timestamp:
		return "TIMESTAMP_NTZ(6)"
	case schema.Binary:
		return "BINARY"
	default:
		return "VARCHAR"
	}
}

// fileColumn is the expression of a column that is in the files.
func fileColumn(c schema.Column) string {
	value := `value:"` + strings.ReplaceAll(c.Name, `"`, `""`) + `"`
	if c.Type.Kind == schema.Timestamp {
		// Microseconds in UTC come as a TIMESTAMP_NTZ or as a number, by how Snowflake
		// reads their annotation; neither depends on the session's time zone, as long
		// as the file format does without logical types.
		return fmt.Sprintf("iff(is_integer(%s), to_timestamp_ntz(%[1]s::number(19,0), 6), %[1]s::timestamp_ntz(6))", value)
	}
	return value + "::" + strings.ToLower(sqlType(c.Type))
}

// pathColumn is the expression of a column that is in the path alone.
func pathColumn(c schema.Column) string {
	part := fmt.Sprintf("nullif(split_part(split_part(metadata$filename, %s, 2), '/', 1), %s)", literal("/"+c.Name+"="), literal(lake.DefaultPartition))
	if c.Type.Kind == schema.String {
		return unescaped(part)
	}
	if c.Type.Kind == schema.Timestamp {
		part = unescaped(part) // its colons
	}
	return part + "::" + strings.ToLower(sqlType(c.Type))
}

// escapes are the characters that a path has as %XX. The percent sign is the last
// of them: until its turn a text has no percent sign but those of escapes, so
// that none is undone twice.
func escapes() []byte {
	list := []byte{'_'} // the first of the text that would be taken for null
	for c := byte(1); c < 0x80; c++ {
		text := string(c)
		if path := lake.PartitionPath([]string{"c"}, []*string{&text}); path != "c="+text && c != '%' {
			list = append(list, c)
		}
	}
	return append(list, '%')
}

// unescaped is an expression without the escapes of paths. Snowflake has no
// function for it, and partitions are computed by its own functions only.
func unescaped(expression string) string {
	for _, c := range escapes() {
		with := literal(string(c))
		if c < 0x20 || c == 0x7f {
			with = fmt.Sprintf("'\\x%02x'", c)
		}
		expression = fmt.Sprintf("replace(%s, '%%%02X', %s)", expression, c, with)
	}
	return expression
}

// hash tells one definition from another.
func hash(definition string) string {
	sum := sha256.Sum256([]byte(definition))
	return hex.EncodeToString(sum[:8])
}
