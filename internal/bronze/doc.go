// Package bronze takes raw files into the lake: every record as it came, as
// text, with the file and the record number it came from.
//
// A file is ingested whole or not at all. A record that cannot be split goes to
// quarantine alone, with its bytes; a file that cannot be read to its end fails
// and the others are not affected.
package bronze
