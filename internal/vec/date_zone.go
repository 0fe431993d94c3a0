package vec

import (
	"slices"
	"time"
)

// Zone finds the instants of local times of a time.Location. It keeps the
// spans between changes of the clock that it has met, so it must not be used
// by several goroutines at once.
type Zone struct {
	location *time.Location
	last     span
	spans    []span // by ascending start, not overlapping
}

// span is a stretch of local seconds in which every time exists exactly once
// and has one offset.
type span struct{ start, end, offset int64 }

// maxSpans bounds what a Zone keeps: two changes a year for 500 years.
const maxSpans = 1000

// NewZone returns the zone of a location, or nil for UTC.
func NewZone(location *time.Location) *Zone {
	if location == nil || location == time.UTC {
		return nil
	}
	return &Zone{location: location}
}

// Instant returns the Unix seconds of a local time given as seconds since
// 1970-01-01T00:00:00 local. It is false if the local time is in a gap (does
// not exist) or in an overlap (exists twice).
func (z *Zone) Instant(local int64) (int64, bool) {
	if local >= z.last.start && local < z.last.end {
		return local - z.last.offset, true
	}
	i, found := slices.BinarySearchFunc(z.spans, local, func(s span, local int64) int {
		if local < s.start {
			return 1
		}
		if local >= s.end {
			return -1
		}
		return 0
	})
	if found {
		z.last = z.spans[i]
		return local - z.last.offset, true
	}
	return z.search(local, i)
}

// search looks at every period of the location that the local time could be
// in; offsets are below two days by far.
func (z *Zone) search(local int64, at int) (int64, bool) {
	const reach = 2 * 86400
	matches, instant := 0, int64(0)
	var hit span
	periods := 0
	for t := local - reach; t <= local+reach; {
		start, end, offset := z.period(t)
		if u := local - offset; u >= start && u < end {
			matches, instant = matches+1, u
			hit = z.spanOf(start, end, offset)
		}
		periods++
		t = end
	}
	if matches != 1 {
		return 0, false
	}
	// A span next to a period shorter than the reach might overlap with a
	// period beyond its neighbour: such ones are not kept.
	if periods <= 2 && local >= hit.start && local < hit.end && len(z.spans) < maxSpans {
		z.spans = slices.Insert(z.spans, at, hit)
		z.last = hit
	}
	return instant, true
}

// spanOf returns the local times of a period that its neighbours do not have.
func (z *Zone) spanOf(start, end, offset int64) span {
	_, _, before := z.period(start - 1)
	_, _, after := z.period(end)
	return span{start: start + max(offset, before), end: end + min(offset, after), offset: offset}
}

// distant bounds periods without a beginning or an end, far beyond year 9999.
const distant = int64(1) << 40

// period returns the period of constant offset that holds an instant, in Unix seconds.
func (z *Zone) period(instant int64) (start, end, offset int64) {
	t := time.Unix(instant, 0).In(z.location)
	_, seconds := t.Zone()
	from, to := t.ZoneBounds()
	start, end = -distant, distant
	if !from.IsZero() {
		start = from.Unix()
	}
	if !to.IsZero() {
		end = to.Unix()
	}
	if end <= instant {
		// Beyond the changes that a zone lists one by one, package time takes every
		// year for 365 days, and the last day of a leap year is in no period.
		start = end
		end = time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return start, end, int64(seconds)
}
