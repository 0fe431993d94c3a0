package gold

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// relation is the side of a join that is held in memory: the rows of a source
// that pass its filters, in the order of the files. After them comes one row of
// nulls, which stands for "no match", so that a row number can always be taken.
type relation struct {
	source  *source
	filters []filter
	stored  []int // terms whose values are kept; they are columns
	coded   []int // terms whose codes are kept

	n        int // rows, the last one of nulls not counted
	values   map[int]arrow.Array
	codes    map[int][]uint32
	numbers  []int64 // if numbered: of the rows, among all of the source
	numbered bool
	loaded   bool
	workers  int
	pieces   [][]piece // by task
	account  *account
	users    []*job
	givenUp  atomic.Bool // nobody needs it any more
	text     []int64     // bytes of text by stored column
	lock     sync.Mutex  // of what all workers add to: n, text, account
}

// piece is some rows of a relation.
type piece struct {
	cols    []arrow.Array
	n       int
	numbers []int64 // of the rows, where they count
}

// store makes the relation keep a column of its source and returns its term.
func (r *relation) store(column int) int {
	t := r.source.column(column)
	if !slices.Contains(r.stored, t) {
		r.stored = append(r.stored, t)
	}
	return t
}

// code makes the relation keep the codes of a column and returns its term.
func (r *relation) code(column int) int {
	t := r.store(column)
	if r.source.coded(t); !slices.Contains(r.coded, t) {
		r.coded = append(r.coded, t)
	}
	return t
}

func (r *relation) needs() []int {
	terms := slices.Clone(r.stored)
	for _, f := range r.filters {
		terms = append(terms, f.terms()...)
	}
	return terms
}

func (r *relation) skips(int) bool { return r.givenUp.Load() }

func (r *relation) begin(_ context.Context, tasks int) error {
	r.pieces = make([][]piece, tasks)
	r.text = make([]int64, len(r.stored))
	return nil
}

func (r *relation) add(_ context.Context, b *batch) error {
	if r.givenUp.Load() {
		return nil
	}
	keep, err := b.filter(nil, r.filters)
	if err != nil {
		return err
	}
	p := piece{cols: make([]arrow.Array, len(r.stored)), n: b.n}
	rows := rowsOf(keep)
	if keep != nil {
		p.n = len(rows)
	}
	size := int64(0)
	texts := make([]int64, len(r.stored))
	for i, t := range r.stored {
		if p.cols[i], _, err = b.values(t); err != nil {
			return err
		}
		if keep != nil {
			p.cols[i] = vec.Take(p.cols[i], r.source.terms[t].program.Type(), rows)
		}
		texts[i] = textBytes(p.cols[i])
		size += texts[i] + 16*int64(p.n)
	}
	if r.numbered {
		p.numbers = rowNumbers(b, keep, p.n)
		size += 8 * int64(p.n)
	}
	r.pieces[b.task] = append(r.pieces[b.task], p)
	r.grow(p.n, size, texts)
	return nil
}

// rowNumbers returns the numbers of the n rows of a batch that are kept.
func rowNumbers(b *batch, keep []bool, n int) []int64 {
	numbers := make([]int64, 0, n)
	for i := range int32(b.n) {
		if keep == nil || keep[i] {
			numbers = append(numbers, b.number(i))
		}
	}
	return numbers
}

// grow accounts for rows; several workers call it.
func (r *relation) grow(n int, size int64, texts []int64) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.n += n
	for i, text := range texts {
		if r.text[i] += text; r.text[i] > maxRelationText {
			r.account.memory.giveUp(r.users)
		}
	}
	r.account.add(size)
}

// maxRelationText is how many bytes of text a column may have, as Arrow's offsets
// have 32 bits.
const maxRelationText = 1 << 30

func (r *relation) done(context.Context, int, int) error { return nil }

// end puts the pieces together, column by column.
func (r *relation) end(ctx context.Context) error {
	if r.givenUp.Load() {
		r.pieces, r.loaded = nil, true
		return nil
	}
	r.joinNumbers()
	r.values, r.codes = map[int]arrow.Array{}, map[int][]uint32{}
	err := engine.ForEach(ctx, r.workers, len(r.stored), func(_ context.Context, _, i int) error {
		t := r.stored[i]
		values := r.column(i)
		var codes []uint32
		if slices.Contains(r.coded, t) {
			codes = r.encode(t, values)
		}
		r.lock.Lock()
		defer r.lock.Unlock()
		r.values[t], r.codes[t] = values, codes
		r.account.add(4 * int64(len(codes)))
		return nil
	})
	r.pieces, r.loaded = nil, true
	return err
}

// encode returns the codes of a column, or fewer if the relation is given up
// meanwhile, since the codes take too much memory.
func (r *relation) encode(t int, values arrow.Array) []uint32 {
	const rows = 1 << 16
	coder, codes := r.source.coded(t).NewCoder(), make([]uint32, values.Len())
	for start := 0; start < len(codes) && !r.givenUp.Load(); start += rows {
		end := min(start+rows, len(codes))
		some := array.NewSlice(values, int64(start), int64(end))
		coder.Encode(codes[start:end], some)
		some.Release()
		r.source.codes.hold()
	}
	return codes
}

// joinNumbers puts the numbers of the rows together, and one for the row of nulls.
func (r *relation) joinNumbers() {
	if !r.numbered {
		return
	}
	r.numbers = make([]int64, 0, r.n+1)
	for _, task := range r.pieces {
		for _, p := range task {
			r.numbers = append(r.numbers, p.numbers...)
		}
	}
	r.numbers = append(r.numbers, 0)
}

// column returns all rows of a stored column, and the row of nulls.
func (r *relation) column(i int) arrow.Array {
	typ := r.source.terms[r.stored[i]].program.Type()
	b := vec.NewBuilder(typ, vec.NewInterner(maxInterned))
	for _, task := range r.pieces {
		for _, p := range task {
			b.Append(p.cols[i], firstRows(p.n))
			p.cols[i] = nil // its memory is free
		}
	}
	b.Append(nullRow(typ), firstRows(1))
	return b.Array()
}

// maxInterned is how many different texts a joined column may have to stay
// dictionary-coded, which makes taking its rows cheap.
const maxInterned = 1 << 14

func nullRow(typ schema.Type) arrow.Array {
	if typ.Kind == schema.String { // coded, so that what came before may stay so
		return vec.DictionaryOf([]int32{0}, []byte{0}, 1, vec.StringsOf([]int32{0}, nil).Data())
	}
	return vec.Nulls(typ, 1)
}

// textBytes returns how many bytes of text the rows of an array have.
func textBytes(a arrow.Array) int64 {
	switch a := a.(type) {
	case *array.String:
		return int64(a.ValueOffset(a.Len()) - a.ValueOffset(0))
	case *array.Dictionary:
		text, size := vec.TextOf(a), 0
		for i := range a.Len() {
			if !a.IsNull(i) {
				size += len(text.Value(i))
			}
		}
		return int64(size)
	}
	return 0
}

// firstRows returns the row numbers 0..n-1.
func firstRows(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// rowsOf returns the numbers of the rows that are kept.
func rowsOf(keep []bool) []int32 {
	rows := make([]int32, 0, len(keep))
	for i, k := range keep {
		if k {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// keyText prints the key of a row for a message.
func (r *relation) keyText(terms []int, row int) string {
	text := ""
	for i, t := range terms {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s=%s", r.source.terms[t].program.Root.Name, vec.AppendText(nil, r.values[t], row))
	}
	return text
}
