// Package parquetio turns Arrow record batches into Parquet files and back,
// without a Go value per cell in either direction. It is the only importer of
// parquet-go.
//
// # Writing
//
// The pages, their statistics and the footer are laid out here; parquet-go gives
// the run-length coder and the bloom filter. (Handing Arrow memory to its
// ColumnWriter works too, but leaves the bounds of texts, of FIXED decimals and
// of pages that have none to its defaults, which made readers skip rows.) A row
// group is encoded page by page as it is filled, so several of them can be made
// by different goroutines and then appended in order. What is written is what
// the weakest of Athena (Trino), Spark 3.5, Snowflake, DuckDB and pyarrow reads:
//
//   - data pages of version 1, encodings PLAIN and RLE_DICTIONARY, levels RLE.
//     The DELTA encodings are left alone: writers of the Java world only ever
//     put them into pages of version 2, Hive's and older vectorised readers
//     refuse them, and Snowflake does not promise to load them;
//   - integer INT32, bigint INT64, double DOUBLE, boolean BOOLEAN, date INT32
//     DATE, timestamp INT64 TIMESTAMP(MICROS, UTC), decimal INT32, INT64 or
//     FIXED_LEN_BYTE_ARRAY by its precision, string BYTE_ARRAY STRING, binary
//     BYTE_ARRAY; optional if nullable, else required; in the table's order;
//   - bounds for each page (column index) and each row group, in the type's own
//     order: FIXED decimals signed, texts by bytes. Texts and binaries longer
//     than 64 bytes are cut, a maximum is rounded up. A row group with a NaN in a
//     double column has no bounds for that column, because NaN counts as the
//     greatest value and bounds may not hold it;
//   - null counts, an offset index, a checksum for each page, and a bloom filter
//     for the columns asked for. Binaries have neither filter nor dictionary:
//     DuckDB up to 1.5 loses rows with either.
//
// The bytes of a file follow from the rows, how they were split into batches and
// row groups, and the options; from nothing else.
//
// # Reading
//
// Open reads the footer; a RowGroupReader yields batches that end where pages
// end. Texts under a dictionary arrive as Dictionary<int32,String> arrays which
// share one dictionary for each column of a row group, other texts as String
// arrays, and a column may change from the first to the second once. Batches own
// their memory.
//
// Files of others are read in every codec and encoding parquet-go decodes.
// Nested columns, INT96 and times of day are errors that name the column.
// Whether texts are valid UTF-8 is not looked at. Damaged or hostile files are
// errors, never panics: what they say of sizes is checked before memory is taken
// for it, and panics of parquet-go's decoders are caught at the border.
package parquetio
