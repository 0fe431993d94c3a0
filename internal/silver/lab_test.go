package silver

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// bind binds a lakehouse.yaml.
func bind(t testing.TB, text string) *project.Project {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lakehouse.yaml")
	if err := os.WriteFile(file, []byte("project: p\nlake: ./lake\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Load(file, config.Options{})
	if len(problems) == 0 {
		var p *project.Project
		if p, problems = project.Bind(cfg, nil); len(problems) == 0 {
			return p
		}
	}
	t.Fatal(problems.Err())
	return nil
}

func silverOf(t testing.TB, p *project.Project, name string) *project.Silver {
	t.Helper()
	for _, s := range p.Silver {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no silver table %s", name)
	return nil
}

// text is a column of texts, plain or dictionary-coded; nil is null.
func text(coded bool, values ...*string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	in, codes, valid, nulls := vec.NewInterner(0), make([]int32, len(values)), make([]byte, len(values)/8+1), 0
	for i, v := range values {
		if v == nil {
			b.AppendNull()
			codes[i] = 1 << 30 // means nothing
			nulls++
			continue
		}
		b.Append(*v)
		codes[i], _ = in.Code([]byte(*v))
		valid[i/8] |= 1 << (i % 8)
	}
	if coded {
		return vec.DictionaryOf(codes, valid, nulls, in.Data())
	}
	return b.NewArray()
}

func some(values ...string) []*string {
	out := make([]*string, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}

// world is a lake with one silver table, without its log: what a commit brings
// replaces what was there.
type world struct {
	t          testing.TB
	table      *project.Silver
	raw        []string
	bucket     *mem.Bucket
	bronze     []string // paths by the order of ingestion
	order      map[string]int64
	consumed   int // of bronze
	files      map[string]*lake.File
	indexes    map[string]*lake.File
	quarantine map[string]*lake.File
	totals     map[string]lake.Totals
	records    map[string]int64 // by source file
	sequence   uint64
	rebuilt    bool // by the last commit, from scratch
}

func newWorld(t testing.TB, table *project.Silver, raw ...string) *world {
	return &world{t: t, table: table, raw: raw, bucket: mem.New(mem.Options{}), order: map[string]int64{}, files: map[string]*lake.File{},
		indexes: map[string]*lake.File{}, quarantine: map[string]*lake.File{}, totals: map[string]lake.Totals{}, records: map[string]int64{}}
}

// stager stages files under a folder of its own.
type stager struct {
	bucket storage.Bucket
	dir    string
}

func (stager) Sequence() uint64 { return 1 }

func (s stager) Stage(ctx context.Context, _ lake.TableRef, name string) (storage.Writer, error) {
	return s.bucket.Create(ctx, s.dir+name, storage.CreateOptions{})
}

// at is when the run of a commit began.
func at(sequence uint64) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(sequence) * 7 * time.Hour)
}

// ingest writes a bronze file of rows, each with a value for each raw column,
// as a commit of its own number would.
func (w *world) ingest(sequence uint64, source string, coded bool, rows [][]*string, o parquetio.WriterOptions) {
	w.t.Helper()
	day := at(sequence).Format("2006-01-02")
	name := fmt.Sprintf("bronze/%s/ingestion_date=%s/%s-%d.parquet", w.table.Name, day, source, sequence)
	w.order[source] = int64(len(w.order))
	w.records[source] = int64(len(rows))
	if len(rows) == 0 {
		return
	}
	var cols schema.Table
	var arrays []arrow.Array
	for i, c := range w.raw {
		cols.Columns = append(cols.Columns, schema.Column{Name: c, Type: schema.T(schema.String), Nullable: true})
		values := make([]*string, len(rows))
		for r, row := range rows {
			values[r] = row[i]
		}
		arrays = append(arrays, text(coded, values...))
	}
	cols.Columns = append(cols.Columns, schema.Column{Name: project.SourceFile, Type: schema.T(schema.String)},
		schema.Column{Name: project.SourceRow, Type: schema.T(schema.Bigint)},
		schema.Column{Name: project.IngestionTimestamp, Type: schema.T(schema.Timestamp)})
	numbers := make([]int64, len(rows))
	for i := range numbers {
		numbers[i] = int64(i) + 1
	}
	arrays = append(arrays, vec.Constant(source, len(rows)), vec.Int64s(numbers), vec.Repeat64(schema.T(schema.Timestamp), at(sequence).UnixMicro(), len(rows)))
	data, _, err := parquetio.Encode(cols, o, table.Record(cols, arrays, len(rows)))
	if err == nil {
		_, err = storage.WriteAll(w.t.Context(), w.bucket, name, data, storage.CreateOptions{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.bronze = append(w.bronze, name)
}

// changes is what a build is told beside its files.
type changes struct {
	sets       []*quality.Set
	changed    []*engine.HashSet
	rejudgeAll bool
	replay     bool
	rebuild    bool
}

func (w *world) request(c changes, dir string) Request {
	n := len(w.table.Checks)
	req := Request{Table: w.table, RawColumns: w.raw, Order: w.order, Sets: make([]*quality.Set, n), Changed: make([]*engine.HashSet, n),
		RejudgeAll: c.rejudgeAll, Sequence: w.sequence, Bucket: w.bucket, Stager: stager{w.bucket, dir}}
	copy(req.Sets, c.sets)
	if c.rebuild {
		req.RejudgeAll, req.Inputs = false, slices.Clone(w.bronze)
		return req
	}
	copy(req.Changed, c.changed)
	req.Inputs = slices.Clone(w.bronze[w.consumed:])
	req.Files, req.Indexes = sorted(w.files), sorted(w.indexes)
	if c.replay {
		req.Replay = sorted(w.quarantine)
		for _, f := range req.Replay {
			req.Inputs = append(req.Inputs, f.Path)
		}
	}
	return req
}

func sorted(files map[string]*lake.File) []*lake.File {
	var out []*lake.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, files[name])
	}
	return out
}

// settings are how a build runs, which must not matter.
type settings struct {
	workers int
	memory  int64 // -1 is no limit
	settle  int64 // 0 is the default
	most    int   // hashes of a section of the index, which is seen there; 0 is the default
}

func (w *world) build(req Request, s settings) (*Result, error) {
	spill := engine.NewSpill(w.t.TempDir())
	defer spill.Close()
	var b *budget.Budget
	if s.memory >= 0 {
		b = budget.New(s.memory)
	}
	r, err := Build(w.t.Context(), req, Options{Workers: s.workers, Budget: b, Spill: spill, Now: at(w.sequence), Run: fmt.Sprint("run ", w.sequence), settleBytes: s.settle, mostHashes: s.most})
	if b.Used() != 0 {
		w.t.Errorf("%d bytes of the budget were not given back", b.Used())
	}
	return r, err
}

// commit builds the table under all settings, which must give the same bytes,
// and takes over the result.
func (w *world) commit(c changes, all ...settings) *Result {
	w.t.Helper()
	w.sequence++
	var results []*Result
	for i, s := range all {
		dir := fmt.Sprintf("stage/%d/", i)
		r, err := w.build(w.request(c, dir), s)
		if err == nil && r.NeedsRebuild {
			c.rebuild = true
			r, err = w.build(w.request(c, dir), s)
		}
		if err != nil {
			w.t.Fatalf("%+v: %v", s, err)
		}
		results = append(results, r)
	}
	for i, r := range results[1:] {
		if got, want := w.describe(r, i+1), w.describe(results[0], 0); got != want {
			w.t.Fatalf("with %+v it is\n%s\nwith %+v\n%s", all[i+1], got, all[0], want)
		}
	}
	w.rebuilt = c.rebuild
	w.publish(results[0], c)
	return results[0]
}

// describe is all that must not depend on settings.
func (w *world) describe(r *Result, stage int) string {
	var out strings.Builder
	for _, f := range slices.Concat(r.Put, r.Quarantined) {
		data := w.read(fmt.Sprintf("stage/%d/%s", stage, f.Path))
		fmt.Fprintf(&out, "%s %d rows, %x\n", f.Path, f.Rows, vec.HashBytes(data))
	}
	for _, f := range r.Removed {
		fmt.Fprintf(&out, "removed %s\n", f.Path)
	}
	fmt.Fprintln(&out, r.Changes, r.Judged, r.Counts, r.Fatal, r.Rows)
	return out.String()
}

func (w *world) read(name string) []byte {
	w.t.Helper()
	data, _, err := storage.ReadAll(w.t.Context(), w.bucket, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// publish takes over the result of stage 0, and checks the ledger.
func (w *world) publish(r *Result, c changes) {
	w.t.Helper()
	put := func(into map[string]*lake.File, f lake.FileChange) {
		if _, err := storage.WriteAll(w.t.Context(), w.bucket, f.Path, w.read("stage/0/"+f.Path), storage.CreateOptions{}); err != nil {
			w.t.Fatal(err)
		}
		into[f.Path] = &lake.File{FileChange: f, Sequence: w.sequence}
	}
	if c.rebuild {
		clear(w.files)
		clear(w.indexes)
		clear(w.totals)
	}
	if c.rebuild || c.replay {
		clear(w.quarantine)
	}
	for _, f := range r.Put {
		into := w.files
		if f.Kind == lake.Index {
			into = w.indexes
		}
		put(into, f)
	}
	for _, f := range r.Removed {
		if w.indexes[f.Path] == nil {
			w.t.Fatalf("%s is removed and was not there", f.Path)
		}
		delete(w.indexes, f.Path)
	}
	for _, f := range r.Quarantined {
		put(w.quarantine, f)
	}
	w.consumed = len(w.bronze)
	for name, change := range r.Changes {
		w.totals[name] = w.totals[name].Add(change)
	}
	rows := int64(0)
	for _, f := range w.files {
		rows += f.Rows
	}
	if rows != r.Rows {
		w.t.Errorf("the result has %d rows, the files %d", r.Rows, rows)
	}
	for name, n := range w.records {
		if got := w.totals[name]; got.Sum() != n || min(got.Silver, got.Quarantined, got.Superseded, got.Duplicate) < 0 {
			w.t.Errorf("%s has %d records, the ledger says %+v", name, n, got)
		}
	}
}

// rows returns the rows of files as name=value, by path and in their order.
func (w *world) rows(files map[string]*lake.File, all schema.Table, partitionBy ...string) []map[string]string {
	w.t.Helper()
	var out []map[string]string
	for _, f := range sorted(files) {
		r, err := table.Open(w.t.Context(), w.bucket, f.Path)
		if err != nil {
			w.t.Fatal(err)
		}
		stored := all.Without(partitionBy...)
		n := len(out)
		err = r.ScanAll(stored.Columns, func(cols []arrow.Array, n int) error {
			for i := range n {
				row := map[string]string{}
				for c, col := range cols {
					row[stored.Columns[c].Name] = valueOf(col, i)
				}
				for name, value := range f.Partition {
					if row[name] = "null"; value != nil {
						row[name] = *value
					}
				}
				out = append(out, row)
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			w.t.Fatal(err)
		}
		if len(out)-n != int(f.Rows) {
			w.t.Errorf("%s has %d rows, its commit says %d", f.Path, len(out)-n, f.Rows)
		}
		if strings.Contains(f.Path, "=") && path.Base(path.Dir(f.Path)) == path.Base(f.Path) {
			w.t.Errorf("%s is in no folder of a partition", f.Path)
		}
	}
	return out
}

func valueOf(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return "null"
	}
	return string(vec.AppendText(nil, col, i))
}

// silver returns the rows of the table as lines.
func (w *world) silver() []map[string]string {
	w.t.Helper()
	return w.rows(w.files, w.table.Table(), w.table.PartitionNames()...)
}

// lines prints rows, sorted.
func lines(rows []map[string]string, without ...string) []string {
	var out []string
	for _, row := range rows {
		var b bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(row)) {
			if !slices.Contains(without, name) {
				fmt.Fprintf(&b, "%s=%s ", name, row[name])
			}
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: not wanted: %s", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: missing: %s", what, line)
		}
	}
	t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
}
