// Package monitor tells AWS how runs go, and reads it back: figures of each run
// in CloudWatch, failures to the topic of alarms, and the state of the alarms.
//
// A run sends these metrics, zeros too, for each table of the project, with the
// dimensions Environment, Layer and Dataset and no other (CloudWatch charges
// for each combination, so that an id of a run among them would be dear):
//
//	RecordsProcessed     bronze: records of the files taken in, damaged ones too;
//	                     silver: rows judged; gold: rows of a table that was built
//	RecordsFailed        rows of a layer that was not published, as a gate or an
//	                     error stopped it; in bronze also 1 for each file that
//	                     failed whole, whose records nobody can count
//	RecordsQuarantined   records that went to quarantine: in bronze those that
//	                     could not be split, in silver those that a check refused,
//	                     of those judged: a rebuild counts them again; what a
//	                     replay takes out of it is not subtracted
//	DataQualityFailures  gates that failed and were not accepted
//	DurationSeconds      how long the table took
//	BytesWritten         bytes of the files published, the index and quarantine
//	                     left out
//
// The same once more for the run as a whole, with Layer run and Dataset all:
// RecordsProcessed is that of bronze, each record being counted once;
// DurationSeconds is the whole run's; the others are sums over all tables. With
// them go RunsSucceeded and RunFailures, of which one is 1: a run that had
// nothing to do has succeeded, one of which some files failed whole has failed,
// and one that was interrupted is neither.
//
// Whoever starts a run in Glue sends none of this: a schedule starts them, too,
// so that it is for the jobs to do, and nothing counts twice. That a job failed
// is told by an EventBridge rule of the stack.
package monitor
