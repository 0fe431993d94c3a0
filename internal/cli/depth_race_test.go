//go:build race

package cli

// scripts are those that TestScripts runs. With the race detector each command takes a
// second to start; these have most of what goes on at the same time: locks, lakes on
// S3, queries, failures.
func scripts() ([]string, error) {
	return []string{"testdata/script/failures.txtar", "testdata/script/lock.txtar", "testdata/script/query.txtar", "testdata/script/s3.txtar"}, nil
}
