package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/term"
)

// sizeValue is a flag for an amount of memory, such as 1GiB.
type sizeValue int64

// units are those of sizes, the longest first where one ends as another.
var units = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

// String writes the size in the largest binary unit in which it is whole.
func (v *sizeValue) String() string {
	for i := 3; i >= 0; i-- {
		unit := int64(units[i].bytes)
		if n := int64(*v); n > 0 && n%unit == 0 {
			name := units[i].name
			return fmt.Sprintf("%d%s%s", n/unit, strings.ToUpper(name[:1]), "iB")
		}
	}
	return strconv.FormatInt(int64(*v), 10)
}

// Set reads a size.
func (v *sizeValue) Set(text string) error {
	number, factor := strings.ToLower(strings.TrimSpace(text)), 1.0
	for _, unit := range units {
		if rest, ok := strings.CutSuffix(number, unit.name); ok {
			number, factor = strings.TrimSpace(rest), unit.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if size := n * factor; err != nil || math.IsNaN(n) || size < 0 || size >= math.MaxInt64 {
		return fmt.Errorf("it is not a size; write for example 1GiB, 512MiB, or 0 for no limit")
	}
	*v = sizeValue(n * factor)
	return nil
}

// Type names the flag's value in help.
func (v *sizeValue) Type() string { return "SIZE" }

// countValue is a flag for a number that is not negative; commas and
// underscores may stand between its digits.
type countValue int64

// String writes the number.
func (v *countValue) String() string { return term.Count(int64(*v)) }

// Set reads a number.
func (v *countValue) Set(text string) error {
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", "_", "").Replace(text), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("it is not a number; write for example 1000000 or 1,000,000")
	}
	*v = countValue(n)
	return nil
}

// Type names the flag's value in help.
func (v *countValue) Type() string { return "N" }
