package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/storage"
)

// Where things are in the lake.
const (
	ownDir        = "_lakectl/"
	logDir        = ownDir + "log/"
	stageDir      = ownDir + "stage/"
	keysDir       = ownDir + "keys/"
	lockName      = ownDir + "lock.json"
	publishedName = ownDir + "published"
	clockName     = ownDir + "clock"

	recordSuffix     = ".json"
	checkpointSuffix = ".checkpoint.json"
)

func recordName(sequence uint64) string {
	return fmt.Sprintf("%s%020d%s", logDir, sequence, recordSuffix)
}

func checkpointName(sequence uint64) string {
	return fmt.Sprintf("%s%020d%s", logDir, sequence, checkpointSuffix)
}

// parseLogName tells what an object of the log is.
func parseLogName(name string) (sequence uint64, checkpoint bool, err error) {
	digits, checkpoint := strings.CutSuffix(strings.TrimPrefix(name, logDir), checkpointSuffix)
	if !checkpoint {
		digits = strings.TrimSuffix(digits, recordSuffix)
	}
	sequence, err = strconv.ParseUint(digits, 10, 64)
	if err != nil || sequence == 0 || name != recordName(sequence) && name != checkpointName(sequence) {
		return 0, false, fmt.Errorf("%s is not a record of the log", name)
	}
	return sequence, checkpoint, nil
}

// stage is the folder of the files that a transaction writes before it is
// committed. The fencing number keeps transactions of different leases apart,
// even where both belong to the same run.
type stage struct {
	run             string
	sequence, fence uint64
}

func (s stage) dir() string { return fmt.Sprintf("%s%s-%d-%d/", stageDir, s.run, s.sequence, s.fence) }

// file returns the name of the staged object of a file. All are in one folder:
// making and removing one for each partition costs more than the files do.
func (s stage) file(path string) string { return s.dir() + stagedName(path) }

func stagedName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

// object is file for one whose staged object may have a name of its own.
func (s stage) object(path, staged string) string {
	if staged != "" {
		return s.dir() + staged
	}
	return s.file(path)
}

func (r *Record) stage() stage { return stage{r.Run, r.Sequence, r.Fence} }

// parseStage tells whose stage an object is in.
func parseStage(name string) (s stage, ok bool) {
	folder, _, ok := strings.Cut(strings.TrimPrefix(name, stageDir), "/")
	parts := strings.Split(folder, "-")
	if !ok || len(parts) < 3 {
		return s, false
	}
	n := len(parts)
	sequence, err1 := strconv.ParseUint(parts[n-2], 10, 64)
	fence, err2 := strconv.ParseUint(parts[n-1], 10, 64)
	return stage{strings.Join(parts[:n-2], "-"), sequence, fence}, err1 == nil && err2 == nil
}

// checkRun says whether a run's id can be part of a name.
func checkRun(run string) error {
	if run == "" || strings.Contains(run, "/") || storage.CheckName(run) != nil {
		return fmt.Errorf("%q cannot be the id of a run", run)
	}
	return nil
}

// checkFile says whether a file of a table may have this path, and notes it in
// paths so that no commit touches a file twice.
func checkFile(table TableRef, path string, kind Kind, paths map[string]bool) error {
	if err := table.check(); err != nil {
		return err
	}
	dir := table.Dir() + "/"
	switch kind {
	case Data:
	case Index:
		dir = table.IndexDir() + "/"
	default:
		return fmt.Errorf("%s: files of kind %q are not known", path, kind)
	}
	if err := storage.CheckName(path); err != nil {
		return err
	}
	if !strings.HasPrefix(path, dir) {
		return fmt.Errorf("%s is not in the folder %s of table %s", path, dir, table)
	}
	if paths[path] {
		return errors.New(path + " is changed twice by one commit")
	}
	paths[path] = true
	return nil
}
