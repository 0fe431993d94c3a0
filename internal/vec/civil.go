package vec

import "math/bits"

// The first and last day of the years 0001 to 9999, in days since 1970-01-01,
// and the first and last microsecond since 1970-01-01T00:00:00Z.
const (
	MinDays = -719162
	MaxDays = 2932896

	MicrosPerSecond = int64(1_000_000)
	MicrosPerDay    = 86_400 * MicrosPerSecond

	MinMicros = MinDays * MicrosPerDay
	MaxMicros = (MaxDays+1)*MicrosPerDay - 1
)

// DaysFromCivil returns the days from 1970-01-01 to a day of the proleptic
// Gregorian calendar. The month must be 1 to 12; a day beyond the month's end
// counts on into the next month.
func DaysFromCivil(year, month, day int) int32 {
	if uint(year-1) < 1<<20 {
		y := uint32(year)
		if month <= 2 {
			y--
		}
		return int32(365*y+y/4-y/100+y/400) + marchDays[month&15] + int32(day)
	}
	if month <= 2 {
		year--
		month += 12
	}
	era := FloorDiv(int64(year), 400)
	yearOfEra := year - int(era)*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int32(int(era)*146097 + dayOfEra - 719468)
}

// marchDays are the days from 0000-02-29 to the last day before a month of a
// year that begins in March, less those to 1970-01-01.
var marchDays = [16]int32{0, 306 - 719469, 337 - 719469, 0 - 719469, 31 - 719469, 61 - 719469, 92 - 719469, 122 - 719469,
	153 - 719469, 184 - 719469, 214 - 719469, 245 - 719469, 275 - 719469}

// CivilFromDays returns the day of the calendar that is days after 1970-01-01.
func CivilFromDays(days int32) (year, month, day int) {
	// Neri and Schneider, "Euclidean affine functions and applications to
	// calendar algorithms": years begin in March, in quarter days.
	if days < -719468 || days > 1<<28 {
		return civilSlow(int64(days))
	}
	n1 := 4*uint64(days+719468) + 3
	century := n1 / 146097
	n2 := n1%146097 | 3
	p := 2939745 * n2
	hi, lo := p>>32, p&0xffffffff
	dayOfYear := lo / 2939745 / 4
	n3 := 2141*dayOfYear + 197913
	month = int(n3 >> 16)
	day = int(n3&0xffff)/2141 + 1
	year = int(100*century + hi)
	if dayOfYear >= 306 {
		return year + 1, month - 12, day
	}
	return year, month, day
}

// civilSlow is CivilFromDays for any day.
func civilSlow(days int64) (year, month, day int) {
	days += 719468
	era := FloorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = int(dayOfYear-(153*shifted+2)/5) + 1
	year, month = int(yearOfEra+era*400), int(shifted)+3
	if month > 12 {
		return year + 1, month - 12, day
	}
	return year, month, day
}

// DaysInMonth returns the number of days of a month from 1 to 12.
func DaysInMonth(year, month int) int {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month^month>>3)&1
}

// WeekStart returns the Monday on or before a day.
func WeekStart(days int32) int32 { return days - int32(DayOfWeek(days)-1) }

// DayOfWeek returns 1 for Monday to 7 for Sunday.
func DayOfWeek(days int32) int {
	// 1970-01-01 was a Thursday.
	return int(FloorMod(int64(days)+3, 7)) + 1
}

// MonthIndex returns the number of months from January of the year 0 to the
// month of a day.
func MonthIndex(days int32) int64 {
	y, m, _ := CivilFromDays(days)
	return int64(y)*12 + int64(m) - 1
}

// MonthStart returns the first day of the month of that index, which must be
// of the years 0001 to 9999.
func MonthStart(index int64) int32 {
	return DaysFromCivil(int(FloorDiv(index, 12)), int(FloorMod(index, 12))+1, 1)
}

// AddMonths returns the day n months later; a day beyond the end of the month
// becomes its last. It is false if the result is not of the years 0001 to 9999.
func AddMonths(days int32, n int64) (int32, bool) {
	const most = 12 * 20000
	if n < -most || n > most {
		return 0, false
	}
	y, m, d := CivilFromDays(days)
	index := int64(y)*12 + int64(m) - 1 + n
	y, m = int(FloorDiv(index, 12)), int(FloorMod(index, 12))+1
	if y < 1 || y > 9999 {
		return 0, false
	}
	return DaysFromCivil(y, m, min(d, DaysInMonth(y, m))), true
}

// FloorDiv returns a / b rounded down. b must be positive.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// FloorMod returns a - b*FloorDiv(a, b), which is never negative.
func FloorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// MulAddInt64 returns a*b + c, and false if that is not an int64.
func MulAddInt64(a, b, c int64) (int64, bool) {
	hi, lo := mulSigned(a, b)
	sum, carry := bits.Add64(lo, uint64(c), 0)
	hi += c>>63 + int64(carry)
	return int64(sum), hi == int64(sum)>>63
}
