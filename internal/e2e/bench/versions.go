package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// rawFiles creates the raw files of one set, with filters that remember what the
// earlier files of the same table held.
type rawFiles struct {
	dir    string
	start  time.Time
	tables map[string]*seenKeys
}

func newRawFiles(dir string, p parameters) *rawFiles {
	f := &rawFiles{dir: dir, start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), tables: map[string]*seenKeys{}}
	last := f.start.AddDate(0, 0, p.Days).Add(-time.Second)
	for _, table := range []string{"customers", "transactions"} {
		f.tables[table] = &seenKeys{repeated: map[int64]bool{},
			edges: [2]string{f.start.Format(time.DateTime), last.Format(time.DateTime)}}
	}
	return f
}

func (f *rawFiles) create(name string) (io.WriteCloser, error) {
	out, err := os.Create(filepath.Join(f.dir, name))
	if err != nil {
		return nil, err
	}
	table, _, _ := strings.Cut(name, "_")
	return rawFile{&distinctVersions{out: out, seen: f.tables[table]}, out}, nil
}

// seenKeys is what is known of the keys of a table.
type seenKeys struct {
	records  int64          // that came, those left out as well
	repeated map[int64]bool // numbers of keys that have come a second time
	edges    [2]string      // first and last possible time
}

// distinctVersions leaves out records so that the winner of a key does not
// depend on the number of a record in its file, which DuckDB cannot have
// without reading on one thread. A key stays with two records at most, and of
// those with the same time in the same file the later one has the greater
// amount (transactions) or the longer e-mail address (customers), or is equal.
//
// The generator numbers keys by their first record, so a record whose number is
// not its own repeats an earlier one. Those at the edges of time, where
// different times were made equal, are left out, too.
type distinctVersions struct {
	out  io.Writer
	seen *seenKeys
	head bool   // whether the header has passed
	rest []byte // a line without its end
	kept []byte
}

// Write passes on the lines that are kept. Like bufio.Writer, it may hold back
// the last one.
func (d *distinctVersions) Write(text []byte) (int, error) {
	d.kept = d.kept[:0]
	left := text
	for {
		end := bytes.IndexByte(left, '\n')
		if end < 0 {
			break
		}
		d.rest = append(d.rest, left[:end+1]...)
		d.line(d.rest)
		d.rest, left = d.rest[:0], left[end+1:]
	}
	d.rest = append(d.rest, left...)
	if _, err := d.out.Write(d.kept); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (d *distinctVersions) flush() error {
	_, err := d.out.Write(d.rest)
	return err
}

// line keeps a line or leaves it out.
func (d *distinctVersions) line(line []byte) {
	switch {
	case !d.head:
		d.head = true
	case !d.seen.keeps(line):
		return
	}
	d.kept = append(d.kept, line...)
}

// keeps says whether the next record stays.
func (s *seenKeys) keeps(line []byte) bool {
	s.records++
	fields := bytes.Split(line, []byte{','})
	number, err := strconv.ParseInt(strings.TrimLeft(string(fields[0]), "CUSTXN"), 10, 64)
	if err != nil || number == s.records {
		return true // without a key it goes to quarantine; or it is the first of its key
	}
	if s.repeated[number] {
		return false
	}
	s.repeated[number] = true
	at := string(fields[3])
	return at != s.edges[0] && at != s.edges[1]
}
