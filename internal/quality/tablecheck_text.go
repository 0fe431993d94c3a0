package quality

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// countText writes a number with commas between thousands.
func countText(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return countText(n) + " rows"
}

// shareText writes a share as per cent, with as many digits as tell it from others.
func shareText(share float64) string {
	text := strconv.FormatFloat(100*share, 'g', 4, 64)
	if strings.Contains(text, "e") {
		text = strconv.FormatFloat(100*share, 'f', 8, 64)
	}
	return text + " %"
}

// numberText writes a number with all its digits if they end, else with 20 places.
func numberText(n *big.Rat) string {
	if places, exact := n.FloatPrec(); exact && places <= 40 {
		return n.FloatString(places)
	}
	return n.FloatString(20)
}

// ageText writes seconds by their two largest units: 237 days 11 hours.
func ageText(seconds int64) string {
	var parts []string
	for _, unit := range []struct {
		name    string
		seconds int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := seconds / unit.seconds
		seconds %= unit.seconds
		switch {
		case n == 0 || len(parts) == 2:
		case n == 1:
			parts = append(parts, "1 "+unit.name)
		default:
			parts = append(parts, countText(n)+" "+unit.name+"s")
		}
	}
	if len(parts) == 0 {
		return "less than a second"
	}
	return strings.Join(parts, " ")
}

// durationText writes a duration as the file does: 48h, 1h30m.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// maxValueText is how many bytes of a value a detail shows.
const maxValueText = 200

// rowText writes one row of columns as "a = 1, b = "x"".
func rowText(columns []schema.Column, cols []arrow.Array, row int) string {
	var b strings.Builder
	for i, col := range cols {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(columns[i].Name + " = ")
		text := string(vec.Cut(vec.AppendText(nil, col, row), maxValueText))
		switch columns[i].Type.Kind {
		case schema.String:
			text = strconv.Quote(text)
		case schema.Double:
			if text == "-0" { // equal to 0, so which of them was met first must not show
				text = "0"
			}
		}
		b.WriteString(text)
	}
	return b.String()
}
