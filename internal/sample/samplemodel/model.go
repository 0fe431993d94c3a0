package samplemodel

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Timestamp is the layout of timestamps.
const Timestamp = "2006-01-02 15:04:05.999999"

// File is a raw file, decompressed.
type File struct {
	Name   string // its source_file
	Data   []byte
	Commit int // of bronze: files of a later one win ties
}

// Row is a row: values by column, nulls left out.
type Row map[string]string

// Table is a table in a canonical order: silver by key, gold by group.
type Table struct {
	Columns []string // without those that depend on the run, such as processed_timestamp
	Rows    []Row
}

// Rejected is a record in quarantine.
type Rejected struct {
	File    string   `json:"file"`
	Row     int64    `json:"row"`     // from 1
	Reasons []string `json:"reasons"` // sorted
}

// Ledger says where the records of a file are.
type Ledger struct {
	Records     int64 `json:"records"`
	Silver      int64 `json:"silver"`
	Quarantined int64 `json:"quarantined"`
	Superseded  int64 `json:"superseded"`
}

// Dataset is what became of the files of one dataset. Silver rows also have
// source_file, source_row, data_quality_flag and data_quality_issues, the names
// of failed checks in the order of lakehouse.yaml, with commas between.
type Dataset struct {
	Silver     Table
	Quarantine []Rejected // by file and row
	Files      map[string]*Ledger
}

// Lake is what a run of the sample project makes.
type Lake struct {
	Customers    *Dataset
	Transactions *Dataset
	Gold         map[string]Table // all but latest_snapshot, which is silver again
}

// Load reads the raw files of the sample project from a folder, as one commit.
func Load(folder fs.FS) ([]File, error) {
	var files []File
	for _, pattern := range []string{"customers_*.csv", "transactions_*.csv", "transactions_*.csv.gz"} {
		names, err := fs.Glob(folder, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(folder, name)
			if err == nil && path.Ext(name) == ".gz" {
				data, err = gunzip(data)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			files = append(files, File{Name: name, Data: data})
		}
	}
	return files, nil
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Build makes silver, quarantine and gold of the files. Files are of a dataset
// by the beginning of their name.
func Build(files []File) *Lake {
	lake := &Lake{Customers: newDataset(customerColumns), Transactions: newDataset(transactionColumns)}
	lake.Customers.build(files, "customers", "customer_id", "registration_date", judgeCustomer)
	known := map[string]bool{}
	for _, row := range lake.Customers.Silver.Rows {
		known[row["customer_id"]] = true
	}
	lake.Transactions.build(files, "transactions", "transaction_id", "transaction_timestamp", func(raw Row) (Row, []string) {
		return judgeTransaction(raw, known)
	})
	lake.Gold = gold(lake.Customers.Silver.Rows, lake.Transactions.Silver.Rows)
	return lake
}

func newDataset(columns []string) *Dataset {
	lineage := []string{"data_quality_flag", "data_quality_issues", "source_file", "source_row"}
	return &Dataset{Silver: Table{Columns: slices.Concat(columns, lineage)}, Files: map[string]*Ledger{}}
}

// version is a good row and its place among those with the same key.
type version struct {
	row    Row
	latest string
	commit int
	file   string
	number int64
}

// build takes the files whose name begins with prefix through silver.
func (d *Dataset) build(files []File, prefix, key, latestBy string, judge func(raw Row) (Row, []string)) {
	best := map[string]version{}
	for _, f := range files {
		if !strings.HasPrefix(f.Name, prefix+"_") {
			continue
		}
		ledger := &Ledger{}
		d.Files[f.Name] = ledger
		header, records := readCSV(f.Data)
		for i, record := range records {
			number := int64(i + 1)
			ledger.Records++
			row, reasons := Row(nil), []string{record.damage}
			if record.damage == "" {
				row, reasons = judge(record.row(header))
			}
			if len(reasons) > 0 {
				slices.Sort(reasons)
				d.Quarantine = append(d.Quarantine, Rejected{File: f.Name, Row: number, Reasons: reasons})
				ledger.Quarantined++
				continue
			}
			row["source_file"], row["source_row"] = f.Name, fmt.Sprint(number)
			v := version{row: row, latest: row[latestBy], commit: f.Commit, file: f.Name, number: number}
			if other, found := best[row[key]]; found {
				if v.compare(other) < 0 {
					v, other = other, v
				}
				d.Files[other.file].Superseded++
			}
			best[row[key]] = v
		}
	}
	for _, v := range best {
		d.Files[v.file].Silver++
		d.Silver.Rows = append(d.Silver.Rows, v.row)
	}
	slices.SortFunc(d.Silver.Rows, func(a, b Row) int { return cmp.Compare(a[key], b[key]) })
	slices.SortFunc(d.Quarantine, func(a, b Rejected) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
}

// compare says which version wins: the latest, then by commit, file and row. A
// null is the empty text, which is lowest.
func (v version) compare(other version) int {
	return cmp.Or(cmp.Compare(v.latest, other.latest), cmp.Compare(v.commit, other.commit),
		cmp.Compare(v.file, other.file), cmp.Compare(v.number, other.number))
}
