package vec

import "strings"

// fields are the parts of a date and time as a layout reads them.
type fields struct {
	year, month, day     int
	hour, minute, second int
	micros               int64
	afternoon            bool
	twelve               bool // hour is 1 to 12
	offset               int64
	hasOffset            bool
}

// ParseDate reads a text without blanks around it as days since 1970-01-01.
func (l *Layout) ParseDate(text []byte) (int32, bool) {
	var f fields
	if !l.scan(text, &f) {
		return 0, false
	}
	return dayOf(f.year, f.month, f.day)
}

// ParseTimestamp reads a text without blanks around it as microseconds since
// 1970-01-01T00:00:00Z; see the function of that name for zone and range.
func (l *Layout) ParseTimestamp(text []byte, zone *Zone) (int64, bool) {
	var f fields
	if !l.scan(text, &f) {
		return 0, false
	}
	days, ok := dayOf(f.year, f.month, f.day)
	if !ok {
		return 0, false
	}
	if f.twelve {
		if f.hour < 1 || f.hour > 12 {
			return 0, false
		}
		f.hour %= 12
		if f.afternoon {
			f.hour += 12
		}
	}
	if f.hour > 23 || f.minute > 59 || f.second > 59 {
		return 0, false
	}
	local := int64(days)*86400 + int64(f.hour)*3600 + int64(f.minute)*60 + int64(f.second)
	if f.hasOffset {
		return withinYears((local-f.offset)*MicrosPerSecond + f.micros)
	}
	return instantOf(local, f.micros, zone)
}

// scan reads the whole text by the tokens.
func (l *Layout) scan(text []byte, f *fields) bool {
	for i := range l.tokens {
		t := &l.tokens[i]
		n := -1
		switch t.letter {
		case 0:
			if len(text) >= len(t.literal) && string(text[:len(t.literal)]) == t.literal {
				n = len(t.literal)
			}
		case 'a':
			n = f.scanHalf(text)
		case 'M':
			if t.count > 2 {
				n = f.scanMonthName(text, t.count == 4)
			} else {
				n = scanNumber(text, t.count, &f.month)
			}
		case 'S':
			if n = min(digitsAt(text), t.count); n > 0 {
				f.micros = fractionMicros(text[:n])
			} else {
				n = -1
			}
		case 'X', 'x', 'Z':
			n = f.scanOffset(text, t)
		default:
			n = f.scanField(text, t)
		}
		if n < 0 {
			return false
		}
		text = text[n:]
	}
	return len(text) == 0
}

// scanField reads a number into the field of its letter.
func (f *fields) scanField(text []byte, t *layoutToken) int {
	switch t.letter {
	case 'y':
		n := scanNumber(text, t.count, &f.year)
		if t.count == 2 {
			f.year += 2000
		}
		return n
	case 'd':
		return scanNumber(text, t.count, &f.day)
	case 'h':
		f.twelve = true
		return scanNumber(text, t.count, &f.hour)
	case 'H':
		return scanNumber(text, t.count, &f.hour)
	case 'm':
		return scanNumber(text, t.count, &f.minute)
	default:
		return scanNumber(text, t.count, &f.second)
	}
}

// scanNumber reads count digits, or one or two if count is 1, and returns how
// many, or -1.
func scanNumber(text []byte, count int, into *int) int {
	n := count
	if count == 1 {
		n = min(max(digitsAt(text), 1), 2)
	}
	if len(text) < n {
		return -1
	}
	v := 0
	for _, c := range text[:n] {
		if c -= '0'; c > 9 {
			return -1
		}
		v = v*10 + int(c)
	}
	*into = v
	return n
}

func (f *fields) scanHalf(text []byte) int {
	if len(text) < 2 || text[1]|0x20 != 'm' {
		return -1
	}
	switch text[0] | 0x20 {
	case 'a':
		return 2
	case 'p':
		f.afternoon = true
		return 2
	}
	return -1
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december"}

func (f *fields) scanMonthName(text []byte, full bool) int {
	for i, name := range monthNames {
		if !full {
			name = name[:3]
		}
		if len(text) >= len(name) && strings.EqualFold(string(text[:len(name)]), name) {
			f.month = i + 1
			return len(name)
		}
	}
	return -1
}

// scanOffset reads an offset of exactly the form that the token says.
func (f *fields) scanOffset(text []byte, t *layoutToken) int {
	seconds, n, ok := parseOffset(text)
	if !ok || n == 1 && t.letter != 'X' {
		return -1
	}
	switch {
	case n == 1:
	case t.letter == 'Z' && n != 5, t.count == 2 && n != 5, t.count == 3 && n != 6:
		return -1
	case t.count == 1 && t.letter != 'Z' && n == 6:
		return -1
	}
	f.offset, f.hasOffset = seconds, true
	return n
}
