package exprtest

import (
	"fmt"
	"math/rand/v2"
)

// Random returns the text of a random expression of some depth. It may not
// bind: types of numbers may turn out not to mix, or need too many digits.
func Random(r *rand.Rand, depth int) string {
	kinds := []string{"text", "condition", "whole", "decimal", "double", "date", "timestamp"}
	return random(r, kinds[r.IntN(len(kinds))], depth)
}

func one(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// random writes an expression of a kind; depth 0 is a column or a literal.
func random(r *rand.Rand, kind string, depth int) string {
	if depth == 0 {
		return leaf(r, kind)
	}
	sub := func(k string) string { return random(r, k, r.IntN(depth)) }
	switch r.IntN(8) {
	case 0:
		return fmt.Sprintf("case when %s then %s when %s then %s else %s end", sub("condition"), sub(kind), sub("condition"), sub(kind), sub(kind))
	case 1:
		return fmt.Sprintf("coalesce(%s, %s)", sub(kind), sub(kind))
	case 2:
		return fmt.Sprintf("nullif(%s, %s)", sub(kind), sub(kind))
	case 3:
		if kind != "condition" {
			return fmt.Sprintf("%s(%s, %s)", one(r, "greatest", "least"), sub(kind), sub(kind))
		}
	}
	switch kind {
	case "text":
		return randomTextExpr(r, sub)
	case "condition":
		return randomCondition(r, sub)
	case "whole":
		return randomWholeExpr(r, sub)
	case "decimal":
		return one(r, fmt.Sprintf("(%s %s %s)", sub("decimal"), one(r, "+", "-", "*", "/", "%"), sub(one(r, "decimal", "whole"))),
			fmt.Sprintf("round(%s, %d)", sub("decimal"), r.IntN(5)-2), "abs("+sub("decimal")+")", "-"+sub("decimal"),
			"cast("+sub(one(r, "decimal", "whole", "double"))+" as decimal(18,4))", "floor("+sub("decimal")+")")
	case "double":
		return one(r, fmt.Sprintf("(%s %s %s)", sub("double"), one(r, "+", "-", "*", "/", "%"), sub("double")),
			fmt.Sprintf("round(%s, %d)", sub("double"), r.IntN(5)-1), "abs("+sub("double")+")", "ceil("+sub("double")+")", "cast("+sub(one(r, "decimal", "whole"))+" as double)")
	case "date":
		return one(r, fmt.Sprintf("date_add('%s', %s, %s)", one(r, "day", "week", "month", "quarter", "year"), sub("whole"), sub("date")),
			fmt.Sprintf("date_trunc('%s', %s)", one(r, "day", "week", "month", "quarter", "year"), sub("date")), "cast("+sub("timestamp")+" as date)", "try_cast("+sub("text")+" as date)")
	default:
		return one(r, fmt.Sprintf("date_add('%s', %s, %s)", one(r, "second", "hour", "day", "month"), sub("whole"), sub("timestamp")),
			fmt.Sprintf("date_trunc('%s', %s)", one(r, "millisecond", "minute", "hour", "day", "week", "year"), sub("timestamp")), "cast("+sub("date")+" as timestamp)", "cast("+sub("text")+" as timestamp)")
	}
}

func leaf(r *rand.Rand, kind string) string {
	switch kind {
	case "text":
		return one(r, "s0", "s1", "w0", "w1", "sn", "sd", "st", "'a'", "''", "'é😀'")
	case "condition":
		return one(r, "b0", "b1", "true", "s0 is null", "i0 > 0", "w0 = w1")
	case "whole":
		return one(r, "i0", "i1", "l0", "n0", "n1", "0", "1", "-7", "3000000000")
	case "decimal":
		return one(r, "p0", "p1", "k0", "u0", "k1", "0.5", "-12.34")
	case "double":
		return one(r, "f0", "f1", "1e0", "2.5e-3")
	case "date":
		return one(r, "d0", "d1", "date '2024-02-29'")
	default:
		return one(r, "t0", "t1", "timestamp '1969-12-31 23:59:59.5'")
	}
}

func randomTextExpr(r *rand.Rand, sub func(string) string) string {
	return one(r, one(r, "lower", "trim", "ltrim", "rtrim", "sha256")+"("+sub("text")+")", sub("text")+" || "+sub("text"),
		fmt.Sprintf("substr(%s, %s, %s)", sub("text"), sub("whole"), sub("whole")), fmt.Sprintf("replace(%s, %s, %s)", sub("text"), sub("text"), sub("text")),
		fmt.Sprintf("concat_ws(%s, %s, %s)", sub("text"), sub("text"), sub("text")), fmt.Sprintf("split_part(%s, %s, %s)", sub("text"), sub("text"), sub("whole")),
		fmt.Sprintf("regexp_replace(%s, '%s', '<$0>')", sub("text"), one(r, "[a-c]", "[^0-9]+", "a.")), fmt.Sprintf("regexp_extract(%s, '(a|b)+[0-9]*')", sub("text")),
		"cast("+sub(one(r, "whole", "decimal", "date", "timestamp", "condition"))+" as string)")
}

func randomCondition(r *rand.Rand, sub func(string) string) string {
	kind := one(r, "text", "whole", "decimal", "double", "date", "timestamp")
	return one(r, fmt.Sprintf("(%s %s %s)", sub(kind), one(r, "=", "<>", "<", "<=", ">", ">="), sub(kind)), fmt.Sprintf("(%s and %s)", sub("condition"), sub("condition")),
		fmt.Sprintf("(%s or %s)", sub("condition"), sub("condition")), "(not "+sub("condition")+")", "("+sub(kind)+" is null)", fmt.Sprintf("(%s in (%s, %s))", sub(kind), sub(kind), sub(kind)),
		fmt.Sprintf("(%s between %s and %s)", sub(kind), sub(kind), sub(kind)), fmt.Sprintf("(%s like '%s')", sub("text"), one(r, "%a%", "_b%", "")), fmt.Sprintf("regexp_like(%s, '%s')", sub("text"), one(r, "^a", "[0-9]$", "b+")),
		"cast("+sub("text")+" as boolean)")
}

func randomWholeExpr(r *rand.Rand, sub func(string) string) string {
	temporal := one(r, "date", "timestamp")
	return one(r, fmt.Sprintf("(%s %s %s)", sub("whole"), one(r, "+", "-", "*", "%"), sub("whole")), "abs("+sub("whole")+")", "(-"+sub("whole")+")", "length("+sub("text")+")",
		one(r, "year", "month", "day", "quarter", "day_of_week")+"("+sub(temporal)+")", fmt.Sprintf("date_diff('%s', %s, %s)", one(r, "day", "week", "month", "year"), sub(temporal), sub(temporal)),
		fmt.Sprintf("round(%s, %d)", sub("whole"), r.IntN(4)-2), "cast("+sub(one(r, "text", "decimal", "double"))+" as bigint)", "try_cast("+sub("text")+" as integer)")
}
