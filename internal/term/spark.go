package term

import "strings"

// Spark draws values as columns on one line, the least of them on the ground,
// which is 0 if none is negative. A nil is a gap: nothing is known there. Plain
// draws with ASCII letters, for terminals that have no others.
func Spark(values []*float64, plain bool) string {
	steps := []rune("▁▂▃▄▅▆▇█")
	if plain {
		steps = []rune("_.-~=+*#")
	}
	low, high := 0.0, 0.0
	for _, v := range values {
		if v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	var out strings.Builder
	for _, v := range values {
		switch {
		case v == nil:
			out.WriteByte(' ')
		case high == low:
			out.WriteRune(steps[0])
		default:
			// What is not the least is seen to be more.
			share := (*v - low) / (high - low)
			step := int(share * float64(len(steps)-1))
			if share > 0 {
				step = max(step, 1)
			}
			out.WriteRune(steps[step])
		}
	}
	return out.String()
}
