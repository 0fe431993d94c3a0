package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/term"
)

// signs are how the effects of a change are shown.
var signs = map[stack.Effect]struct {
	sign  string
	style term.Style
	word  string
}{
	stack.Add:      {"+", term.Green, "add"},
	stack.Modify:   {"~", term.Yellow, "modify"},
	stack.Replace:  {"±", term.Red, "REPLACE"},
	stack.MayBe:    {"±", term.Red, "PERHAPS REPLACE"},
	stack.Remove:   {"-", term.Red, "REMOVE"},
	stack.Adopt:    {"<", term.Blue, "take over"},
	stack.Reckoned: {"?", term.Yellow, "depends"},
}

// printPlan shows what would change. Where it holds data that is said in words.
func printPlan(out term.Stream, p *stack.Plan, adopted []string, name string) error {
	var b strings.Builder
	verb := "updated"
	if p.Create {
		verb = "made"
	}
	fmt.Fprintf(&b, "The stack %s would be %s: %s\n", name, verb, p.Summary())
	for _, bucket := range adopted {
		fmt.Fprintf(&b, "  %s the bucket %s exists already, and is taken into the stack with what is in it\n", out.Paint(term.Blue, "<"), term.Clean(bucket))
	}
	for _, c := range p.Changes {
		printChange(&b, out, c)
	}
	_, err := out.Write([]byte(b.String()))
	return err
}

func printChange(b *strings.Builder, out term.Stream, c stack.Change) {
	s := signs[c.Effect]
	what := c.ID + " (" + c.Type + ")"
	if c.Physical != "" && c.Physical != c.ID {
		what += " " + c.Physical
	}
	fmt.Fprintf(b, "  %s %s %s", out.Paint(s.style, s.sign), out.Paint(s.style, s.word), term.Clean(what))
	switch {
	case c.Dangerous() && c.Kept:
		b.WriteString(out.Paint(term.Red, "  it holds data: it leaves the stack, and stays in AWS"))
	case c.Dangerous():
		b.WriteString(out.Paint(term.Red, "  IT HOLDS DATA, WHICH IS LOST"))
	case c.Kept:
		b.WriteString("  it leaves the stack, and stays in AWS")
	}
	b.WriteByte('\n')
	for _, property := range c.Properties {
		fmt.Fprintf(b, "      %s%s%s\n", term.Clean(property.Path), values(property.Before, property.After), because(property))
	}
}

// mostOfValue is how much of a value is shown.
const mostOfValue = 60

// values shows what a property was and will be, as far as it is known.
func values(before, after string) string {
	if before == "" && after == "" {
		return ""
	}
	show := func(text string) string {
		if text == "" {
			return "(none)"
		}
		return term.Truncate(term.Clean(text), mostOfValue)
	}
	return ": " + show(before) + " -> " + show(after)
}

func because(p stack.Property) string {
	if p.Recreate {
		return "  (this is why it is replaced)"
	}
	return ""
}

// alarms is how many alarms the stack has: failures, failure rate, quality,
// freshness.
const alarms = 4

// costs returns what of a deployment costs something.
func (d *deployment) costs() cost.Deployment {
	c, p := d.Config.AWS, d.Project
	return cost.Deployment{Key: c.KMS.Value, Scheduled: c.Schedule.Value != "", Flex: c.Glue.Flex.Value, Alarms: alarms,
		Tables: len(p.Bronze) + len(p.Silver) + len(p.Gold), DPUs: cost.DPUs(c.Glue.WorkerType.Value) * float64(c.Glue.MaxWorkers.Value) / 2}
}

// printCost shows what a deployment costs a month.
func printCost(out term.Stream, m cost.Monthly) error {
	dollars := func(usd float64) string { return fmt.Sprintf("$%.2f", usd) }
	if _, err := fmt.Fprintln(out, "\nIt costs about this a month, in US dollars:"); err != nil {
		return err
	}
	t := term.NewTable("what", ">idle", ">typical", "typical is")
	t.Indent = 2
	for _, line := range m.Lines {
		t.Add(line.What, dollars(line.Idle), dollars(line.Typical), line.Basis)
	}
	t.Add("in all", dollars(m.Idle), dollars(m.Typical), "")
	if err := t.Write(out); err != nil {
		return err
	}
	assumptions := slices.Clone(m.Assumptions)
	for i, text := range assumptions {
		assumptions[i] = "  - " + text
	}
	_, err := fmt.Fprintln(out, "Assuming:\n"+strings.Join(assumptions, "\n"))
	return err
}
