package expr

import (
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// evalDate computes the functions on dates and timestamps.
func (e *evaluator) evalDate(node *Node, args []vector) vector {
	if anyAllNull(args) {
		return nullVector(node.Type, e.n)
	}
	switch node.Op {
	case OpDateTrunc:
		return e.evalTrunc(node, &args[0])
	case OpDateAdd:
		return e.evalDateAdd(node, args)
	case OpDateDiff:
		return e.evalDateDiff(node, args)
	}
	out := e.newVector(node.Type)
	out.valid = e.bothValid(&args[0])
	e.eachDay(&args[0], func(i int, day int32) { out.i32[i] = int32(dateField(node.Op, day)) })
	return out
}

// eachDay calls f with the day of each row, in UTC.
func (e *evaluator) eachDay(x *vector, f func(i int, day int32)) {
	mask := x.mask()
	if x.typ.Kind == schema.Date {
		for i := range e.n {
			f(i, x.i32[i&mask])
		}
		return
	}
	for i := range e.n {
		f(i, dayOf(x.i64[i&mask]))
	}
}

// dayOf returns the day of a timestamp in UTC.
func dayOf(micros int64) int32 { return int32(vec.FloorDiv(micros, vec.MicrosPerDay)) }

func dateField(op Op, day int32) int {
	if op == OpDayOfWeek {
		return vec.DayOfWeek(day)
	}
	y, m, d := vec.CivilFromDays(day)
	switch op {
	case OpYear:
		return y
	case OpQuarter:
		return (m + 2) / 3
	case OpMonth:
		return m
	default:
		return d
	}
}

// microsOf is the length of the units that have one in microseconds.
func microsOf(u Unit) (int64, bool) {
	switch u {
	case Microsecond:
		return 1, true
	case Millisecond:
		return 1000, true
	case Second:
		return vec.MicrosPerSecond, true
	case Minute:
		return 60 * vec.MicrosPerSecond, true
	case Hour:
		return 3600 * vec.MicrosPerSecond, true
	case Day:
		return vec.MicrosPerDay, true
	case Week:
		return 7 * vec.MicrosPerDay, true
	default:
		return 0, false
	}
}

// monthsOf is the number of months of the units from Month on.
func monthsOf(u Unit) int64 {
	switch u {
	case Month:
		return 1
	case Quarter:
		return 3
	default:
		return 12
	}
}

// truncDay returns the first day of the unit, Day or longer, that a day is in.
func truncDay(u Unit, day int32) int32 {
	switch u {
	case Week:
		return vec.WeekStart(day)
	case Month:
		_, _, d := vec.CivilFromDays(day)
		return day - int32(d-1)
	case Quarter, Year:
		months := monthsOf(u)
		return vec.MonthStart(vec.FloorDiv(vec.MonthIndex(day), months) * months)
	default:
		return day
	}
}

func (e *evaluator) evalTrunc(node *Node, x *vector) vector {
	out := e.newVector(node.Type)
	out.valid = e.bothValid(x)
	var bad []int32
	switch {
	case x.typ.Kind == schema.Date:
		bad = convert(out.i32, x.i32, x.mask(), func(day int32) (int32, bool) { return withinYears(truncDay(node.Unit, day)) })
	case node.Unit < Day:
		unit, _ := microsOf(node.Unit)
		convert(out.i64, x.i64, x.mask(), func(t int64) (int64, bool) { return t - vec.FloorMod(t, unit), true })
	default:
		bad = convert(out.i64, x.i64, x.mask(), func(t int64) (int64, bool) {
			day, ok := withinYears(truncDay(node.Unit, dayOf(t)))
			return int64(day) * vec.MicrosPerDay, ok
		})
	}
	return e.overflowed(node, out, bad, *x)
}

func withinYears(day int32) (int32, bool) { return day, day >= vec.MinDays && day <= vec.MaxDays }

// evalDateAdd computes date_add(n, x).
func (e *evaluator) evalDateAdd(node *Node, args []vector) vector {
	n, x := &args[0], &args[1]
	out := e.newVector(node.Type)
	out.valid = e.bothValid(n, x)
	var bad []int32
	mn, mx := n.mask(), x.mask()
	for i := range e.n {
		var ok bool
		if x.typ.Kind == schema.Date {
			out.i32[i], ok = addToDay(node.Unit, n.i64[i&mn], x.i32[i&mx])
		} else {
			out.i64[i], ok = addToTime(node.Unit, n.i64[i&mn], x.i64[i&mx])
		}
		if !ok {
			bad = append(bad, int32(i))
		}
	}
	return e.overflowed(node, out, bad, args...)
}

func addToDay(u Unit, n int64, day int32) (int32, bool) {
	if u >= Month {
		months, ok := vec.MulInt64(n, monthsOf(u))
		if !ok {
			return 0, false
		}
		return vec.AddMonths(day, months)
	}
	t, ok := addToTime(u, n, int64(day)*vec.MicrosPerDay)
	return int32(vec.FloorDiv(t, vec.MicrosPerDay)), ok
}

func addToTime(u Unit, n int64, t int64) (int64, bool) {
	if unit, ok := microsOf(u); ok {
		t, ok = vec.MulAddInt64(n, unit, t)
		return t, ok && t >= vec.MinMicros && t <= vec.MaxMicros
	}
	day := dayOf(t)
	moved, ok := addToDay(u, n, day)
	return t + int64(moved-day)*vec.MicrosPerDay, ok
}

// evalDateDiff computes date_diff(a, b): the units from a's to b's.
func (e *evaluator) evalDateDiff(node *Node, args []vector) vector {
	a, b := &args[0], &args[1]
	out := e.newVector(node.Type)
	out.valid = e.bothValid(a, b)
	from, to := e.unitNumbers(node.Unit, a), e.unitNumbers(node.Unit, b)
	ma, mb := a.mask(), b.mask()
	for i := range out.i64 {
		out.i64[i] = to[i&mb] - from[i&ma]
	}
	return out
}

// unitNumbers numbers the unit that each element is in.
func (e *evaluator) unitNumbers(u Unit, x *vector) []int64 {
	if x.typ.Kind == schema.Date {
		numbers := alloc[int64](e.scratch, len(x.i32))
		for i, day := range x.i32 {
			numbers[i] = dayNumber(u, day)
		}
		return numbers
	}
	numbers := alloc[int64](e.scratch, len(x.i64))
	unit, _ := microsOf(u)
	for i, t := range x.i64 {
		if u < Day {
			numbers[i] = vec.FloorDiv(t, unit)
		} else {
			numbers[i] = dayNumber(u, dayOf(t))
		}
	}
	return numbers
}

// dayNumber numbers the unit, Day or longer, that a day is in.
func dayNumber(u Unit, day int32) int64 {
	switch u {
	case Week:
		return vec.FloorDiv(int64(day)+3, 7) // 1970-01-01 was a Thursday
	case Month, Quarter, Year:
		return vec.FloorDiv(vec.MonthIndex(day), monthsOf(u))
	default:
		return int64(day)
	}
}
