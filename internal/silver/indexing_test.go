package silver

import (
	"maps"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
)

// reindex has the files of the table indexed by two Indexers, as tasks on other
// machines do, in place of the index of their commit.
func (w *world) reindex() {
	w.t.Helper()
	for sequence := range w.sequence + 1 {
		var files []*lake.File
		for _, f := range sorted(w.files) {
			if f.Sequence == sequence {
				files = append(files, f)
			}
		}
		if len(files) == 0 {
			continue
		}
		delete(w.indexes, IndexPath(w.table, sequence, ""))
		for i, part := range []string{"one", "two"} {
			name := IndexPath(w.table, sequence, part)
			x := NewIndexer(w.t.Context(), w.table, stager{w.bucket, ""}, name)
			for j, f := range files {
				if j%2 == i {
					w.index(x, f)
				}
			}
			done, err := x.Close(w.t.Context())
			if err != nil || len(done) != min(1, len(files)-i) {
				w.t.Fatal(done, err)
			}
			for _, f := range done {
				w.indexes[f.Path] = &lake.File{FileChange: f, Sequence: sequence}
			}
		}
	}
}

// index adds a file of the table.
func (w *world) index(x *Indexer, f *lake.File) {
	w.t.Helper()
	b := newBuild(w.request(changes{}, ""), Options{})
	defer b.close()
	if err := b.openFiles(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	at := slices.IndexFunc(b.existing, func(e *existing) bool { return e.Path == f.Path })
	err := b.scanExisting(w.t.Context(), b.existing[at], func(all []arrow.Array, n int) error {
		x.Rows(all, n)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	place := b.placeOf(b.existing[at].id)
	if err := x.EndFile(place.Partition, place.Bucket); err != nil {
		w.t.Fatal(err)
	}
}

func TestIndexesInPartsTellTheSame(t *testing.T) {
	p := bind(t, `
bronze: {t: {source: "t.csv"}, u: {source: "u.csv"}}
silver:
  t:
    key: id
    partition_by: day
    buckets: 3
    columns: {id: {type: integer}, day: {type: string}, note: {type: string}}
    checks: {known: {column: note, references: {dataset: u, column: note}, on_fail: flag}}
  u: {columns: {note: {type: string}}}
`)
	w := newWorld(t, silverOf(t, p, "t"), "id", "day", "note")
	c := changes{sets: []*quality.Set{quality.NewSet(schema.T(schema.String))}}
	w.ingest(1, "a", false, [][]*string{some("1", "x", "p"), some("2", "x", "q"), some("3", "y", "p"), some("4", "z", "p"), some("5", "x", "r")}, parquetio.WriterOptions{})
	w.commit(c, settings{workers: 1, memory: -1})
	w.ingest(2, "b", false, [][]*string{some("6", "y", "q")}, parquetio.WriterOptions{})
	w.commit(c, settings{workers: 1, memory: -1})
	said := func() map[string][]uint64 {
		out := map[string][]uint64{}
		b := newBuild(w.request(changes{}, ""), Options{})
		defer b.close()
		if err := b.openFiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.existing {
			var known indexes
			for _, f := range sorted(w.indexes) {
				if x, err := b.openIndex(t.Context(), f.Path); err != nil {
					t.Fatal(err)
				} else if f.Sequence == e.Sequence {
					known = append(known, x)
				}
			}
			for _, about := range []string{keyHashes, columnHashes + "note"} {
				hashes, ok := known.hashes(about, b.placeOf(e.id))
				if !ok {
					t.Fatalf("nothing of %s in %s", about, e.Path)
				}
				out[e.Path+" "+about] = hashes
			}
		}
		return out
	}
	want := said()
	w.reindex()
	if got := said(); len(w.indexes) < 3 || len(got) < 8 || !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%d indexes say %v, want %v", len(w.indexes), got, want)
	}
	w.ingest(3, "c", false, [][]*string{some("3", "y", "s")}, parquetio.WriterOptions{})
	if r := w.commit(c, settings{workers: 1, memory: -1}); r.Rows != 6 {
		t.Errorf("a key that came again counts as new: %d rows", r.Rows)
	}
}

func TestIndexerNotesWhatChanged(t *testing.T) {
	p := bind(t, `
bronze: {t: {source: "t.csv"}, u: {source: "u.csv"}}
silver:
  t: {columns: {note: {type: string}}, checks: {known: {references: {dataset: u, column: note}, column: note}}}
  u: {columns: {id: {type: string}, note: {type: string}}}
`)
	u := silverOf(t, p, "u")
	w := newWorld(t, u, "id", "note")
	for i, values := range [][]string{nil, {"b", "a", "b"}} {
		name := IndexPath(u, uint64(i), "")
		x := NewIndexer(t.Context(), u, stager{w.bucket, ""}, name)
		for _, value := range values {
			x.Changed(0, text(false, some(value)...))
		}
		if err := x.EndChanged(); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		hashes, ok, err := Changed(t.Context(), w.bucket, name, "note")
		if err != nil || !ok || len(hashes) != 2*i {
			t.Errorf("%v: %v, %v, %v", values, hashes, ok, err)
		}
	}
	x := NewIndexer(t.Context(), u, stager{w.bucket, ""}, "none")
	if files, err := x.Close(t.Context()); files != nil || err != nil {
		t.Errorf("an index of nothing: %v, %v", files, err)
	}
	if _, err := storage.Stat(t.Context(), w.bucket, "none"); err == nil {
		t.Error("it is there")
	}
}
