package samplemodel

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// group is what the measures need to know of the transactions of a group.
type group struct {
	count     int64
	revenue   *big.Rat
	quantity  *big.Rat
	customers map[string]bool
	first     string // date
	last      string
}

func (g *group) add(row Row) {
	if g.revenue == nil {
		g.revenue, g.quantity, g.customers, g.first = new(big.Rat), new(big.Rat), map[string]bool{}, row["transaction_date"]
	}
	g.count++
	g.revenue.Add(g.revenue, number(row["revenue"]))
	g.quantity.Add(g.quantity, number(row["quantity"]))
	g.customers[row["customer_id"]] = true
	g.first, g.last = min(g.first, row["transaction_date"]), max(g.last, row["transaction_date"])
}

// average is avg(revenue) as decimal(18,2): exact, then with four decimals
// more than revenue has, then with two.
func (g *group) average() string {
	exact := new(big.Rat).Quo(g.revenue, new(big.Rat).SetInt64(g.count))
	return round(exact, 6).FloatString(2)
}

// gold makes the gold tables of silver.
func gold(customers, transactions []Row) map[string]Table {
	var completed []Row
	for _, row := range transactions {
		if row["status"] == "completed" {
			completed = append(completed, row)
		}
	}
	return map[string]Table{
		"daily_sales":        sales(completed, "transaction_date", func(day time.Time) time.Time { return day }),
		"weekly_sales":       sales(completed, "week_start", monday),
		"monthly_sales":      sales(completed, "month_start", func(day time.Time) time.Time { return day.AddDate(0, 0, 1-day.Day()) }),
		"customer_analytics": analytics(customers, completed),
	}
}

func monday(day time.Time) time.Time {
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

// sales groups transactions by a period of their date, named by its first day.
func sales(completed []Row, column string, first func(day time.Time) time.Time) Table {
	groups := map[string]*group{}
	for _, row := range completed {
		period := ""
		if day, err := time.Parse(time.DateOnly, row["transaction_date"]); err == nil {
			period = first(day).Format(time.DateOnly)
		}
		if groups[period] == nil {
			groups[period] = &group{}
		}
		groups[period].add(row)
	}
	table := Table{Columns: []string{column, "total_transactions", "total_revenue", "unique_customers", "avg_transaction_value", "total_quantity_sold"}}
	for _, period := range slices.Sorted(maps.Keys(groups)) {
		g := groups[period]
		row := Row{
			"total_transactions":    strconv.FormatInt(g.count, 10),
			"total_revenue":         g.revenue.FloatString(2),
			"unique_customers":      strconv.Itoa(len(g.customers)),
			"avg_transaction_value": g.average(),
			"total_quantity_sold":   g.quantity.FloatString(0),
		}
		if period != "" {
			row[column] = period
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// analytics makes customer_analytics: one row for each customer.
func analytics(customers, completed []Row) Table {
	groups := map[string]*group{}
	for _, row := range completed {
		id := row["customer_id"]
		if groups[id] == nil {
			groups[id] = &group{}
		}
		groups[id].add(row)
	}
	table := Table{Columns: []string{"customer_id", "full_name", "customer_segment", "total_transactions", "total_revenue",
		"avg_transaction_value", "first_purchase_date", "last_purchase_date", "customer_lifetime_value"}}
	for _, c := range customers {
		row := Row{"customer_id": c["customer_id"], "full_name": c["full_name"], "customer_segment": c["customer_segment"],
			"total_transactions": "0", "customer_lifetime_value": "0.00"}
		if g := groups[c["customer_id"]]; g != nil {
			row["total_transactions"] = strconv.FormatInt(g.count, 10)
			row["total_revenue"], row["customer_lifetime_value"] = g.revenue.FloatString(2), g.revenue.FloatString(2)
			row["avg_transaction_value"] = g.average()
			row["first_purchase_date"], row["last_purchase_date"] = g.first, g.last
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
