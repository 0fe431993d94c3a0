package csvio

import (
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// DefaultMaxField is the most bytes that a field has when Dialect.MaxField is 0.
const DefaultMaxField = 16 << 20

// recordSlack is how many bytes more than one field a record may have.
const recordSlack = 16 << 20

// Dialect says how a CSV file is written. It is declared by the user and never
// guessed. Its bytes are ASCII.
type Dialect struct {
	Delimiter byte     // 0 means ','
	Quote     byte     // 0 means that quotes are ordinary text
	Escape    byte     // 0 means that a doubled quote stands for a quote
	Header    bool     // the first record after Skip names the columns
	Columns   []string // the names when there is no header
	Skip      int      // physical lines before the header or the first record
	Nulls     []string // texts of unquoted fields, as they stand in the file, that mean null
	MaxField  int      // bytes of a field; 0 means DefaultMaxField

	// LazyQuotes makes a quote inside an unquoted field ordinary text.
	LazyQuotes bool

	slack int // record slack in tests; 0 means recordSlack
}

// DefaultDialect is comma, double quote doubled inside quotes, with a header.
func DefaultDialect() Dialect { return Dialect{Delimiter: ',', Quote: '"', Header: true} }

// Validate returns what is wrong with the dialect as an error of class Usage.
func (d Dialect) Validate() error {
	d = d.normal()
	special := []struct {
		name string
		b    byte
	}{{"delimiter", d.Delimiter}, {"quote", d.Quote}, {"escape", d.Escape}}
	for i, s := range special {
		if s.b == '\n' || s.b == '\r' || s.b >= 0x80 {
			return diag.Errorf(diag.Usage, "csv: %s %q cannot be used: it must be one ASCII character and no line end", s.name, string(rune(s.b)))
		}
		for _, other := range special[:i] {
			if s.b != 0 && s.b == other.b {
				return diag.Errorf(diag.Usage, "csv: %s and %s are both %q", other.name, s.name, string(rune(s.b)))
			}
		}
	}
	switch {
	case d.Escape != 0 && d.Quote == 0:
		return diag.Errorf(diag.Usage, "csv: escape %q has no use without a quote", string(rune(d.Escape)))
	case d.Header && len(d.Columns) > 0:
		return diag.Errorf(diag.Usage, "csv: columns are given by name and by a header").WithNext("say header: false, or leave out the column names")
	case !d.Header && len(d.Columns) == 0:
		return diag.Errorf(diag.Usage, "csv: without a header the columns need names")
	case d.Skip < 0 || d.MaxField < 0:
		return diag.Errorf(diag.Usage, "csv: the lines to skip and the longest field cannot be negative")
	case d.MaxField > 1<<29:
		return diag.Errorf(diag.Usage, "csv: the longest field can be at most %s bytes", digits(1<<29))
	}
	return nil
}

// normal returns the dialect with its defaults filled in.
func (d Dialect) normal() Dialect {
	if d.Delimiter == 0 {
		d.Delimiter = ','
	}
	if d.Escape == d.Quote {
		d.Escape = 0
	}
	if d.MaxField == 0 {
		d.MaxField = DefaultMaxField
	}
	if d.slack == 0 {
		d.slack = recordSlack
	}
	return d
}

// maxRecord is the most bytes of a record without its line end.
func (d Dialect) maxRecord() int { return d.MaxField + d.slack }

// keepRaw is up to how many bytes a damaged record is kept whole.
func (d Dialect) keepRaw() int { return max(d.MaxField, rawCut) }

// unquote appends the value of a quoted field, given with its quotes, to dst.
// The field is well-formed.
func (d Dialect) unquote(dst, field []byte) []byte {
	field = field[1 : len(field)-1]
	escape := d.Escape
	if escape == 0 {
		escape = d.Quote
	}
	return unescape(dst, field, escape)
}

// unescape appends text to dst with each escape dropped and the byte after it kept.
func unescape(dst, text []byte, escape byte) []byte {
	for {
		i := indexByte(text, escape)
		if i < 0 || i+1 >= len(text) {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), text[i+1])
		text = text[i+2:]
	}
}

// plain appends the value of an unquoted field to dst.
func (d Dialect) plain(dst, field []byte) []byte {
	for d.Escape != 0 {
		i := indexByte(field, d.Escape)
		if i < 0 || i+1 >= len(field) {
			break
		}
		dst = append(dst, field[:i]...)
		if next := field[i+1]; next == d.Quote || next == d.Escape {
			dst, field = append(dst, next), field[i+2:]
		} else {
			// The byte after may itself begin an escape.
			dst, field = append(dst, d.Escape), field[i+1:]
		}
	}
	return append(dst, field...)
}

// quoted says whether a field, as it stands in the file, is a quoted one.
func (d Dialect) quoted(field []byte) bool {
	return d.Quote != 0 && len(field) > 0 && field[0] == d.Quote
}

// value appends the value of a well-formed field to dst.
func (d Dialect) value(dst, field []byte) []byte {
	if d.quoted(field) {
		return d.unquote(dst, field)
	}
	return d.plain(dst, field)
}

// checkNames returns an error of the file if column names are empty or collide.
// Engines that read the lake ignore the case of names.
func checkNames(file string, names []string) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if strings.TrimSpace(name) == "" {
			return diag.Errorf(diag.Partial, "%s: column %d of %d has no name", file, i+1, len(names)).
				WithNext("give every column of the header a name")
		}
		folded := schema.FoldName(name)
		first, repeated := seen[folded]
		switch {
		case repeated && names[first] == name:
			return diag.Errorf(diag.Partial, "%s: columns %d and %d are both called %q", file, first+1, i+1, name).
				WithNext("give every column of the header a name of its own")
		case repeated:
			return diag.Errorf(diag.Partial, "%s: columns %d and %d, %q and %q, differ in case alone", file, first+1, i+1, names[first], name).
				WithNext("give every column of the header a name of its own")
		}
		seen[folded] = i
	}
	return nil
}
