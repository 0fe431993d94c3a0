package sample

import (
	"io"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// DefaultDefects is the share of rows with a defect in the sample project.
const DefaultDefects = 0.08

// maxDefects keeps a good row within reach of every other: a later version
// needs one before it to be a version of.
const maxDefects = 0.5

// Options say what Generate writes. The zero value of a field is its default
// unless it says otherwise.
type Options struct {
	Seed         uint64
	Transactions int64     // records to write, defects and repeats included; 0 is none
	Customers    int64     // records to write; 0 is none
	Days         int       // days that the transactions span; default 90
	Start        time.Time // their first day, taken in UTC; default 2026-08-01
	Files        int       // files of transactions, customers have a third as many; default 1
	Defects      float64   // share of records with a defect, 0 to 0.5; 0 is none
	// WellFormed leaves out what breaks the CSV itself (ragged rows, stray
	// quotes, invalid UTF-8), so that every CSV reader sees the same records.
	WellFormed bool
	// Shuffled spreads the days over all files. By default transactions are in
	// the order of their time, with some later corrections.
	Shuffled bool
	// Compress is "", "gz", "zst", or "mixed": each third file of transactions is .gz.
	Compress string
	Workers  int // default the number of processors

	// Dir is the folder to write to, made if it is missing. A file is seen under
	// its name when it is complete. Existing files are kept, and an error, unless
	// Overwrite is set.
	Dir       string
	Overwrite bool
	// Create, if set, is called instead of writing to Dir. One file is open at a
	// time; a writer with a method Abort() is told by it when generating failed,
	// instead of by Close.
	Create func(name string) (io.WriteCloser, error)
}

// Sample returns the options that the files in sampledata/ were made with.
func Sample() Options {
	return Options{Seed: 4, Transactions: 2000, Customers: 200, Files: 5, Defects: DefaultDefects, Compress: "mixed"}
}

// withDefaults fills in what was left out and reports what cannot be.
func (o Options) withDefaults() (Options, error) {
	if o.Days == 0 {
		o.Days = 90
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Files == 0 {
		o.Files = 1
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Create == nil {
		o.Create = folder{dir: o.Dir, overwrite: o.Overwrite}.create
	}
	return o, o.check()
}

func (o Options) check() error {
	year := o.Start.UTC().Year()
	end := o.Start.UTC().AddDate(0, 0, o.Days).Year()
	switch {
	case o.Transactions < 0 || o.Transactions > maxRows || o.Customers < 0 || o.Customers > maxCustomers:
		return diag.Errorf(diag.Usage, "cannot generate %d transactions of %d customers", o.Transactions, o.Customers).
			WithNext("ask for at most %d transactions and %d customers", int64(maxRows), int64(maxCustomers))
	case o.Transactions > 0 && o.Customers == 0:
		return diag.Errorf(diag.Usage, "transactions need customers to belong to").WithNext("ask for at least one customer")
	case o.Days < 1 || o.Days > 10_000 || o.Files < 1 || o.Files > 100_000:
		return diag.Errorf(diag.Usage, "cannot spread transactions over %d days and %d files", o.Days, o.Files).
			WithNext("ask for one to 10000 days and one to 100000 files")
	case year < 3 || end > 9990:
		return diag.Errorf(diag.Usage, "%d days from %s leave the years that dates have", o.Days, o.Start.Format(time.DateOnly)).
			WithNext("choose another start")
	case !(o.Defects >= 0 && o.Defects <= maxDefects): // so that NaN is refused too
		return diag.Errorf(diag.Usage, "the share of defects is %v", o.Defects).WithNext("choose one from 0 to %v", maxDefects)
	case !slices.Contains([]string{"", gz, zst, mixed}, o.Compress):
		return diag.Errorf(diag.Usage, "unknown compression %q", o.Compress).
			WithNext("%s", "use gz, zst or mixed, or leave it out")
	}
	return nil
}

// perMillion returns a share in whole millionths, in which it is exact.
func perMillion(share float64) int64 { return int64(math.Round(share * million)) }
