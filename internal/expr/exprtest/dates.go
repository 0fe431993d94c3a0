package exprtest

import (
	"math/big"
	"time"

	"github.com/lakectl/lakectl/internal/expr"
)

func dateOf(d Date) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func timeOf(t Timestamp) time.Time { return time.UnixMicro(int64(t)).UTC() }

// dayOf returns the date of a time, before 1970 too.
func dayOf(t time.Time) Date {
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return Date(midnight.Unix() / 86400)
}

// moment returns a date or a timestamp as a time.
func moment(v any) time.Time {
	if d, ok := v.(Date); ok {
		return dateOf(d)
	}
	return timeOf(v.(Timestamp))
}

// sameForm returns a time in the form of a value.
func sameForm(t time.Time, v any) any {
	if _, ok := v.(Date); ok {
		return dayOf(t)
	}
	return Timestamp(t.UnixMicro())
}

// applyDate computes the functions on dates.
func applyDate(n *expr.Node, args []any) (any, bool) {
	switch n.Op {
	case expr.OpDateTrunc:
		return sameForm(truncate(moment(args[0]), n.Unit), args[0]), true
	case expr.OpDateAdd:
		return dateAdd(args[0].(*big.Int), n.Unit, args[1]), true
	case expr.OpDateDiff:
		return big.NewInt(dateDiff(truncate(moment(args[0]), n.Unit), truncate(moment(args[1]), n.Unit), n.Unit)), true
	}
	t := moment(args[0])
	switch n.Op {
	case expr.OpYear:
		return big.NewInt(int64(t.Year())), true
	case expr.OpQuarter:
		return big.NewInt(int64(t.Month()+2) / 3), true
	case expr.OpMonth:
		return big.NewInt(int64(t.Month())), true
	case expr.OpDay:
		return big.NewInt(int64(t.Day())), true
	case expr.OpDayOfWeek:
		return big.NewInt(int64((t.Weekday()+6)%7) + 1), true
	}
	return nil, false
}

var unitLength = map[expr.Unit]time.Duration{
	expr.Microsecond: time.Microsecond, expr.Millisecond: time.Millisecond, expr.Second: time.Second,
	expr.Minute: time.Minute, expr.Hour: time.Hour, expr.Day: 24 * time.Hour, expr.Week: 7 * 24 * time.Hour,
}

var unitMonths = map[expr.Unit]int64{expr.Month: 1, expr.Quarter: 3, expr.Year: 12}

func truncate(t time.Time, u expr.Unit) time.Time {
	y, m, d := t.Date()
	switch u {
	case expr.Year:
		return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	case expr.Quarter:
		return time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case expr.Month:
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case expr.Week:
		return time.Date(y, m, d-int(t.Weekday()+6)%7, 0, 0, 0, 0, time.UTC)
	case expr.Day:
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	case expr.Hour:
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, time.UTC)
	case expr.Minute:
		return time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, time.UTC)
	case expr.Second:
		return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	case expr.Millisecond:
		return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1e6*1e6, time.UTC)
	}
	return t
}

func dateDiff(a, b time.Time, u expr.Unit) int64 {
	if months, ok := unitMonths[u]; ok {
		return (int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())) / months
	}
	return (b.UnixMicro() - a.UnixMicro()) / int64(unitLength[u]/time.Microsecond)
}

// dateAdd moves a date or timestamp; the result must lie in the years 0001 to 9999.
func dateAdd(n *big.Int, u expr.Unit, v any) any {
	t := moment(v)
	const most = 400_000_000_000_000_000 // microseconds: more than 9999 years
	if n.CmpAbs(big.NewInt(most)) > 0 {
		return fail(expr.ErrOverflow)
	}
	months, ok := unitMonths[u]
	if !ok {
		micros := new(big.Int).Mul(n, big.NewInt(int64(unitLength[u]/time.Microsecond)))
		if micros.CmpAbs(big.NewInt(most)) > 0 {
			return fail(expr.ErrOverflow)
		}
		t = time.UnixMicro(t.UnixMicro() + micros.Int64()).UTC()
	} else {
		total := int64(t.Year())*12 + int64(t.Month()) - 1
		if n.CmpAbs(big.NewInt(200_000)) > 0 {
			return fail(expr.ErrOverflow)
		}
		total += n.Int64() * months
		if total < 12 || total >= 10000*12 {
			return fail(expr.ErrOverflow)
		}
		year, month := int(total/12), time.Month(total%12+1)
		last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
		midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		t = time.Date(year, month, min(t.Day(), last), 0, 0, 0, 0, time.UTC).Add(t.Sub(midnight))
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return fail(expr.ErrOverflow)
	}
	return sameForm(t, v)
}
