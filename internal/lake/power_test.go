package lake

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
)

// disk is a bucket with a cache in front of what lasts, as a file system has:
// what is written or moved with the option Deferred may be lost or torn by a
// power failure until it is synced.
type disk struct {
	storage.Bucket                   // what processes see
	lasting        map[string]string // what a power failure leaves
	pending        []pendingWrite    // in order
}

// pendingWrite is a deferred write or move of an object.
type pendingWrite struct{ name, from, content string }

func newDisk() *disk { return &disk{Bucket: newMem(), lasting: map[string]string{}} }

func (d *disk) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	w, err := d.Bucket.Create(ctx, name, opts)
	return &diskWriter{Writer: w, disk: d, name: name, deferred: opts.Deferred}, err
}

type diskWriter struct {
	storage.Writer
	disk     *disk
	name     string
	deferred bool
	content  []byte
}

func (w *diskWriter) Write(p []byte) (int, error) {
	w.content = append(w.content, p...)
	return w.Writer.Write(p)
}

func (w *diskWriter) Commit(ctx context.Context) (storage.Info, error) {
	info, err := w.Writer.Commit(ctx)
	switch {
	case err != nil:
	case w.deferred:
		w.disk.pending = append(w.disk.pending, pendingWrite{name: w.name, content: string(w.content)})
	default:
		w.disk.lasting[w.name] = string(w.content)
	}
	return info, err
}

func (d *disk) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	data, _, err := storage.ReadAll(ctx, d.Bucket, src)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := d.Bucket.Copy(ctx, dst, src, opts)
	if err == nil {
		d.pending = append(d.pending, pendingWrite{name: dst, from: src, content: string(data)})
		if !opts.Deferred {
			err = d.Sync(ctx, []string{dst})
		}
	}
	return info, err
}

func (d *disk) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	err := d.Bucket.Delete(ctx, name, opts)
	if err == nil {
		delete(d.lasting, name)
		d.pending = slices.DeleteFunc(d.pending, func(p pendingWrite) bool { return p.name == name })
	}
	return err
}

func (d *disk) Sync(_ context.Context, names []string) error {
	d.pending = slices.DeleteFunc(d.pending, func(p pendingWrite) bool {
		if slices.Contains(names, p.name) {
			d.apply(p)
			return true
		}
		return false
	})
	return nil
}

func (d *disk) apply(p pendingWrite) {
	delete(d.lasting, p.from)
	d.lasting[p.name] = p.content
}

// fail returns what is there after a power failure. What was not synced may
// have been written or not, or, if it is new, torn: luck decides.
func (d *disk) fail(t *testing.T, luck string) storage.Bucket {
	t.Helper()
	for _, p := range d.pending {
		switch crc32.ChecksumIEEE([]byte(luck+p.name)) % 3 {
		case 0:
			d.apply(p)
		case 1:
			if p.from == "" {
				d.lasting[p.name] = p.content[:len(p.content)/2]
			}
		}
	}
	b := newMem()
	for _, name := range slices.SortedFunc(maps.Keys(d.lasting), cmp.Compare[string]) {
		write(t, b, name, d.lasting[name])
	}
	return b
}

// TestPowerFailure cuts the power at each operation of a run, after which a
// fresh process recovers and finishes the work.
func TestPowerFailure(t *testing.T) {
	want := finished(t)
	for _, mode := range []faulty.Mode{faulty.Kill, faulty.KillAfter} {
		for _, luck := range []string{"a", "b"} {
			for n := 1; ; n += thin {
				d := newDisk()
				if err := script(t, faulty.New(d, faulty.Fault{At: n, Mode: mode}), crashing("dead"), lastScripted); err == nil {
					break
				}
				b := d.fail(t, luck+fmt.Sprint(n))
				wantReadable(t, b, mustOpen(t, b, process("reader")))
				if err := script(t, b, crashing("second"), lastScripted); err != nil {
					t.Fatalf("power lost at operation %d: %v", n, err)
				}
				wantFinished(t, b, want)
			}
		}
	}
}
