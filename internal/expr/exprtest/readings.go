package exprtest

import (
	"time"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Reading is how a column's raw texts are typed.
type Reading struct {
	Type  schema.Type
	Parse expr.Parse
	Texts []string
}

// Readings are all types, formats and time zones, with texts that are values,
// nearly values and none.
func Readings() []Reading {
	standard := standardTexts()
	date, timestamp := schema.T(schema.Date), schema.T(schema.Timestamp)
	berlin, lordHowe := location("Europe/Berlin"), location("Australia/Lord_Howe")
	return []Reading{
		{schema.T(schema.String), expr.Parse{}, standard}, {schema.T(schema.Boolean), expr.Parse{}, standard}, {schema.T(schema.Integer), expr.Parse{}, standard},
		{schema.T(schema.Bigint), expr.Parse{}, standard}, {schema.DecimalOf(10, 2), expr.Parse{}, standard}, {schema.DecimalOf(38, 0), expr.Parse{}, standard},
		{schema.T(schema.Double), expr.Parse{}, standard}, {schema.T(schema.Double), expr.Parse{AllowNaN: true}, standard},
		{date, expr.Parse{}, standard}, {timestamp, expr.Parse{}, standard},
		{timestamp, expr.Parse{Location: berlin}, []string{"2026-03-29 01:59:59", "2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 03:00", "2026-10-25 01:59:59", "2026-10-25 02:00",
			"2026-10-25 02:59:59.999999", "2026-10-25 03:00", "2026-07-01 12:00", "2026-01-01 12:00Z", "2026-10-25 02:30+02:00", "1950-05-05 05:05", "0001-01-01 00:00", "9999-12-31 23:59", " 2026-07-01T00:00 ", ""}},
		{timestamp, expr.Parse{Location: lordHowe}, []string{"2026-04-05 01:29", "2026-04-05 01:30", "2026-04-05 01:59", "2026-04-05 02:00", "2026-10-04 02:00", "2026-10-04 02:29", "2026-10-04 02:30"}},
		{date, expr.Parse{Formats: []string{"dd.MM.yyyy", "d/M/yy", "yyyyMMdd"}}, []string{"01.02.2026", "1.2.2026", "1/2/26", "31/12/99", "20260228", "20260229", " 01.02.2026\t", "31.02.2026", "2026-01-01", "", "  ", "00.01.2026", "01.02.0000"}},
		{date, expr.Parse{Formats: []string{"d MMM yyyy", "MMMM d, yyyy", "'on' yyyy-MM-dd"}}, []string{"1 Jan 2026", "31 DEC 1999", "4 jul 2026", "July 4, 2026", "may 1, 2026", "on 2026-05-05", "Sept 1, 2026", "1 Foo 2026", "1 Mai 2026", "31 Jun 2026"}},
		{timestamp, expr.Parse{Formats: []string{"dd.MM.yyyy HH:mm:ss.SSS", "MM/dd/yyyy h:mm a", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyyMMddHHmmss", "yyyy-MM-dd H.mm xx"}}, []string{"01.02.2026 03:04:05.678", "01.02.2026 03:04:05.6",
			"01.02.2026 24:04:05.6", "01.02.2026 03:04:05", "07/04/2026 1:05 PM", "07/04/2026 12:05 am", "07/04/2026 12:05 pm", "07/04/2026 0:05 pm", "07/04/2026 13:05 pm", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z",
			"2026-01-01T00:00:00+19:00", "20260704123456", "20260704126000", "2026-07-04 5.06 -0330", "2026-07-04 5.06 Z", "0001-01-01T00:00:00+02:00", "", "x"}},
		{timestamp, expr.Parse{Formats: []string{"yyyy-MM-dd"}, Location: berlin}, []string{"2026-01-01", "2026-07-01", "2026-07-01 00:00"}},
	}
}

func location(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// standardTexts are the texts of the generator's columns.
func standardTexts() []string {
	var out []string
	for _, c := range Columns() {
		if c.Type.Kind == schema.String {
			out = append(out, c.Texts()...)
		}
	}
	return out
}
