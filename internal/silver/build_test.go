package silver

import (
	"context"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/vec"
)

func stamp(micros int64) string { return string(vec.AppendTimestamp(nil, micros)) }

var variants = map[string]variant{
	"latest": {yaml: "key: [id, region]; latest_by: at; partition_by: day", key: []string{"id", "region"}, latest: true, known: "flag"},
	"last":   {yaml: "key: id; partition_by: [region, day]", key: []string{"id"}, partitioned: "region", known: "quarantine"},
	"folder in the key": {yaml: "key: [id, region]; latest_by: at; partition_by: region", key: []string{"id", "region"}, latest: true,
		partitioned: "region", known: "quarantine"},
	"one file":    {yaml: "key: id; latest_by: at", key: []string{"id"}, latest: true, known: "quarantine"},
	"two buckets": {yaml: "key: id; buckets: 2; partition_by: [region, day]", key: []string{"id"}, partitioned: "region", known: "quarantine"},
	"folder in the key, buckets": {yaml: "key: [id, region]; buckets: 3; latest_by: at; partition_by: region", key: []string{"id", "region"}, latest: true,
		partitioned: "region", known: "flag"},
	"buckets alone": {yaml: "key: [at, id, amount]; buckets: 1000", key: []string{"at", "id", "amount"}, known: "flag"},
	"distinct": {yaml: "distinct: true; partition_by: day", distinct: true, known: "quarantine",
		key: []string{"id", "region", "at", "day", "amount", "twice", "ref", "note"}},
	"every row": {yaml: "partition_by: region", partitioned: "region", known: "flag"},
}

// histories is how many there are of each variant.
const histories = 4

// Random histories of files, of values that are referred to, of lost indexes
// and of replays give what the model makes of all rows at once; workers and
// memory do not matter.
func TestHistoriesGiveTheRowsOfTheModel(t *testing.T) {
	for name, v := range variants {
		for seed := range uint64(histories) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				h := newHistory(t, v, seed)
				for range 6 {
					h.step()
				}
			})
		}
	}
}

// history is a random history.
type history struct {
	*world
	v    variant
	r    *rand.Rand
	rows []*modelRow
	refs map[string]bool
	most int // hashes of a section of the index; 0: more than there are
}

func newHistory(t *testing.T, v variant, seed uint64) *history {
	text := strings.ReplaceAll(modelYAML, "KNOWN", v.known)
	table := silverOf(t, bind(t, strings.Replace(text, "VARIANT", strings.ReplaceAll(v.yaml, "; ", "\n    "), 1)), "t")
	table.Referenced = []int{slices.IndexFunc(table.Columns, func(c *project.Column) bool { return c.Name == "note" })}
	return &history{world: newWorld(t, table, modelRaw...), v: v, r: rand.New(rand.NewPCG(seed, 1)), refs: map[string]bool{"a": true}}
}

// step is one run.
func (h *history) step() {
	c := changes{}
	h.arrive(h.r.IntN(4), h.sequence+1)
	h.refer(&c)
	c.replay = c.replay || h.r.IntN(4) == 0
	c.rebuild = c.rebuild || h.sequence == 0 || h.r.IntN(8) == 0
	h.damage()
	var all []settings
	h.most = []int{0, 0, 4, 20}[h.r.IntN(4)]
	for range 2 {
		all = append(all, settings{1 + h.r.IntN(4), []int64{-1, 0, 300 << 10}[h.r.IntN(3)], int64(h.r.IntN(2)), h.most})
	}
	entered, before := map[string]string{}, h.referred()
	if !c.rebuild {
		for _, row := range h.silver() {
			entered[row["source_file"]+" "+row["source_row"]] = row["processed_timestamp"]
		}
	}
	h.commit(c, all...)
	want := h.v.make(h.rows, h.refs, entered, stamp(at(h.sequence).UnixMicro()))
	if h.rebuilt {
		want = h.v.make(h.rows, h.refs, nil, stamp(at(h.sequence).UnixMicro()))
	}
	same(h.t, "silver", lines(h.silver()), lines(want.silver))
	var rejected []map[string]string
	for _, row := range h.world.rows(h.quarantine, quarantine.Schema(h.raw)) {
		rejected = append(rejected, map[string]string{"row": row["source_file"] + " " + row["source_row"], "reasons": row["reasons"]})
	}
	same(h.t, "quarantine", lines(rejected), lines(want.quarantine))
	for _, f := range slices.Sorted(maps.Keys(want.totals)) {
		if h.totals[f] != want.totals[f] {
			h.t.Errorf("the ledger of %s says %+v, want %+v", f, h.totals[f], want.totals[f])
		}
	}
	h.logged(before, h.referred())
	h.inTheirFiles()
	h.sameFromScratch()
}

// inTheirFiles checks that rows are in the files that their keys say.
func (h *history) inTheirFiles() {
	h.t.Helper()
	for _, f := range sorted(h.files) {
		for _, row := range h.world.rows(map[string]*lake.File{f.Path: f}, h.table.Table(), h.table.PartitionNames()...) {
			var values []string
			for _, c := range h.table.Key {
				values = append(values, row[h.table.Columns[c].Name])
			}
			bucket := crc32.ChecksumIEEE([]byte(strings.Join(values, "\x1f"))) % uint32(h.table.Buckets)
			if want := fmt.Sprintf("part-%d.parquet", bucket); path.Base(f.Path) != want {
				h.t.Errorf("the row with the key %q is in %s, not in %s", values, f.Path, want)
			}
		}
	}
}

// referred returns the hashes of the values of the column that others refer to.
func (h *history) referred() map[uint64]bool {
	values := map[uint64]bool{}
	for _, row := range h.silver() {
		values[vec.HashBytes([]byte(row["note"]))] = row["note"] != "null"
	}
	return values
}

// logged checks that the index names all values that came or went.
func (h *history) logged(before, after map[uint64]bool) {
	h.t.Helper()
	hashes, ok, err := Changed(h.t.Context(), h.bucket, fmt.Sprintf("%s/%020d.keys", lake.TableRef{Layer: lake.Silver, Name: "t"}.IndexDir(), h.sequence), "note")
	if err != nil || ok && h.rebuilt {
		h.t.Fatalf("the index of a rebuild: %v, %v", hashes, err)
	}
	for _, all := range []map[uint64]bool{before, after} {
		for hash, there := range all {
			if there && before[hash] != after[hash] && (ok || h.most == 0) && !slices.Contains(hashes, hash) && !h.rebuilt && h.sequence > 1 && len(before) > 0 {
				h.t.Fatalf("a value came or went, the index says %v, %v", hashes, ok)
			}
		}
	}
}

// sameFromScratch builds the table from scratch, which must give the same rows.
func (h *history) sameFromScratch() {
	h.t.Helper()
	var sets []*quality.Set
	for _, c := range h.table.Checks {
		sets = append(sets, nil)
		if c.References != nil {
			sets[len(sets)-1] = h.set()
		}
	}
	r, err := h.build(h.request(changes{sets: sets, rebuild: true}, "scratch/"), settings{workers: 2, memory: -1})
	if err != nil {
		h.t.Fatal(err)
	}
	for name, totals := range h.totals {
		if r.Changes[name] != totals {
			h.t.Errorf("%s: from scratch the ledger is %+v, in steps %+v", name, r.Changes[name], totals)
		}
	}
	if rows := int64(len(h.silver())); r.Rows != rows {
		h.t.Errorf("from scratch %d rows, in steps %d", r.Rows, rows)
	}
}

// arrive ingests files in one commit.
func (h *history) arrive(files int, commit uint64) {
	h.t.Helper()
	var names []string
	for range files {
		names = append(names, fmt.Sprintf("%c-%d.csv", 'a'+rune(h.r.IntN(26)), h.r.IntN(1<<20)))
	}
	slices.Sort(names)
	for _, name := range names {
		rows := make([][]*string, h.r.IntN(40))
		for i := range rows {
			row := &modelRow{file: name, number: i + 1, order: len(h.order), commit: commit, cells: map[string]*cell{}}
			for _, column := range h.raw {
				var raw *string
				if h.r.IntN(20) > 0 {
					c := &cells[column][h.r.IntN(len(cells[column]))]
					row.cells[column], raw = c, &c.raw
				}
				rows[i] = append(rows[i], raw)
			}
			h.rows = append(h.rows, row)
		}
		h.ingest(commit, name, h.r.IntN(2) == 0, rows, parquetio.WriterOptions{PageRows: 1 + h.r.IntN(12), RowGroupRows: 1 + h.r.IntN(25)})
	}
}

// refer changes the values that rows refer to.
func (h *history) refer(c *changes) {
	c.sets, c.changed = make([]*quality.Set, len(h.table.Checks)), make([]*engine.HashSet, len(h.table.Checks))
	known := slices.IndexFunc(h.table.Checks, func(c *project.Check) bool { return c.References != nil })
	if h.sequence > 0 && h.r.IntN(2) == 0 {
		changed, gone := engine.NewHashSet(0), false
		for _, value := range []string{"a", "b", "c"} {
			if h.r.IntN(3) == 0 {
				h.refs[value] = !h.refs[value]
				changed.Add(vec.HashBytes([]byte(value)))
				gone = gone || !h.refs[value]
			}
		}
		if c.changed[known] = changed; h.r.IntN(4) == 0 {
			c.changed[known], c.rejudgeAll = nil, true
		}
		c.replay = h.v.known == "quarantine"
		c.rebuild = c.replay && gone // as versions that do not count may fail now, too
	}
	c.sets[known] = h.set()
}

func (h *history) set() *quality.Set {
	set := quality.NewSet(schema.T(schema.String))
	for value, there := range h.refs {
		if there {
			set.Add(text(false, &value))
		}
	}
	return set
}

// damage loses or damages an index now and then.
func (h *history) damage() {
	for _, f := range sorted(h.indexes) {
		var err error
		switch h.r.IntN(6) {
		case 0:
			err = h.bucket.Delete(h.t.Context(), f.Path, storage.DeleteOptions{})
		case 1:
			_, err = storage.WriteAll(h.t.Context(), h.bucket, f.Path, []byte(indexMagic+"damaged"), storage.CreateOptions{})
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if h.r.IntN(20) == 0 {
			delete(h.indexes, f.Path) // the log does not know it
		}
	}
}

func TestNothingToDoChangesNothing(t *testing.T) {
	h := newHistory(t, variants["latest"], 3)
	h.arrive(3, 1)
	c := changes{rebuild: true}
	h.refer(&c)
	h.commit(c, settings{workers: 2, memory: -1})
	c.rebuild = false
	r := h.commit(c, settings{workers: 2, memory: -1})
	r.Put = slices.DeleteFunc(r.Put, func(f lake.FileChange) bool { return f.Kind == lake.Index }) // which says that nothing came or went
	if len(r.Put) > 0 || len(r.Removed) > 0 || len(r.Quarantined) > 0 || !reflect.DeepEqual(r.Counts, map[string]int64{}) || r.Judged != 0 {
		t.Errorf("without input a build makes %+v", r)
	}
}

// failing is a table with a check that fails the run.
const failing = `
bronze:
  t: {source: "t*.csv"}
  r: {source: "r*.csv"}
silver:
  r:
    key: code
    columns: {code: {type: string}}
  t:
    key: id
    columns:
      id:  {type: integer}
      ref: {type: string}
    checks:
      small: {expect: "id < 1000", on_fail: fail}
      known: {references: {dataset: r, column: code}, column: ref}
`

func TestTheExampleOfAFailedCheckIsTheFirst(t *testing.T) {
	w := newWorld(t, silverOf(t, bind(t, failing), "t"), "id", "ref")
	for file := range 60 {
		var rows [][]*string
		for row := range 20 {
			rows = append(rows, []*string{some(fmt.Sprint(file*20 + row + 990))[0], nil})
		}
		w.ingest(1, fmt.Sprintf("t%02d.csv", 99-file), false, rows, parquetio.WriterOptions{})
	}
	w.sequence = 1
	set := quality.NewSet(schema.T(schema.String))
	for range 10 {
		r, err := w.build(w.request(changes{sets: []*quality.Set{nil, set}, rebuild: true}, "stage/"), settings{workers: 4, memory: -1})
		if want := `small: t99.csv: row 11: id is "1000"`; err != nil || len(r.Fatal) != 1 || r.Fatal[0] != want {
			t.Fatalf("%v, %v, want %s", r.Fatal, err, want)
		}
	}
}

// The memory of rows in quarantine is given back by builds that do not end.
func TestBuildsThatStopGiveBackTheirMemory(t *testing.T) {
	w := newWorld(t, silverOf(t, bind(t, failing), "t"), "id", "ref")
	w.ingest(1, "t1.csv", false, [][]*string{some("1", "a"), some("2", "b"), some("x", "a")}, parquetio.WriterOptions{})
	set := quality.NewSet(schema.T(schema.String))
	set.Add(text(false, some("a")...))
	w.commit(changes{sets: []*quality.Set{nil, set}, rebuild: true}, settings{workers: 1, memory: 1 << 30})
	c := changes{sets: []*quality.Set{nil, quality.NewSet(schema.T(schema.String))}, rejudgeAll: true, replay: true}
	if r, err := w.build(w.request(c, "stage/"), settings{workers: 2, memory: 1 << 30}); err != nil || !r.NeedsRebuild {
		t.Errorf("%+v, %v, want a rebuild: what row 1 refers to has gone", r, err)
	}
	if err := w.bucket.Delete(t.Context(), w.bronze[0], storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.build(w.request(changes{sets: c.sets, rebuild: true}, "stage/"), settings{workers: 2, memory: 1 << 30}); err == nil {
		t.Error("a build without its input does not fail")
	}
}

// countingBucket counts the objects that are open at a time.
type countingBucket struct {
	storage.Bucket
	now, most atomic.Int64
}

type countedObject struct {
	storage.Object
	bucket *countingBucket
}

func (b *countingBucket) Open(ctx context.Context, name string) (storage.Object, error) {
	o, err := b.Bucket.Open(ctx, name)
	if now := b.now.Add(1); now > b.most.Load() {
		b.most.Store(now)
	}
	return countedObject{o, b}, err
}

func (o countedObject) Close() error {
	o.bucket.now.Add(-1)
	return o.Object.Close()
}

func TestAnyNumberOfFilesIsReadWithFewOpen(t *testing.T) {
	const files = 2 * maxOpen
	w := newWorld(t, silverOf(t, bind(t, failing), "t"), "id", "ref")
	for i := range files {
		w.ingest(1, fmt.Sprintf("t%04d.csv", i), false, [][]*string{{some(fmt.Sprint(i))[0], nil}}, parquetio.WriterOptions{})
	}
	w.sequence = 1
	bucket := &countingBucket{Bucket: w.bucket}
	req := w.request(changes{sets: []*quality.Set{nil, quality.NewSet(schema.T(schema.String))}, rebuild: true}, "stage/")
	req.Bucket = bucket
	r, err := w.build(req, settings{workers: 2, memory: -1})
	if err != nil || r.Rows != files {
		t.Fatalf("%+v, %v", r, err)
	}
	if bucket.now.Load() != 0 || bucket.most.Load() > maxOpen+2 {
		t.Errorf("%d files were open at a time, %d still are", bucket.most.Load(), bucket.now.Load())
	}
}
