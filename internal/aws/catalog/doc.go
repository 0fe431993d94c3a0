// Package catalog keeps the Glue data catalog the same as the lake, so that
// Athena, Spark and whoever else reads it see new data at once and no crawler
// need look for it.
//
// What the catalog should have follows from the lake's published commits alone:
// the layers bronze, silver and gold are databases, their tables are tables, and
// the quarantine of a dataset is the table <dataset>_quarantine of silver. Sync
// sends what differs, Check says it; both come from one comparison, so that Check
// finds nothing exactly when Sync has nothing to send.
//
// # Order, and crashes
//
// Data comes first, the catalog last: only what is published is sent. Of a table
// the partitions are sent first; then, in one guarded update, its columns and the
// commit that has been sent (the parameter lakectl_commit). A crash leaves a table
// without this commit, or with an older one and other columns, so the next Sync
// knows that it is not done. Nothing that is sent twice does harm.
//
// With the commit known, Sync looks only at partitions that later commits have
// touched, by the lake's log. All partitions are compared where it is not known
// (a new table, another lake at this place, changed columns), and where it was
// asked for (SyncOptions.Full), since somebody may have changed the catalog.
//
// An update names the version of the table that it was made from. If somebody
// was quicker, table and lake are read again, and all of it is compared.
//
// # Names
//
// Glue keeps names in lower case. Those of tables and of silver and gold columns
// are so; raw columns of bronze and quarantine are lowered. Athena finds columns
// of Parquet files by name and ignores case, so lowered names find their columns.
// A column that the catalog cannot have (see columns) is left out of it with a
// warning; the rest of its table can be read.
//
// # What belongs to others
//
// Parameters, descriptions, comments and owners that lakectl did not set are
// kept. Tables that lakectl did not make are left alone, but for external tables
// at the very place of one of the lake's, such as a crawler makes: these are
// taken over. Partition projection is switched off in tables of the lake:
// with it Athena does not look at registered partitions.
package catalog
