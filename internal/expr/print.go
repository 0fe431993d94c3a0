package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// A printed expression is SQL that gives the same value as Eval, with null for
// a row error. An error of an operand that is taken makes the whole expression
// null: where SQL would hide a null (and, or, coalesce, case, ...), the printer
// puts the condition that an operand fails in front. What null cannot tell,
// whether a row failed, the condition of DuckDBFails and SparkFails does.
//
// Settings of the engines: UTC; Spark with spark.sql.ansi.enabled=true,
// spark.sql.parser.escapedStringLiterals=false, its default, and, as names of
// columns may hold ${...}, spark.sql.variable.substitute=false.

// DuckDB returns the expression as SQL for DuckDB 1.5. Where DuckDB cannot be
// exact at a reasonable price it gives null or a near value; see duckdb.
func (p *Program) DuckDB() string { return newPrinter(duckdb{}).value(p.Root) }

// DuckDBFails returns the condition, never null, that a row is a row error.
func (p *Program) DuckDBFails() string { return newPrinter(duckdb{}).fails(p.Root) }

// Spark returns the expression as SQL for Spark 3.5; see spark.
func (p *Program) Spark() string { return newPrinter(spark{}).value(p.Root) }

// SparkFails returns the condition, never null, that a row is a row error.
func (p *Program) SparkFails() string { return newPrinter(spark{}).fails(p.Root) }

// SparkAs is Spark and SparkFails, but that names with a qualifier have this one.
func (p *Program) SparkAs(qualifier string) (value, fails string) {
	requalified := func() *printer {
		out, plain := newPrinter(spark{}), newPrinter(spark{})
		out.column = func(n *Node) string {
			if len(n.Ident) == 2 {
				return out.quote(qualifier) + "." + out.quote(n.Ident[1])
			}
			return plain.columnName(n)
		}
		return out
	}
	return requalified().value(p.Root), requalified().fails(p.Root)
}

// dialect is what the printers of two engines do not share.
type dialect interface {
	quote(identifier string) string
	text(s string) string          // a literal
	literal(n *Node) string        // of another type than string; not null
	typeName(t schema.Type) string // in casts
	pattern(re string) string      // of a regular expression of ours, as a literal
	let(p *printer, values []string, body func(names []string) string) string
	op(p *printer, n *Node, args []string) string // of strict operations
	divide(a, b string) string                    // whole numbers, towards zero
	addMinutes(at, minutes string) string
	zoned(p *printer, local, zone string) string // instant of a local time; null in a gap or an overlap
	instant(p *printer, text string) string      // of what timePattern cuts out, in UTC unless it says so
}

// printer prints one expression.
type printer struct {
	dialect
	names  int                  // variables made by let
	column func(n *Node) string // prints columns; nil: as quoted identifiers
}

func newPrinter(d dialect) *printer { return &printer{dialect: d} }

// variable returns a name for a variable of let: one that no table or column
// has, as DuckDB would take these first.
func (p *printer) variable() string {
	p.names++
	return "lakectl_v" + strconv.Itoa(p.names)
}

func (p *printer) values(nodes []*Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = p.value(n)
	}
	return out
}

// value prints an expression that is null where the node is null or fails.
func (p *printer) value(n *Node) string {
	switch n.Op {
	case OpColumn:
		return p.columnName(n)
	case OpLiteral:
		return p.literalValue(n)
	case OpCase:
		return p.caseOf(n, p.value, "NULL")
	case OpTryCast:
		cast := *n
		cast.Op = OpCast
		return p.guarded(n, p.op(p, &cast, p.values(n.Args)))
	}
	args := p.values(n.Args)
	if infix := infixOf(n.Op); infix != "" {
		return p.guarded(n, p.infix(n, infix, args))
	}
	list := strings.Join(args, ", ")
	switch n.Op {
	case OpNot:
		return "(NOT " + args[0] + ")"
	case OpIsNull:
		return p.guarded(n, "("+args[0]+" IS NULL)")
	case OpIn:
		return p.guarded(n, p.in(n, args))
	case OpCoalesce:
		return p.coalesce(n, args)
	case OpConcatWS:
		return p.guarded(n, "concat_ws("+list+")")
	case OpGreatest:
		return p.guarded(n, "greatest("+list+")")
	case OpLeast:
		return p.guarded(n, "least("+list+")")
	case OpNullIf:
		return p.guarded(n, "nullif("+list+")")
	}
	return p.op(p, n, args)
}

func (p *printer) columnName(n *Node) string {
	if p.column != nil {
		return p.column(n)
	}
	ident := n.Ident
	if len(ident) == 0 {
		ident = []string{n.Name}
	}
	parts := make([]string, len(ident))
	for i, part := range ident {
		parts[i] = p.quote(part)
	}
	return strings.Join(parts, ".")
}

func (p *printer) literalValue(n *Node) string {
	switch v := n.Value.(type) {
	case nil:
		return "CAST(NULL AS " + p.typeName(n.Type) + ")"
	case string:
		return p.text(v)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	}
	return p.literal(n)
}

// guarded is a value that is null if an argument of a node fails; it is for
// operations that are not null whenever an argument is.
func (p *printer) guarded(n *Node, value string) string {
	if strict(n.Op) || n.Op == OpTryCast {
		return value
	}
	if failing := p.anyFails(n.Args); failing != "FALSE" {
		return "CASE WHEN " + failing + " THEN NULL ELSE " + value + " END"
	}
	return value
}

func infixOf(op Op) string {
	switch op {
	case OpAnd:
		return "AND"
	case OpOr:
		return "OR"
	case OpEq:
		return "="
	case OpNe:
		return "<>"
	case OpLt:
		return "<"
	case OpLe:
		return "<="
	case OpGt:
		return ">"
	case OpGe:
		return ">="
	}
	return ""
}

func (p *printer) infix(n *Node, op string, args []string) string {
	if n.Op == OpAnd || n.Op == OpOr {
		return "(" + strings.Join(args, " "+op+" ") + ")"
	}
	return p.comparison(op, [2]*Node{n.Args[0], n.Args[1]}, [2]string{args[0], args[1]})
}

// comparison compares two values of one type. Decimals that no decimal of 38
// digits can both hold are compared by whole part, then by the rest.
func (p *printer) comparison(op string, nodes [2]*Node, args [2]string) string {
	a, b := nodes[0].Type, nodes[1].Type
	if a == b || a.Kind != schema.Decimal {
		return fmt.Sprintf("(%s %s %s)", args[0], op, args[1])
	}
	if t, ok := commonDecimal(a, b); ok {
		return fmt.Sprintf("(%s %s %s)", p.decimalAs(args[0], a, t), op, p.decimalAs(args[1], b, t))
	}
	wholes, rests := [2]string{}, [2]string{}
	for i, arg := range args {
		wholes[i] = fmt.Sprintf("CAST(CASE WHEN %s < 0 THEN ceil(%s) ELSE floor(%s) END AS %s)", arg, arg, arg, p.typeName(schema.DecimalOf(38, 0)))
		rests[i] = fmt.Sprintf("(%s %% %s)", arg, p.decimalLiteral("1", 1, 0))
		if nodes[i].Type.Scale == 0 {
			wholes[i], rests[i] = arg, p.decimalLiteral("0", 1, 0)
		}
	}
	equal := fmt.Sprintf("%s = %s", wholes[0], wholes[1])
	test := fmt.Sprintf("%s %s %s OR (%s AND %s %s %s)", wholes[0], op[:1], wholes[1], equal, rests[0], op, rests[1])
	switch op {
	case "=":
		test = fmt.Sprintf("%s AND %s = %s", equal, rests[0], rests[1])
	case "<>":
		test = fmt.Sprintf("NOT (%s AND %s = %s)", equal, rests[0], rests[1])
	}
	return fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s IS NOT NULL THEN %s END", args[0], args[1], test)
}

// decimalAs casts a decimal to one that holds its values.
func (p *printer) decimalAs(value string, from, to schema.Type) string {
	if from == to {
		return value
	}
	return "CAST(" + value + " AS " + p.typeName(to) + ")"
}

// decimalLiteral prints digits as a decimal.
func (p *printer) decimalLiteral(digits string, precision, scale int) string {
	return fmt.Sprintf("CAST('%s' AS %s)", digits, p.typeName(schema.DecimalOf(precision, scale)))
}

func (p *printer) in(n *Node, args []string) string {
	x := n.Args[0].Type
	for _, item := range n.Args[1:] {
		if item.Type != x {
			return p.inAny(n, args)
		}
	}
	return fmt.Sprintf("(%s IN (%s))", args[0], strings.Join(args[1:], ", "))
}

// inAny prints IN over decimals of several types.
func (p *printer) inAny(n *Node, args []string) string {
	tests := make([]string, len(args)-1)
	for i, item := range n.Args[1:] {
		tests[i] = p.comparison("=", [2]*Node{n.Args[0], item}, [2]string{args[0], args[i+1]})
	}
	return "(" + strings.Join(tests, " OR ") + ")"
}

// caseOf prints a CASE whose results print prints; a condition that fails gives failed.
func (p *printer) caseOf(n *Node, print func(*Node) string, failed string) string {
	var out strings.Builder
	out.WriteString("CASE")
	last := len(n.Args) - 1
	for i := 0; i < last; i += 2 {
		if f := p.fails(n.Args[i]); f != "FALSE" {
			fmt.Fprintf(&out, " WHEN %s THEN %s", f, failed)
		}
		fmt.Fprintf(&out, " WHEN %s THEN %s", p.value(n.Args[i]), print(n.Args[i+1]))
	}
	fmt.Fprintf(&out, " ELSE %s END", print(n.Args[last]))
	return out.String()
}

// coalesce prints COALESCE, as a CASE as soon as an argument may fail.
func (p *printer) coalesce(n *Node, args []string) string {
	last := len(args) - 1
	for last >= 0 && !fallible(n.Args[last]) {
		last--
	}
	rest := args[last+1:]
	tail := "coalesce(" + strings.Join(rest, ", ") + ")"
	if len(rest) == 1 {
		tail = rest[0]
	}
	if last < 0 {
		return tail
	}
	var out strings.Builder
	out.WriteString("CASE")
	for i := range last + 1 {
		if f := p.fails(n.Args[i]); f != "FALSE" {
			fmt.Fprintf(&out, " WHEN %s THEN NULL", f)
		}
		fmt.Fprintf(&out, " WHEN %s IS NOT NULL THEN %s", args[i], args[i])
	}
	if len(rest) > 0 {
		out.WriteString(" ELSE " + tail)
	}
	return out.String() + " END"
}
