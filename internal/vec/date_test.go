package vec

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need the zones wherever they run

	"github.com/lakectl/lakectl/internal/schema"
)

func TestCivil(t *testing.T) {
	check := func(days int32) {
		date := time.Unix(int64(days)*86400, 0).UTC()
		y, m, d := CivilFromDays(days)
		if y != date.Year() || m != int(date.Month()) || d != date.Day() {
			t.Fatalf("CivilFromDays(%d) = %d-%d-%d, want %s", days, y, m, d, date)
		}
		if got := DaysFromCivil(y, m, d); got != days {
			t.Fatalf("DaysFromCivil(%d, %d, %d) = %d, want %d", y, m, d, got, days)
		}
		if got := (int(date.Weekday())+6)%7 + 1; got != DayOfWeek(days) {
			t.Fatalf("DayOfWeek(%d) = %d, want %d", days, DayOfWeek(days), got)
		}
		if days > -1<<31+6 && (DayOfWeek(WeekStart(days)) != 1 || days-WeekStart(days) > 6 || days < WeekStart(days)) {
			t.Fatalf("WeekStart(%d) = %d", days, WeekStart(days))
		}
	}
	for days := int32(MinDays - 1000); days < MaxDays+1000; days += 37 {
		check(days)
	}
	for _, days := range []int32{MinDays, MaxDays, 0, -1, -719468, -719469, -719470, 1 << 28, 1<<28 + 1, -1 << 31, 1<<31 - 1} {
		check(days)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		check(int32(r.Uint32()))
	}
	for y := 1896; y < 2008; y++ {
		for m := 1; m <= 12; m++ {
			if want := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day(); DaysInMonth(y, m) != want {
				t.Errorf("DaysInMonth(%d, %d) = %d", y, m, DaysInMonth(y, m))
			}
		}
	}
}

func TestAddMonths(t *testing.T) {
	day := func(text string) int32 {
		d, ok := ParseDate([]byte(text))
		if !ok {
			t.Fatal(text)
		}
		return d
	}
	for _, test := range []struct {
		from string
		n    int64
		want string
	}{
		{"2024-01-31", 1, "2024-02-29"}, {"2023-03-31", -1, "2023-02-28"}, {"2024-02-29", 12, "2025-02-28"}, {"1969-12-31", 2, "1970-02-28"},
		{"0001-01-31", -1, ""}, {"9999-12-01", 1, ""}, {"2024-01-01", 1 << 62, ""}, {"2024-01-01", -1 << 62, ""}, {"0001-01-01", 119987, "9999-12-01"},
	} {
		got, ok := AddMonths(day(test.from), test.n)
		if ok != (test.want != "") || ok && got != day(test.want) {
			t.Errorf("AddMonths(%s, %d) = %s, %v, want %s", test.from, test.n, AppendDate(nil, got), ok, test.want)
		}
	}
}

var timestampPattern = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,6})?(Z|[+-]\d\d(:?\d\d)?)?$`)

// slowTimestamp is ParseTimestamp by package time.
func slowTimestamp(text string) (int64, bool) {
	m := timestampPattern.FindStringSubmatch(text)
	if m == nil || m[3] == "" && m[4] != "" || strings.HasPrefix(text, "0000") {
		return 0, false
	}
	seconds := m[3]
	if seconds == "" {
		seconds = ":00"
	}
	t, err := time.Parse("2006-01-02 15:04:05", m[1]+" "+m[2]+seconds+m[4])
	if err != nil {
		return 0, false
	}
	if m[5] != "" && m[5] != "Z" {
		var sign byte
		var hours, minutes int
		fmt.Sscanf(strings.Replace(m[5], ":", "", 1)+"00", "%c%2d%2d", &sign, &hours, &minutes)
		if minutes > 59 || hours*60+minutes > 18*60 {
			return 0, false
		}
		shift := time.Duration(hours*60+minutes) * time.Minute
		if sign == '+' {
			shift = -shift
		}
		t = t.Add(shift)
	}
	return t.UnixMicro(), t.Year() >= 1 && t.Year() <= 9999
}

func FuzzParseTimestamp(f *testing.F) {
	for _, text := range []string{"2024-01-02 03:04", "2024-02-29T23:59:59", "2024-02-30 00:00:00", "2024-01-02 03:04:05.1", "2024-01-02 03:04:05.123456", "2024-01-02 03:04:05.1234567",
		"2024-01-02 03:04:05.", "2024-01-02 03:04.5", "2024-01-02 03:04:05Z", "2024-01-02 03:04Z", "2024-01-02 03:04:05+05", "2024-01-02 03:04:05-0530", "2024-01-02 03:04:05+05:30",
		"2024-01-02 03:04:05+18:01", "2024-01-02 03:04:05+5", "2024-01-02 03:04:05+05:3", "2024-01-02 03:04:05 +05", "2024-01-02 24:00:00", "2024-01-02 23:60:00", "2024-01-02 23:59:60",
		"0001-01-01 00:00:00", "0000-12-31 23:59:59", "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00+01", "9999-12-31 23:59:59-01", "2024-1-2 03:04:05", "2024-01-02", "2024-01-02t03:04:05", "/024-01-02 03:04:05", "2024-01-02 03:04:0:", "", "20240102T030405"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wantOK := slowTimestamp(text)
		got, ok := ParseTimestamp([]byte(text), nil)
		if ok != wantOK || ok && got != want {
			t.Errorf("ParseTimestamp(%q) = %d, %v, want %d, %v", text, got, ok, want, wantOK)
		}
		if ok {
			written := AppendTimestamp(nil, got)
			if again, ok := ParseTimestamp(written, nil); !ok || again != got {
				t.Errorf("%q is written as %q, which reads as %d, %v", text, written, again, ok)
			}
		}
		day, err := time.Parse(time.DateOnly, text)
		wantDay := err == nil && day.Year() > 0
		days, ok := ParseDate([]byte(text))
		if ok != wantDay || ok && int64(days) != day.Unix()/86400-bit64(day.Unix()%86400 < 0) {
			t.Errorf("ParseDate(%q) = %d, %v, want %s, %v", text, days, ok, day, err)
		}
	})
}

func bit64(b bool) int64 { return int64(btoi(b)) }

func zoneOf(t testing.TB, name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestZoneGapsAndOverlaps(t *testing.T) {
	for _, test := range []struct{ zone, local, want string }{
		{"Europe/Berlin", "2024-01-15 12:00:00", "2024-01-15 11:00:00"},
		{"Europe/Berlin", "2024-07-15 12:00:00", "2024-07-15 10:00:00"},
		{"Europe/Berlin", "2024-03-31 01:59:59.999999", "2024-03-31 00:59:59.999999"},
		{"Europe/Berlin", "2024-03-31 02:00:00", ""}, // gap
		{"Europe/Berlin", "2024-03-31 02:59:59", ""},
		{"Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00"},
		{"Europe/Berlin", "2024-10-27 01:59:59", "2024-10-26 23:59:59"},
		{"Europe/Berlin", "2024-10-27 02:00:00", ""}, // overlap
		{"Europe/Berlin", "2024-10-27 02:59:59", ""},
		{"Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00"},
		{"Europe/Berlin", "2024-10-27 02:30:00+02:00", "2024-10-27 00:30:00"}, // an offset settles it
		{"Pacific/Apia", "2011-12-30 12:00:00", ""},                           // a day that did not exist
		{"Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30 10:00:00"},
		{"Pacific/Kwajalein", "1993-08-21 12:00:00", ""},
		{"Asia/Kolkata", "2024-01-01 00:00:00", "2023-12-31 18:30:00"},
		{"America/New_York", "0001-01-01 00:00:00", "0001-01-01 04:56:02"},
		{"Asia/Tokyo", "0001-01-01 00:00:00", ""}, // year 0 in UTC
		{"America/New_York", "9999-12-31 23:00:00", ""},
		{"America/New_York", "9999-12-31 18:00:00", "9999-12-31 23:00:00"},
	} {
		zone := NewZone(zoneOf(t, test.zone))
		for range 2 {
			got, ok := ParseTimestamp([]byte(test.local), zone)
			if ok != (test.want != "") || ok && string(AppendTimestamp(nil, got)) != test.want {
				t.Errorf("%s in %s: got %s, %v, want %q", test.local, test.zone, AppendTimestamp(nil, got), ok, test.want)
			}
		}
	}
	// Days around the end of leap years, which package time's rules for the future
	// (and those of short zone files for the past) do not reach.
	for _, test := range []struct{ zone, local, want string }{
		{"Europe/Berlin", "2040-12-30 23:59:59", "2040-12-30 22:59:59"},
		{"Europe/Berlin", "2040-12-31 12:00:00", "2040-12-31 11:00:00"},
		{"Europe/Berlin", "2041-01-01 00:30:00", "2040-12-31 23:30:00"},
		{"America/New_York", "2044-12-31 23:59:59", "2045-01-01 04:59:59"},
		{"Australia/Lord_Howe", "2096-12-31 10:59:00", "2096-12-30 23:59:00"},
	} {
		got, ok := ParseTimestamp([]byte(test.local), NewZone(zoneOf(t, test.zone)))
		if !ok || string(AppendTimestamp(nil, got)) != test.want {
			t.Errorf("%s in %s: got %s, %v, want %s", test.local, test.zone, AppendTimestamp(nil, got), ok, test.want)
		}
	}
	if NewZone(time.UTC) != nil || NewZone(nil) != nil {
		t.Error("UTC has a Zone")
	}
}

// TestZoneAgainstEveryOffset compares with a search among all offsets around.
func TestZoneAgainstEveryOffset(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Tehran", "Antarctica/Troll", "America/Caracas"} {
		location := zoneOf(t, name)
		zone := NewZone(location)
		for i := range 4000 {
			local := int64(r.IntN(4_000_000_000)) - 2_000_000_000
			if i%2 == 0 { // near a change
				_, end := time.Unix(local, 0).In(location).ZoneBounds()
				if !end.IsZero() {
					_, offset := end.Zone()
					local = end.Unix() + int64(offset) + int64(r.IntN(4*3600)) - 2*3600
				}
			}
			if i%5 == 0 { // the end of a year, listed or by rule
				local = time.Date(1980+r.IntN(400), 12, 31, r.IntN(72)-24, r.IntN(60), 0, 0, time.UTC).Unix()
			}
			instants := make(map[int64]bool)
			for hours := -30; hours <= 30; hours++ {
				_, offset := time.Unix(local+int64(hours)*3600, 0).In(location).Zone()
				u := local - int64(offset)
				if _, back := time.Unix(u, 0).In(location).Zone(); back == offset {
					instants[u] = true
				}
			}
			got, ok := zone.Instant(local)
			if ok != (len(instants) == 1) || ok && !instants[got] {
				t.Fatalf("%s: Instant(%d) = %d, %v, want %v", name, local, got, ok, instants)
			}
		}
	}
}

func TestLayouts(t *testing.T) {
	for _, test := range []struct {
		layout, text, want string
		kind               schema.Kind
	}{
		{"dd.MM.yyyy", "31.12.2024", "2024-12-31", schema.Date},
		{"dd.MM.yyyy", "31.12.2024 ", "", schema.Date},
		{"dd.MM.yyyy", "1.12.2024", "", schema.Date},
		{"dd.MM.yyyy", "30.02.2024", "", schema.Date},
		{"d.M.yyyy", "1.2.2024", "2024-02-01", schema.Date},
		{"d.M.yyyy", "01.02.2024", "2024-02-01", schema.Date},
		{"d.M.yyyy", "001.02.2024", "", schema.Date},
		{"yyyyMMdd", "20240229", "2024-02-29", schema.Date},
		{"yyMMdd", "990131", "2099-01-31", schema.Date},
		{"d MMM yyyy", "3 sep 2024", "2024-09-03", schema.Date},
		{"MMMM d, yyyy", "September 3, 2024", "2024-09-03", schema.Date},
		{"MMMM d, yyyy", "Sept 3, 2024", "", schema.Date},
		{"M/d/yyyy h:mm a", "1/2/2024 12:05 AM", "2024-01-02 00:05:00", schema.Timestamp},
		{"M/d/yyyy h:mm a", "1/2/2024 12:05 pm", "2024-01-02 12:05:00", schema.Timestamp},
		{"M/d/yyyy h:mm a", "1/2/2024 13:05 PM", "", schema.Timestamp},
		{"M/d/yyyy h:mm a", "1/2/2024 0:05 PM", "", schema.Timestamp},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "2024-01-02T03:04:05.5+05:30", "2024-01-01 21:34:05.5", schema.Timestamp},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-01-02T03:04:05.1234Z", "", schema.Timestamp},
		{"yyyy-MM-dd'T'HH:mm:ssXXX", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05", schema.Timestamp},
		{"yyyy-MM-dd'T'HH:mm:ssxxx", "2024-01-02T03:04:05Z", "", schema.Timestamp},
		{"yyyy-MM-dd HH:mm:ssZ", "2024-01-02 03:04:05-0100", "2024-01-02 04:04:05", schema.Timestamp},
		{"yyyy-MM-dd HH:mm:ssX", "2024-01-02 03:04:05-01", "2024-01-02 04:04:05", schema.Timestamp},
		{"yyyy-MM-dd HH:mm:ssX", "2024-01-02 03:04:05-01:00", "", schema.Timestamp},
		{"yyyy-MM-dd", "2024-01-02", "2024-01-02 00:00:00", schema.Timestamp},
		{"dd/MM/yyyy HH:mm", "02/01/2024 24:00", "", schema.Timestamp},
		{"'on' yyyy-MM-dd 'at' HH 'o''clock'", "on 2024-01-02 at 07 o'clock", "2024-01-02 07:00:00", schema.Timestamp},
		{"yyyy-MM-dd''HH", "2024-01-02'07", "2024-01-02 07:00:00", schema.Timestamp},
		{"yyyy年MM月dd日", "2024年01月02日", "2024-01-02", schema.Date},
	} {
		l, err := CompileLayout(test.layout, test.kind)
		if err != nil {
			t.Errorf("%s: %v", test.layout, err)
			continue
		}
		got := ""
		if test.kind == schema.Date {
			if v, ok := l.ParseDate([]byte(test.text)); ok {
				got = string(AppendDate(nil, v))
			}
		} else if v, ok := l.ParseTimestamp([]byte(test.text), nil); ok {
			got = string(AppendTimestamp(nil, v))
		}
		if got != test.want {
			t.Errorf("%q as %s: got %q, want %q", test.text, test.layout, got, test.want)
		}
	}
}

func TestLayoutProblems(t *testing.T) {
	for _, test := range []struct {
		layout, want string
		kind         schema.Kind
	}{
		{"yyyy-MM-ddTHH:mm", "the letter T must be quoted: 'T'", schema.Timestamp},
		{"YYYY-MM-dd", `"YYYY" is not supported; letters are yyyy MM dd HH mm ss SSSSSS, hh with a, MMM and XXX; text is written in quotes: 'YYYY'`, schema.Date},
		{"yyy-MM-dd", `"yyy" is not supported: write yyyy or yy (2000 to 2099)`, schema.Date},
		{"yyyy-MM-dd HH:mm", `a date has no "HH"; make the column a timestamp and cast it`, schema.Date},
		{"yyyy-MM", "the layout has no year (yyyy), month (MM) or day (dd)", schema.Date},
		{"yyyy-MM-dd hh:mm", "hh (1 to 12) and a (AM or PM) go together", schema.Timestamp},
		{"yyyy-MM-dd HH:mm a", "HH (0 to 23) does not go with hh or a", schema.Timestamp},
		{"yyyy-MM-dd HH:ss", "a part of the time is missing: minutes need hours, seconds need minutes, a fraction needs seconds, an offset needs hours", schema.Timestamp},
		{"yyyy-MM-dd 'at", "the quote at character 12 has no end", schema.Timestamp},
		{"yyyy-MM-dd MM", "the letter M stands in two places", schema.Date},
		{"dMyyyy", `"d" has no fixed length, so no digits may follow it`, schema.Date},
		{"yyyy-MM-dd[ HH]", `"[" has a meaning in Spark that lakectl does not support; quote it, or give a list of formats`, schema.Timestamp},
		{"%Y-%m-%d", `"Y" is not supported; letters are yyyy MM dd HH mm ss SSSSSS, hh with a, MMM and XXX; text is written in quotes: 'Y'`, schema.Date},
	} {
		_, err := CompileLayout(test.layout, test.kind)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.layout, err, test.want)
		}
	}
}

// goLayouts are layouts and what package time calls them.
var goLayouts = [][2]string{
	{"yyyy-MM-dd HH:mm:ss", "2006-01-02 15:04:05"}, {"dd.MM.yyyy HH:mm", "02.01.2006 15:04"}, {"MMM dd yyyy hh:mm:ss a", "Jan 02 2006 03:04:05 PM"},
	{"yyyyMMddHHmmss", "20060102150405"}, {"yyyy-MM-dd'T'HH:mm:ssxxx", "2006-01-02T15:04:05-07:00"}, {"MMMM dd, yyyy", "January 02, 2006"},
}

func FuzzLayout(f *testing.F) {
	for i, l := range goLayouts {
		f.Add(uint8(i), time.Date(2024, 2, 29, 13, 5, 9, 0, time.UTC).Format(l[1]), l[0])
		f.Add(uint8(i), "9999-99-99", "''")
	}
	layouts := make([]*Layout, len(goLayouts))
	for i, l := range goLayouts {
		layout, err := CompileLayout(l[0], schema.Timestamp)
		if err != nil {
			f.Fatal(err)
		}
		layouts[i] = layout
	}
	f.Fuzz(func(t *testing.T, which uint8, text, layout string) {
		i := int(which) % len(layouts)
		want, err := time.Parse(goLayouts[i][1], text)
		got, ok := layouts[i].ParseTimestamp([]byte(text), nil)
		// Package time takes fractions, AM without a blank and hours such as 00 PM
		// that a layout does not: what it writes must be what was read.
		if ok && (err != nil || want.UnixMicro() != got) {
			t.Errorf("%q as %s: got %s, want %v, %v", text, goLayouts[i][0], AppendTimestamp(nil, got), want, err)
		}
		if err == nil && !ok && want.Format(goLayouts[i][1]) == text && want.UTC().Year() >= 1 && want.UTC().Year() <= 9999 {
			t.Errorf("%q as %s: refused, want %v", text, goLayouts[i][0], want)
		}
		if l, err := CompileLayout(layout, schema.Timestamp); err == nil {
			l.ParseTimestamp([]byte(text), nil)
		}
	})
}

var sinkMicros int64

func BenchmarkParseTimestamp(b *testing.B) {
	text := []byte("2024-02-29 13:05:09")
	for b.Loop() {
		sinkMicros, _ = ParseTimestamp(text, nil)
	}
}

func BenchmarkParseTimestampFraction(b *testing.B) {
	text := []byte("2024-02-29T13:05:09.123Z")
	for b.Loop() {
		sinkMicros, _ = ParseTimestamp(text, nil)
	}
}

func BenchmarkParseTimestampZone(b *testing.B) {
	zone := NewZone(zoneOf(b, "Europe/Berlin"))
	text := []byte("2024-02-29 13:05:09")
	for b.Loop() {
		sinkMicros, _ = ParseTimestamp(text, zone)
	}
}

func BenchmarkParseLayout(b *testing.B) {
	l, err := CompileLayout("dd.MM.yyyy HH:mm:ss", schema.Timestamp)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte("29.02.2024 13:05:09")
	for b.Loop() {
		sinkMicros, _ = l.ParseTimestamp(text, nil)
	}
}
