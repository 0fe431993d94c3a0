package project

import "slices"

// maxCycles is how many cycles are reported at most.
const maxCycles = 20

// order returns the nodes 0..n-1 such that each stands after those it needs,
// and otherwise in ascending order. If some need each other it returns cycles
// instead: in each the last node needs the first, and without these needs there
// would be no cycle.
func order(n int, needs func(int) []int) (sorted []int, cycles [][]int) {
	cut := map[[2]int]bool{}
	for {
		sorted, cycle := sortOnce(n, needs, cut)
		if cycle != nil {
			cycles = append(cycles, cycle)
			cut[[2]int{cycle[len(cycle)-1], cycle[0]}] = true
		}
		switch {
		case len(cycles) == 0:
			return sorted, nil
		case cycle == nil || len(cycles) == maxCycles:
			return nil, cycles
		}
	}
}

// sortOnce is order up to the first cycle, with some needs cut.
func sortOnce(n int, needs func(int) []int, cut map[[2]int]bool) (sorted, cycle []int) {
	const (
		unseen = iota
		open
		done
	)
	state := make([]uint8, n)
	var path []int
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case open:
			cycle = slices.Clone(path[slices.Index(path, i):])
			return false
		}
		state[i] = open
		path = append(path, i)
		for _, need := range needs(i) {
			if !cut[[2]int{i, need}] && !visit(need) {
				return false
			}
		}
		path = path[:len(path)-1]
		state[i] = done
		sorted = append(sorted, i)
		return true
	}
	for i := range n {
		if !visit(i) {
			return nil, cycle
		}
	}
	return sorted, nil
}

// reach returns the nodes that can be reached from start, start itself first,
// then in order of discovery.
func reach(start int, next func(int) []int) []int {
	seen := []int{start}
	for i := 0; i < len(seen); i++ {
		for _, n := range next(seen[i]) {
			if !slices.Contains(seen, n) {
				seen = append(seen, n)
			}
		}
	}
	return seen
}
