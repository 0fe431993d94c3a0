// Package setup makes, keeps and removes what a lake on S3 needs in Snowflake:
// two roles, a database with its schemas, a storage integration, stages, external
// tables and views.
//
// What there should be follows from a Spec alone. It is compared with what SHOW
// and DESC say, and the differences become a plan: statements, each with the role
// that runs it and the reason for it. Setup sends them, Check reports them, so
// that Check finds nothing exactly when Setup has nothing to send. A dry run is
// the plan for an empty account.
//
// # Layout
//
// The layers silver and gold are schemas of the database, with a stage of their
// own and an external table for each of theirs. Bronze and quarantine are not
// there: they hold raw rows, which the role in AWS does not let Snowflake read.
// Views for people stand in the schema of lakehouse.yaml. The schema LAKECTL
// holds the file format, and the table SYNCED with the commits that were sent.
//
// DATABASE_OWNER owns all of it. DATABASE_READER reads gold and the views; silver
// has whatever the raw rows had of people, and stays with the owner.
//
// # Crashes
//
// Statements stand in such an order that each can be the last one: the next
// Setup goes on from there. The integration is never replaced, since Snowflake
// would make another user for it, and the trust in AWS names that user. What
// lakectl made says so in its comment, which is how Destroy knows it; comments of
// tables and views also carry a hash of their definition.
//
// Stages know their integration, and external tables their stage and file format,
// by hidden ids. Of something that was dropped and made again they know nothing,
// which shows by when things were made: what is older than what it uses is made
// again, from the outside in, so that the order tells the next Setup what is left.
package setup
