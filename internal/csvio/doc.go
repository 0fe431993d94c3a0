// Package csvio turns the bytes of a CSV file into Arrow batches of strings, on
// as many cores as there are workers, and contains damage to single records.
//
// A Splitter reads the stream in order and cuts it into Segments at exact
// record boundaries. Parsers, one for each worker, turn Segments into Batches
// independently of one another. What a file means does not depend on where it
// was cut: any segment size gives the same records, rows and damage.
//
// # Records
//
// A physical line ends with \n; a \r right before it, or right before the end
// of the file, belongs to the line end. Any other \r is data. The final line
// end may be missing. A line without any text is a blank line: no record in a
// file of several columns, a record of one empty text in a file of one.
//
// A field that begins with the quote is quoted up to the closing quote, which
// the delimiter or a line end must follow; delimiters and line ends within are
// data. Without an escape byte a doubled quote within stands for one quote.
// With one, the byte after it is taken literally within quotes; outside it
// escapes the quote and itself alone, and stands for itself elsewhere.
//
// # Damage
//
// A damaged record costs nothing but itself. The first of these that the bytes
// show, in their order, decides: a quote inside an unquoted field, text after a
// closing quote, a quote that is not closed, a field of more than
// Dialect.MaxField bytes (as it stands in the file), a record of more than
// MaxField + 16 MiB. A record without any of these may still have the wrong
// number of fields, a NUL byte, or bytes that are not UTF-8, judged in this
// order. How far the damaged record extends:
//
//   - wrong quoting, and a field that is too long: the physical line on which
//     the record begins; reading resumes on the next line;
//   - a record that is too long as a whole: up to the end of the line on which
//     it passes the limit;
//   - a wrong number of fields in a record of several lines: if the second line
//     begins a record that is well-formed and has the right number of fields,
//     then the first line alone, as its open quote found a partner by
//     accident; else the whole record;
//   - anything else: the whole record.
//
// # Cost
//
// Time is linear in the size of the file, however hostile its quotes. Memory of
// a Splitter is bounded by the segment size plus 2 x (MaxField + 16 MiB), which
// only records of that size reach.
package csvio
