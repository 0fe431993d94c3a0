// Package render writes rows for other programs: as CSV, JSON, lines of JSON,
// Markdown, Parquet, or a stream of Arrow. It takes record batches, holds none
// of them, and so needs the same memory for any number of rows.
//
// What all formats have in common:
//
//   - Numbers are exact: integers and decimals have all their digits, doubles the
//     fewest that give the same double. NaN and infinities, for which JSON has no
//     number, are texts there.
//   - Dates and timestamps are texts, as casts in lakehouse.yaml write them;
//     in Parquet and Arrow they have their types.
//   - Null is not the empty text: in CSV an empty field without quotes (the empty
//     text has them), in Markdown null in italics.
//   - Names of columns may repeat in CSV and Markdown. Where readers look values up
//     by name (JSON, Parquet, Arrow), a later column a becomes a_2.
//   - Bytes that are not UTF-8 become U+FFFD where the format is text; Parquet and
//     Arrow keep them.
package render
