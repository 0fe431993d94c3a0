//go:build !race

package duckdbtest

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// rawLines types the raw files as the project's silver.lines does, in DuckDB's
// words; amounts are in thousandths of a pound, so that all sums are exact.
const rawLines = `CREATE VIEW lines AS SELECT
	InvoiceNo AS invoice_no, StockCode AS stock_code, nullif(trim(Description, ' '), '') AS description,
	Quantity::INTEGER AS quantity, InvoiceDate::TIMESTAMP AT TIME ZONE 'Europe/London' AS invoiced_at,
	InvoiceDate::TIMESTAMP::DATE AS invoice_date, UnitPrice::DECIMAL(10,3) AS unit_price,
	nullif(regexp_replace(coalesce(CustomerID, ''), '[.]0$', ''), '') AS customer_id, Country AS country,
	InvoiceNo LIKE 'C%' AS cancelled, (Quantity::INTEGER * UnitPrice::DECIMAL(10,3))::DECIMAL(18,3) AS amount
	FROM raw`

// silverLines are the same columns of the lake.
const silverLines = `SELECT invoice_no, stock_code, description, quantity, invoiced_at, invoice_date, unit_price, customer_id, country, cancelled, amount`

// average is sum / count, rounded half away from zero to seven digits, and then
// to two, in whole numbers.
const average = `(sign(sum(amount)) * (((2 * abs(sum(amount * 1000)::HUGEINT) * 10000 + count(*)) // (2 * count(*))) * 2 + 100000) // 200000)`

func TestOnlineRetailAsDuckDBSeesIt(t *testing.T) {
	s := lab.RetailFiles(t)
	l := lab.RetailProject(t)
	l.Arrive(s)
	l.MustRun()
	d := open(t)
	d.do(fmt.Sprintf("CREATE TABLE raw AS SELECT * FROM read_csv(%s, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')",
		quote(filepath.Join(s.Dir, "*.csv"))))
	d.do(rawLines)
	from := func(table string) string {
		return fmt.Sprintf("read_parquet(%s, hive_partitioning = true)", quote(filepath.Join(l.Lake, table, "**", "*.parquet")))
	}
	want := lab.ExpectedRetail(t)
	figures := func(source string) []string {
		return d.rows("SELECT count(*), sum(quantity)::VARCHAR, sum(amount)::VARCHAR, count(*) - count(customer_id), count(*) FILTER (invoice_no LIKE 'C%') FROM " + source)[0]
	}
	for name, source := range map[string]string{"the raw files": "lines", "the lake": from("silver/lines")} {
		got := figures(source)
		if fmt.Sprint(got) != fmt.Sprint([]string{fmt.Sprint(want.Records), want.Quantity, want.Amount, want.WithoutCustomer, want.Cancelled}) {
			t.Errorf("DuckDB finds in %s %v, want %+v", name, got, want)
		}
	}
	for name, query := range map[string]string{
		"the raw files": "SELECT count(*) FROM (SELECT DISTINCT * FROM raw)",
		"the lake":      "SELECT count(*) FROM " + from("silver/unique_lines"),
	} {
		if got := d.rows(query)[0][0]; got != fmt.Sprint(want.UniqueLines) || want.Records-want.UniqueLines != want.Repeats {
			t.Errorf("DuckDB finds %s different lines in %s, want %d", got, name, want.UniqueLines)
		}
	}
	for _, table := range []struct{ name, got, want string }{
		{"bronze", "SELECT InvoiceNo, StockCode, nullif(Description, ''), Quantity, InvoiceDate, UnitPrice, nullif(CustomerID, ''), Country FROM " + from("bronze/lines"),
			"SELECT * FROM raw"},
		{"silver", silverLines + " FROM " + from("silver/lines"), silverLines + " FROM lines"},
		{"totals", "SELECT lines, quantity, amount, without_customer, cancelled, customers FROM " + from("gold/totals"),
			"SELECT count(*), sum(quantity), sum(amount), count(*) - count(customer_id), count(*) FILTER (cancelled), count(DISTINCT customer_id) FROM lines"},
		{"sales_by_day", "SELECT invoice_date, invoices, customers, amount, quantity FROM " + from("gold/sales_by_day"),
			`SELECT invoice_date, count(DISTINCT invoice_no), count(DISTINCT customer_id), sum(amount), sum(quantity)
			FROM lines WHERE NOT cancelled AND unit_price > 0 GROUP BY ALL`},
		{"sales_by_country_and_month", "SELECT country, month_start, amount, (avg_amount * 100)::HUGEINT, first_sale, last_sale FROM " + from("gold/sales_by_country_and_month"),
			"SELECT country, date_trunc('month', invoice_date)::DATE AS month_start, sum(amount), " + average + "::HUGEINT, min(invoiced_at), max(invoiced_at) FROM lines GROUP BY country, month_start"},
		{"customers", "SELECT customer_id, invoices, products, amount FROM " + from("gold/customers"),
			"SELECT customer_id, count(DISTINCT invoice_no), count(DISTINCT stock_code), sum(amount) FROM lines WHERE customer_id IS NOT NULL GROUP BY ALL"},
	} {
		d.same(table.name, table.got, table.want)
	}
}
