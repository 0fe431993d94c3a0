package term

import "testing"

func TestSpark(t *testing.T) {
	value := func(f float64) *float64 { return &f }
	for _, test := range []struct {
		values       []*float64
		blocks, text string
	}{
		{nil, "", ""},
		{[]*float64{nil, nil}, "  ", "  "},
		{[]*float64{value(0), value(0)}, "▁▁", "__"},
		{[]*float64{value(5)}, "█", "#"},
		{[]*float64{value(0), nil, value(1), value(350), value(700)}, "▁ ▂▄█", "_ .~#"},
		{[]*float64{value(-1), value(0), value(1)}, "▁▄█", "_~#"},
	} {
		if got := Spark(test.values, false); got != test.blocks {
			t.Errorf("%q, want %q", got, test.blocks)
		}
		if got := Spark(test.values, true); got != test.text {
			t.Errorf("%q, want %q", got, test.text)
		}
		if Width(test.blocks) != len(test.values) {
			t.Errorf("%q is not as wide as there are values", test.blocks)
		}
	}
}
