package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/term"
)

// reason is why rows of a dataset went to quarantine.
type reason struct {
	dataset, name string
	rows          int64
}

// reasons shows why rows went to quarantine in this run, those of a dataset
// together, the most frequent first. Where a gate kept the rows from quarantine,
// this is the only place where they are seen: there is an example of each.
func (s *summary) reasons(r *pipeline.Result) {
	list := reasonsOf(r)
	title, titles := "Why rows went to quarantine", []string{"dataset", "reason", ">rows"}
	refused := len(r.Refused) > 0
	if refused {
		title, titles = "Why rows would go to quarantine", append(titles, "for example", "in")
	}
	const wide = 110 // below it, there is no room to say where an example is
	if width := s.out.Columns(); refused && width > 0 && width < wide {
		titles = titles[:4]
	}
	t := term.NewTable(titles...)
	for _, row := range list {
		cells := []string{row.dataset, row.name, term.Count(row.rows)}
		if refused {
			cells = append(cells, refusedExample(r.Refused, row)...)
		}
		t.Add(cells[:len(titles)]...)
	}
	s.table(title, "a row may have several reasons", t)
}

// reasonsOf returns why rows went to quarantine in a run.
func reasonsOf(r *pipeline.Result) []reason {
	var list []reason
	for _, b := range r.Bronze {
		for kind, rows := range b.Damaged {
			list = append(list, reason{b.Dataset, kind, rows})
		}
	}
	for _, table := range r.Silver {
		for _, c := range table.Checks {
			if c.Failed > 0 && c.OnFail == project.Quarantine.String() {
				list = append(list, reason{c.Table.Name, c.Name, c.Failed})
			}
		}
	}
	slices.SortFunc(list, func(a, b reason) int {
		return cmp.Or(cmp.Compare(a.dataset, b.dataset), cmp.Compare(b.rows, a.rows), cmp.Compare(a.name, b.name))
	})
	return list
}

// refusedExample is the first row with a reason, and where it is. Records that
// could not be read are in quarantine already.
func refusedExample(refused []*quarantine.Summary, row reason) []string {
	for _, q := range refused {
		for _, c := range q.Reasons {
			if q.Dataset == row.dataset && c.Check == row.name {
				return []string{example(c.Example), fmt.Sprintf("%s row %d", c.Example.SourceFile, c.Example.SourceRow)}
			}
		}
	}
	return []string{"", ""}
}
