package silver

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unsafe"
)

// An index file holds, for the partitions that one commit wrote, the sorted
// 64-bit hashes of their keys and of the columns that refer to other tables; and
// for columns that others refer to, the hashes of the values whose presence the
// commit may have changed. It only tells which partitions to look into, so a
// lost index costs time (all partitions are looked into) and never rows.
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

// section is one list of hashes of an index file.
type section struct {
	About     string `json:"about"`
	Partition string `json:"partition"`
	Offset    int64  `json:"offset"`
	Count     int64  `json:"count"`
}

// indexWriter collects the sections of one index file.
type indexWriter struct {
	data     bytes.Buffer
	sections []section
}

// add adds a section; hashes are sorted and freed of repeats in place.
func (w *indexWriter) add(about, partition string, hashes []uint64) {
	if w.data.Len() == 0 {
		w.data.WriteString(indexMagic)
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	w.sections = append(w.sections, section{about, partition, int64(w.data.Len()), int64(len(hashes))})
	w.data.Write(hashesAsBytes(hashes))
}

// empty says whether there is nothing to write.
func (w *indexWriter) empty() bool { return len(w.sections) == 0 }

// writeTo writes the file.
func (w *indexWriter) writeTo(out io.Writer) error {
	directory, err := json.Marshal(w.sections)
	if err != nil {
		return err
	}
	w.data.Write(directory)
	w.data.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(directory))))
	w.data.Write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(w.data.Bytes(), castagnoli())))
	_, err = out.Write(w.data.Bytes())
	return err
}

// index is an index file in memory.
type index struct {
	data     []byte
	sections []section
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
	x := &index{data: data[:start]}
	if err := json.Unmarshal(data[start:end-4], &x.sections); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	for _, s := range x.sections {
		if s.Offset < 0 || s.Count < 0 || s.Count > start/8 || s.Offset+8*s.Count > start {
			return nil, fmt.Errorf("%w: a section beyond its end", errIndex)
		}
	}
	return x, nil
}

// hashes returns the hashes of a section, and whether there is one.
func (x *index) hashes(about, partition string) ([]uint64, bool) {
	for _, s := range x.sections {
		if s.About == about && s.Partition == partition {
			out := make([]uint64, s.Count)
			copy(hashesAsBytes(out), x.data[s.Offset:s.Offset+8*s.Count])
			return out, true
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
