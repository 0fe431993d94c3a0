// Package quarantine keeps the rows that are not good enough for silver: what
// they were, where they came from and every reason, so that they can be looked
// at, mended and replayed.
//
// A dataset's quarantine is a table partitioned by ingestion_date. Records that
// could not be read stand in one file for each source file, named read-...;
// rows that failed a check in one file for each silver commit, named rows-....
package quarantine

// Suffix makes the name of a dataset that of its quarantine where there are the
// databases bronze, silver and gold alone: transactions_quarantine of silver.
const Suffix = "_quarantine"
