package gold

import "github.com/lakectl/lakectl/internal/engine"

// divide notes which rows the build is about. Where groups are shared, the
// shares by group are taken when they are made.
func (g *grouped) divide() {
	d := g.job.build.division
	if of := d.groups(); !of.whole() && !g.sharesGroups() {
		g.shares = append(g.shares, rowShare{g.keys[:len(g.codes)], of})
	}
	if of := d.values(); !of.whole() {
		input := g.arguments[g.aggregates[d.value].Argument].input
		g.shares = append(g.shares, rowShare{[]int{input}, of})
	}
}

// absorb adds the groups of another build of the same table. closed are those of
// its Codes whose values no other has.
func (g *grouped) absorb(other *grouped, closed []*engine.Codes) {
	w := g.worker(0)
	w.state.Absorb(other.merge().state, closed)
	w.account.hold(w.state.Bytes() + g.codeBytes())
}

// codeBytes is the memory of all codes that only this job uses: of a build that
// reads nothing itself nobody else accounts for them.
func (g *grouped) codeBytes() int64 {
	bytes := int64(0)
	for _, c := range g.job.build.codes.all {
		bytes += c.Bytes()
	}
	return bytes
}

func (g *grouped) forget(worker int) {
	if w := g.workers[worker]; w != nil {
		g.workers[worker] = nil
		g.countGroups(w)
	}
}

// countGroups notes how many groups a worker has.
func (g *grouped) countGroups(w *groupedWorker) {
	for n := int64(w.state.Groups().Len()); ; {
		most := g.most.Load()
		if n <= most || g.most.CompareAndSwap(most, n) {
			return
		}
	}
}
