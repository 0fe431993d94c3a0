package spark

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// Raw is the struct of raw columns, beside which a column may be called raw.
const Raw = "0_raw"

// Settings are the settings of Spark under which the SQL of expressions is
// exact, and those under which it writes files as the lake has them.
func Settings() map[string]string {
	return map[string]string{
		"spark.sql.session.timeZone":                             "UTC",
		"spark.sql.ansi.enabled":                                 "true",
		"spark.sql.parser.escapedStringLiterals":                 "false",
		"spark.sql.variable.substitute":                          "false",
		"spark.sql.parquet.outputTimestampType":                  "TIMESTAMP_MICROS",
		"spark.sql.parquet.datetimeRebaseModeInRead":             "CORRECTED",
		"spark.sql.parquet.datetimeRebaseModeInWrite":            "CORRECTED",
		"spark.sql.sources.partitionColumnTypeInference.enabled": "false",
	}
}

// Compile returns the compiled project; lake is where its tables are as Spark
// reaches them, such as s3://bucket/prefix.
func Compile(p *project.Project, lake string) ([]byte, error) {
	d := document{Format: Format, Project: p.Name, Environment: p.Environment, Lake: lake, File: p.Config.Text, SparkSettings: Settings(),
		Bronze: list(p.Bronze, compileBronze), Silver: list(p.Silver, compileSilver), Gold: list(p.Gold, compileGold)}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("write the compiled project: %w", err)
	}
	return out.Bytes(), nil
}

// list compiles each of a list; the result is never nil, which JSON calls null.
func list[T, U any](in []T, compile func(T) U) []U {
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = compile(v)
	}
	return out
}

// texts returns a list that is not nil.
func texts(in []string) []string { return append([]string{}, in...) }

func compileBronze(b *project.Bronze) bronze {
	d := b.Dialect
	added := schema.Table{Columns: []schema.Column{
		{Name: project.SourceFile, Type: schema.T(schema.String)}, {Name: project.SourceRow, Type: schema.T(schema.Bigint)},
		{Name: project.IngestionTimestamp, Type: schema.T(schema.Timestamp)}, {Name: project.IngestionDate, Type: schema.T(schema.Date)},
	}}
	return bronze{
		Name: b.Name, Sources: texts(b.Sources), NormaliseNames: b.NormaliseNames, RequiredColumns: texts(b.RequiredColumns),
		SettleSeconds: b.Settle.Seconds(), Definition: b.Definition, Added: columns(added), PartitionBy: []string{project.IngestionDate},
		Dialect: dialect{Delimiter: character(d.Delimiter), Quote: character(d.Quote), Escape: character(d.Escape), Header: d.Header,
			Columns: texts(d.Columns), SkipLines: d.Skip, Nulls: texts(d.Nulls), MaxField: d.MaxField, LazyQuotes: d.LazyQuotes},
	}
}

// character returns a byte of a dialect as text; none is empty.
func character(b byte) string {
	if b == 0 {
		return ""
	}
	return string(rune(b))
}

func columns(t schema.Table) []column {
	return list(t.Columns, func(c schema.Column) column {
		return column{Name: c.Name, Type: c.Type.String(), SparkType: c.Type.Spark(), Nullable: c.Nullable}
	})
}

// sql prints a program; nil if there is none.
func sql(p *expr.Program) *expression {
	if p == nil {
		return nil
	}
	return &expression{Value: p.Spark(), Fails: p.SparkFails()}
}

func compileSilver(s *project.Silver) silver {
	name := func(i int) string { return s.Columns[i].Name }
	out := silver{
		Name: s.Name, From: s.From.Name, Raw: texts(s.Raw), ComputeOrder: list(s.Order, name), Key: list(s.Key, name),
		PartitionBy: list(s.PartitionBy, name), Buckets: s.Buckets, Bucket: bucket(s), Distinct: s.Distinct,
		Referenced: list(s.Referenced, name), Limits: compileLimits(s.Limits),
		Schema: columns(s.Table()), Definition: s.Definition, Parts: s.Parts,
		Columns: list(s.Columns, func(c *project.Column) silverColumn { return compileColumn(s, c) }),
		Checks:  list(s.Checks, func(c *project.Check) check { return compileCheck(s, c) }),
		TableChecks: list(s.TableChecks, func(c *project.TableCheck) tableCheck {
			return compileTableCheck(s.Table(), c)
		}),
	}
	if s.LatestBy >= 0 {
		out.LatestBy = name(s.LatestBy)
	}
	return out
}

// bucket returns the SQL of the bucket of a row as vec.Bucketer has it, a bigint;
// nil if the table has no buckets.
func bucket(s *project.Silver) *string {
	if s.Buckets <= 1 {
		return nil
	}
	key := list(s.Key, func(i int) string {
		return "CAST(`" + strings.ReplaceAll(s.Columns[i].Name, "`", "``") + "` AS STRING)"
	})
	sql := fmt.Sprintf(`crc32(CAST(concat_ws('\u001f', %s) AS BINARY)) %% %d`, strings.Join(key, ", "), s.Buckets)
	return &sql
}

func compileColumn(s *project.Silver, c *project.Column) silverColumn {
	value, fails := c.Program.SparkAs(Raw)
	out := silverColumn{Name: c.Name, Type: c.Type.String(), SparkType: c.Type.Spark(), Required: c.Required, Expr: expression{Value: value, Fails: fails},
		Reads: list(c.Reads, func(i int) string { return s.Columns[i].Name }), ReadsRaw: []string{}}
	for _, slot := range c.Program.Columns() {
		if slot < len(s.Raw) {
			out.ReadsRaw = append(out.ReadsRaw, s.Raw[slot])
		}
	}
	return out
}

func compileCheck(s *project.Silver, c *project.Check) check {
	out := check{Name: c.Name, OnFail: c.OnFail.String(), NullOK: c.NullOK, Expect: sql(c.Expect),
		Reads: list(c.Reads, func(i int) string { return s.Columns[i].Name })}
	if r := c.References; r != nil {
		out.References = &reference{Table: r.Table.Name, Column: r.Table.Columns[r.Column].Name}
	}
	return out
}

func compileLimits(l project.Limits) limits {
	var out limits
	if l.QuarantinedShare >= 0 {
		out.QuarantinedShare = &l.QuarantinedShare
	}
	if l.QuarantinedRows >= 0 {
		out.QuarantinedRows = &l.QuarantinedRows
	}
	return out
}
