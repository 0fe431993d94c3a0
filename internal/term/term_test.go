package term

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew): %s", path, diff)
	}
}

func TestFormats(t *testing.T) {
	second := time.Second
	for got, want := range map[string]string{
		Count(0): "0", Count(999): "999", Count(1000): "1,000", Count(1204113): "1,204,113", Count(-1234): "-1,234", Count(-123): "-123",
		Size(0): "0 B", Size(999): "999 B", Size(1000): "1.00 kB", Size(999_600): "1.00 MB", Size(74_100_000): "74.1 MB", Size(741_000_000): "741 MB", Size(1 << 62): "4.61 EB",
		Rate(0, second): "", Rate(50, second): "50 rows/s", Rate(2_480_000, 2*second): "1.24M rows/s", Rate(1, 3*second): "0.33 rows/s",
		Duration(0): "0 s", Duration(3 * time.Millisecond): "0.1 s", Duration(420 * time.Millisecond): "0.4 s", Duration(12 * second): "12 s", Duration(59_700 * time.Millisecond): "1 min 00 s",
		Duration(200 * second): "3 min 20 s", Duration(125 * time.Minute): "2 h 05 min", Duration(73 * time.Hour): "3 days", Duration(-12 * second): "-12 s",
		Percent(0, 5): "0%", Percent(5, 5): "100%", Percent(1, 100_000): "<0.1%", Percent(99_999, 100_000): ">99.9%", Percent(76, 2000): "3.8%",
		Plural(1, "row", "rows"): "1 row", Plural(2000, "row", "rows"): "2,000 rows",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if Percent(1, 0) != "" {
		t.Error("a share of nothing is written")
	}
}

func TestWidthAndTruncate(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		cut   string // to 5 columns
	}{
		{"", 0, ""}, {"abcde", 5, "abcde"}, {"abcdef", 6, "abcd…"}, {"Zoë", 3, "Zoë"}, {"Zoe\u0308xyz", 6, "Zoe\u0308x…"},
		{"王小明", 6, "王小…"}, {"a王小明", 7, "a王…"}, {"😀😀😀", 6, "😀😀…"},
	} {
		if got := Width(test.text); got != test.width {
			t.Errorf("Width(%q) = %d, want %d", test.text, got, test.width)
		}
		if got := Truncate(test.text, 5); got != test.cut {
			t.Errorf("Truncate(%q) = %q, want %q", test.text, got, test.cut)
		}
	}
}

func TestShorten(t *testing.T) {
	for text, want := range map[string]string{
		"abcdefg": "abcdefg", "shop-dev-bronze": "sho…nze", "王小明王小明": "王…小明", "Zoe\u0308-and-Zoe\u0308": "Zoe\u0308…Zoe\u0308", "": "",
	} {
		if got := Shorten(text, 7); got != want || Width(got) > 7 {
			t.Errorf("Shorten(%q) = %q, want %q", text, got, want)
		}
	}
	for width, want := range []string{"", "…", "a…", "a…g", "a…fg"} {
		if got := Shorten("abcdefg", width); got != want {
			t.Errorf("to %d columns: %q, want %q", width, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two", 0, "one two"}, {"one two", 10, "one two"}, {"", 40, ""},
		{"the newest value is too old, by far", 24, "the newest value is too|old, by far"},
		{"in s3://averyveryverylongbucket/and/path x", 24, "in|s3://averyveryverylongbu|cket/and/path x"},
		{"s3://averyveryverylongbuc", 24, "s3://averyveryverylongbu|c"},
		{"run `lakectl deploy` or `lakectl destroy --delete-data` now", 24, "run `lakectl deploy` or|`lakectl destroy --delete-data`|now"},
	} {
		if got := strings.Join(Wrap(test.text, test.width), "|"); got != test.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// Names lose their middle on a terminal, and that is said; a pipe has them whole.
func TestTableOfNames(t *testing.T) {
	const id = "jr_0123456789abcdef0123456789abcdef0123456789abcdef"
	table := func() *Table {
		table := NewTable("job", "run", "state", ">took")
		table.Names(0, 1)
		table.Add("a-project-of-thirty-characters-dev-silver", id, "RUNNING", "12 s")
		return table
	}
	var out bytes.Buffer
	if err := table().Write(Stream{Writer: &out, Terminal: true, Width: 60}); err != nil {
		t.Fatal(err)
	}
	want := "job                    run                     state    took\n" +
		"a-project-…dev-silver  jr_0123456…56789abcdef  RUNNING  12 s\n" +
		"(shortened: job, run; whole in a wider terminal or a pipe)\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
	for line := range strings.Lines(out.String()) {
		if Width(strings.TrimSpace(line)) > 60 {
			t.Errorf("too wide: %q", line)
		}
	}
	for _, s := range []Stream{{}, {Terminal: true, Width: 200}} {
		out.Reset()
		s.Writer = &out
		if err := table().Write(s); err != nil || !strings.Contains(out.String(), id) || strings.Contains(out.String(), "shortened") {
			t.Errorf("%+v: %q, %v", s, out.String(), err)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain Zoë 王": "plain Zoë 王", "a\nb\tc\r": `a\nb\tc\r`, "\x1b[31mred": `\x1b[31mred`, "PROD\xff\xc3(": `PROD\xff\xc3(`,
		"\u202eright": `\u202eright`, "\u0085": `\x85`, "a\x00b": `a\x00b`, "\ufffd": "\ufffd",
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "a\x1b]0;title\a", "\xff\xfe", "\u2066x\u2069", "王\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := Clean(text)
		if strings.ContainsFunc(clean, hidden) || Clean(clean) != clean {
			t.Errorf("Clean(%q) = %q", text, clean)
		}
		if cut := Truncate(clean, 7); Width(cut) > 7 {
			t.Errorf("Truncate(%q) = %q", clean, cut)
		}
	})
}

func sampleTable() *Table {
	table := NewTable("table", ">rows", ">size", "newest", "what is wrong with it")
	table.Add("silver.customers", Count(188), Size(9_500), "2026-07-31", "")
	table.Add("silver.transactions", Count(1_204_113), Size(741_000_000), "2026-10-29 22:10:05", "fresh: the newest transaction_timestamp is 25 days old, more than 48h")
	table.Add("gold.王小明", Count(7), Size(1), "", "a\nb")
	table.Indent = 2
	table.Style = func(row, column int) Style {
		if row == 1 && column == 4 {
			return Yellow
		}
		return Plain
	}
	return table
}

func TestTable(t *testing.T) {
	for name, s := range map[string]Stream{
		"table_piped.txt": {}, "table_80.txt": {Terminal: true, Color: true, Width: 80}, "table_60.txt": {Terminal: true, Width: 60},
		"table_20.txt": {Terminal: true, Width: 20},
	} {
		var out bytes.Buffer
		s.Writer = &out
		if err := sampleTable().Write(s); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		for line := range strings.Lines(out.String()) {
			if !s.Color && s.Width >= 60 && Width(strings.TrimSpace(line)) > s.Width {
				t.Errorf("%s: wider than %d: %q", name, s.Width, line)
			}
		}
	}
	var out bytes.Buffer
	if err := NewTable("a").Write(Stream{Writer: &out}); err != nil || out.Len() > 0 {
		t.Errorf("an empty table is %q, %v", out.String(), err)
	}
}

// Rows that are added after a table was written go on below it. Only a terminal
// cuts those that are wider than the first.
func TestTableGoesOn(t *testing.T) {
	for want, s := range map[string]Stream{
		"a  n\nx  1\nxyz  22\nx  3\n": {}, "a  n\nx  1\n…  22\nx  3\n": {Terminal: true, Width: 80},
	} {
		var out bytes.Buffer
		s.Writer = &out
		table := NewTable("a", ">n")
		for _, rows := range [][][]string{{{"x", "1"}}, {{"xyz", "22"}, {"x", "3"}}, {}} {
			for _, row := range rows {
				table.Add(row...)
			}
			if err := table.Write(s); err != nil {
				t.Fatal(err)
			}
		}
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
		if cut := strings.Count(want, "…"); table.Cut() != cut {
			t.Errorf("%d cells are cut, want %d", table.Cut(), cut)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		terminal             bool
		env                  map[string]string
		wantTerminal, wantIn bool
	}{
		"terminal":                  {true, nil, true, true},
		"pipe":                      {false, nil, false, false},
		"NO_COLOR":                  {true, map[string]string{"NO_COLOR": "1"}, true, false},
		"dumb":                      {true, map[string]string{"TERM": "dumb"}, false, false},
		"forced":                    {false, map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		"not forced":                {false, map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		"NO_COLOR wins over forced": {false, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false, false},
	} {
		s := newStream(io.Discard, test.terminal, func(key string) string { return test.env[key] })
		if s.Terminal != test.wantTerminal || s.Color != test.wantIn || (s.Columns() > 0) != test.terminal {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if System().Out.Writer == nil {
		t.Error("the process has no output")
	}
}

// clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestProgressLine(t *testing.T) {
	c := &clock{}
	p := newProgress(Stream{Writer: io.Discard}, c.now)
	s := p.Start("silver.transactions", 741_000_000)
	var lines []string
	for _, step := range []struct {
		seconds     float64
		rows, bytes int64
	}{{0, 0, 0}, {0.5, 1, 100}, {4, 5_000_000, 370_499_900}, {10, 5_000_000, 380_000_000}} {
		c.at = c.at.Add(time.Duration(step.seconds * float64(time.Second)))
		s.Add(step.rows, step.bytes)
		lines = append(lines, s.line(c.at))
	}
	lines = append(lines, p.Start("gold", 0).line(c.at))
	counted := p.Start("bronze.customers", 200)
	counted.Add(0, 50)
	lines = append(lines, counted.line(c.at.Add(time.Second)))
	golden(t, "progress.txt", strings.Join(lines, "\n")+"\n")
}

func TestProgressInWords(t *testing.T) {
	c := &clock{}
	s := newProgress(Stream{Writer: io.Discard}, c.now).Start("shop-dev", 0)
	s.Say("3 of 7\x1b[2J")
	c.at = c.at.Add(12 * time.Second)
	if got, want := s.line(c.at), `shop-dev  3 of 7\x1b[2J  12 s`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s = s.progress.StartedAt("silver", c.at.Add(-time.Minute))
	s.Say("RUNNING")
	if got, want := s.line(c.at), "silver  RUNNING  1 min 00 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	(*Stage)(nil).Say("nothing")
}

func TestProgressOnTerminal(t *testing.T) {
	var out bytes.Buffer
	c := &clock{at: time.Unix(0, 0)}
	p := &Progress{stream: Stream{Writer: &out, Terminal: true, Width: 30}, now: c.now, stop: make(chan struct{}), done: make(chan struct{})}
	close(p.done) // no clock ticks: the test draws
	one, two := p.Start("bronze.customers", 100), p.Start("bronze.transactions", 0)
	c.at = c.at.Add(2 * time.Second)
	one.Add(10, 50)
	p.draw()
	one.Done()
	p.Note("customers_02.csv is incomplete")
	two.Done()
	two.Done()
	p.draw()
	p.Close()
	p.Close()
	want := "bronze.customers  10 rows  5…\nbronze.transactions  0 rows …" +
		"\r\x1b[1A\x1b[Jcustomers_02.csv is incomplete\nbronze.transactions  0 rows …" + "\r\x1b[J"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestProgressElsewhere(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(Stream{Writer: &out})
	s := p.Start("silver", 10)
	s.Add(1, 1)
	s.Done()
	p.Note("a note")
	p.Close()
	if out.String() != "a note\n" {
		t.Errorf("a pipe gets %q", out.String())
	}
	var none *Stage
	none.Add(1, 1)
	none.Done()
}

func TestProgressByMany(t *testing.T) {
	p := NewProgress(Stream{Writer: io.Discard, Terminal: true, Width: 80})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s := p.Start("stage", 1000)
			for range 1000 {
				s.Add(1, 1)
			}
			p.Note("half")
			s.Done()
		})
	}
	group.Wait()
	time.Sleep(2 * redraw) // it draws meanwhile
	p.Close()
}

func TestRetype(t *testing.T) {
	for answer, want := range map[string]bool{"shop-prod\n": true, " shop-prod \n": true, "shop\n": false, "y\n": false, "": false} {
		streams, _, errs := Test(answer)
		streams.Interactive = true
		got, err := streams.Retype(t.Context(), "It goes.", "shop-prod", "pass --yes")
		if err != nil || got != want || strings.TrimSuffix(errs.String(), "\n") != "It goes. Type shop-prod to go on: " {
			t.Errorf("%q: %v, %v, %q", answer, got, err, errs.String())
		}
	}
	streams, _, _ := Test("shop-prod\n")
	var typed *diag.Error
	if _, err := streams.Retype(t.Context(), "It goes.", "shop-prod", "pass --yes"); !errors.As(err, &typed) || typed.Class != diag.Usage || typed.Next != "pass --yes" {
		t.Errorf("%v", err)
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		streams, _, errs := Test(answer)
		streams.Interactive = true
		got, err := streams.Confirm(t.Context(), "Rebuild silver?")
		asked := "Rebuild silver? [y/N] "
		if answer == "" { // Ctrl-D, which does not leave the line
			asked += "\n"
		}
		if err != nil || got != want || errs.String() != asked {
			t.Errorf("%q is %v, %v; asked %q", answer, got, err, errs.String())
		}
	}
	streams, _, errs := Test("y\n")
	_, err := streams.Confirm(t.Context(), "Rebuild silver?")
	var refusal *diag.Error
	if !errors.As(err, &refusal) || refusal.Class != diag.Usage || !strings.Contains(refusal.Next, "--yes") || errs.Len() > 0 {
		t.Errorf("without a terminal: %v, asked %q", err, errs.String())
	}
}

func TestConfirmTwiceAndInterrupted(t *testing.T) {
	streams, _, _ := Test("y\nn\n")
	streams.Interactive = true
	first, _ := streams.Confirm(t.Context(), "One?")
	second, _ := streams.Confirm(t.Context(), "Two?")
	if !first || second {
		t.Errorf("answers %v, %v", first, second)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	streams.In = r
	if _, err := streams.Confirm(ctx, "Three?"); diag.ClassOf(err) != diag.Interrupted {
		t.Errorf("interrupted: %v", err)
	}
}
