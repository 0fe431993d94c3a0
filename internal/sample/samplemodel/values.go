package samplemodel

import (
	"math/big"
	"regexp"
	"strings"
	"time"
)

var (
	integerForm   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalForm   = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)
	timestampForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
)

// A parser types a raw text that has no blanks around it and is not empty. It
// returns the canonical text, and whether the raw text is of the type at all.
type parser func(text string) (value string, ok bool)

// typed types the raw text of a column: null for the empty text.
func typed(raw string, parse parser) (value string, null, ok bool) {
	text := strings.Trim(raw, " \t")
	if text == "" {
		return "", true, true
	}
	value, ok = parse(text)
	return value, false, ok
}

// parseInteger types an integer of 32 bits.
func parseInteger(text string) (string, bool) {
	if !integerForm.MatchString(text) {
		return "", false
	}
	n, _ := new(big.Int).SetString(strings.TrimPrefix(text, "+"), 10)
	return n.String(), n.IsInt64() && n.Int64() >= -1<<31 && n.Int64() < 1<<31
}

// parseAmount types a decimal(10,2).
func parseAmount(text string) (string, bool) {
	if !decimalForm.MatchString(text) {
		return "", false
	}
	r, _ := new(big.Rat).SetString(text)
	return decimal(r, 10, 2)
}

// decimal returns a number as decimal(precision,scale), or false if it has more
// digits than that.
func decimal(r *big.Rat, precision, scale int) (string, bool) {
	hundredfold := new(big.Rat).Mul(r, new(big.Rat).SetInt(power10(scale)))
	if !hundredfold.IsInt() || new(big.Int).Abs(hundredfold.Num()).Cmp(power10(precision)) >= 0 {
		return "", false
	}
	return r.FloatString(scale), true
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// round rounds half away from zero, as FloatString does.
func round(r *big.Rat, scale int) *big.Rat {
	out, _ := new(big.Rat).SetString(r.FloatString(scale))
	return out
}

// parseTimestamp types a timestamp.
func parseTimestamp(text string) (string, bool) {
	if !timestampForm.MatchString(text) {
		return "", false
	}
	text = strings.Replace(text, "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil { // a fraction is accepted after seconds
			year := at.UTC().Year()
			return at.UTC().Format(Timestamp), year >= 1 && year <= 9999
		}
	}
	return "", false
}

// dateOf is cast(timestamp as date).
func dateOf(timestamp string) string { return timestamp[:len(time.DateOnly)] }

// number reads a canonical number.
func number(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("samplemodel: not a number: " + text)
	}
	return r
}
