package samplemodel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These cases are worked out by hand from SEMANTICS.

func TestReadCSV(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want string // fields with | between, records with / between
	}{
		"plain":                 {"1,2\n3,4\n", "1|2/3|4"},
		"no final newline":      {"1,2", "1|2"},
		"CRLF":                  {"1,2\r\n3,4\r\n", "1|2/3|4"},
		"blank lines":           {"\n1,2\n\r\n\n3,4\n\n", "1|2/3|4"},
		"quotes":                {"\"a,b\",\"c \"\"d\"\"\"\n", `a,b|c "d"`},
		"newline in quotes":     {"\"a\nb\",2\n3,4\n", "a\nb|2/3|4"},
		"empty fields":          {",\n\"\",\n", "|/|"},
		"too few":               {"1\n2,3\n", "read:ragged/2|3"},
		"too many":              {"1,2,3\n2,3\n", "read:ragged/2|3"},
		"quote inside":          {"1\"x\",2\n2,3\n", "read:quote/2|3"},
		"text after a quote":    {"\"1\" x,2\n2,3\n", "read:quote/2|3"},
		"quote never closed":    {"\"1,2\n2,3\n", "read:quote/2|3"},
		"not UTF-8":             {"\xff,2\n2,3\n", "read:utf8/2|3"},
		"NUL":                   {"\x00,2\n2,3\n", "read:nul/2|3"},
		"a lone CR is a value":  {"1\r1,2\n", "1\r1|2"},
		"blanks are no quoting": {" 1, 2 \n", " 1| 2 "},
	} {
		_, records := readCSV([]byte("a,b\n" + test.text))
		var got []string
		for _, r := range records {
			if r.damage != "" {
				got = append(got, r.damage)
			} else {
				got = append(got, strings.Join(r.fields, "|"))
			}
		}
		if diff := cmp.Diff(test.want, strings.Join(got, "/")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTyped(t *testing.T) {
	const bad = "bad"
	for _, test := range []struct {
		parse     parser
		raw, want string
	}{
		{parseInteger, "12", "12"}, {parseInteger, " -0012\t", "-12"}, {parseInteger, "+5", "5"}, {parseInteger, "", "null"},
		{parseInteger, "2147483647", "2147483647"}, {parseInteger, "2147483648", bad}, {parseInteger, "-2147483648", "-2147483648"},
		{parseInteger, "1.0", bad}, {parseInteger, "1_000", bad}, {parseInteger, "0x1F", bad}, {parseInteger, "- 1", bad},
		{parseAmount, "12.5", "12.50"}, {parseAmount, "12.5000", "12.50"}, {parseAmount, "12.345", bad}, {parseAmount, " .5 ", "0.50"},
		{parseAmount, "99999999.99", "99999999.99"}, {parseAmount, "100000000", bad}, {parseAmount, "1e3", bad}, {parseAmount, "1,5", bad},
		{parseTimestamp, "2026-08-01 10:11:12", "2026-08-01 10:11:12"}, {parseTimestamp, "2026-08-01T10:11", "2026-08-01 10:11:00"},
		{parseTimestamp, "2026-08-01T00:11:12.25+02:00", "2026-07-31 22:11:12.25"}, {parseTimestamp, "2026-08-01 10:11:12Z", "2026-08-01 10:11:12"},
		{parseTimestamp, "2026-02-30 10:11:12", bad}, {parseTimestamp, "2026-08-01", bad}, {parseTimestamp, "2026-08-01 10:11:60", bad},
		{parseTimestamp, "2026-08-01 10:11:12.1234567", bad}, {parseTimestamp, "0000-08-01 10:11:12", bad},
	} {
		got, null, ok := typed(test.raw, test.parse)
		if null {
			got = "null"
		}
		if !ok {
			got = bad
		}
		if got != test.want {
			t.Errorf("%q is %s, want %s", test.raw, got, test.want)
		}
	}
}

const customersFile = `customer_id,first_name,last_name,email,phone,registration_date,loyalty_points
C1, Ada ,Lee, ADA@example.com ,+1 (5),2026-01-02 03:04:05,1000
C2,Bo,,bo,12,2026-01-02 03:04:05,
C1,Ada,Roy,ada@example.com,,2026-01-02 23:00:00,99
,No,Id,n@example.com,,,5
C3,X,Y,x@example.com,,yesterday,a lot
`

const transactionsFile = `transaction_id,customer_id,product_id,transaction_date,amount,quantity,status
T1,C1,P1,2026-08-02 23:59:59,10.01,3,completed
T2,C1,,2026-08-03 00:00:00,0.01,1, Completed
T1,C2,P1,2026-08-02 23:59:59,20.00,1,completed
T3,C9,P1,2026-08-03 00:00:00,5,1,lost
T2,C1,P1,2026-08-04 00:00:00,-1,1,completed
,C1,P1,13/45/2026,1.005,x,completed
T4,C1,P1,2026-08-03
T5,C1,P1,2026-08-31 00:00:00,99999999.99,2147483647,completed
T1,C1,P1,2026-08-01 00:00:00,1.00,1,completed
T6,C1,P1,2026-08-03 12:00:00,0.02,1,completed
T7,C1,P1,2026-08-03 13:00:00,0.02,1,completed
`

func TestBuild(t *testing.T) {
	lake := Build([]File{{Name: "customers_1.csv", Data: []byte(customersFile)}, {Name: "transactions_1.csv", Data: []byte(transactionsFile)}})
	wantCustomers := []Row{
		{"customer_id": "C1", "full_name": "Ada Roy", "email": "ada@example.com", "phone": "", "registration_date": "2026-01-02", "loyalty_points": "99",
			"customer_segment": "new", "data_quality_flag": "PASSED", "source_file": "customers_1.csv", "source_row": "3"},
		{"customer_id": "C2", "full_name": "Bo", "email": "bo", "phone": "12", "registration_date": "2026-01-02", "customer_segment": "new",
			"data_quality_flag": "WARNED", "data_quality_issues": "email_format", "source_file": "customers_1.csv", "source_row": "2"},
	}
	if diff := cmp.Diff(wantCustomers, lake.Customers.Silver.Rows); diff != "" {
		t.Error(diff)
	}
	wantQuarantine := []Rejected{
		{File: "customers_1.csv", Row: 4, Reasons: []string{"required:customer_id"}},
		{File: "customers_1.csv", Row: 5, Reasons: []string{"type:loyalty_points", "type:registration_date"}},
		{File: "transactions_1.csv", Row: 5, Reasons: []string{"amount_not_negative"}},
		{File: "transactions_1.csv", Row: 6, Reasons: []string{"required:transaction_id", "type:amount", "type:quantity", "type:transaction_timestamp"}},
		{File: "transactions_1.csv", Row: 7, Reasons: []string{"read:ragged"}},
		{File: "transactions_1.csv", Row: 8, Reasons: []string{"type:revenue"}},
	}
	if diff := cmp.Diff(wantQuarantine, append(lake.Customers.Quarantine, lake.Transactions.Quarantine...)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&Ledger{Records: 11, Silver: 5, Quarantined: 4, Superseded: 2}, lake.Transactions.Files["transactions_1.csv"]); diff != "" {
		t.Error(diff)
	}
	wantDaily := []Row{
		{"transaction_date": "2026-08-02", "total_transactions": "1", "total_revenue": "20.00", "unique_customers": "1", "avg_transaction_value": "20.00", "total_quantity_sold": "1"},
		{"transaction_date": "2026-08-03", "total_transactions": "3", "total_revenue": "0.05", "unique_customers": "1", "avg_transaction_value": "0.02", "total_quantity_sold": "3"},
	}
	if diff := cmp.Diff(wantDaily, lake.Gold["daily_sales"].Rows); diff != "" {
		t.Error(diff)
	}
	wantWeekly := []Row{
		{"week_start": "2026-07-27", "total_transactions": "1", "total_revenue": "20.00", "unique_customers": "1", "avg_transaction_value": "20.00", "total_quantity_sold": "1"},
		{"week_start": "2026-08-03", "total_transactions": "3", "total_revenue": "0.05", "unique_customers": "1", "avg_transaction_value": "0.02", "total_quantity_sold": "3"},
	}
	if diff := cmp.Diff(wantWeekly, lake.Gold["weekly_sales"].Rows); diff != "" {
		t.Error(diff)
	}
	wantAnalytics := []Row{
		{"customer_id": "C1", "full_name": "Ada Roy", "customer_segment": "new", "total_transactions": "3", "total_revenue": "0.05", "avg_transaction_value": "0.02",
			"first_purchase_date": "2026-08-03", "last_purchase_date": "2026-08-03", "customer_lifetime_value": "0.05"},
		{"customer_id": "C2", "full_name": "Bo", "customer_segment": "new", "total_transactions": "1", "total_revenue": "20.00", "avg_transaction_value": "20.00",
			"first_purchase_date": "2026-08-02", "last_purchase_date": "2026-08-02", "customer_lifetime_value": "20.00"},
	}
	if diff := cmp.Diff(wantAnalytics, lake.Gold["customer_analytics"].Rows); diff != "" {
		t.Error(diff)
	}
}

// Files of later commits win ties, whatever their names and order.
func TestCommitsDecideTies(t *testing.T) {
	head, _, _ := strings.Cut(transactionsFile, "\n")
	file := func(name string, commit int, amount string) File {
		return File{Name: name, Commit: commit, Data: []byte(head + "\nT1,C1,P1,2026-08-02 23:59:59," + amount + ",1,completed\n")}
	}
	for name, files := range map[string][]File{
		"commit": {file("transactions_a", 2, "7"), file("transactions_b", 1, "8")},
		"name":   {file("transactions_b", 1, "7"), file("transactions_a", 1, "8")},
	} {
		rows := Build(files).Transactions.Silver.Rows
		if len(rows) != 1 || rows[0]["amount"] != "7.00" {
			t.Errorf("%s: %v", name, rows)
		}
	}
}
