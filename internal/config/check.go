package config

import (
	"net"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

const (
	projectPattern     = `^[a-z][a-z0-9-]{0,29}$`
	environmentPattern = `^[a-z][a-z0-9-]{0,15}$`
)

var (
	projectRegexp     = regexp.MustCompile(projectPattern)
	environmentRegexp = regexp.MustCompile(environmentPattern)
	bucketRegexp      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	schemeRegexp      = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]+://`)
)

func isS3(place string) bool { return strings.HasPrefix(place, "s3://") }

func (c *Config) check(d *decoder, _ diag.Pos) {
	if c.Project.Value != "" && !projectRegexp.MatchString(c.Project.Value) {
		d.add(c.Project.Pos, "up to 30 of a-z, 0-9 and hyphens, beginning with a letter", "%s cannot be the name of a project", quote(c.Project.Value))
	}
	if c.Environment.Value != "" && !environmentRegexp.MatchString(c.Environment.Value) {
		d.add(c.Environment.Pos, "up to 16 of a-z, 0-9 and hyphens, beginning with a letter", "%s cannot be the name of an environment", quote(c.Environment.Value))
	}
	d.place(c.Lake)
	if c.Bronze.IsSet() && c.Bronze.Len() == 0 {
		d.add(c.Bronze.Pos, "name a dataset and its source", "bronze has no datasets")
	}
	for _, s := range []String{c.Project, c.Environment, c.Lake} {
		d.notEmpty(s)
	}
}

// notEmpty reports a text that is in the file and empty.
func (d *decoder) notEmpty(s String) {
	if s.IsSet() && s.Value == "" && !s.wrong {
		d.add(s.Pos, "", "the text is empty")
	}
}

// place checks the address of a folder, file or glob.
func (d *decoder) place(s String) {
	if bucket, found := strings.CutPrefix(s.Value, "s3://"); found {
		bucket, prefix, _ := strings.Cut(bucket, "/")
		if !bucketRegexp.MatchString(bucket) || strings.Contains(bucket, "..") || net.ParseIP(bucket) != nil {
			d.add(s.Pos, "write s3://bucket/prefix", "%s is not the name of an S3 bucket", quote(bucket))
		}
		if strings.Contains(prefix, "//") { // S3 keeps it; Hadoop and Athena read one / there, and find nothing
			d.add(s.Pos, "write one /", "%s has // within", quote(s.Value))
		}
		return
	}
	if scheme := schemeRegexp.FindString(s.Value); scheme != "" {
		hint := "use a folder or s3://bucket/prefix"
		if scheme == "s3a://" || scheme == "s3n://" {
			hint = "write s3://"
		}
		d.add(s.Pos, hint, "%s is not supported", scheme)
	}
}

func (b *Bronze) check(d *decoder, _ diag.Pos) {
	for _, s := range b.Source.Items {
		d.notEmpty(s)
		d.place(s)
		if _, err := path.Match(s.Value, ""); err != nil {
			d.add(s.Pos, "close the [ or write \\[", "%s is not a glob", quote(s.Value))
		}
		d.extension(s, b.Format)
	}
	b.checkDialect(d)
	b.checkColumns(d)
	if b.SkipLines.Value < 0 {
		d.add(b.SkipLines.Pos, "", "skip_lines cannot be negative")
	}
	if b.MaxField.valid() && (b.MaxField.Value < 1 || b.MaxField.Value > 1<<29) {
		d.add(b.MaxField.Pos, "", "max_field goes from 1 to 512MiB")
	}
	b.Nulls.unique(d, strings.Clone)
}

// extension reports sources that by their name are not in the format read.
func (d *decoder) extension(s, format String) {
	name := strings.ToLower(s.Value)
	for _, compressed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compressed)
	}
	switch path.Ext(name) {
	case ".parquet", ".ndjson", ".jsonl", ".json", ".avro", ".orc", ".xlsx":
		if format.Value == "csv" && !format.IsSet() {
			d.add(s.Pos, "only csv is read so far", "%s files are not supported yet", path.Ext(name))
		}
	}
}

func (b *Bronze) checkDialect(d *decoder) {
	d.character(b.Delimiter, "delimiter")
	if b.Quote.Value != "none" {
		d.character(b.Quote, "quote")
	}
	if b.Escape.IsSet() {
		d.character(b.Escape, "escape")
	}
	if b.Delimiter.Value == b.Quote.Value {
		at := b.Delimiter.Pos
		if b.Quote.IsSet() {
			at = b.Quote.Pos
		}
		d.add(at, "", "quote and delimiter are the same character")
	}
	if b.Escape.IsSet() && b.Escape.Value == b.Delimiter.Value {
		d.add(b.Escape.Pos, "", "escape and delimiter are the same character")
	}
	if b.Quote.Value == "none" && b.Escape.IsSet() {
		d.add(b.Escape.Pos, "take it out", "escape has no meaning without quotes")
	}
}

// between reports a number that is out of bounds.
func (d *decoder) between(v Int, name string, least, most int64) {
	if v.valid() && (v.Value < least || v.Value > most) {
		d.add(v.Pos, "", "%s goes from %d to %d", name, least, most)
	}
}

// character checks that a text is one ASCII character that can mean something.
func (d *decoder) character(s String, what string) {
	c := s.Value
	switch {
	case !s.IsSet() || s.wrong || len(c) == 1 && c[0] < 0x80 && c[0] != '\n' && c[0] != '\r' && c[0] != 0:
	case c == `\t`:
		d.add(s.Pos, `write "\t" in double quotes`, "%s is two characters, a backslash and a t", what)
	default:
		d.add(s.Pos, "", "%s must be one ASCII character, not %s", what, quote(c))
	}
}

func (b *Bronze) checkColumns(d *decoder) {
	if !b.Header.Value && b.Header.IsSet() && !b.Columns.IsSet() {
		d.add(b.Header.Pos, "name the columns in `columns:`", "a file without header needs columns")
	}
	same := strings.ToLower
	if b.NormaliseNames.Value {
		same = NormaliseName
	}
	b.Columns.unique(d, same)
	for _, c := range b.Columns.Items {
		d.notEmpty(c)
		if Reserved(same(c.Value)) {
			d.add(c.Pos, "choose another name", "the name %q is lakectl's own", c.Value)
		}
	}
	for _, c := range b.RequiredColumns.Items {
		d.notEmpty(c)
		names := b.Columns.Values()
		if b.Columns.IsSet() && !c.wrong && !slices.ContainsFunc(names, func(n string) bool { return same(n) == same(c.Value) }) {
			d.add(c.Pos, diag.Suggest(c.Value, names), "no column %s in columns", quote(c.Value))
		}
	}
	b.RequiredColumns.unique(d, same)
}

// unique reports texts that are the same after fold.
func (s Strings) unique(d *decoder, fold func(string) string) {
	seen := make(map[string]diag.Pos, len(s.Items))
	for _, item := range s.Items {
		if item.wrong {
			continue
		}
		key := fold(item.Value)
		if first, twice := seen[key]; twice {
			d.add(item.Pos, "it is already given at "+first.String(), "%s is given twice", quote(item.Value))
			continue
		}
		seen[key] = item.Pos
	}
}

// mostBuckets is how many files a partition may have.
const mostBuckets = 1000

func (s *Silver) check(d *decoder, at diag.Pos) {
	s.Key.unique(d, strings.Clone)
	s.PartitionBy.unique(d, strings.Clone)
	d.partitions(s.PartitionBy)
	if s.Distinct.Value && s.Key.IsSet() {
		d.add(s.Distinct.Pos, "take one of them out: a key already keeps one row each", "distinct and key exclude each other")
	}
	if s.LatestBy.IsSet() && !s.Key.IsSet() {
		d.add(s.LatestBy.Pos, "name the key, or take latest_by out", "latest_by has no meaning without a key")
	}
	d.between(s.Buckets, "buckets", 1, mostBuckets)
	if s.Buckets.IsSet() && !s.Key.IsSet() {
		d.add(s.Buckets.Pos, "name the key, or take buckets out", "buckets has no meaning without a key")
	}
	if s.Columns.IsSet() && s.Columns.Len() == 0 {
		d.add(at, "name at least one", "the table has no columns")
	}
	for _, c := range s.TableChecks.Entries {
		if row := s.Checks.Get(c.Name); row != nil {
			d.add(c.Pos, "it is already given at "+row.Pos.String(), "a check named %q exists", c.Name)
		}
	}
}

// partitions refuses folders that readers skip.
func (d *decoder) partitions(columns Strings) {
	for _, c := range columns.Items {
		if strings.HasPrefix(c.Value, "_") {
			d.add(c.Pos, "give the column another name", "readers skip folders that begin with _, so %q cannot be a partition", c.Value)
		}
	}
}

func (c *Column) check(d *decoder, _ diag.Pos) {
	if c.Expr.IsSet() {
		d.notEmpty(c.Expr)
		if c.From.IsSet() {
			d.add(c.From.Pos, "take one of them out", "from and expr exclude each other")
		}
		for _, raw := range []struct {
			name string
			pos  diag.Pos
		}{{"format", c.Format.Pos}, {"timezone", c.Timezone.Pos}, {"allow_nan", c.AllowNaN.Pos}} {
			if raw.pos.Line > 0 {
				d.add(raw.pos, "an expression says by itself how text becomes a value", "%s has no meaning with expr", raw.name)
			}
		}
		return
	}
	d.notEmpty(c.From)
	kind := c.Type.Value.String()
	if kind == "invalid" {
		return
	}
	if c.Format.IsSet() && !c.Type.Value.Temporal() {
		d.add(c.Format.Pos, "", "format is for dates and timestamps, not for %s", kind)
	}
	if c.Timezone.valid() && kind != "timestamp" {
		d.add(c.Timezone.Pos, "", "timezone is for timestamps, not for %s", kind)
	}
	if c.AllowNaN.IsSet() && kind != "double" {
		d.add(c.AllowNaN.Pos, "", "allow_nan is for doubles, not for %s", kind)
	}
}

func (c *Check) check(d *decoder, _ diag.Pos) {
	d.notEmpty(c.Expect)
	if c.Expect.IsSet() && c.Column.IsSet() {
		d.add(c.Column.Pos, "take it out: the condition names its columns", "column has no meaning with expect")
	}
	if c.References != nil && c.NullOK.IsSet() {
		d.add(c.NullOK.Pos, "take it out", "null always passes a reference")
	}
}

func (r *RowCount) check(d *decoder, at diag.Pos) {
	switch {
	case !r.Min.IsSet() && !r.Max.IsSet():
		d.add(at, "", "min or max is missing")
	case r.Min.Value < 0:
		d.add(r.Min.Pos, "", "min cannot be negative")
	case r.Max.Value < 0:
		d.add(r.Max.Pos, "", "max cannot be negative")
	case r.Max.IsSet() && r.Min.Value > r.Max.Value:
		d.add(r.Max.Pos, "", "max is less than min")
	}
}

func (s *Sum) check(d *decoder, at diag.Pos) {
	if s.Equals == nil && !s.Min.IsSet() && !s.Max.IsSet() {
		d.add(at, "", "one of equals, min, max is missing")
	}
	if s.Tolerance.IsSet() && s.Equals == nil {
		d.add(s.Tolerance.Pos, "", "tolerance has no meaning without equals")
	}
	if t := s.Tolerance.Value.Rat; t != nil && t.Sign() < 0 {
		d.add(s.Tolerance.Pos, "", "tolerance cannot be negative")
	}
	if low, high := s.Min.Value.Rat, s.Max.Value.Rat; low != nil && high != nil && low.Cmp(high) > 0 {
		d.add(s.Max.Pos, "", "max is less than min")
	}
}

func (l *Limits) check(d *decoder, _ diag.Pos) {
	if l.QuarantinedRows.Value < 0 {
		d.add(l.QuarantinedRows.Pos, "", "quarantined_rows cannot be negative")
	}
}

func (n *Newest) check(d *decoder, _ diag.Pos) {
	if n.Within.valid() && n.Within.Value == 0 {
		d.add(n.Within.Pos, "", "within must be more than nothing")
	}
}

func (j *Join) check(d *decoder, _ diag.Pos) {
	d.notEmpty(j.Where)
	var joined Strings
	for _, pair := range j.On.Pairs {
		joined.Items = append(joined.Items, pair.Left)
	}
	joined.unique(d, strings.Clone)
}

func (c *TableCheck) check(d *decoder, _ diag.Pos) { c.Unique.unique(d, strings.Clone) }

func (o *SumOther) check(d *decoder, _ diag.Pos) { d.notEmpty(o.Where) }

func (m *Measure) check(d *decoder, _ diag.Pos) { d.notEmpty(m.Expr) }

func (g *Gold) check(d *decoder, at diag.Pos) {
	d.notEmpty(g.Where)
	grouped := g.GroupBy.Len() > 0
	for _, m := range g.Measures.Entries {
		if key := g.GroupBy.Get(m.Name); key != nil {
			d.add(m.Pos, "it is already given at "+key.Pos.String(), "a column named %q exists", m.Name)
		}
	}
	if g.Measures.Len() > 0 && !grouped {
		d.add(at, `to have one group of all rows write group_by: {all: "'all'"}`, "measures need group_by")
	}
	if g.Columns.IsSet() && (grouped || g.Measures.Len() > 0) {
		d.add(g.Columns.Pos, "its columns are those of group_by and measures", "a grouped table cannot have columns")
	}
	if g.Columns.IsSet() && g.Columns.Len() == 0 {
		d.add(g.Columns.Pos, "name at least one, or take the key out", "the table has no columns")
	}
	if g.Join.Len() > 0 && !grouped && !g.Columns.IsSet() {
		d.add(g.Join.Pos, "name them in `columns:`, or group", "a join needs to say which columns the table has")
	}
	d.partitions(g.PartitionBy)
	g.PartitionBy.unique(d, strings.Clone)
}
