package snowflake

import (
	"regexp"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

var identifierRegexp = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)

// maxIdentifier is the length of a name in Snowflake. The pattern leaves it out:
// counting makes it slow to compile, at each start of the program.
const maxIdentifier = 255

// Identifier returns the name of an object as text of SQL, in quotes: the object
// that Snowflake finds by that name without quotes, so in upper case. A name
// that would need quotes is an error of class Usage. The parts of a qualified
// name are given one by one.
func Identifier(parts ...string) (string, error) {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		if len(part) > maxIdentifier || !identifierRegexp.MatchString(part) {
			return "", diag.Errorf(diag.Usage, "%q is not a name of Snowflake", part).
				WithNext("use letters, digits, _ and $, beginning with a letter or _")
		}
		quoted[i] = `"` + strings.ToUpper(part) + `"`
	}
	return strings.Join(quoted, "."), nil
}
