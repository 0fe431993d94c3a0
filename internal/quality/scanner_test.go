package quality

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
)

// fakeScanner says what it is made of, and notes that it was asked.
type fakeScanner struct {
	unique   bool
	complete int64
	sum      string
	err      error
	asked    int
}

func (f *fakeScanner) Unique(context.Context, Table, []int) (bool, int64, error) {
	f.asked++
	return f.unique, f.complete, f.err
}

func (f *fakeScanner) Sum(context.Context, Table, int, *expr.Program) (string, error) {
	f.asked++
	return f.sum, f.err
}

// What a scanner says is taken for true, and what it does not say is read here.
func TestScanner(t *testing.T) {
	tab := makeTable(t, columns("id string; amount decimal(10,2); x double"), nil, []string{"a|1.00|1", "a|2.50|1", "-|-|1"})
	unread, empty := tab, tab
	unread.Open = noFiles{}
	empty.Files = nil
	unique := project.TableCheck{Name: "c", OnFail: project.Fail, Kind: project.Unique, Columns: []int{0}}
	sum := project.TableCheck{Name: "c", OnFail: project.Fail, Kind: project.Sum, Columns: []int{1}, Max: big.NewRat(7, 2)}
	doubles := project.TableCheck{Name: "c", OnFail: project.Fail, Kind: project.Sum, Columns: []int{2}, Max: big.NewRat(3, 1)}
	for _, test := range []struct {
		name   string
		table  Table
		check  project.TableCheck
		says   fakeScanner
		asked  int
		failed bool
		detail string
	}{
		{"unique", unread, unique, fakeScanner{unique: true, complete: 2}, 1, false, "no id repeats in 2 rows (1 with a null do not count); none may"},
		{"not unique", tab, unique, fakeScanner{}, 1, true, `id = "a" stands in 2 rows; none may repeat in 2 rows (1 with a null do not count)`},
		{"no rows", empty, unique, fakeScanner{}, 0, false, "no id repeats in 0 rows; none may"},
		{"sum", unread, sum, fakeScanner{sum: "3.51"}, 1, true, "sum of amount is 3.51; at most 3.5 allowed"},
		{"no sum", tab, sum, fakeScanner{}, 1, false, "sum of amount is 3.50; at most 3.5 allowed"},
		{"doubles", tab, doubles, fakeScanner{sum: "3.0000001"}, 0, false, "sum of x is 3; at most 3 allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := options()
			o.Scanner = &test.says
			results, err := CheckTable(t.Context(), test.table, []*project.TableCheck{&test.check}, noOther, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := results[0]; got.Failed == 1 != test.failed || got.Detail != test.detail || test.says.asked != test.asked {
				t.Errorf("failed %d, asked %d times, %q", got.Failed, test.says.asked, got.Detail)
			}
		})
	}
}

func TestScannerThatFails(t *testing.T) {
	tab := makeTable(t, columns("id string; amount decimal(10,2)"), nil, []string{"a|1.00"})
	lost := errors.New("it was lost")
	for _, check := range []*project.TableCheck{
		{Name: "c", OnFail: project.Fail, Kind: project.Unique, Columns: []int{0}}, {Name: "c", OnFail: project.Fail, Kind: project.Sum, Columns: []int{1}, Max: big.NewRat(1, 1)},
	} {
		o := options()
		o.Scanner = &fakeScanner{err: lost}
		if _, err := CheckTable(t.Context(), tab, []*project.TableCheck{check}, noOther, o); !errors.Is(err, lost) || !strings.HasPrefix(err.Error(), "table check c of silver.orders: ") {
			t.Error(err)
		}
	}
}
