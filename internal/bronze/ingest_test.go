package bronze

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

var now = time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)

// world is raw files and the lake that they go to.
type world struct {
	t      *testing.T
	files  map[string][]byte
	bucket storage.Bucket
	open   func(ctx context.Context, path string) (io.ReadCloser, error) // nil reads files
	data   project.Bronze
}

func newWorld(t *testing.T) *world {
	return &world{t: t, files: map[string][]byte{}, bucket: mem.New(mem.Options{}), data: project.Bronze{Name: "t", Dialect: csvio.DefaultDialect()}}
}

// Stage writes straight to where the file is to be.
func (*world) Sequence() uint64 { return 1 }

func (w *world) Stage(ctx context.Context, _ lake.TableRef, path string) (storage.Writer, error) {
	return w.bucket.Create(ctx, path, storage.CreateOptions{})
}

// settings are how files are taken in, which must not matter.
type settings struct {
	workers, segment int
	memory           int64
}

// ingest takes all files in, and checks that nothing is left behind.
func (w *world) ingest(ctx context.Context, s settings, columns ...string) (*Result, error) {
	w.t.Helper()
	before := runtime.NumGoroutine()
	spill, b := engine.NewSpill(w.t.TempDir()), budget.New(s.memory)
	defer spill.Close()
	req := Request{Dataset: &w.data, Columns: columns, Sequence: 7, Open: w.open, Stager: w}
	if req.Open == nil {
		req.Open = func(_ context.Context, path string) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(w.files[path])), nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		req.Files = append(req.Files, source.File{Path: name, Size: int64(len(w.files[name])), Version: "v"})
	}
	done := make(chan struct{})
	var r *Result
	var err error
	go func() {
		defer close(done)
		r, err = Ingest(ctx, req, Options{Workers: s.workers, SegmentSize: s.segment, Now: now, Run: "run", Store: engine.StoreOptions{Budget: b, Spill: spill}})
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		buf := make([]byte, 1<<20)
		w.t.Fatalf("Ingest does not end:\n%s", buf[:runtime.Stack(buf, true)])
	}
	if b.Used() != 0 {
		w.t.Errorf("%d bytes of the budget were not given back", b.Used())
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return r, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Errorf("%d goroutines were left behind", runtime.NumGoroutine()-before)
	return r, err
}

// rows returns the rows of files with these columns, one text each.
func (w *world) rows(files []lake.FileChange, t schema.Table) []string {
	w.t.Helper()
	var out []string
	for _, f := range files {
		r, err := table.Open(w.t.Context(), w.bucket, f.Path)
		if err != nil {
			w.t.Fatal(err)
		}
		n := len(out)
		err = r.ScanAll(t.Columns, func(cols []arrow.Array, n int) error {
			for i := range n {
				var values []string
				for _, col := range cols {
					values = append(values, value(col, i))
				}
				out = append(out, strings.Join(values, "|"))
			}
			return nil
		})
		if err := errors.Join(err, r.Close()); err != nil {
			w.t.Fatal(err)
		}
		if f.Rows != int64(len(out)-n) {
			w.t.Errorf("%s has %d rows, its commit says %d", f.Path, len(out)-n, f.Rows)
		}
	}
	return out
}

func value(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return "<null>"
	}
	return string(vec.AppendText(nil, col, i))
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("%s: %d rows, want %d; the first difference is row %d:\n%q\n%q", what, len(got), len(want), i,
				slices.Concat(got, []string{"none"})[min(i, len(got))], slices.Concat(want, []string{"none"})[min(i, len(want))])
		}
	}
}

// randomFile makes a file of three columns, and what is to become of its records.
func randomFile(r *rand.Rand, name string, records int) (text []byte, good, damaged []string) {
	text = []byte("a,b,c\n")
	for i := range records {
		switch r.IntN(12) {
		case 0:
			line := []string{"x,y", "only", "1,2,3,4", "a,\x00,c", "a,\xff,c", `a,"b"x,c`}[r.IntN(6)]
			damaged = append(damaged, fmt.Sprintf("%s|%d|%s", name, i+1, line))
			text = append(text, line+"\n"...)
			continue
		case 1:
			text = append(text, "\r\n\n"...) // blank lines are no records
		}
		var fields []string
		for c := range 3 {
			switch r.IntN(5) {
			case 0:
				fields = append(fields, "")
			case 1:
				field := fmt.Sprintf("quoted, \"%d\"\nand on %d", i, c)
				text = append(text, `"`+strings.ReplaceAll(field, `"`, `""`)+`"`...)
				fields = append(fields, field)
			default:
				fields = append(fields, fmt.Sprint("plain ", r.IntN(20)))
			}
			if last := fields[c]; !strings.Contains(last, `"`) {
				text = append(text, last...)
			}
			text = append(text, ",,\n"[c])
		}
		good = append(good, strings.Join(fields, "|")+fmt.Sprintf("|%s|%d|2026-03-04 23:30:00", name, i+1))
	}
	return text, good, damaged
}

func TestEveryRecordIsTakenInOrSetAside(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 5))
		w := newWorld(t)
		var good, damaged []string
		records := int64(0)
		for i := range 1 + r.IntN(6) {
			n := r.IntN(200)
			name := fmt.Sprintf("t%d.csv", i)
			text, g, d := randomFile(r, name, n)
			if r.IntN(3) == 0 {
				text, g, d = gzipped(t, text), replaced(g, name), replaced(d, name)
				name += ".gz"
			}
			w.files[name] = text
			good, damaged, records = append(good, g...), append(damaged, d...), records+int64(n)
		}
		s := settings{1 + r.IntN(8), 1 + r.IntN(900), []int64{0, 1 << 30}[r.IntN(2)]}
		result, err := w.ingest(t.Context(), s)
		if err != nil || len(result.Failed) > 0 {
			t.Fatal(err, result)
		}
		same(t, fmt.Sprint(seed, " ", s), w.rows(result.Put, Schema(result.Columns)), good)
		var aside []string
		for _, row := range w.rows(result.Quarantined, quarantine.Schema(result.Columns)) {
			f := strings.Split(row, "|") // a, b, c, source_file, source_row, source_line, source_offset, raw_record
			aside = append(aside, strings.Join([]string{f[3], f[4], f[7]}, "|"))
		}
		same(t, "quarantine", aside, damaged)
		total, lost := int64(0), int64(0)
		for _, in := range result.Inputs {
			total, lost = total+in.Records, lost+in.Damaged
		}
		if total != records || result.Records != records || lost != int64(len(damaged)) {
			t.Errorf("%d records, %d of them damaged; want %d and %d", total, lost, records, len(damaged))
		}
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// replaced renames the file in lines.
func replaced(lines []string, name string) []string {
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], name, name+".gz")
	}
	return lines
}

func TestColumnsGrowAndAreNeverLost(t *testing.T) {
	w := newWorld(t)
	w.files["1.csv"] = []byte("b,A\n1,2\n")
	w.files["2.csv"] = []byte("new,a\n3,4\n")
	w.files["3.csv"] = []byte("NEW,other\n5,6\n")
	result, err := w.ingest(t.Context(), settings{2, 10, 1 << 20}, "a", "gone")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(result.Columns), "[a gone b new other]"; got != want {
		t.Errorf("the columns are %s, want %s", got, want)
	}
	var fresh []string
	for _, in := range result.Inputs {
		fresh = append(fresh, fmt.Sprint(in.ColumnsAdded))
	}
	if got, want := fmt.Sprint(fresh), "[[b] [new] [other]]"; got != want {
		t.Errorf("columns added: %s, want %s", got, want)
	}
	same(t, "rows", w.rows(result.Put, Schema(result.Columns)), []string{
		"2|<null>|1|<null>|<null>|1.csv|1|2026-03-04 23:30:00", "4|<null>|<null>|3|<null>|2.csv|1|2026-03-04 23:30:00",
		"<null>|<null>|<null>|5|6|3.csv|1|2026-03-04 23:30:00"})
	if first, err := w.ingest(t.Context(), settings{1, 10, 1 << 20}); err != nil || first.Inputs[1].ColumnsAdded != nil {
		t.Errorf("the first files of a table add %v, %v", first.Inputs, err)
	}
}

// brokenReader gives an error after its data.
type brokenReader struct {
	io.Reader
	err error
}

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = r.err
	}
	return n, err
}

func (brokenReader) Close() error { return nil }

// A file that cannot be read fails alone, by name and with class Partial.
func TestFilesFailAlone(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(1, 9))
	var want []string
	for i := range 9 {
		name := fmt.Sprintf("%d.csv", i)
		text, good, _ := randomFile(r, name, 150)
		w.files[name] = text
		if i%2 == 1 {
			want = append(want, good...)
		}
	}
	cut := gzipped(t, w.files["0.csv"])
	w.files["0.csv.gz"] = cut[:len(cut)/2]
	w.files["2.csv"] = []byte("a,b,A\n1,2,3\n")
	delete(w.files, "0.csv")
	refused, lost := errors.New("permission denied"), errors.New("input/output error")
	w.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		switch path {
		case "4.csv":
			return nil, refused
		case "6.csv":
			return brokenReader{bytes.NewReader(w.files[path]), lost}, nil
		case "8.csv":
			return brokenReader{bytes.NewReader(w.files[path][:3]), lost}, nil
		}
		return io.NopCloser(bytes.NewReader(w.files[path])), nil
	}
	for _, s := range []settings{{1, 50, 0}, {4, 50, 1 << 20}, {8, 1 << 20, 1 << 20}} {
		result, err := w.ingest(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "rows", w.rows(result.Put, Schema(result.Columns)), want)
		failed := map[string]bool{"0.csv.gz": true, "2.csv": true, "4.csv": true, "6.csv": true, "8.csv": true}
		for _, err := range result.Failed {
			name, _, _ := strings.Cut(err.Error(), ":")
			if !failed[name] {
				t.Errorf("an error of no file or of the wrong one: %v", err)
			}
			delete(failed, name)
			var known *diag.Error
			if diag.ClassOf(err) != diag.Partial || !errors.As(err, &known) || known.Next == "" {
				t.Errorf("class %d and no next action: %v", diag.ClassOf(err), err)
			}
		}
		if len(failed) > 0 || len(result.Inputs) != 4 {
			t.Errorf("did not fail: %v; taken in: %d", slices.Collect(maps.Keys(failed)), len(result.Inputs))
		}
		if len(result.Quarantined) == 0 || slices.ContainsFunc(result.Quarantined, func(f lake.FileChange) bool { return failed[f.Source] }) {
			t.Errorf("quarantine of %v", result.Quarantined)
		}
	}
}

// A file whose header changes while it is taken in must not have its values
// under the names of before.
func TestFilesThatChangeAreRefused(t *testing.T) {
	w := newWorld(t)
	w.files["1.csv"] = []byte("a,b\n1,2\n")
	opened := 0
	w.open = func(context.Context, string) (io.ReadCloser, error) {
		if opened++; opened == 1 {
			return io.NopCloser(strings.NewReader("a,b\n1,2\n")), nil
		}
		return io.NopCloser(strings.NewReader("b,a\n2,1\n")), nil
	}
	result, err := w.ingest(t.Context(), settings{1, 50, 0})
	if err != nil || len(result.Failed) != 1 || len(result.Put) > 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	if msg := result.Failed[0].Error(); !strings.HasPrefix(msg, "1.csv: ") || !strings.Contains(msg, "changed") {
		t.Error(msg)
	}
}

// cancelling cancels a context after so many bytes were read, and fails from
// then on as stores do.
type cancelling struct {
	io.Reader
	ctx    context.Context
	left   *atomic.Int64
	cancel context.CancelFunc
}

func (c cancelling) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	n, err := c.Reader.Read(p[:min(len(p), 64)])
	if c.left.Add(-int64(n)) < 0 {
		c.cancel()
	}
	return n, err
}

func (cancelling) Close() error { return nil }

func TestCancelledIngestionsEnd(t *testing.T) {
	w := newWorld(t)
	r, size := rand.New(rand.NewPCG(4, 4)), 0
	for i := range 5 {
		name := fmt.Sprintf("%d.csv", i)
		w.files[name], _, _ = randomFile(r, name, 100)
		size += 2 * len(w.files[name]) // headers first, then all again
	}
	for range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		var left atomic.Int64
		left.Store(r.Int64N(int64(size) * 3 / 4))
		w.open = func(ctx context.Context, path string) (io.ReadCloser, error) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return cancelling{bytes.NewReader(w.files[path]), ctx, &left, cancel}, nil
		}
		s := settings{1 + r.IntN(6), 1 + r.IntN(200), 1 << 30}
		result, err := w.ingest(ctx, s)
		if whole := err == nil && len(result.Inputs) == len(w.files); !whole && !errors.Is(err, context.Canceled) {
			t.Fatalf("%+v: %+v, %v, want the end of the context", s, result, err)
		}
		cancel()
	}
}

// failingBucket fails after so many writes.
type failingBucket struct {
	storage.Bucket
	left atomic.Int64
}

var errFull = errors.New("no space left on device")

func (b *failingBucket) Create(ctx context.Context, name string, o storage.CreateOptions) (storage.Writer, error) {
	if b.left.Add(-1) < 0 {
		return nil, errFull
	}
	w, err := b.Bucket.Create(ctx, name, o)
	return failingWriter{w, b}, err
}

type failingWriter struct {
	storage.Writer
	bucket *failingBucket
}

func (w failingWriter) Write(p []byte) (int, error) {
	if w.bucket.left.Add(-1) < 0 {
		return 0, errFull
	}
	return w.Writer.Write(p)
}

func (w failingWriter) Commit(ctx context.Context) (storage.Info, error) {
	if w.bucket.left.Add(-1) < 0 {
		return storage.Info{}, errFull
	}
	return w.Writer.Commit(ctx)
}

func TestIngestionsEndWhenTheLakeIsFull(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range 6 {
		name := fmt.Sprintf("%d.csv", i)
		w.files[name], _, _ = randomFile(r, name, 100)
	}
	for n := range int64(60) {
		full := &failingBucket{Bucket: mem.New(mem.Options{})}
		full.left.Store(n)
		w.bucket = full
		if result, err := w.ingest(t.Context(), settings{1 + r.IntN(6), 1 + r.IntN(300), 1 << 30}); !errors.Is(err, errFull) && full.left.Load() < 0 {
			t.Fatalf("%d: %+v, %v, want %v", n, result, err, errFull)
		}
	}
}
