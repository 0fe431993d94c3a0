package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/sampledata"
)

// byRun are the tables that depend on which files came in one run.
const byRun = "gold.latest_snapshot"

// small is generated data with all defects, few enough rows to be run often.
func small(seed uint64) sample.Options {
	return sample.Options{Seed: seed, Transactions: smallRows, Customers: 150, Days: 12, Files: 4, Defects: 0.3, Compress: "mixed"}
}

// sampleLab is the sample project without files, its lake in memory, without
// the limits that generated data with many defects would exceed.
func sampleLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.SampleProject(t)
	l.Bucket = mem.New(mem.Options{})
	return l
}

// quarantineUnknown makes unknown customers a reason for quarantine.
func quarantineUnknown(l *lab.Lab) {
	l.Edit("known_customer:      {references: {dataset: customers, column: customer_id}, on_fail: flag}",
		"known_customer:      {references: {dataset: customers, column: customer_id}, on_fail: quarantine}")
	l.Edit("enough_rows: {row_count: {min: 1}}", "enough_rows: {row_count: {min: 0}}") // all may be in quarantine for a while
}

// inBatches runs a new lab once for each batch of files, each some hours after
// the one before.
func inBatches(l *lab.Lab, s lab.Stock, batches [][]string) {
	l.T.Helper()
	for i, names := range batches {
		l.Arrive(s, names...)
		if len(batches) > 1 {
			l.Workers, l.Segment = 1+i*3%5, 1<<10+i*9973%(64<<10)
		}
		l.MustRun()
		l.Now = l.Now.Add(7 * time.Hour)
	}
	l.CheckLedger()
}

// arrivals are ways in which the same files may come: each dataset's own in the
// order of their names, so that ties between versions of a key end alike.
func arrivals(s lab.Stock) map[string][][]string {
	customers, transactions := s.Of("customers"), s.Of("transactions")
	single := func(lists ...[]string) (batches [][]string) {
		for _, list := range lists {
			for _, name := range list {
				batches = append(batches, []string{name})
			}
		}
		return batches
	}
	var turns [][]string
	for i := range max(len(customers), len(transactions)) {
		if i < len(transactions) {
			turns = append(turns, transactions[i:i+1])
		}
		if i < len(customers) {
			turns = append(turns, customers[i:i+1])
		}
	}
	half := func(list []string) int { return len(list) / 2 }
	return map[string][][]string{
		"one by one":     single(customers, transactions),
		"customers last": single(transactions, customers),
		"in turns":       turns,
		"two batches": {
			append(slices.Clone(customers[:half(customers)]), transactions[:half(transactions)]...),
			append(slices.Clone(customers[half(customers):]), transactions[half(transactions):]...),
		},
		"customers after all transactions": {transactions, customers},
	}
}

func TestRowsDoNotDependOnWhichFilesComeInOneRun(t *testing.T) {
	for _, variant := range []struct {
		name   string
		change func(*lab.Lab)
	}{
		{"unknown customers flagged", func(*lab.Lab) {}},
		{"unknown customers in quarantine", quarantineUnknown},
	} {
		for seed := uint64(1); seed <= seeds; seed++ {
			t.Run(fmt.Sprint(variant.name, " ", seed), func(t *testing.T) {
				l := sampleLab(t)
				variant.change(l)
				stock := l.Generate(small(seed))
				inBatches(l, stock, [][]string{stock.Names})
				want := l.Contents(byRun)
				for name, batches := range ways(stock) {
					t.Run(name, func(t *testing.T) {
						l := sampleLab(t)
						variant.change(l)
						inBatches(l, stock, batches)
						lab.SameContents(t, l.Contents(byRun), want)
					})
				}
			})
		}
	}
}

// ways are the arrivals that are tried one after the other.
func ways(s lab.Stock) map[string][][]string {
	all := arrivals(s)
	if !allWays {
		maps.DeleteFunc(all, func(name string, _ [][]string) bool { return name != "in turns" && name != "two batches" })
	}
	return all
}

// sampleFiles are the files of the sample project as a stock.
func sampleFiles(t *testing.T) lab.Stock {
	t.Helper()
	s := lab.Stock{Dir: t.TempDir()}
	if err := os.CopyFS(s.Dir, sampledata.Project()); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"customers_*", "transactions_*"} {
		names, err := filepath.Glob(filepath.Join(s.Dir, pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			s.Names = append(s.Names, filepath.Base(name))
		}
	}
	return s
}

func TestSampleProjectFileByFileIsWhatTheModelSays(t *testing.T) {
	stock := sampleFiles(t)
	for _, name := range []string{"one by one", "customers last", "two batches"} {
		t.Run(name, func(t *testing.T) {
			l := sampleLab(t)
			inBatches(l, stock, arrivals(stock)[name])
			checkSampleRows(l)
		})
	}
}

func TestRowsDoNotDependOnWorkersAndSegments(t *testing.T) {
	l := sampleLab(t)
	stock := l.Generate(small(3))
	inBatches(l, stock, [][]string{stock.Names})
	want := l.Contents()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, workers := range []int{1, 2, 8} {
		for range 3 {
			segment := 1<<10 + rng.IntN(63<<10)
			t.Run(fmt.Sprintf("%d workers, segments of %d bytes", workers, segment), func(t *testing.T) {
				l := sampleLab(t)
				l.Workers, l.Segment = workers, segment
				inBatches(l, stock, [][]string{stock.Names})
				lab.SameContents(t, l.Contents(), want)
			})
		}
	}
}

func TestSameSettingsAndClockGiveSameBytes(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			sameBytesTwice(t, func(l *lab.Lab) { l.Bucket, l.Workers, l.Segment = nil, workers, 8<<10 })
		})
	}
}

// sameBytesTwice runs a project two times from nothing, with the same files.
func sameBytesTwice(t *testing.T, change func(*lab.Lab)) {
	t.Helper()
	var trees [2]map[string]string
	stock := sampleLab(t).Generate(small(4))
	for i := range trees {
		l := sampleLab(t)
		change(l)
		inBatches(l, stock, arrivals(stock)["two batches"])
		trees[i] = l.Tree()
	}
	lab.SameTree(t, trees[1], trees[0])
}

func TestUntouchedPartitionsKeepTheirBytes(t *testing.T) {
	l := sampleLab(t)
	l.Bucket = nil
	l.Arrive(l.Generate(sample.Options{Seed: 5, Transactions: 2000, Customers: 100, Days: 40, Files: 1, Defects: 0.1}))
	l.MustRun()
	before, tree := modified(t, l), l.Tree("_lakectl/")
	l.Now = l.Now.Add(24 * time.Hour)
	l.Write("transactions_99.csv", "transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n"+
		"late-1,C1,p,2026-08-03 10:00:00,1.50,2,completed\nlate-2,C1,p,2026-08-07 10:00:00,1.50,2,completed\nlate-3,C1,p,2027-01-01 10:00:00,1.50,2,completed\n")
	result := l.MustRun()
	after, now := modified(t, l), l.Tree("_lakectl/")
	var changed []string
	for name, was := range before {
		same := after[name].Equal(was) && now[name] == tree[name]
		if filepath.Dir(filepath.Dir(name)) == "silver/transactions" && !same {
			changed = append(changed, filepath.Base(filepath.Dir(name)))
		} else if filepath.Dir(name) == "silver/customers" && !same {
			t.Errorf("%s was written, though no customer came", name)
		}
	}
	slices.Sort(changed)
	if want := []string{"transaction_date=2026-08-03", "transaction_date=2026-08-07"}; !slices.Equal(changed, want) {
		t.Errorf("partitions written: %v, want %v", changed, want)
	}
	if _, ok := now["silver/transactions/transaction_date=2027-01-01/part-0.parquet"]; !ok {
		t.Error("the new partition is missing")
	}
	if len(result.Silver) != 1 || result.Silver[0].Written != 3 || result.Silver[0].Judged != 3 {
		t.Errorf("silver of the run: %+v", result.Silver)
	}
}

// modified returns when each file of the lake was last written.
func modified(t *testing.T, l *lab.Lab) map[string]time.Time {
	t.Helper()
	out := map[string]time.Time{}
	err := filepath.WalkDir(l.Lake, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(l.Lake, path)
		out[filepath.ToSlash(name)] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFullRefreshGivesTheSameRowsAndLedger(t *testing.T) {
	for name, change := range map[string]func(*lab.Lab){"flag": func(*lab.Lab) {}, "quarantine": quarantineUnknown} {
		t.Run(name, func(t *testing.T) {
			l := sampleLab(t)
			change(l)
			stock := l.Generate(small(6))
			inBatches(l, stock, arrivals(stock)["in turns"])
			want, ledger := l.Contents(byRun), l.FileLedger("transactions")
			result := l.MustRun(func(o *pipeline.Options) { o.FullRefresh = true })
			lab.SameContents(t, l.Contents(byRun), want)
			for file, totals := range l.FileLedger("transactions") {
				if totals != ledger[file] {
					t.Errorf("ledger of %s was %+v and is %+v", file, ledger[file], totals)
				}
			}
			l.CheckLedger()
			if len(result.Silver) != 2 || !result.Silver[0].Rebuilt || !result.Silver[1].Rebuilt {
				t.Errorf("silver of the run: %+v", result.Silver)
			}
			read := 0
			for _, r := range l.Rows("quarantine.transactions") {
				if r["stage"] == "read" {
					read++
				}
			}
			if read == 0 {
				t.Error("no records in quarantine that could not be read: the test proves nothing")
			}
			if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
				t.Errorf("the run after a full refresh: %s", again.Outcome)
			}
		})
	}
}

// TestLittleMemory runs with so little memory that every row of bronze and
// silver that waits for others goes to disk. Where the tables of the values that
// gold counts do not fit even while they are small, it says so.
func TestLittleMemory(t *testing.T) {
	l := sampleLab(t)
	stock := l.Generate(sample.Options{Seed: 7, Transactions: 8_000, Customers: 800, Days: 30, Files: 3, Defects: 0.2})
	l.Arrive(stock)
	l.MustRun()
	want := l.Contents()
	for _, memory := range []int64{16 << 20, 1 << 20, 1 << 16} {
		t.Run(fmt.Sprint(memory, " bytes"), func(t *testing.T) {
			l := sampleLab(t)
			l.Memory = memory
			l.Arrive(stock)
			if _, err := l.Run(); memory < 1<<20 && diag.ClassOf(err) == diag.Budget {
				l.Memory = 0 // what is below gold is there
				if result := l.MustRun(); len(result.Commits) != 1 {
					t.Errorf("the run after it made the commits %v", result.Commits)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			lab.SameContents(t, l.Contents(), want)
			l.CheckLedger()
		})
	}
}

// TestLittleMemoryFileByFile has rows that are in the table already wait on disk too.
func TestLittleMemoryFileByFile(t *testing.T) {
	stock := sampleLab(t).Generate(small(8))
	l := sampleLab(t)
	quarantineUnknown(l)
	inBatches(l, stock, [][]string{stock.Names})
	want := l.Contents(byRun)
	l = sampleLab(t)
	quarantineUnknown(l)
	for _, names := range arrivals(stock)["in turns"] {
		l.Arrive(stock, names...)
		l.Memory = 1
		if _, err := l.Run(); err != nil && diag.ClassOf(err) != diag.Budget {
			t.Fatal(err)
		}
		l.Memory = 0 // gold may have needed more
		l.MustRun()
		l.Now = l.Now.Add(time.Hour)
	}
	lab.SameContents(t, l.Contents(byRun), want)
}
