package silver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"
)

func indexBytes(t testing.TB) []byte {
	var out bytes.Buffer
	w := &indexWriter{open: func() (io.Writer, error) { return &out, nil }}
	if !w.empty() {
		t.Error("there is an index without sections")
	}
	add := func(about string, at place, hashes ...uint64) error {
		return w.add(about, at, &hashList{most: 3, hashes: hashes})
	}
	err := errors.Join(add(keyHashes, place{"day=1", 0}, 9, 3, 3, 1<<63), add(columnHashes+"customer_id", place{"day=1", 0}),
		add(keyHashes, place{"day=2", 0}, 7), add(keyHashes, place{"day=2", 3}, 8), add(keyHashes, place{"day=4", 0}, 4, 3, 2, 1), w.close())
	if err != nil || w.empty() {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestIndexReturnsSortedHashes(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Fatal("this machine is big endian: index files would not be portable")
	}
	x, err := readIndex(indexBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		about string
		at    place
		want  []uint64
		ok    bool
	}{
		{keyHashes, place{"day=1", 0}, []uint64{3, 9, 1 << 63}, true},
		{columnHashes + "customer_id", place{"day=1", 0}, []uint64{}, true},
		{keyHashes, place{"day=2", 0}, []uint64{7}, true},
		{keyHashes, place{"day=2", 3}, []uint64{8}, true},
		{keyHashes, place{"day=1", 3}, nil, false},
		{keyHashes, place{"day=3", 0}, nil, false},
		{keyHashes, place{"day=4", 0}, nil, false}, // they are too many
		{columnHashes + "other", place{"day=1", 0}, nil, false},
	} {
		if got, ok := x.hashes(test.about, test.at); !slices.Equal(got, test.want) || ok != test.ok {
			t.Errorf("%s of %v: %v, %v, want %v, %v", test.about, test.at, got, ok, test.want, test.ok)
		}
	}
}

func TestDamagedIndexIsRefused(t *testing.T) {
	good := indexBytes(t)
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 0x10
		if _, err := readIndex(bad); err == nil {
			t.Fatalf("byte %d is damaged and the index is read", i)
		}
		if _, err := readIndex(good[:i]); err == nil {
			t.Fatalf("an index cut at %d is read", i)
		}
	}
}

func TestSectionsBeyondTheFileAreRefused(t *testing.T) {
	for _, directory := range []string{
		`[{"about":"key","offset":8,"count":2}]`, `[{"about":"key","offset":9223372036854775807,"count":1}]`,
		`[{"about":"key","offset":-8,"count":1}]`, `[{"about":"key","offset":8,"count":2305843009213693952}]`, `[{"about":"key","offset":16,"count":1}]`,
	} {
		data := append([]byte(indexMagic), make([]byte, 8)...)
		data = append(data, directory...)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(directory)))
		data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli()))
		if _, err := readIndex(data); !errors.Is(err, errIndex) {
			t.Errorf("%s is read: %v", directory, err)
		}
	}
}

func FuzzReadIndex(f *testing.F) {
	f.Add(indexBytes(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if x, err := readIndex(data); err == nil {
			for _, s := range x.sections {
				x.hashes(s.About, s.place)
			}
		}
	})
}

func TestHashListKeepsWhatIsNotTooMuch(t *testing.T) {
	for _, test := range []struct {
		added [][]uint64
		want  []uint64
	}{
		{nil, nil},
		{[][]uint64{{5, 1}, {1, 5}, {1}}, []uint64{1, 5}},
		{[][]uint64{{3, 2, 2, 2}, {1, 2}, {3, 1}, {2}, {1, 1, 1, 1, 1, 1, 1, 1}}, []uint64{1, 2, 3}},
		{[][]uint64{{1, 2}, {3, 4}, {1}}, nil},
		{[][]uint64{{1, 2, 3, 4, 5, 6, 7}, {1}}, nil},
	} {
		l := hashList{most: 3}
		for _, hashes := range test.added {
			l.add(hashes)
		}
		l.sort()
		if l.over != (test.want == nil && test.added != nil) || !slices.Equal(l.hashes, test.want) {
			t.Errorf("%v: %v, over: %v", test.added, l.hashes, l.over)
		}
	}
}
