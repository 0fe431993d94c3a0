package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Effect is what becomes of a resource.
type Effect string

// The effects, in the order of how much they matter.
const (
	Remove   Effect = "remove"
	Replace  Effect = "replace"
	MayBe    Effect = "may-replace" // CloudFormation knows only when it does it
	Adopt    Effect = "import"      // it exists, and is taken into the stack
	Modify   Effect = "modify"
	Add      Effect = "add"
	Reckoned Effect = "dynamic" // what changes is known only when it is done
)

var effects = []Effect{Remove, Replace, MayBe, Adopt, Modify, Add, Reckoned}

// Change is what a change set does to one resource.
type Change struct {
	Effect     Effect     `json:"effect"`
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Physical   string     `json:"name,omitempty"`
	Kept       bool       `json:"kept,omitempty"` // it leaves the stack, and stays in AWS
	Data       bool       `json:"holds_data,omitempty"`
	Properties []Property `json:"properties,omitempty"`
}

// Property is a property that changes. Values are empty where CloudFormation
// does not say them.
type Property struct {
	Path     string `json:"path"`
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Recreate bool   `json:"recreates,omitempty"` // it is why the resource is replaced
}

// Dangerous says whether data may be lost or left behind.
func (c Change) Dangerous() bool {
	return c.Data && (c.Effect == Remove || c.Effect == Replace || c.Effect == MayBe)
}

// Plan is what a deployment would change.
type Plan struct {
	Create  bool     // there is no stack yet
	Nothing bool     // everything is as it should be
	Changes []Change // what matters most comes first
	Stack   *Stack   // as it was; nil if there was none

	StackID     string
	ChangeSetID string
}

// Dangerous returns the changes by which data may be lost or left behind.
func (p *Plan) Dangerous() []Change {
	var list []Change
	for _, c := range p.Changes {
		if c.Dangerous() {
			list = append(list, c)
		}
	}
	return list
}

// changeOf reads a change of a change set.
func changeOf(r *types.ResourceChange) Change {
	c := Change{Effect: effect(r), ID: aws.ToString(r.LogicalResourceId), Type: aws.ToString(r.ResourceType), Physical: aws.ToString(r.PhysicalResourceId)}
	c.Data = HoldsData(c.Type)
	c.Kept = r.PolicyAction == types.PolicyActionRetain || r.PolicyAction == types.PolicyActionReplaceAndRetain
	for _, d := range r.Details {
		if d.Target != nil {
			c.addProperty(d.Target)
		}
	}
	return c
}

// addProperty adds a property. One that depends on others comes several times,
// once without values.
func (c *Change) addProperty(t *types.ResourceTargetDefinition) {
	p := Property{Path: aws.ToString(t.Path), Before: aws.ToString(t.BeforeValue), After: aws.ToString(t.AfterValue),
		Recreate: t.RequiresRecreation == types.RequiresRecreationAlways || t.RequiresRecreation == types.RequiresRecreationConditionally && c.Effect == MayBe}
	p.Path = strings.ReplaceAll(strings.TrimPrefix(p.Path, "/Properties/"), "/", ".")
	if p.Path == "" {
		p.Path = aws.ToString(t.Name)
	}
	if p.Path == "" {
		p.Path = string(t.Attribute)
	}
	at := slices.IndexFunc(c.Properties, func(have Property) bool { return have.Path == p.Path })
	if at < 0 {
		c.Properties = append(c.Properties, p)
		return
	}
	have := &c.Properties[at]
	have.Recreate = have.Recreate || p.Recreate
	if have.Before == "" && have.After == "" {
		have.Before, have.After = p.Before, p.After
	}
}

func effect(r *types.ResourceChange) Effect {
	switch r.Action {
	case types.ChangeActionAdd:
		return Add
	case types.ChangeActionRemove:
		return Remove
	case types.ChangeActionImport:
		return Adopt
	case types.ChangeActionDynamic:
		return Reckoned
	}
	switch r.Replacement {
	case types.ReplacementTrue:
		return Replace
	case types.ReplacementConditional:
		return MayBe
	}
	return Modify
}

// order puts what matters most first.
func order(list []Change) {
	slices.SortStableFunc(list, func(a, b Change) int {
		if a.Dangerous() != b.Dangerous() {
			if a.Dangerous() {
				return -1
			}
			return 1
		}
		if by := slices.Index(effects, a.Effect) - slices.Index(effects, b.Effect); by != 0 {
			return by
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// Summary counts the changes of each kind: 2 to add, 1 to replace.
func (p *Plan) Summary() string {
	words := map[Effect]string{Add: "to add", Modify: "to modify", Replace: "to replace", MayBe: "perhaps to replace", Remove: "to remove",
		Adopt: "to take over", Reckoned: "to look at when it is done"}
	counts := map[Effect]int{}
	for _, c := range p.Changes {
		counts[c.Effect]++
	}
	var parts []string
	for i := len(effects) - 1; i >= 0; i-- {
		if n := counts[effects[i]]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words[effects[i]]))
		}
	}
	if len(parts) == 0 {
		return "no resource changes, but outputs, tags or parameters do"
	}
	return strings.Join(parts, ", ")
}
