package remote

import (
	"fmt"
	"slices"
	"testing"
)

func TestStepsAddUp(t *testing.T) {
	var told []int64
	tell := steps(10, func(n int64) { told = append(told, n) })
	for _, share := range []float64{0, 0.05, 0.19, 0.19, 0.3, 0.25, 0.99, 1, 1} {
		tell(share)
	}
	if want := []int64{1, 2, 6, 1}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestRowsAreJudgedAndThenWritten(t *testing.T) {
	var told []string
	tell := judgedAndWritten(8, func(judged, written int64) { told = append(told, fmt.Sprint(judged, " ", written)) })
	for _, share := range []float64{0.25, 0.5, 0.75, 1} {
		tell(share)
	}
	if want := []string{"4 0", "4 0", "0 4", "0 4"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
