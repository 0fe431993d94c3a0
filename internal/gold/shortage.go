package gold

import (
	"slices"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
)

// shortage says what a job held when it gave up, in bytes, and so how it may be
// divided.
type shortage struct {
	need      int64 // estimate of what it would have held at the end
	relations int64 // with the codes of what joins compare
	state     int64 // groups, and what is computed of them
	distinct  int64 // codes of the values that are counted, of the aggregate with the most
	value     int   // that aggregate; -1: there is none
	groups    int64 // of a worker
	left      []int // what the largest relation is joined by, as columns of side 0
}

func (j *job) gaveUp() bool { return j.givenUp.Load() }

// looked returns why the job gave up, with what is known now that nobody works on
// it any more; nil if it did not.
func (j *job) looked() *shortage {
	s := j.shortage
	if g, ok := j.rows.(*grouped); ok && s != nil {
		for _, w := range g.workers {
			if w != nil {
				g.countGroups(w)
			}
		}
		if s.groups = g.most.Load(); g.shared != nil {
			s.groups = int64(g.shared.Len())
		}
	}
	return s
}

// closed returns the codes whose values are in no other inner share.
func (j *job) closed() []*engine.Codes {
	switch d := j.build.division; {
	case d.split == byValues:
		return []*engine.Codes{j.rows.(*grouped).aggregates[d.value].Codes}
	case d.split == byJoins && len(d.left) == 1:
		s := &j.sides[0]
		return []*engine.Codes{s.source.coded(s.source.column(d.left[0]))}
	}
	return nil
}

// newAccount returns an account of what the job alone holds.
func (j *job) newAccount() *account {
	a := j.build.memory.account()
	a.memory.mu.Lock()
	defer a.memory.mu.Unlock()
	a.closed = j.gaveUp()
	j.accounts = append(j.accounts, a)
	return a
}

// holds returns the bytes that are free when the job gives up.
func (j *job) holds() int64 {
	bytes := int64(0)
	for _, a := range j.accounts {
		bytes += a.taken.Load()
	}
	for _, r := range j.own() {
		bytes += r.account.taken.Load()
	}
	return bytes
}

// own returns the relations that only this job still needs.
func (j *job) own() []*relation {
	var own []*relation
	for i := range j.sides {
		r := j.sides[i].relation
		if r == nil || slices.Contains(own, r) || slices.ContainsFunc(r.users, func(u *job) bool { return u != j && !u.gaveUp() }) {
			continue
		}
		own = append(own, r)
	}
	return own
}

// free gives back what the job holds, since it is finished.
func (j *job) free() {
	m := j.build.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs = slices.DeleteFunc(m.jobs, func(other *job) bool { return other == j })
	for _, a := range j.accounts {
		a.drop()
	}
	j.workers, j.rows = nil, nil
}

// giveUp has jobs give up.
func (m *memory) giveUp(jobs []*job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range jobs {
		if !j.gaveUp() {
			j.giveUp()
		}
	}
}

// giveUp gives back what the job holds. The caller has the memory's lock.
func (j *job) giveUp() {
	j.shortage = j.assess()
	own := j.own()
	j.givenUp.Store(true)
	for _, a := range j.accounts {
		a.drop()
	}
	for _, r := range own {
		r.givenUp.Store(true)
		r.account.drop()
	}
}

// assess looks at what the job holds now.
func (j *job) assess() *shortage {
	s := &shortage{value: -1}
	for _, a := range j.accounts {
		s.state += a.taken.Load()
	}
	most := int64(-1)
	for i := range j.sides {
		r := j.sides[i].relation
		if r == nil {
			continue
		}
		bytes := r.account.taken.Load()
		if s.relations += bytes; bytes > most {
			most, s.left = bytes, j.joinedBy(i)
		}
	}
	s.need = j.forecast()
	for _, c := range j.joinCodes() {
		s.relations += c.Bytes()
	}
	if g, ok := j.rows.(*grouped); ok {
		for _, c := range g.codes {
			s.state += c.Bytes()
		}
		for i, a := range g.aggregates {
			if a.Function == engine.CountDistinct && (s.value < 0 || a.Codes.Bytes() > s.distinct) {
				s.distinct, s.value = a.Codes.Bytes(), i
			}
		}
	}
	return s
}

// forecast returns what the job would hold at the end of its scan: what has grown
// with rows grows on.
func (j *job) forecast() int64 {
	now, src := j.size(), j.build.reading
	if src == nil {
		return now
	}
	read := float64(src.seen.Load()+1) / float64(src.rows+1)
	return j.before + int64(float64(max(0, now-j.before))/max(read, 0.001))
}

// size returns the bytes that the job holds, and those of the codes that it works
// with, which others may work with as well.
func (j *job) size() int64 {
	bytes := int64(0)
	for _, a := range j.accounts {
		bytes += a.taken.Load()
	}
	for i := range j.sides {
		if r := j.sides[i].relation; r != nil {
			bytes += r.account.taken.Load()
		}
	}
	codes := j.joinCodes()
	if g, ok := j.rows.(*grouped); ok {
		codes = append(codes, g.codes...)
		for _, a := range g.aggregates {
			codes = append(codes, a.Codes)
		}
	}
	for i, c := range codes {
		if c != nil && !slices.Contains(codes[:i], c) {
			bytes += c.Bytes()
		}
	}
	return bytes
}

// joinedBy returns the columns of side 0 by which the relation that is side i is
// joined.
func (j *job) joinedBy(i int) []int {
	if i == 0 {
		return j.sides[j.stream].left
	}
	return j.sides[i].left
}

// joinCodes returns the codes of the columns that joins compare.
func (j *job) joinCodes() []*engine.Codes {
	var codes []*engine.Codes
	for i := range j.sides {
		for _, c := range j.sides[i].left {
			s := &j.sides[0]
			if of := s.source.coded(s.source.column(c)); !slices.Contains(codes, of) {
				codes = append(codes, of)
			}
		}
	}
	return codes
}

// disjoint says whether rows that differ in these columns of the table joined from
// are never of one group: because its keys hold them, or because it has no groups.
func disjoint(g *project.Gold, columns []int) bool {
	return !g.Grouped() || !slices.ContainsFunc(columns, func(c int) bool {
		return !slices.ContainsFunc(g.Groups, func(key *project.GoldColumn) bool {
			root := key.Program.Root
			return root.Op == expr.OpColumn && root.Slot == c
		})
	})
}
