package samplemodel

import (
	"bytes"
	"unicode/utf8"
)

// record is a record of a CSV file: its fields, or why it has none.
type record struct {
	fields []string
	damage string // such as "read:ragged"
}

// row names the fields.
func (r record) row(header []string) Row {
	row := Row{}
	for i, name := range header {
		row[name] = r.fields[i]
	}
	return row
}

// readCSV reads a file with a header.
func readCSV(data []byte) (header []string, records []record) {
	for len(data) > 0 {
		if line, _, _ := bytes.Cut(data, []byte("\n")); len(bytes.TrimSuffix(line, []byte("\r"))) == 0 {
			data = data[min(len(line)+1, len(data)):] // a blank line is no record
			continue
		}
		fields, rest, ok := splitRecord(data)
		text := data[:len(data)-len(rest)]
		data = rest
		if header == nil {
			header = fields
			continue
		}
		r := record{fields: fields}
		switch {
		case bytes.IndexByte(text, 0) >= 0:
			r.damage = "read:nul"
		case !utf8.Valid(text):
			r.damage = "read:utf8"
		case !ok:
			r.damage = "read:quote"
		case len(fields) != len(header):
			r.damage = "read:ragged"
		}
		records = append(records, r)
	}
	return header, records
}

// splitRecord splits the first record off. If a quote stands where none may,
// the record ends with its line and ok is false.
func splitRecord(data []byte) (fields []string, rest []byte, ok bool) {
	at := 0
	for {
		field, end, good := splitField(data, at)
		if !good {
			_, after, _ := bytes.Cut(data[end:], []byte("\n"))
			return nil, after, false
		}
		fields = append(fields, field)
		switch {
		case end == len(data):
			return fields, nil, true
		case data[end] == ',':
			at = end + 1
		case data[end] == '\r':
			return fields, data[end+2:], true
		default:
			return fields, data[end+1:], true
		}
	}
}

// splitField returns the field that begins at from and where it ends: at a
// comma, a line end or the end of the data. If it is damaged, end is somewhere
// in the damaged line.
func splitField(data []byte, from int) (field string, end int, ok bool) {
	if from == len(data) || data[from] != '"' {
		end = from
		for !fieldEnds(data, end) {
			if data[end] == '"' {
				return "", end, false
			}
			end++
		}
		return string(data[from:end]), end, true
	}
	var value []byte
	for at := from + 1; at < len(data); at++ {
		if data[at] != '"' {
			value = append(value, data[at])
			continue
		}
		if at+1 < len(data) && data[at+1] == '"' {
			value = append(value, '"')
			at++
			continue
		}
		return string(value), at + 1, fieldEnds(data, at+1)
	}
	return "", from, false // the quote is never closed
}

func fieldEnds(data []byte, at int) bool {
	return at == len(data) || data[at] == ',' || data[at] == '\n' || data[at] == '\r' && at+1 < len(data) && data[at+1] == '\n'
}
