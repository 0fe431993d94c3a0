package samplemodel

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
)

var (
	customerColumns = []string{"customer_id", "full_name", "email", "phone", "registration_date", "loyalty_points", "customer_segment"}

	transactionColumns = []string{"transaction_id", "customer_id", "product_id", "transaction_timestamp", "transaction_date",
		"amount", "quantity", "status", "revenue"}

	notPhone  = regexp.MustCompile(`[^0-9+]`)
	emailForm = regexp.MustCompile(`^[^@ ]+@[^@ ]+[.][^@ ]+$`)

	statuses = []string{"completed", "pending", "failed", "refunded"}
)

// trial is a row on its way to silver.
type trial struct {
	raw     Row
	row     Row
	reasons []string
	issues  []string // failed checks that only flag
}

// column types a raw column. It says whether the value may be read further:
// neither failed nor null.
func (t *trial) column(name, from string, parse parser) bool {
	value, null, ok := typed(t.raw[from], parse)
	if !ok {
		t.reasons = append(t.reasons, "type:"+name)
	}
	if ok && !null {
		t.row[name] = value
	}
	return ok && !null
}

// text takes a raw column as a string: unchanged, null if empty.
func (t *trial) text(name string) {
	if t.raw[name] != "" {
		t.row[name] = t.raw[name]
	}
}

// required rejects a null of a column that has not failed already.
func (t *trial) required(name string) {
	if _, ok := t.row[name]; !ok && !slices.Contains(t.reasons, "type:"+name) {
		t.reasons = append(t.reasons, "required:"+name)
	}
}

// done adds what all silver rows have.
func (t *trial) done() (Row, []string) {
	t.row["data_quality_flag"] = "PASSED"
	if len(t.issues) > 0 {
		t.row["data_quality_flag"] = "WARNED"
		t.row["data_quality_issues"] = strings.Join(t.issues, ",")
	}
	return t.row, t.reasons
}

// judgeCustomer makes the silver row of a raw one, or the reasons against it.
func judgeCustomer(raw Row) (Row, []string) {
	t := &trial{raw: raw, row: Row{}}
	t.text("customer_id")
	t.required("customer_id")
	first, last := strings.Trim(raw["first_name"], " "), strings.Trim(raw["last_name"], " ")
	t.row["full_name"] = strings.Trim(first+" "+last, " ")
	t.row["email"] = strings.ToLower(strings.Trim(raw["email"], " "))
	t.row["phone"] = notPhone.ReplaceAllString(raw["phone"], "")
	if t.column("registration_date", "registration_date", parseTimestamp) {
		t.row["registration_date"] = dateOf(t.row["registration_date"])
	}
	t.row["customer_segment"] = "new"
	if t.column("loyalty_points", "loyalty_points", parseInteger) {
		switch points := number(t.row["loyalty_points"]); {
		case points.Cmp(big.NewRat(1000, 1)) >= 0:
			t.row["customer_segment"] = "premium"
		case points.Cmp(big.NewRat(100, 1)) >= 0:
			t.row["customer_segment"] = "regular"
		}
	}
	if !emailForm.MatchString(t.row["email"]) {
		t.issues = append(t.issues, "email_format")
	}
	return t.done()
}

// judgeTransaction makes the silver row of a raw one, or the reasons against it.
func judgeTransaction(raw Row, customers map[string]bool) (Row, []string) {
	t := &trial{raw: raw, row: Row{}}
	t.text("transaction_id")
	t.required("transaction_id")
	t.text("customer_id")
	t.required("customer_id")
	t.text("product_id")
	if t.column("transaction_timestamp", "transaction_date", parseTimestamp) {
		t.row["transaction_date"] = dateOf(t.row["transaction_timestamp"])
	}
	hasAmount := t.column("amount", "amount", parseAmount)
	t.required("amount")
	hasQuantity := t.column("quantity", "quantity", parseInteger)
	t.required("quantity")
	t.row["status"] = strings.ToLower(strings.Trim(raw["status"], " "))
	if hasAmount && hasQuantity {
		revenue, ok := decimal(new(big.Rat).Mul(number(t.row["amount"]), number(t.row["quantity"])), 18, 2)
		if ok {
			t.row["revenue"] = revenue
		} else {
			t.reasons = append(t.reasons, "type:revenue")
		}
	}
	if hasAmount && number(t.row["amount"]).Sign() < 0 {
		t.reasons = append(t.reasons, "amount_not_negative")
	}
	if !slices.Contains(statuses, t.row["status"]) {
		t.issues = append(t.issues, "known_status")
	}
	if id, ok := t.row["customer_id"]; ok && !customers[id] {
		t.issues = append(t.issues, "known_customer")
	}
	return t.done()
}
