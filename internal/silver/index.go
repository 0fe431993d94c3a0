package silver

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"unsafe"
)

// An index file holds, for the files that one commit wrote, the sorted 64-bit
// hashes of their keys and of the columns that refer to other tables; and for
// columns that others refer to, the hashes of the values whose presence the
// commit may have changed. It only tells which files to look into, so a lost
// index costs time (all files are looked into) and never rows.
//
// Layout: the magic, the sections' hashes (little endian), the directory as
// JSON, its length and the CRC-32 (Castagnoli) of all before, 4 bytes each.
const indexMagic = "LKKEYS1\n"

// Sections of an index are about one of these.
const (
	keyHashes     = "key"      // hashes of the key of each row
	columnHashes  = "column:"  // + name: hashes of a referring column's values
	changedHashes = "changed:" // + name: hashes of values that came or went
)

// subject is what the hashes of a section are of: a file, but for changedHashes.
type subject struct {
	About string `json:"about"`
	place
}

// section is one list of hashes of an index file.
type section struct {
	subject
	Offset int64 `json:"offset"`
	Count  int64 `json:"count"`
}

// mostHashes is how many hashes a section may have; what has more gets none. They
// take 128 MiB, and up to twice that while they are collected: a file of so many
// rows is better looked into, and so many changed values are better judged by
// reading all rows that refer to them.
const mostHashes = 1 << 24

// hashList collects the hashes of a section.
type hashList struct {
	most   int
	hashes []uint64
	over   bool // there were more than may be in a section
}

func newHashLists(n, most int) []hashList {
	lists := make([]hashList, n)
	for i := range lists {
		lists[i].most = most
	}
	return lists
}

func (l *hashList) add(hashes []uint64) {
	if l.over {
		return
	}
	l.hashes = append(l.hashes, hashes...)
	if len(l.hashes) > 2*l.most {
		l.sort()
	}
}

// sort sorts the hashes and frees them of repeats, or of all if they are too many.
func (l *hashList) sort() {
	if l.hashes = sortedSet(l.hashes); len(l.hashes) > l.most {
		l.hashes, l.over = nil, true
	}
}

// indexWriter writes an index file, section by section.
type indexWriter struct {
	open     func() (io.Writer, error) // called for the first section
	out      *bufio.Writer             // nil before
	sum      hash.Hash32
	offset   int64
	sections []section
}

// add adds a section, unless its hashes are too many; the list is sorted.
func (w *indexWriter) add(about string, at place, list *hashList) error {
	list.sort()
	if list.over {
		return nil
	}
	hashes := list.hashes
	if w.out == nil {
		out, err := w.open()
		if err != nil {
			return err
		}
		w.out, w.sum = bufio.NewWriter(out), crc32.New(castagnoli())
		if err := w.write([]byte(indexMagic)); err != nil {
			return err
		}
	}
	w.sections = append(w.sections, section{subject{about, at}, w.offset, int64(len(hashes))})
	return w.write(hashesAsBytes(hashes))
}

// sortedSet sorts hashes and frees them of repeats in place.
func sortedSet(hashes []uint64) []uint64 {
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

func (w *indexWriter) write(b []byte) error {
	w.sum.Write(b)
	w.offset += int64(len(b))
	_, err := w.out.Write(b)
	return err
}

// empty says whether there is no section, and so no file.
func (w *indexWriter) empty() bool { return w.out == nil }

// close writes what follows the sections.
func (w *indexWriter) close() error {
	directory, err := json.Marshal(w.sections)
	if err == nil {
		err = w.write(binary.LittleEndian.AppendUint32(directory, uint32(len(directory))))
	}
	if err == nil {
		err = w.write(binary.LittleEndian.AppendUint32(nil, w.sum.Sum32()))
	}
	if err != nil {
		return err
	}
	return w.out.Flush()
}

// index is an index file in memory.
type index struct {
	data     []byte
	sections map[subject]section
}

var errIndex = errors.New("damaged index")

// readIndex reads an index file whole.
func readIndex(data []byte) (*index, error) {
	const tail = 8
	if len(data) < len(indexMagic)+tail || string(data[:len(indexMagic)]) != indexMagic {
		return nil, fmt.Errorf("%w: not an index file", errIndex)
	}
	end := len(data) - 4
	if binary.LittleEndian.Uint32(data[end:]) != crc32.Checksum(data[:end], castagnoli()) {
		return nil, fmt.Errorf("%w: wrong checksum", errIndex)
	}
	size := int64(binary.LittleEndian.Uint32(data[end-4:]))
	start := int64(end) - 4 - size
	if start < int64(len(indexMagic)) {
		return nil, fmt.Errorf("%w: a directory of %d bytes", errIndex, size)
	}
	var sections []section
	if err := json.Unmarshal(data[start:end-4], &sections); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	x := &index{data: data[:start], sections: make(map[subject]section, len(sections))}
	for _, s := range sections {
		if s.Offset < 0 || s.Count < 0 || s.Count > start/8 || s.Offset > start-8*s.Count {
			return nil, fmt.Errorf("%w: a section beyond its end", errIndex)
		}
		x.sections[s.subject] = s
	}
	return x, nil
}

// hashes returns the hashes of a section, and whether there is one.
func (x *index) hashes(about string, at place) ([]uint64, bool) {
	s, ok := x.sections[subject{about, at}]
	if !ok {
		return nil, false
	}
	out := make([]uint64, s.Count)
	copy(hashesAsBytes(out), x.data[s.Offset:s.Offset+8*s.Count])
	return out, true
}

// indexes are those of one commit, each about other files.
type indexes []*index

// hashes returns the hashes of a section of one of them, and whether there is one.
func (l indexes) hashes(about string, at place) ([]uint64, bool) {
	for _, x := range l {
		if hashes, ok := x.hashes(about, at); ok {
			return hashes, true
		}
	}
	return nil, false
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// hashesAsBytes is the hashes' memory. The format is little endian, as are all
// machines that lakectl is built for; a test fails on others.
func hashesAsBytes(h []uint64) []byte {
	if len(h) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(h))), 8*len(h))
}
