package term

import (
	"fmt"
	"strconv"
	"time"
)

// Count writes a number with commas between thousands: 1,204,113.
func Count(n int64) string {
	text := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for at := len(text) - 3; at > first; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Size writes a number of bytes in decimal units: 741 MB.
func Size(bytes int64) string {
	if bytes < 1000 && bytes > -1000 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	value, unit := scale(float64(bytes), []string{" B", " kB", " MB", " GB", " TB", " PB", " EB"})
	return value + unit
}

// Rate writes rows for each second: 1.24M rows/s. It is empty before anything
// is known.
func Rate(rows int64, elapsed time.Duration) string {
	if rows <= 0 || elapsed <= 0 {
		return ""
	}
	value, unit := scale(float64(rows)/elapsed.Seconds(), []string{"", "k", "M", "G", "T"})
	return value + unit + " rows/s"
}

// scale writes a value with three digits in the unit that fits, each a thousand
// times the one before.
func scale(value float64, units []string) (text, unit string) {
	at := 0
	for (value >= 999.5 || value <= -999.5) && at < len(units)-1 {
		value /= 1000
		at++
	}
	digits := 0
	switch magnitude := max(value, -value); {
	case at == 0 && magnitude == float64(int64(magnitude)):
	case magnitude < 9.995:
		digits = 2
	case magnitude < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(value, 'f', digits, 64), units[at]
}

// Duration writes a time as people say it: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Millisecond:
		return "0 s"
	case d < 10*time.Second:
		return strconv.FormatFloat(max(d.Seconds(), 0.1), 'f', 1, 64) + " s"
	case d < time.Minute-time.Second/2:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour-time.Second/2:
		seconds := int64(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%d min %02d s", seconds/60, seconds%60)
	case d < 48*time.Hour:
		minutes := int64(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d days", d.Round(24*time.Hour)/(24*time.Hour))
}

// Percent writes a share of a whole: 3.8%. Something is never written as 0%, nor
// less than all as 100%; of nothing it is empty.
func Percent(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	share := 100 * float64(part) / float64(whole)
	switch {
	case part == 0:
		return "0%"
	case part == whole:
		return "100%"
	case share > 0 && share < 0.1:
		return "<0.1%"
	case share > 99.9 && share < 100:
		return ">99.9%"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + "%"
}

// Plural writes a count and its noun: 1 row, 2,000 rows.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}
