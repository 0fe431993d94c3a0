package sample

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/internal/diag"
)

// memory keeps files in memory.
type memory map[string]*bytes.Buffer

type memoryFile struct{ *bytes.Buffer }

func (memoryFile) Close() error { return nil }

func (m memory) create(name string) (io.WriteCloser, error) {
	m[name] = new(bytes.Buffer)
	return memoryFile{m[name]}, nil
}

func generate(t *testing.T, o Options) (memory, Summary) {
	t.Helper()
	files := memory{}
	o.Create = files.create
	summary, err := Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return files, summary
}

// text returns a file without its compression.
func text(t *testing.T, name string, data []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(data)
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWorkersMakeNoDifference(t *testing.T) {
	for _, compress := range []string{"", gz, zst, mixed} {
		o := Options{Seed: 7, Transactions: 3 * blockRows, Customers: blockRows + 1, Files: 2, Defects: 0.1, Compress: compress, Workers: 1}
		one, counted := generate(t, o)
		o.Workers = 5
		five, again := generate(t, o)
		if diff := cmp.Diff(counted, again); diff != "" {
			t.Errorf("%q: summaries differ: %s", compress, diff)
		}
		for name := range one {
			if !bytes.Equal(one[name].Bytes(), five[name].Bytes()) {
				t.Errorf("%q: %s differs", compress, name)
			}
		}
	}
}

func TestCompressionMakesNoDifference(t *testing.T) {
	o := Options{Seed: 7, Transactions: 2 * blockRows, Customers: 100, Files: 1, Defects: 0.1}
	plain, _ := generate(t, o)
	for _, codec := range []string{gz, zst} {
		o.Compress = codec
		packed, summary := generate(t, o)
		name := "transactions_01.csv." + codec
		if text(t, name, packed[name].Bytes()) != plain["transactions_01.csv"].String() {
			t.Errorf("%s does not hold the plain text", name)
		}
		if last := summary.Files[1]; last.Name != name || last.Bytes != int64(packed[name].Len()) || last.Records != o.Transactions {
			t.Errorf("summary says %+v of %d bytes", last, packed[name].Len())
		}
	}
}

// Every record of a file is one line here, since no value holds a line break.
func TestSummaryCountsWhatIsWritten(t *testing.T) {
	files, summary := generate(t, Options{Seed: 3, Transactions: 40_000, Customers: 5000, Files: 3, Defects: 0.2})
	ids, lines := map[string]int{}, 0
	for name, data := range files {
		if !strings.HasPrefix(name, "transactions") {
			continue
		}
		for line := range strings.Lines(strings.TrimPrefix(data.String(), transactionHeader)) {
			lines++
			id, _, _ := strings.Cut(line, ",")
			ids[id]++
		}
	}
	c := summary.Transactions
	if int64(lines) != c.Records || c.Records != 40_000 || c.Records != c.Silver+c.Quarantined+c.Superseded {
		t.Errorf("%d lines, summary %+v", lines, c)
	}
	repeats := int64(0)
	for d, name := range defectNames {
		if defect(d).repeats() {
			repeats += c.Defects[name]
		}
	}
	missing := c.Defects["missing_id"] + c.Defects["several_faults"]
	if got, want := int64(len(ids)), c.Records-repeats-missing+1; got != want {
		t.Errorf("%d different ids, want %d", got, want)
	}
	if int64(ids[""]) != missing {
		t.Errorf("%d records without an id, want %d", ids[""], missing)
	}
	total := int64(0)
	for _, n := range c.Defects {
		total += n
	}
	if math.Abs(float64(total)-8000) > 5 {
		t.Errorf("%d defects, want a fifth of 40000", total)
	}
}

func TestWellFormedHasNoDamage(t *testing.T) {
	files, summary := generate(t, Options{Seed: 3, Transactions: 20_000, Customers: 1000, Defects: 0.3, WellFormed: true})
	if summary.Transactions.Unreadable != 0 || summary.Customers.Unreadable != 0 {
		t.Errorf("summary %+v", summary)
	}
	for line := range strings.Lines(files["transactions_01.csv"].String()) {
		if strings.Count(line, ",") != 6 || strings.Contains(line, `"`) {
			t.Fatalf("line %q", line)
		}
	}
}

func TestClean(t *testing.T) {
	_, summary := generate(t, Options{Transactions: 1000, Customers: 10})
	if c := summary.Transactions; c.Silver != 1000 || len(c.Defects) != 0 {
		t.Errorf("summary %+v", c)
	}
}

func TestSmallest(t *testing.T) {
	for rows := int64(0); rows < 40; rows++ {
		files, summary := generate(t, Options{Seed: uint64(rows), Transactions: rows, Customers: max(rows/7, 1), Files: 4, Defects: maxDefects})
		if got := summary.Transactions.Records; got != rows {
			t.Errorf("%d records, want %d", got, rows)
		}
		if len(files) != len(summary.Files) {
			t.Errorf("%d files, summary has %d", len(files), len(summary.Files))
		}
	}
}

func TestTimes(t *testing.T) {
	o := Options{Seed: 1, Transactions: 5000, Customers: 10, Days: 10, Start: time.Date(2024, 2, 25, 13, 0, 0, 0, time.UTC)}
	for _, shuffled := range []bool{false, true} {
		o.Shuffled = shuffled
		files, _ := generate(t, o)
		days := map[string]int{}
		var firstDay string
		for i, line := range strings.Split(strings.TrimSpace(files["transactions_01.csv"].String()), "\n")[1:] {
			at, err := time.Parse(time.DateTime, strings.Split(line, ",")[3])
			if err != nil {
				t.Fatal(err)
			}
			days[at.Format(time.DateOnly)]++
			if i == 0 {
				firstDay = at.Format(time.DateOnly)
			}
		}
		if len(days) != 10 || days["2024-02-25"] == 0 || days["2024-03-05"] == 0 || days["2024-02-29"] < 350 {
			t.Errorf("shuffled %v: days %v", shuffled, days)
		}
		if !shuffled && firstDay != "2024-02-25" {
			t.Errorf("in order, the first day is %s", firstDay)
		}
	}
}

func TestAppendTime(t *testing.T) {
	r := stream(1, 1, 1)
	for range 20_000 {
		seconds := r.below(9990*366*daySeconds) - 62_135_596_800
		at := time.Unix(seconds, 0).UTC()
		if at.Year() > 9999 {
			continue
		}
		if got, want := string(appendTime(nil, seconds)), at.Format(time.DateTime); got != want {
			t.Fatalf("%d is %s, want %s", seconds, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, o := range map[string]Options{
		"share above half": {Defects: 0.6}, "share not a number": {Defects: math.NaN()}, "no customers": {Transactions: 1},
		"negative": {Transactions: -1}, "compression": {Compress: "xz"}, "days": {Days: -1}, "files": {Files: -1},
		"start": {Start: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)},
	} {
		if _, err := Generate(t.Context(), o); diag.ClassOf(err) != diag.Usage {
			t.Errorf("%s: %v, want an error of usage", name, err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	o := Options{Transactions: 10, Customers: 1, Dir: dir}
	if _, err := Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(t.Context(), o); diag.ClassOf(err) != diag.Usage {
		t.Errorf("files are overwritten unasked: %v", err)
	}
	o.Overwrite = true
	if _, err := Generate(t.Context(), o); err != nil {
		t.Error(err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("the folder holds %v", entries)
	}
}

// failing fails on the second file.
type failing struct {
	aborted bool
	files   int
}

func (f *failing) Write(p []byte) (int, error) {
	if f.files == 2 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}
func (f *failing) Close() error { return nil }
func (f *failing) Abort()       { f.aborted = true }

func TestFailureAborts(t *testing.T) {
	w := &failing{}
	_, err := Generate(t.Context(), Options{Transactions: 10 * blockRows, Customers: 1, Create: func(string) (io.WriteCloser, error) {
		w.files++
		return w, nil
	}})
	if !errors.Is(err, io.ErrShortWrite) || !w.aborted {
		t.Errorf("error %v, aborted %v", err, w.aborted)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &failing{}
	_, err := Generate(ctx, Options{Transactions: 1000 * blockRows, Customers: 1, Create: func(string) (io.WriteCloser, error) {
		if w.files++; w.files == 2 {
			w.files, w.aborted = 3, false
			cancel()
		}
		return w, nil
	}})
	if !errors.Is(err, context.Canceled) || !w.aborted {
		t.Errorf("error %v, aborted %v", err, w.aborted)
	}
}

func BenchmarkGenerate(b *testing.B) {
	discard := func(string) (io.WriteCloser, error) { return &failing{}, nil }
	var total int64
	for b.Loop() {
		s, err := Generate(b.Context(), Options{Transactions: 1_000_000, Customers: 50_000, Days: 365, Defects: DefaultDefects, Create: discard})
		if err != nil {
			b.Fatal(err)
		}
		total = s.Files[1].Bytes
	}
	b.SetBytes(total)
	b.ReportMetric(float64(total)/1e6, "bytes/row")
}
