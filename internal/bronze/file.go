package bronze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// file is one file on its way into the lake. Its segments are parsed and
// encoded by any worker, and numbered and appended in their order.
type file struct {
	in     *ingest
	source source.File
	header []string // names of its columns, as the file has them
	names  []string // as the lake has them
	sum    string

	mu       sync.Mutex
	wake     sync.Cond
	numbered int // segments whose records have numbers
	appended int // segments that are in the file
	failure  error

	out     *table.Writer // made with the first rows
	damage  *quarantine.Writer
	records int64
	damaged int64
	kinds   map[string]int64

	columnsAdded []string
	put          []lake.FileChange
	quarantined  []lake.FileChange
}

// parsers are a worker's, one for each number of columns.
type parsers struct {
	dataset string
	byWidth map[int]*csvio.Parser
}

func (p *parsers) of(f *file) *csvio.Parser {
	if p.dataset != f.in.req.Dataset.Name || p.byWidth == nil {
		p.dataset, p.byWidth = f.in.req.Dataset.Name, map[int]*csvio.Parser{}
	}
	n := len(f.names)
	if p.byWidth[n] == nil {
		p.byWidth[n] = csvio.NewParser(f.in.req.Dataset.Dialect, n)
	}
	return p.byWidth[n]
}

// readHeader reads the names of the file's columns.
func (f *file) readHeader(ctx context.Context) error {
	segments, raw, err := f.open(ctx, sha256.New())
	if err != nil {
		return err
	}
	f.header = segments.Header()
	return raw.Close()
}

// open begins to read the file; sum is told its bytes as they lie. What it
// returns beside the segments reads the rest of them, and closes all.
func (f *file) open(ctx context.Context, sum hash.Hash) (*csvio.Splitter, *opened, error) {
	path := f.source.Path
	raw, err := f.in.req.Open(ctx, path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	read := &counter{Reader: raw}
	lying := io.TeeReader(read, sum)
	plain, err := csvio.Decompress(path, lying)
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	rest := &opened{lying, plain, raw, read}
	segments, err := csvio.NewSplitter(plain, f.in.req.Dataset.Dialect, csvio.Options{Name: path, SegmentSize: f.in.o.SegmentSize, Buffers: &f.in.pool})
	if err != nil {
		rest.Close()
		return nil, nil, err
	}
	return segments, rest, nil
}

// opened is a source file as it lies, and what decompresses it.
type opened struct {
	io.Reader
	plain, raw io.Closer
	read       *counter
}

// counter counts what is read.
type counter struct {
	io.Reader
	bytes int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes += int64(n)
	return n, err
}

// unchanged fails if the file, read to its end, is not the one that was listed.
func (f *file) unchanged(o *opened) error {
	if o.read.bytes != f.source.Size {
		return changing(f.source.Path, fmt.Sprintf("it had %d bytes when it was found, and %d when it was read", f.source.Size, o.read.bytes))
	}
	if read, ok := o.raw.(interface{ Version() string }); ok {
		if read.Version() != f.source.Version {
			return changing(f.source.Path, "it was written meanwhile")
		}
		return nil
	}
	now, ok := o.raw.(interface{ Stat() (fs.FileInfo, error) })
	if !ok || f.source.Modified.IsZero() {
		return nil
	}
	if info, err := now.Stat(); err != nil || !info.ModTime().Equal(f.source.Modified) {
		return changing(f.source.Path, "it was written meanwhile")
	}
	return nil
}

// Close closes both.
func (o *opened) Close() error {
	o.plain.Close() // it repeats the errors of reading
	return o.raw.Close()
}

// take parses a segment, encodes its rows and appends them to the file.
func (f *file) take(ctx context.Context, worker int, j job, parse *parsers) error {
	if j.segment == nil {
		if !f.turn(&f.appended, j.index) {
			return nil
		}
		return f.finish(ctx)
	}
	batch, err := parse.of(f).Parse(j.segment)
	j.segment.Release()
	if err != nil {
		return err
	}
	defer batch.Record.Release()
	if !f.turn(&f.numbered, j.index) {
		return nil
	}
	first := f.records
	f.records += int64(batch.Records)
	f.step(&f.numbered)
	if err := f.setAside(worker, uint64(j.index), first, batch.Damaged); err != nil {
		return err
	}
	return f.appendRows(ctx, j.index, first, batch)
}

// turn waits until it is this segment's turn. It returns false if the file has
// failed meanwhile.
func (f *file) turn(at *int, index int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for *at != index && f.failure == nil {
		f.wake.Wait()
	}
	return f.failure == nil
}

// step lets the next segment have its turn.
func (f *file) step(at *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*at++
	f.wake.Broadcast()
}

// abandon makes the file fail.
func (f *file) abandon(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil {
		f.failure = err
	}
	f.wake.Broadcast()
}

// discard drops what was written of a file that failed, if it was not finished.
func (f *file) discard() {
	if f.out != nil {
		f.out.Abort()
	}
	if f.damage != nil {
		f.damage.Discard()
	}
}

// appendRows encodes the good rows of a segment as a row group and appends it
// when it is its turn.
func (f *file) appendRows(ctx context.Context, index int, first int64, batch *csvio.Batch) error {
	n := int(batch.Record.NumRows())
	f.in.o.Progress(int64(batch.Records), 0)
	if n == 0 {
		if f.turn(&f.appended, index) {
			f.step(&f.appended)
		}
		return nil
	}
	out, err := f.writer(ctx)
	if err != nil {
		return err
	}
	group := out.BeginRowGroup()
	rec := table.Record(Schema(f.in.result.Columns), f.columns(first, batch, n), n)
	err = group.Write(rec)
	rec.Release()
	if err != nil {
		return fmt.Errorf("%s: %w", f.source.Path, err)
	}
	group.Encode()
	if !f.turn(&f.appended, index) {
		return nil
	}
	if err := out.Append(group); err != nil {
		return fmt.Errorf("%s: %w", f.source.Path, err)
	}
	f.step(&f.appended)
	return nil
}

// columns returns the columns of the bronze table for a batch.
func (f *file) columns(first int64, batch *csvio.Batch, n int) []arrow.Array {
	byName := map[string]arrow.Array{}
	for i, name := range f.names {
		byName[name] = batch.Record.Column(i)
	}
	var cols []arrow.Array
	for _, name := range f.in.result.Columns {
		col := byName[name]
		if col == nil {
			col = vec.Nulls(schema.T(schema.String), n)
		}
		cols = append(cols, col)
	}
	numbers := make([]int64, n)
	for i := range numbers {
		ordinal := int64(i)
		if batch.Rows != nil {
			ordinal = int64(batch.Rows[i])
		}
		numbers[i] = first + ordinal + 1
	}
	return append(cols, vec.Constant(f.source.Path, n), vec.Int64s(numbers),
		vec.Repeat64(schema.T(schema.Timestamp), f.in.o.Now.UnixMicro(), n))
}

// writer returns the bronze file, which is made when the first rows come.
func (f *file) writer(ctx context.Context) (*table.Writer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out != nil {
		return f.out, nil
	}
	var err error
	f.out, err = table.Create(ctx, f.in.req.Stager, f.target(), Schema(f.in.result.Columns), parquetio.WriterOptions{})
	return f.out, err
}

// id tells this version of the source file from all others in the lake.
func (f *file) id() string {
	sum := sha256.Sum256([]byte(f.source.Path))
	return fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:8]), f.in.req.Sequence)
}

// target is where the bronze file is to appear.
func (f *file) target() table.Target {
	ref := lake.TableRef{Layer: lake.Bronze, Name: f.in.req.Dataset.Name}
	day := f.in.o.Now.UTC().Format("2006-01-02")
	folder := lake.PartitionPath([]string{quarantine.IngestionDate}, []*string{&day})
	return table.Target{Table: ref, Path: ref.Dir() + "/" + folder + "/" + f.id() + ".parquet",
		Partition: map[string]*string{quarantine.IngestionDate: &day}}
}

// setAside sends damaged records to quarantine.
func (f *file) setAside(worker int, seq uint64, first int64, damaged []csvio.Damage) error {
	if len(damaged) == 0 {
		return nil
	}
	f.mu.Lock()
	if f.damage == nil {
		f.kinds = map[string]int64{}
		f.damage = quarantine.NewWriter(quarantine.Options{Dataset: f.in.req.Dataset.Name, Raw: f.in.result.Columns, Stage: quarantine.Read, Run: f.in.o.Run,
			Workers: f.in.o.Workers, Store: f.in.o.Store})
	}
	f.damaged += int64(len(damaged))
	for _, d := range damaged {
		f.kinds["read:"+d.Kind.String()]++
	}
	f.mu.Unlock()
	n := len(damaged)
	rows, lines, offsets := make([]int64, n), make([]int64, n), make([]int64, n)
	ends, raw, reasons := make([]int32, 1, n+1), []byte(nil), make([]string, n)
	for i, d := range damaged {
		rows[i], lines[i], offsets[i] = first+int64(d.Ordinal)+1, d.Line, d.Offset
		raw = append(raw, d.Raw...)
		ends = append(ends, int32(len(raw)))
		reasons[i] = quality.Reasons([]quality.Reason{{Check: "read:" + d.Kind.String(), Detail: d.Detail}})
	}
	q := quarantine.Rows{SourceFile: vec.Constant(f.source.Path, n), SourceRow: vec.Int64s(rows), SourceLine: vec.Int64s(lines),
		SourceOffset: vec.Int64s(offsets), RawRecord: vec.BinaryOf(ends, raw), Reasons: reasons,
		IngestionTimestamp: vec.Repeat64(schema.T(schema.Timestamp), f.in.o.Now.UnixMicro(), n),
		IngestionDate:      vec.Repeat32(schema.T(schema.Date), int32(f.in.o.Now.UTC().Unix()/86400), n)}
	for range f.in.result.Columns {
		q.Raw = append(q.Raw, vec.Nulls(schema.T(schema.String), n))
	}
	return f.damage.Add(worker, seq, q)
}

// finish closes the files of a source file that was read to its end.
func (f *file) finish(ctx context.Context) error {
	f.in.o.Progress(0, f.source.Size)
	if f.out != nil {
		w, err := f.out.Close(ctx)
		if err != nil {
			return err
		}
		w.Source = f.source.Path
		f.put = append(f.put, w)
	}
	if f.damage == nil {
		return nil
	}
	files, err := f.damage.Finish(ctx, f.in.req.Stager, func(partition string) string {
		return quarantine.ReadPath(f.in.req.Dataset.Name, partition, f.id())
	})
	for _, w := range files {
		w.Source = f.source.Path
		f.quarantined = append(f.quarantined, w)
	}
	return err
}
