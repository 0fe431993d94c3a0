package project

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// The layers, as tables are named.
const (
	layerBronze = "bronze"
	layerSilver = "silver"
	layerGold   = "gold"
)

// Selection is a part of a project's tables, in the project's order.
type Selection struct {
	Bronze []*Bronze
	Silver []*Silver
	Gold   []*Gold
}

// Empty says whether nothing is selected.
func (s Selection) Empty() bool { return len(s.Bronze)+len(s.Silver)+len(s.Gold) == 0 }

// node is a table in the graph of what is made from what.
type node struct {
	name   string // layer.table
	bronze *Bronze
	silver *Silver
	gold   *Gold
	needs  []string // names of the tables it is made from or refers to
}

// nodes returns all tables, bronze first, each layer in the project's order.
func (p *Project) nodes() []node {
	var out []node
	for _, b := range p.Bronze {
		out = append(out, node{name: layerBronze + "." + b.Name, bronze: b})
	}
	for _, s := range p.Silver {
		n := node{name: layerSilver + "." + s.Name, silver: s, needs: []string{layerBronze + "." + s.From.Name}}
		for _, c := range s.Checks {
			if c.References != nil {
				n.needs = append(n.needs, layerSilver+"."+c.References.Table.Name)
			}
		}
		out = append(out, n)
	}
	for _, g := range p.Gold {
		n := node{name: layerGold + "." + g.Name, gold: g, needs: []string{layerSilver + "." + g.From.Name}}
		for _, j := range g.Joins {
			n.needs = append(n.needs, layerSilver+"."+j.Table.Name)
		}
		out = append(out, n)
	}
	return out
}

// Select returns the tables that patterns name: a layer, layer.table, and with
// a + behind it also what follows from it. No patterns mean all tables. An
// unknown name is an error of class Usage.
func (p *Project) Select(patterns []string) (Selection, error) {
	nodes := p.nodes()
	chosen := make([]bool, len(nodes))
	for i := range chosen {
		chosen[i] = len(patterns) == 0
	}
	for _, pattern := range patterns {
		name, follow := strings.CutSuffix(pattern, "+")
		found := false
		for i, n := range nodes {
			layer, _ := splitTable(n.name)
			if n.name != name && layer != name {
				continue
			}
			found, chosen[i] = true, true
			if follow {
				for _, j := range reach(i, func(k int) []int { return followers(nodes, k) }) {
					chosen[j] = true
				}
			}
		}
		if !found && name != layerBronze && name != layerSilver && name != layerGold {
			return Selection{}, noTable(nodes, name)
		}
	}
	return collect(nodes, chosen), nil
}

// followers returns the tables that are made from one.
func followers(nodes []node, of int) []int {
	var out []int
	for i, n := range nodes {
		if slices.Contains(n.needs, nodes[of].name) {
			out = append(out, i)
		}
	}
	return out
}

func collect(nodes []node, chosen []bool) Selection {
	var s Selection
	for i, n := range nodes {
		switch {
		case !chosen[i]:
		case n.bronze != nil:
			s.Bronze = append(s.Bronze, n.bronze)
		case n.silver != nil:
			s.Silver = append(s.Silver, n.silver)
		default:
			s.Gold = append(s.Gold, n.gold)
		}
	}
	return s
}

// noTable is the error for a name that is no table.
func noTable(nodes []node, name string) error {
	var names, same []string
	for _, n := range nodes {
		names = append(names, n.name)
		if _, table := splitTable(n.name); table == name {
			same = append(same, n.name)
		}
	}
	err := diag.Errorf(diag.Usage, "there is no table %q", name)
	suggestion := diag.Suggest(name, append(names, layerBronze, layerSilver, layerGold))
	switch {
	case len(same) > 0:
		return err.WithNext("write %s", strings.Join(same, " or "))
	case suggestion != "":
		return err.WithNext("%s", suggestion)
	default:
		return err.WithNext("the tables are %s", strings.Join(names, ", "))
	}
}
