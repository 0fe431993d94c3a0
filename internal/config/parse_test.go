package config

import (
	"math/big"
	"strings"
	"testing"
	"time"
)

// base is a file without mistakes to put something into.
const base = "project: p\nlake: ./lake\nbronze: {b: {source: x}}\n"

func TestNotYAML(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "lakehouse.yaml:1:1: the file is empty"},
		{"comment", "# nothing\n", "lakehouse.yaml:1:1: the file is empty"},
		{"tab", "bronze:\n\tb: 1\n", "lakehouse.yaml:2:1: not valid YAML: a tab is used as indentation; indent with blanks"},
		{"bracket", "a: [1, 2\nb: 3\n", "lakehouse.yaml:2:1: not valid YAML: a `,` or `]` is missing before this"},
		{"brace", "a: {b: 1\n", "lakehouse.yaml:1:4: not valid YAML: the `{` is never closed"},
		{"quote", "a: \"b\nc: d\n", "not valid YAML: the double quote is never closed"},
		{"after quote", "é: 'x' y\n", "lakehouse.yaml:1:9: not valid YAML: this cannot follow a finished value"},
		{"indent", "a:\n  b: 1\n c: 2\n", "lakehouse.yaml:3:2: not valid YAML: this is not allowed here"},
		{"two in a line", "a: b: c\n", "lakehouse.yaml:1:4: not valid YAML: a key is not allowed here"},
		{"reserved", "a: @x\n", "lakehouse.yaml:1:4: not valid YAML: a text cannot begin with this character"},
		{"two documents", base + "---\na: 1\n", "lakehouse.yaml:4:1: a second document begins"},
		{"a document after the end", base + "...\na: 1\n", "lakehouse.yaml:5:1: a second document begins"},
		{"directive", "%YAML 1.2\n---\n" + base, "lakehouse.yaml:1:1: YAML directives (%) are not supported"},
		{"list", "- a\n", "lakehouse.yaml:1:1: a map with the keys project, lake, bronze, ... is wanted here, not a list"},
		{"text", "lake\n", "not \"lake\""},
		{"deep", "b: 1\na: " + deep, "lakehouse.yaml:2:36: not valid YAML: the file is nested more than 32 deep"},
		{"dashes", "b: 1\na:\n" + strings.Repeat("- ", 99) + "x", "lakehouse.yaml:3:129: not valid YAML: the file is nested more than 32 deep"},
		{"utf8", "project: p\nlake: \"\xff\"\n", "lakehouse.yaml:2:8: the file is not UTF-8"},
		{"large", strings.Repeat("#", maxBytes+1), "more than 1048576 bytes"},
		{"many", "a: [" + strings.Repeat("x,", 101_000) + "]", "more than 200000 words"},
	} {
		c, got := parseText(t, test.text)
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if c != nil && !strings.HasPrefix(test.text, base) && test.name != "directive" {
			t.Errorf("%s: a config came back", test.name)
		}
	}
}

func TestNotSupportedYAML(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"silver: &x {}\n", "lakehouse.yaml:4:9: anchors"},
		{"silver: *x\n", "lakehouse.yaml:4:9: aliases"},
		{"silver:\n  <<: {}\n", "lakehouse.yaml:5:3: merge keys"},
		{"athena: !!map {}\n", "lakehouse.yaml:4:9: tags"},
		{"athena: {}\r\nsilver: {}\rgolds: {}\r", "lakehouse.yaml:6:1: unknown key"},
		{"athena:\n  ? a\n  : 1\n", "lakehouse.yaml:5:3: a key must be a plain name"},
		{"athena:\n\n  scan_limit_bytes: 1GB\n  scan_limit_bytes: 2GB\n", "lakehouse.yaml:7:3: \"scan_limit_bytes\" is given twice; it is already given at lakehouse.yaml:6:3"},
	} {
		if _, got := parseText(t, base+test.text); !strings.HasPrefix(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// What is refused is not missing, and what stands behind it is looked at.
func TestNothingFollowsFromWhatIsRefused(t *testing.T) {
	text := "project: &p p\nlake: *p\nbronze: !!map {b: {source: x, format: &f cvs, nulls: [*p, \"\"]}, c: *b}\n" +
		"silver: *s\ngold: {g: {from: b, join: {t: {on: {a: *p}}}, where: *c, columns: {x: x}}}\nenvironments: {prod: *x}\n"
	_, got := parseText(t, text)
	var places []string
	for line := range strings.SplitSeq(got, "\n") {
		place, message, _ := strings.Cut(strings.TrimPrefix(line, "lakehouse.yaml:"), ": ")
		word, _, _ := strings.Cut(message, " ")
		places = append(places, place+" "+word)
	}
	want := "1:10 anchors, 2:7 aliases, 3:9 tags, 3:38 anchors, 3:41 \"cvs\", 3:54 aliases, 3:67 aliases, 4:9 aliases, 5:40 aliases, 5:54 aliases, 6:22 aliases"
	if got := strings.Join(places, ", "); got != want {
		t.Errorf("got %s,\nwant %s", got, want)
	}
}

func TestTextsKnowTheirPlaces(t *testing.T) {
	for _, test := range []struct {
		name, yaml, value string
		literal           bool
		offset            int
		want              string
	}{
		{"plain", "where: a + b", "a + b", true, 4, "8:16"},
		{"double", `where: "a + b"`, "a + b", true, 4, "8:17"},
		{"single", `where: 'a + b'`, "a + b", true, 4, "8:17"},
		{"doubled quote", `where: 'a = ''x'''`, "a = 'x'", false, 4, "8:13"},
		{"escape", `where: "a\tb"`, "a\tb", false, 2, "8:13"},
		{"block", "where: |\n      a +\n      b", "a +\nb\n", true, 4, "10:7"},
		{"block with blank lines", "where: |-\n\n      a\n\n        b", "\na\n\n  b", true, 6, "12:9"},
		{"block with CRLF", "where: |\r\n      a +\r\n      b\r\n    latest: c", "a +\nb\n", true, 4, "10:7"},
		{"folded", "where: >\n      a +\n      b", "a + b\n", false, 4, "8:12"},
		{"folded in one line", "where: >-\n      a + b", "a + b", true, 4, "9:11"},
		{"two lines", "where: a +\n      b", "a + b", false, 4, "8:12"},
	} {
		c, _ := parseText(t, base+"silver: {}\ngold:\n  g:\n\n    "+test.yaml+"\n    from: x\n")
		got := c.Gold.Entries[0].Value.Where.Text()
		if got.Value != test.value || got.Literal != test.literal {
			t.Errorf("%s: %q literal %v, want %q %v", test.name, got.Value, got.Literal, test.value, test.literal)
		}
		if at := got.At(test.offset).String(); at != "lakehouse.yaml:"+test.want {
			t.Errorf("%s: at %s, want %s", test.name, at, test.want)
		}
	}
}

func TestColumnsCountBytes(t *testing.T) {
	c, _ := parseText(t, base+`gold: {é: {"where": "ä = b" }}`)
	if at := c.Gold.Entries[0].Value.Where.Text().At(3).String(); at != "lakehouse.yaml:4:26" {
		t.Errorf("at %s", at)
	}
}

func TestScalars(t *testing.T) {
	scalar := func(text string) *node {
		root, _ := read("f", []byte("a: "+text))
		return root.entries[0].value
	}
	for text, want := range map[string]int64{"0": 0, "100GB": 100e9, "64MiB": 64 << 20, "1.5kb": 1500, "\"10 MB\"": 10e6, "12": 12, "0.5": -1, "x": -1, "GB": -1, "5G": -1, "1e3": -1, "9999999PB": -1, "-1": -1} {
		var v Bytes
		problem, _ := parsed(&v, scalar(text))
		if got := int64(v); (problem != "") != (want < 0) || want >= 0 && got != want {
			t.Errorf("size %s: %d %q, want %d", text, got, problem, want)
		}
	}
	for text, want := range map[string]float64{"5%": 0.05, "0.05": 0.05, "100 %": 1, "0": 0, "1": 1, "12.5%": 0.125, "5": -1, "101%": -1, "-1%": -1, "x": -1, ".nan": -1} {
		var v Fraction
		problem, _ := parsed(&v, scalar(text))
		if (problem != "") != (want < 0) || want >= 0 && float64(v) != want {
			t.Errorf("share %s: %v %q, want %v", text, v, problem, want)
		}
	}
	for text, want := range map[string]time.Duration{"48h": 48 * time.Hour, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "90s": 90 * time.Second, "5m": 5 * time.Minute, "10ms": 10 * time.Millisecond, "2w": 336 * time.Hour, "48": -1, "1.5h": -1, "h": -1, "99999999d": -1, "-1h": -1} {
		var v time.Duration
		problem, _ := parsed(&v, scalar(text))
		if (problem != "") != (want < 0) || want >= 0 && v != want {
			t.Errorf("duration %s: %v %q, want %v", text, v, problem, want)
		}
	}
	for text, want := range map[string]string{"0.10": "1/10", "-5": "-5/1", "'7'": "7/1", "1e5": "", "x": "", ".inf": ""} {
		var v Exact
		problem, _ := parsed(&v, scalar(text))
		if (problem != "") != (want == "") || want != "" && v.Cmp(rat(want)) != 0 {
			t.Errorf("number %s: %v %q, want %s", text, v, problem, want)
		}
	}
}

func rat(text string) *big.Rat {
	r, _ := new(big.Rat).SetString(text)
	return r
}

func TestNamesAreNotYAMLsOwn(t *testing.T) {
	c, got := parseText(t, base+"gold: {g: {from: x, join: {t: {on: {yes: no, null: on}}}, columns: {n: n}}}\n")
	if got != "" {
		t.Fatal(got)
	}
	pairs := c.Gold.Entries[0].Value.Join.Entries[0].Value.On.Pairs
	if len(pairs) != 2 || pairs[0].Left.Value != "yes" || pairs[0].Right.Value != "no" || pairs[1].Left.Value != "null" {
		t.Errorf("pairs %v", pairs)
	}
}

func TestDefaults(t *testing.T) {
	c, got := parseText(t, base)
	if got != "" {
		t.Fatal(got)
	}
	b := c.Bronze.Entries[0].Value
	if b.Delimiter.Value != "," || b.Quote.Value != `"` || !b.Header.Value || b.MaxField.Value != 16<<20 || b.OnChange.Value != "fail" || b.Settle.Value != 0 {
		t.Errorf("defaults %+v", b)
	}
	if b.Delimiter.IsSet() || !b.Source.IsSet() || c.Environment.Value != "dev" {
		t.Errorf("what is in the file: %+v", b)
	}
}

func TestPath(t *testing.T) {
	c := &Config{File: "/home/me/project/lakehouse.yaml"}
	for path, want := range map[string]string{"./lake": "/home/me/project/lake", "/data": "/data", "s3://b/p": "s3://b/p"} {
		if got := c.Path(path); got != want {
			t.Errorf("Path(%s) = %s, want %s", path, got, want)
		}
	}
}

func TestLoadReportsWhatCannotBeRead(t *testing.T) {
	if _, problems := Load(t.TempDir()+"/lakehouse.yaml", Options{}); len(problems) != 1 || !strings.Contains(problems[0].String(), "there is no such file; `lakectl init`") {
		t.Errorf("missing file: %v", problems)
	}
	if _, problems := Load(t.TempDir(), Options{}); len(problems) != 1 {
		t.Errorf("a folder: %v", problems)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", base, "a: [", "a: |\n x\n", "\"a\": 'b'", "environments: {a: {b: c}}\n" + base, "? a\n: b", "a: &b *b", "- - -", "a: !!x y", "a: \"", "\ufeffa:\r\n b: >-\r\n  c\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := Parse(FileName, data, Options{})
		if c == nil && len(problems) == 0 {
			t.Fatal("neither a config nor a problem")
		}
		lines := strings.Count(lineEnds.Replace(string(data)), "\n") + 1
		for _, p := range problems {
			if p.Pos.Line > lines || p.Pos.File != FileName {
				t.Fatalf("a problem beyond the file: %v", p)
			}
		}
		_ = problems.Err()
	})
}

func TestDecimalWithoutQuotes(t *testing.T) {
	_, got := parseText(t, base+"silver: {b: {columns: {a: {type: Decimal(10, 2)}}}}\n")
	want := `lakehouse.yaml:4:34: "Decimal(10" is not a type; put the whole into quotes, such as "decimal(10,2)": a comma ends a value within { }
lakehouse.yaml:4:46: unknown key "2)"; a comma ends a value within { }: put a text that has one into quotes`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBuckets(t *testing.T) {
	const columns = ", columns: {a: {type: string}}}}\n"
	for _, test := range []struct{ table, want string }{
		{"key: a, buckets: 1", ""},
		{"key: a, buckets: 1000", ""},
		{"key: a, buckets: 0", `4:31: buckets goes from 1 to 1000`},
		{"key: a, buckets: -1", `4:31: buckets goes from 1 to 1000`},
		{"key: a, buckets: 1001", `4:31: buckets goes from 1 to 1000`},
		{"key: a, buckets: 2.5", `4:31: a whole number is wanted here, not the number 2.5`},
		{"key: a, buckets: '8'", `4:31: a whole number is wanted here, not the text "8"; take the quotes away`},
		{"key: a, bucket: 8", `4:22: unknown key "bucket"; did you mean "buckets"?`},
		{"buckets: 8", `4:23: buckets has no meaning without a key; name the key, or take buckets out`},
		{"distinct: true, buckets: 8", `4:39: buckets has no meaning without a key; name the key, or take buckets out`},
	} {
		if test.want != "" {
			test.want = "lakehouse.yaml:" + test.want
		}
		if _, got := parseText(t, base+"silver: {b: {"+test.table+columns); got != test.want {
			t.Errorf("%s: got %q, want %q", test.table, got, test.want)
		}
	}
}

func TestColumnsGivenTwice(t *testing.T) {
	_, got := parseText(t, base+"silver: {b: {columns: {a: {type: string}}, table_checks: {u: {unique: [a, a]}}}}\n"+
		"gold: {g: {from: b, join: {c: {on: [a, a]}, d: {on: {a: x, b: x}}}, columns: {a: a}}}\n")
	want := `lakehouse.yaml:4:75: "a" is given twice; it is already given at lakehouse.yaml:4:72
lakehouse.yaml:5:40: "a" is given twice; it is already given at lakehouse.yaml:5:37`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A number without quotes is no text, however it is written: other readers of
// YAML would make 1e+22 of it.
func TestNumbersAreNoTexts(t *testing.T) {
	for _, text := range []string{"5", "-5", "+5", "0.5", ".5", "5.", "1e5", "1e+22", "1E-3", "123456789012345678901", "0x1F", "0o17", ".inf", ".nan"} {
		if _, got := parseText(t, base+"aws: {profile: "+text+"}\n"); !strings.HasPrefix(got, "lakehouse.yaml:4:16: a text is wanted here, not the number") {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, text := range []string{"'5'", "1.2.3", "2026-11-23", "1e", "e5", "5x", "1_2x", "-", "."} {
		if _, got := parseText(t, base+"aws: {profile: "+text+"}\n"); got != "" {
			t.Errorf("%s: %q", text, got)
		}
	}
}
