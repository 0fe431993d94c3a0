package doctor

import "testing"

func TestAvailable(t *testing.T) {
	if got := available("MemTotal:  100 kB\nMemAvailable:   2048 kB\n"); got != 2<<20 {
		t.Error(got)
	}
	if got := available("MemTotal:  100 kB\nMemAvailable:\n"); got != 0 {
		t.Error(got)
	}
	if free, source := freeMemory(); free <= 0 || source == "" {
		t.Errorf("%d of %q", free, source)
	}
}
