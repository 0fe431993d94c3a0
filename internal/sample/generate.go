package sample

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// blockRows is how many records a worker makes at a time: about a megabyte of
// text. Compressed files have a gzip member or zstd frame for each block, so
// the number is part of what makes files equal byte for byte.
const blockRows = 16_384

// plan is a file to write.
type plan struct {
	name        string
	header      string
	write       func(rec *record, i int64) defect
	first, last int64 // records from first to before last
	codec       string
	tally       *tally // of its table
}

// block is a piece of a file, made by one worker.
type block struct {
	file        *plan
	first, last int64
	made        chan struct{} // closed when the fields below are set
	text        []byte
	tally       tally
	err         error
}

// Generate writes the files and says what is in them. The same options give
// the same files, byte for byte, whatever the number of workers; memory is some
// megabytes for each of them, whatever the number of rows.
//
// When it fails or ctx is cancelled, the files that were complete stay.
func Generate(ctx context.Context, o Options) (Summary, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	var inCustomers, inTransactions tally
	files := plans(o, &inCustomers, &inTransactions)
	written, err := run(ctx, o, files)
	if err != nil {
		return Summary{}, err
	}
	return Summary{Customers: inCustomers.counts(), Transactions: inTransactions.counts(), Files: written}, nil
}

// plans returns the files to write, customers first.
func plans(o Options, inCustomers, inTransactions *tally) []*plan {
	c := newCustomers(o)
	t := newTransactions(o, c)
	customerCodec := o.Compress
	if customerCodec == mixed {
		customerCodec = ""
	}
	files := split(o.Customers, (o.Files+2)/3, plan{name: "customers", header: customerHeader, write: c.write, codec: customerCodec, tally: inCustomers})
	return append(files, split(o.Transactions, o.Files, plan{name: "transactions", header: transactionHeader, write: t.write, codec: o.Compress, tally: inTransactions})...)
}

// split divides rows among files, each a copy of like.
func split(rows int64, files int, like plan) []*plan {
	if rows == 0 {
		return nil
	}
	width := max(2, len(strconv.Itoa(files)))
	out := make([]*plan, files)
	for f := range out {
		file := like
		file.name = fmt.Sprintf("%s_%0*d.csv", like.name, width, f+1)
		file.first, file.last = rows/int64(files)*int64(f), rows/int64(files)*int64(f+1)
		if f == files-1 {
			file.last = rows
		}
		if like.codec == mixed {
			file.codec = ""
			if f%3 == 2 {
				file.codec = gz
			}
		}
		if file.codec != "" {
			file.name += "." + file.codec
		}
		out[f] = &file
	}
	return out
}

// run has workers make blocks and writes them in order.
func run(ctx context.Context, o Options, files []*plan) ([]File, error) {
	group, ctx := errgroup.WithContext(ctx)
	toMake, toWrite := make(chan *block), make(chan *block, 2*o.Workers)
	free := make(chan []byte, cap(toWrite)+o.Workers)
	group.Go(func() error {
		defer close(toMake)
		defer close(toWrite)
		return cut(ctx, files, func(b *block) error {
			for _, queue := range []chan *block{toWrite, toMake} {
				select {
				case queue <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range o.Workers {
		group.Go(func() error {
			var w worker
			for b := range toMake {
				select {
				case b.text = <-free:
				default:
				}
				w.make(b)
				close(b.made)
			}
			return nil
		})
	}
	out := output{create: o.Create, free: free}
	group.Go(func() error { return out.writeAll(ctx, toWrite) })
	err := group.Wait()
	return out.files, err
}

// cut gives the blocks of all files in order.
func cut(ctx context.Context, files []*plan, give func(*block) error) error {
	for _, file := range files {
		first := file.first
		for ; first < file.last || first == file.first; first += blockRows {
			b := &block{file: file, first: first, last: min(first+blockRows, file.last), made: make(chan struct{})}
			if err := give(b); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// worker makes blocks, one at a time.
type worker struct {
	record   record
	compress compressor
}

func (w *worker) make(b *block) {
	w.record = record{text: w.record.text[:0]}
	if b.first == b.file.first {
		w.record.text = append(w.record.text, b.file.header...)
		w.record.start = len(w.record.text)
	}
	for i := b.first; i < b.last; i++ {
		b.tally[b.file.write(&w.record, i)]++
	}
	b.text, b.err = w.compress.append(b.text[:0], w.record.text, b.file.codec)
}

// output writes blocks, in order, to one file after the other.
type output struct {
	create  func(name string) (io.WriteCloser, error)
	free    chan []byte
	files   []File
	current io.WriteCloser
}

func (o *output) writeAll(ctx context.Context, blocks <-chan *block) error {
	for b := range blocks {
		select {
		case <-b.made:
		case <-ctx.Done():
			return o.fail(ctx.Err())
		}
		if err := o.write(b); err != nil {
			return o.fail(err)
		}
	}
	if o.current != nil { // the blocks ended early
		return o.fail(ctx.Err())
	}
	return nil
}

func (o *output) write(b *block) error {
	if b.err != nil {
		return fmt.Errorf("compress %s: %w", b.file.name, b.err)
	}
	if b.first == b.file.first {
		w, err := o.create(b.file.name)
		if err != nil {
			return err
		}
		o.current = w
		o.files = append(o.files, File{Name: b.file.name, Records: b.file.last - b.file.first})
	}
	if _, err := o.current.Write(b.text); err != nil {
		return fmt.Errorf("write %s: %w", b.file.name, err)
	}
	o.files[len(o.files)-1].Bytes += int64(len(b.text))
	b.file.tally.add(&b.tally)
	select {
	case o.free <- b.text:
	default:
	}
	if b.last < b.file.last {
		return nil
	}
	done := o.current
	o.current = nil
	if err := done.Close(); err != nil {
		return fmt.Errorf("write %s: %w", b.file.name, err)
	}
	return nil
}

// fail gives up the file in hand.
func (o *output) fail(cause error) error {
	switch w := o.current.(type) {
	case nil:
	case interface{ Abort() }:
		w.Abort()
	default:
		_ = w.Close() // cause says more
	}
	return cause
}
