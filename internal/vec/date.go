package vec

// ParseDate reads YYYY-MM-DD of the years 0001 to 9999 as days since 1970-01-01.
func ParseDate(text []byte) (int32, bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	w := load64(text)&0xffffffff | uint64(text[5])<<32 | uint64(text[6])<<40 | uint64(text[8])<<48 | uint64(text[9])<<56
	if !eightDigits(w) {
		return 0, false
	}
	w = pairs(w)
	return dayOf(int(byte(w))*100+int(byte(w>>16)), int(byte(w>>32)), int(byte(w>>48)))
}

// dayOf returns a day of the years 0001 to 9999 if it exists.
func dayOf(year, month, day int) (int32, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 28 && day > DaysInMonth(year, month) {
		return 0, false
	}
	return DaysFromCivil(year, month, day), true
}

// ParseTimestamp reads YYYY-MM-DD[T or blank]hh:mm[:ss[.fraction]][offset] as
// microseconds since 1970-01-01T00:00:00Z. The fraction has 1 to 6 digits, the
// offset is Z, +hh, +hhmm or +hh:mm up to 18 hours; without one the time is
// local to zone (nil: UTC) and must exist there exactly once. The instant must
// be of the years 0001 to 9999 in UTC.
func ParseTimestamp(text []byte, zone *Zone) (int64, bool) {
	if len(text) < 16 || text[10] != 'T' && text[10] != ' ' || text[13] != ':' {
		return 0, false
	}
	days, ok := ParseDate(text[:10])
	if !ok {
		return 0, false
	}
	// hh, mm and, if they are there, ss as pairs of digits.
	w := uint64(text[11]) | uint64(text[12])<<8 | uint64(text[14])<<16 | uint64(text[15])<<24 | 0x30303030<<32
	rest := text[16:]
	seconds := len(rest) >= 3 && rest[0] == ':'
	if seconds {
		w = w&0xffffffff | uint64(rest[1])<<32 | uint64(rest[2])<<40 | 0x3030<<48
		rest = rest[3:]
	}
	if !eightDigits(w) {
		return 0, false
	}
	w = pairs(w)
	hour, minute, second := int64(byte(w)), int64(byte(w>>16)), int64(byte(w>>32))
	if hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	local := int64(days)*86400 + hour*3600 + minute*60 + second
	if len(rest) == 0 && zone == nil {
		return local * MicrosPerSecond, true
	}
	return parseTail(rest, seconds, local, zone)
}

// parseTail reads the fraction and the offset that follow the seconds.
func parseTail(rest []byte, fractionAllowed bool, local int64, zone *Zone) (int64, bool) {
	micros := int64(0)
	if fractionAllowed && len(rest) > 0 && rest[0] == '.' {
		n := digitsAt(rest[1:])
		if n < 1 || n > 6 {
			return 0, false
		}
		micros = fractionMicros(rest[1 : 1+n])
		rest = rest[1+n:]
	}
	if len(rest) == 0 {
		return instantOf(local, micros, zone)
	}
	offset, n, ok := parseOffset(rest)
	if !ok || n != len(rest) {
		return 0, false
	}
	return withinYears((local-offset)*MicrosPerSecond + micros)
}

// instantOf returns the instant of a local time.
func instantOf(local, micros int64, zone *Zone) (int64, bool) {
	if zone != nil {
		var ok bool
		if local, ok = zone.Instant(local); !ok {
			return 0, false
		}
	}
	return withinYears(local*MicrosPerSecond + micros)
}

func withinYears(micros int64) (int64, bool) {
	return micros, micros >= MinMicros && micros <= MaxMicros
}

// digitsAt returns the number of digits that text starts with.
func digitsAt(text []byte) int {
	for i, c := range text {
		if c-'0' > 9 {
			return i
		}
	}
	return len(text)
}

// fractionMicros returns the microseconds of 1 to 6 digits of a fraction.
func fractionMicros(digits []byte) int64 {
	v := int64(0)
	for i := range 6 {
		v *= 10
		if i < len(digits) {
			v += int64(digits[i] - '0')
		}
	}
	return v
}

// parseOffset reads Z, +hh, +hhmm or +hh:mm at the start of text and returns
// its seconds east of UTC and its length.
func parseOffset(text []byte) (seconds int64, n int, ok bool) {
	if len(text) > 0 && text[0] == 'Z' {
		return 0, 1, true
	}
	if len(text) < 3 || text[0] != '+' && text[0] != '-' {
		return 0, 0, false
	}
	hours, ok1 := twoDigits(text[1:])
	minutes, n := 0, 3
	ok2 := true
	switch {
	case len(text) >= 6 && text[3] == ':':
		minutes, ok2 = twoDigits(text[4:])
		n = 6
	case len(text) >= 5 && text[3]-'0' <= 9:
		minutes, ok2 = twoDigits(text[3:])
		n = 5
	}
	seconds = int64(hours)*3600 + int64(minutes)*60
	if !ok1 || !ok2 || minutes > 59 || seconds > 18*3600 {
		return 0, 0, false
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, n, true
}

// twoDigits reads two digits at the start of text.
func twoDigits(text []byte) (int, bool) {
	if len(text) < 2 || text[0]-'0' > 9 || text[1]-'0' > 9 {
		return 0, false
	}
	return int(text[0]-'0')*10 + int(text[1]-'0'), true
}

// AppendDate appends YYYY-MM-DD.
func AppendDate(dst []byte, days int32) []byte {
	y, m, d := CivilFromDays(days)
	if y < 0 || y > 9999 {
		// Not reachable from text, but a Parquet source may hold such days.
		dst = appendInt(dst, int64(y))
	} else {
		dst = append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	}
	dst = appendTwo(append(dst, '-'), m)
	return appendTwo(append(dst, '-'), d)
}

// AppendTimestamp appends YYYY-MM-DD hh:mm:ss and, if it is not zero, the
// fraction without zeros at its end. It is the text form of casts.
func AppendTimestamp(dst []byte, micros int64) []byte {
	days := FloorDiv(micros, MicrosPerDay)
	rest := micros - days*MicrosPerDay
	dst = AppendDate(dst, int32(days))
	seconds, fraction := int(rest/MicrosPerSecond), int(rest%MicrosPerSecond)
	dst = appendTwo(append(dst, ' '), seconds/3600)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	dst = appendTwo(append(dst, ':'), seconds%60)
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := 100_000; fraction > 0; unit /= 10 {
		dst = append(dst, byte('0'+fraction/unit))
		fraction %= unit
	}
	return dst
}

func appendTwo(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }
