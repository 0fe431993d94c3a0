package lake

import (
	"maps"
	"slices"

	"github.com/lakectl/lakectl/internal/diag"
)

// checkLedger says whether every record of every live file version is
// accounted for: in silver, quarantined, superseded or dropped as a duplicate,
// each exactly once. Files that silver has not consumed yet may have records
// that are nowhere so far, but never more than were read. The silver table of
// a dataset is that of its name.
func (s *State) checkLedger() error {
	for _, name := range slices.Sorted(maps.Keys(s.Datasets)) {
		consumed := uint64(0)
		if t := s.Tables[TableRef{Silver, name}]; t != nil {
			consumed = t.Consumed[TableRef{Bronze, name}]
		}
		for _, in := range s.Datasets[name].Files() {
			if err := in.checkLedger(in.Ingested <= consumed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *InputFile) checkLedger(consumed bool) error {
	l, sum := in.Ledger, in.Ledger.Sum()
	negative := min(l.Silver, l.Quarantined, l.Superseded, l.Duplicate) < 0
	if !negative && (sum == in.Records || sum < in.Records && !consumed) {
		return nil
	}
	return diag.Errorf(diag.Ledger, "%s: the ledger of dataset %s does not add up: %d records read, but %d in silver + %d quarantined + %d superseded + %d duplicate = %d (ingested by commit %d)",
		in.SourceFile, in.Dataset, in.Records, l.Silver, l.Quarantined, l.Superseded, l.Duplicate, sum, in.Ingested).
		WithNext("this is a bug of lakectl; nothing was published, and running again will not help: please report it with these figures")
}
