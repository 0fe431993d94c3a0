package config

import (
	"path/filepath"

	"github.com/lakectl/lakectl/internal/diag"
)

// Config is lakehouse.yaml for one environment.
type Config struct {
	// File is the name the file was read under; it is the one in positions.
	File string `yaml:"-"`
	// Text is the file's content, of all environments.
	Text string `yaml:"-"`

	Project      String       `yaml:"project,required" doc:"Name of the project: a-z, 0-9 and hyphens. Buckets, databases and stacks are named after it."`
	Environment  String       `yaml:"environment" default:"dev" doc:"Name of the environment when neither --env nor LAKEHOUSE_ENVIRONMENT gives one."`
	Lake         String       `yaml:"lake,required" doc:"Where the tables live: a folder, relative to this file, or s3://bucket/prefix."`
	Bronze       Map[Bronze]  `yaml:"bronze,required" names:"table" doc:"Raw datasets: where their files come from and how they are written."`
	Silver       Map[Silver]  `yaml:"silver" names:"table" doc:"Clean tables: typed, checked, one row per key."`
	Gold         Map[Gold]    `yaml:"gold" names:"table" doc:"Business tables made from silver tables."`
	AWS          AWS          `yaml:"aws" doc:"Where and how the lakehouse is deployed on AWS."`
	Monitoring   Monitoring   `yaml:"monitoring" doc:"Alarms."`
	Athena       Athena       `yaml:"athena" doc:"Settings for queries on Athena."`
	Snowflake    Snowflake    `yaml:"snowflake" doc:"Where the Snowflake tables are. Secrets never stand here."`
	Environments Environments `yaml:"environments" doc:"What differs in an environment, by its name: any field of this file. Maps merge, other values replace, null takes a key away."`
}

// Path returns a local path of the file as this process reaches it: relative
// ones are relative to the file's folder. S3 addresses stay as they are.
func (c *Config) Path(path string) string {
	if isS3(path) || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.File), path)
}

// Monitoring is what alarms need.
type Monitoring struct {
	AlertEmail     String `yaml:"alert_email" doc:"Who is told when an alarm goes off; empty: nobody."`
	FreshnessHours Int    `yaml:"freshness_hours" default:"26" doc:"Alarm when no run has succeeded for so many hours."`
}

func (m *Monitoring) check(d *decoder, _ diag.Pos) {
	d.matches(m.AlertEmail, emailRegexp, "an e-mail address")
	switch hours := m.FreshnessHours; {
	case hours.valid() && hours.Value < 1:
		d.add(hours.Pos, "", "freshness_hours must be at least 1")
	case hours.valid() && hours.Value > 168:
		d.add(hours.Pos, "", "freshness_hours is at most 168: alarms of CloudWatch look back a week")
	}
}

// Athena is how queries run on Athena.
type Athena struct {
	ScanLimit Size `yaml:"scan_limit_bytes" default:"100GB" doc:"A query that would read more than this is stopped, for example 100GB."`
}

func (a *Athena) check(d *decoder, _ diag.Pos) {
	const least = 10_000_000 // Athena's own lower bound for a workgroup
	if a.ScanLimit.valid() && a.ScanLimit.Value < least && a.ScanLimit.Value > 0 {
		d.add(a.ScanLimit.Pos, "", "scan_limit_bytes must be at least 10MB, the least that Athena accepts")
	}
}

// Bronze is a stream of raw files of one shape.
type Bronze struct {
	Pos             diag.Pos `yaml:"-"`
	Source          Strings  `yaml:"source,required" doc:"Files to ingest: a glob, a folder or s3://bucket/prefix, or a list of them; relative to this file. .gz and .zst are decompressed."`
	Format          String   `yaml:"format" enum:"csv" later:"ndjson,parquet" default:"csv" doc:"Format of the files."`
	Delimiter       String   `yaml:"delimiter" default:"," doc:"Character between fields, such as ; or \"\\t\"."`
	Quote           String   `yaml:"quote" default:"\"" doc:"Character around fields that hold delimiters or line ends, or none."`
	Escape          String   `yaml:"escape" doc:"Character that makes a quote inside a quoted field plain; without it the quote is doubled."`
	LazyQuotes      Bool     `yaml:"lazy_quotes" default:"false" doc:"Accept quotes inside fields that are not quoted."`
	Header          Bool     `yaml:"header" default:"true" doc:"Whether the first record names the columns."`
	Columns         Strings  `yaml:"columns" doc:"Names of the raw columns, in order; required when there is no header."`
	RequiredColumns Strings  `yaml:"required_columns" doc:"Raw columns without which a file fails as a whole."`
	SkipLines       Int      `yaml:"skip_lines" default:"0" doc:"Lines to skip before the header."`
	Nulls           Strings  `yaml:"nulls" doc:"Texts that mean null, such as \"NULL\" or \"N/A\"."`
	MaxField        Size     `yaml:"max_field" default:"16MiB" doc:"A record with a longer field is quarantined."`
	Encoding        String   `yaml:"encoding" enum:"utf-8" later:"latin-1,iso-8859-1,windows-1252,utf-16" default:"utf-8" doc:"Encoding of the files."`
	NormaliseNames  Bool     `yaml:"normalise_names" default:"false" doc:"Lower-case the raw columns' names, trim them, and write one _ for blanks within."`
	OnChange        String   `yaml:"on_change" enum:"fail" later:"replace" default:"fail" doc:"What to do when a file that was ingested has changed."`
	Settle          Duration `yaml:"settle" default:"0s" doc:"Leave files alone that changed less than this ago, such as 60s: they may still be being written."`
}

// Environments lists what `environments:` has overrides for.
type Environments struct {
	Names []String
	Pos   diag.Pos
}

// decode implements decodable. The overrides themselves have been merged into
// the file before it is decoded.
func (e *Environments) decode(d *decoder, n *node, _ rules) {
	e.Pos = n.pos
	for _, entry := range n.entries {
		e.Names = append(e.Names, String{Value: entry.name, Pos: entry.pos})
	}
}
