//go:build e2e

package sparkrun

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// bothRun runs got on Spark and want on this machine, and compares what they say
// that they did.
func bothRun(t *testing.T, got, want *lab.Lab, change ...func(*pipeline.Options)) (gotErr, wantErr error) {
	t.Helper()
	w, wantErr := want.Run(change...)
	g, gotErr := onSpark(got, change...)
	if g.Error != "" && w.Error != "" {
		g.Error = w.Error // who wants it the same compares the errors
	}
	sameResult(t, g, w)
	got.Now, want.Now = got.Now.Add(time.Hour), want.Now.Add(time.Hour)
	return gotErr, wantErr
}

// sameRun is bothRun of runs that do and say the same, be it an error.
func sameRun(t *testing.T, got, want *lab.Lab, change ...func(*pipeline.Options)) error {
	t.Helper()
	gotErr, wantErr := bothRun(t, got, want, change...)
	text := func(l *lab.Lab, err error) string {
		return strings.ReplaceAll(fmt.Sprintf("class %d: %v", diag.ClassOf(err), err), l.Dir, "DIR")
	}
	if g, w := text(got, gotErr), text(want, wantErr); g != w {
		t.Errorf("the run on Spark ends with\n%s\nand that on this machine with\n%s", g, w)
	}
	return wantErr
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// damagedYAML has a dataset for each way in which files are written; their names
// begin with that of the dataset.
const damagedYAML = `project: damaged
lake: ./lake
bronze:
  plain:  {source: ["plain_*.csv", "plain_*.csv.gz", "plain_*.csv.zst"], required_columns: [a]}
  other:  {source: "other_*", delimiter: ";", quote: "'", escape: "\\", skip_lines: 2, nulls: ["NULL", "n/a"], max_field: 40}
  bare:   {source: "bare_*", header: false, columns: [a, b, c], quote: none, delimiter: "\t"}
  lazy:   {source: "lazy_*", lazy_quotes: true, normalise_names: true}
  single: {source: "single_*"}
silver:
  plain:
    partition_by: b
    columns: {a: {type: string}, b: {type: string}, late: {type: integer}}
    checks: {not_x: {expect: "a <> 'x'", null_ok: true}}
  other: {columns: {a: {type: string}, b: {type: string}}}
  bare:  {columns: {a: {type: string}, b: {type: string}, c: {type: integer}}}
  lazy:  {columns: {first_name: {type: string}, b: {type: string}}}
  single: {columns: {a: {type: string}}}
`

func damagedFiles(t *testing.T) map[string]string {
	t.Helper()
	long := strings.Repeat("x", 50)
	many := "a,b\n" + strings.Repeat("1,some text\n", 2000)
	return map[string]string{
		"plain_01.csv":     "a,b\n1,2\n3\n4,5,6\nx,7\n\"p\nq\",8\n",
		"plain_02.csv":     "\ufeffa,b\r\n1,2\r\n\r\n1,5\" pipe\r\n\"1\"x,2\r\nlast,\"open\r\n3,4",
		"plain_03.csv":     "a,b\n1,\x00\né,\xc3\n1,\xed\xa0\x80\nok,fine\n",
		"plain_04.csv":     "a,b\n",
		"plain_05.csv.gz":  zipped(t, many),
		"plain_06.csv.zst": zstandard(t, many),
		"plain_07.csv":     "late,B,a,extra\n7,two,one,more\nnot,two,one,more\n",
		"plain_08.csv":     "a,b\none\n\n",
		"plain_10.csv.gz":  zipped(t, many)[:30],
		"plain_11.csv":     "",
		"plain_12.csv":     "a,b,A\n1,2,3\n",
		"plain_13.csv":     "a,b,source_file\n1,2,3\n",
		"plain_14.csv":     "b\n2\n",
		"plain_15.csv.gz":  "a,b\n1,2\n",
		"plain_16.csv":     "a,b,\n1,2,3\n",
		"other_1.txt":      "about\n\na;b\n'1\\'2';NULL\nn/a;'NULL'\n1;'2';3\n" + long + ";1\n",
		"bare_1.tsv":       "a\tb\t1\n\"a\"\tb\"\t2\n1\t2\nx\ty\tz\n",
		"lazy_1.csv":       " First  Name ,B\na\"b,1\n\"c\"\"\",2\n",
		"single_1.csv":     "a\n\n1\n\r\n\"\"\n2,3\n",
	}
}

// TestDamagedFiles has all that can be wrong with raw files, and other columns in
// the files that come next.
func TestDamagedFiles(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	write := func(name, text string) {
		got.Write(name, text)
		want.Write(name, text)
	}
	write("lakehouse.yaml", damagedYAML)
	for name, text := range damagedFiles(t) {
		write(name, text)
	}
	if err := sameRun(t, got, want); diag.ClassOf(err) != diag.Partial {
		t.Errorf("the run ends with %v", err)
	}
	compare(t, got, want)
	sameLedgers(t, got, want)
	write("plain_10.csv.gz", zipped(t, "a,Late,new\n9,9,9\n")) // mended
	write("plain_01.csv", "a,b\n1,2\n")                        // changed
	write("other_2.txt", "\n\nc\n1\n")
	write("lazy_2.csv", "b\n")
	if err := sameRun(t, got, want); diag.ClassOf(err) != diag.Partial {
		t.Errorf("the run ends with %v", err)
	}
	compare(t, got, want)
	sameLedgers(t, got, want)
}

// oddNames are names of raw columns: of what lakectl adds to rows on their way, and
// such as are hard on SQL.
func oddNames() []string {
	return []string{"a.b", "a b", "`tick`", `"q"`, "it's", "Ünï", "_bad", "raw", "_all", "_found_0", "_file", "_replay", "_mark", "0_bad", "UPPER", "a,b;c{}()=", "x\ty", "\\", "${env:HOME}", "_0", "lakectl_v1", "reason"}
}

// TestOddNames has columns with names that are hard on SQL.
func TestOddNames(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	var yaml, header, row strings.Builder
	yaml.WriteString("project: odd\nlake: ./lake\nbronze:\n  odd: {source: \"odd_*.csv\"}\n  good: {source: \"good_*.csv\"}\n  named: {source: \"named_*.csv\"}\nsilver:\n  odd:\n    key: c0\n    columns:\n")
	for i, name := range oddNames() {
		if i < 14 { // the others are in bronze and quarantine alone
			fmt.Fprintf(&yaml, "      c%d: {type: string, from: '%s'}\n", i, strings.ReplaceAll(name, "'", "''"))
		}
		fmt.Fprintf(&header, "%s\"%s\"", strings.Repeat(",", min(i, 1)), strings.ReplaceAll(name, `"`, `""`))
		fmt.Fprintf(&row, "%sv%d", strings.Repeat(",", min(i, 1)), i)
	}
	yaml.WriteString("    checks:\n      known: {column: c1, references: {dataset: good, column: value}}\n      it: {expect: \"c2 <> 'bad'\"}\n")
	yaml.WriteString("  good: {key: value, columns: {value: {type: string}}}\n")
	yaml.WriteString("  named:\n    key: [_key_0, raw]\n    latest_by: _file\n    partition_by: [left, named]\n    columns:\n")
	names := []string{"raw", "_key_0", "_file", "_bad", "_all", "_mark", "_found_0", "_row", "left", "order", "named"}
	for _, name := range names {
		fmt.Fprintf(&yaml, "      %s: {type: string}\n", name)
	}
	yaml.WriteString("      made: {type: string, expr: \"concat(raw.raw, raw, _bad, raw._mark)\"}\n    checks:\n      known: {column: _found_0, references: {dataset: good, column: value}, on_fail: flag}\n")
	yaml.WriteString("gold:\n  g:\n    from: named\n    latest: _row\n    join: {good: {on: {_found_0: value}}}\n    group_by: {named: named, _mark: \"upper(_mark)\", _m0_0: raw}\n    partition_by: named\n" +
		"    measures: {_rows: \"count(*)\", _wrong_0: \"max(cast(length(_bad) as integer))\", _greatest: \"avg(length(left))\", rows: \"count(good.value)\"}\n  whole: {from: named}\n")
	for _, l := range []*lab.Lab{got, want} {
		l.Write("lakehouse.yaml", yaml.String())
		l.Write("odd_1.csv", header.String()+"\n"+row.String()+"\n"+strings.Replace(row.String(), "v2", "bad", 1)+"\n"+strings.Replace(row.String(), "v1", "unknown", 1)+"\n")
		l.Write("good_1.csv", "value\nv1\n_found_0-1\n")
		line := func(i int) string { return strings.Join(names, fmt.Sprintf("-%d,", i)) + fmt.Sprintf("-%d\n", i) }
		l.Write("named_1.csv", strings.Join(names, ",")+"\n"+line(1)+line(2))
	}
	if err := sameRun(t, got, want); err != nil {
		t.Error(err)
	}
	compare(t, got, want)
	for _, l := range []*lab.Lab{got, want} {
		l.Write("named_2.csv", strings.Join(names, ",")+"\n"+strings.Join(names, "-1,")+"-2\n")
		l.Write("good_2.csv", "value\n_found_0-2\n")
	}
	if err := sameRun(t, got, want); err != nil {
		t.Error(err)
	}
	compare(t, got, want)
	sameLedgers(t, got, want)
}
