package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/sampledata"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    spread
	}{
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{5, 1, 2}, spread{2, 1, 5}},
		{[]float64{4, 1, 2, 3}, spread{2.5, 1, 4}},
	} {
		before := slices.Clone(c.figures)
		if got := spreadOf(c.figures); got != c.want {
			t.Errorf("spreadOf(%v) = %v, want %v", before, got, c.want)
		}
		if !slices.Equal(before, c.figures) {
			t.Errorf("spreadOf changed %v to %v", before, c.figures)
		}
	}
}

// slow is a run that took so many seconds and GiB.
func slow(seconds, gib float64) run {
	return run{Total: cost{Wall: seconds, CPU: 2 * seconds}, Peak: int64(gib * 1024 * mebi), Stages: map[string]cost{silverStage: {seconds / 2, seconds}}}
}

func TestRatiosPairRounds(t *testing.T) {
	// The machine was ten times slower in the second round, for both.
	of, to := []run{slow(1, 1), slow(10, 1), slow(1.5, 1)}, []run{slow(2, 1), slow(20, 1), slow(2, 1)}
	if got, want := ratios(of, to, totalWall), (spread{0.5, 0.5, 0.75}); got != want {
		t.Errorf("ratios are %v, want %v", got, want)
	}
	if got := ratios(of, to, stageCPU(silverStage)).Max; got != 0.75 {
		t.Errorf("the greatest ratio of silver's CPU is %v, want 0.75", got)
	}
}

func TestMissed(t *testing.T) {
	s := &settings{Against: duckdbSide, MaxWall: 0.8, MaxMemory: 2}
	for _, c := range []struct {
		name string
		ours []run
		want string
	}{
		{"both met", []run{slow(8, 2), slow(1, 1)}, ""},
		{"slow in most rounds", []run{slow(9, 1), slow(9, 1)}, "wall time"},
		{"too large once", []run{slow(1, 1), slow(1, 2.1)}, "memory"},
	} {
		runs := map[string][]run{lakectlSide: c.ours, duckdbSide: {slow(10, 3), slow(10, 3)}}
		errs := missed(s, runs)
		if (c.want == "") != (len(errs) == 0) || c.want != "" && !strings.Contains(errs[0].Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, errs, c.want)
		}
	}
}

func TestRest(t *testing.T) {
	stages := map[string]cost{bronzeStage: {1, 2}, silverStage: {3, 4}}
	if got, want := rest(cost{10, 12}, stages), (cost{6, 6}); got != want {
		t.Errorf("the rest is %v, want %v", got, want)
	}
	stages[goldStage] = cost{1, -1}
	if got, want := rest(cost{10, 12}, stages), (cost{5, -1}); got != want {
		t.Errorf("with CPU that is not known, the rest is %v, want %v", got, want)
	}
}

func TestReportLeavesOutWhatIsNotKnown(t *testing.T) {
	r := slow(8, 1)
	r.Stages[restStage] = cost{1, -1}
	runs := map[string][]run{lakectlSide: {r}, duckdbSide: {slow(10, 2)}}
	var text strings.Builder
	printReport(&text, &settings{Against: duckdbSide, Raw: parameters{Rows: 7}, Rounds: 1}, runs)
	for _, want := range []string{"7 transactions", "wall             8.00 s      10.00 s       0.80   0.80 to 0.80", "peak memory   1024.00 MiB  2048.00 MiB     0.50"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, text.String())
		}
	}
	if n := strings.Count(text.String(), "  rest "); n != 1 {
		t.Errorf("the rest is reported %d times, want once, without its CPU:\n%s", n, text.String())
	}
}

func TestStagesOfResult(t *testing.T) {
	stages, err := stagesOfResult([]byte(`{"bronze":[{"seconds":1},{"seconds":2}],"silver":[{"seconds":3},{"seconds":4}],"gold":[{"seconds":5},{"seconds":6}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]cost{bronzeStage: {3, -1}, silverStage: {7, -1}, goldStage: {6, -1}} {
		if stages[stage] != want {
			t.Errorf("%s took %v, want %v", stage, stages[stage], want)
		}
	}
	if _, err := stagesOfResult([]byte("oops")); err == nil {
		t.Error("no error for what is not a result")
	}
}

func TestDifferences(t *testing.T) {
	sides := [2]string{lakectlSide, duckdbSide}
	a := []column{{"id", "VARCHAR"}, {"n", "BIGINT"}}
	b := []column{{"id", "VARCHAR"}, {"n", "INTEGER"}, {"x", "DATE"}}
	want := []string{"only lakectl has the column n BIGINT", "only duckdb has the column n INTEGER", "only duckdb has the column x DATE"}
	if got := differentColumns(sides, [2][]column{a, b}); !slices.Equal(got, want) {
		t.Errorf("columns: %q, want %q", got, want)
	}
	if got := differentColumns(sides, [2][]column{a, a}); got != nil {
		t.Errorf("equal columns: %q", got)
	}
	want = []string{"rows: lakectl has 3; duckdb has 4", "column n: lakectl has 3 values; duckdb has 4 values"}
	if got := differentSums(sides, a, [2][]string{{"3", "9", "3 values", "3 values"}, {"4", "9", "3 values", "4 values"}}); !slices.Equal(got, want) {
		t.Errorf("sums: %q, want %q", got, want)
	}
}

func TestProjectFor(t *testing.T) {
	text, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed, err := projectFor(string(text), &settings{Dir: "/some where", Unpartition: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(changed, "\nlake: \"/some where/lake-lakectl\" ") || !strings.Contains(changed, "\n  spark: {lake: \"/some where/lake-spark\"}\n") || strings.Contains(changed, "partition_by:") {
		t.Errorf("the project is not as it should be:\n%s", changed)
	}
	if _, err := projectFor("lake: elsewhere", new(settings)); err == nil {
		t.Error("no error for a project that is not the sample's")
	}
}

func TestDistinctVersions(t *testing.T) {
	seen := &seenKeys{repeated: map[int64]bool{}, edges: [2]string{"start", "end"}}
	first := "id,customer,product,time,n\nTXN01,c,p,t1,1\nTXN02,c,p,t2,1\n,c,p,t3,1\nTXN01,c,p,t1,1\nTXN05,c,p,t5,1\n"
	second := "id,customer,product,time,n\nTXN06,c,p,t6,1\nTXN01,c,p,t9,1\nTXN05,c,p,end,1\nTXN02,c,p,t9,1\nTXN10,c,p,end,1"
	var kept []string
	for _, text := range []string{first, second} {
		var out strings.Builder
		w := &distinctVersions{out: &out, seen: seen}
		for _, piece := range strings.SplitAfter(text, "N") { // lines come in pieces
			if _, err := io.WriteString(w, piece); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, out.String())
	}
	if kept[0] != first {
		t.Errorf("of the first file %q was kept, want all", kept[0])
	}
	if want := "id,customer,product,time,n\nTXN06,c,p,t6,1\nTXN02,c,p,t9,1\nTXN10,c,p,end,1"; kept[1] != want {
		t.Errorf("of the second file %q was kept, want %q", kept[1], want)
	}
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"-rows", "100", "-data", t.TempDir(), "-shuffled"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s.Raw.Customers != 5 || !strings.HasSuffix(s.rawDir(), "-100t-5c-365d-4f-0.03-shuffled") {
		t.Errorf("5 customers are expected, in a folder of their own: %d, %s", s.Raw.Customers, s.rawDir())
	}
	if s, err = parse([]string{"-against", "spark", "-lakectl", "x", "-data", t.TempDir()}, io.Discard); err != nil || !strings.HasSuffix(s.rawDir(), "-0.03-broken") {
		t.Errorf("against Spark the files have all defects: %v, %s", err, s.rawDir())
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-against", "spark"}, {"-against", "paper"}, {"extra"}, {"-no-such-flag"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("no error for %q", args)
		}
	}
}

// Both sides make the same tables, and a difference would be found.
func TestBothSides(t *testing.T) {
	for name, s := range map[string]*settings{
		"partitioned":   {Raw: parameters{Rows: 20_000, Customers: 1000, Days: 40, Files: 4, Defects: 0.3}},
		"unpartitioned": {Raw: parameters{Rows: 5000, Customers: 300, Days: 90, Files: 2, Defects: 0.1, Shuffled: true}, Unpartition: true},
	} {
		t.Run(name, func(t *testing.T) {
			s.Dir, s.Threads, s.Against = t.TempDir(), 2, duckdbSide
			t.Chdir(s.Dir) // back to where it was, at the end
			runBoth(t, s)
			if found, err := compare(t.Context(), s); err != nil || len(found) > 0 {
				t.Fatalf("differences %q, error %v", found, err)
			}
			damage(t, s)
			found, err := compare(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"silver/transactions: column amount", "gold/daily_sales: only lakectl has {", "gold/daily_sales: only duckdb has {"} {
				if !slices.ContainsFunc(found, func(d string) bool { return strings.HasPrefix(d, want) }) {
					t.Errorf("%q was not found, but %q", want, found)
				}
			}
		})
	}
}

func runBoth(t *testing.T, s *settings) {
	t.Helper()
	if err := generate(t.Context(), s.rawDir(), s.Raw); err != nil {
		t.Fatal(err)
	}
	if err := generate(t.Context(), s.rawDir(), s.Raw); err != nil { // there is nothing to do
		t.Fatal(err)
	}
	text, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Small files have more than their share of defects now and then.
	changed, err := projectFor(strings.ReplaceAll(string(text), "quarantined: 5%", "quarantined: 50%"), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.rawDir(), "lakehouse.yaml"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, side := range []func() (map[string]cost, error){
		func() (map[string]cost, error) { return runLakectl(t.Context(), s) },
		func() (map[string]cost, error) { return runDuckDB(t.Context(), s) },
	} {
		stages, err := side()
		if err != nil {
			t.Fatal(err)
		}
		for _, stage := range []string{bronzeStage, silverStage, goldStage} {
			if stages[stage].Wall <= 0 {
				t.Errorf("stage %s took %v", stage, stages[stage])
			}
		}
	}
}

// damage changes one amount in DuckDB's silver table, and what follows from it.
func damage(t *testing.T, s *settings) {
	t.Helper()
	p, err := newScript(s)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDuckDB(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := filepath.Glob(s.lake(duckdbSide) + "/silver/transactions/*.parquet")
	if partitioned, _ := filepath.Glob(s.lake(duckdbSide) + "/silver/transactions/*/*.parquet"); err == nil {
		files = append(files, partitioned...)
	}
	if len(files) == 0 {
		t.Fatal("there is no silver table")
	}
	file := files[0]
	cent := "CASE WHEN transaction_id = (SELECT min(transaction_id) FROM '" + file + "' WHERE status = 'completed') THEN 0.01 ELSE 0 END"
	statement := "COPY (SELECT * REPLACE ((amount + " + cent + ")::DECIMAL(10,2) AS amount, (revenue + " + cent + ")::DECIMAL(18,2) AS revenue)" +
		" FROM read_parquet('" + file + "', hive_partitioning = false)) TO '" + file + ".changed' (FORMAT parquet)"
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".changed", file); err != nil {
		t.Fatal(err)
	}
	if err := p.run(t.Context(), db, goldStage); err != nil {
		t.Fatal(err)
	}
}
