package sample

import "strings"

const customerHeader = "customer_id,first_name,last_name,email,phone,registration_date,loyalty_points\n"

// The fields of a customer by position.
const (
	customerID = iota
	customerFirst
	customerLast
	customerEmail
	customerPhone
	customerSince
	customerPoints
	customerFields
)

// Names as they are, and as they stand in e-mail addresses.
var firstNames = [...][2]string{
	{"Ada", "ada"}, {"Amara", "amara"}, {"Anaïs", "anais"}, {"Björn", "bjoern"}, {"Carlos", "carlos"}, {"Chloé", "chloe"},
	{"Daniel", "daniel"}, {"Elif", "elif"}, {"Fatima", "fatima"}, {"Grace", "grace"}, {"Hiro", "hiro"}, {"Ingrid", "ingrid"},
	{"James", "james"}, {"José", "jose"}, {"Jürgen", "juergen"}, {"Katarzyna", "katarzyna"}, {"Liam", "liam"},
	{"Łukasz", "lukasz"}, {"Maria", "maria"}, {"Mei", "mei"}, {"Noah", "noah"}, {"Olga", "olga"}, {"Priya", "priya"},
	{"Rosa", "rosa"}, {"Samuel", "samuel"}, {"Søren", "soeren"}, {"Tomás", "tomas"}, {"Wei", "wei"}, {"Yusuf", "yusuf"}, {"Zoë", "zoe"},
}

var lastNames = [...][2]string{
	{"Andersson", "andersson"}, {"Brown", "brown"}, {"Chen", "chen"}, {"da Silva", "dasilva"}, {"Dubois", "dubois"},
	{"Fernández", "fernandez"}, {"García", "garcia"}, {"Hansen", "hansen"}, {"Ivanova", "ivanova"}, {"Johnson", "johnson"},
	{"Kim", "kim"}, {"Kowalski", "kowalski"}, {"Lee", "lee"}, {"Lindström", "lindstroem"}, {"Müller", "mueller"},
	{"Nguyễn", "nguyen"}, {"O'Brien", "obrien"}, {"Okafor", "okafor"}, {"Patel", "patel"}, {"Rossi", "rossi"},
	{"Sato", "sato"}, {"Smith", "smith"}, {"Smith, Jr.", "smith"}, {"Tanaka", "tanaka"}, {"van den Berg", "vandenberg"},
	{"Williams", "williams"}, {"Yılmaz", "yilmaz"}, {"王", "wang"},
}

var invalidEmails = [...]string{"not-an-email", "ada@example", "two words@example.com", "@example.com"}

// customers writes customers; like transactions, without state.
type customers struct {
	deal  deal
	rows  int64
	start int64 // of the transactions; customers registered in the two years before
}

func newCustomers(o Options) *customers {
	return &customers{
		deal: deal{seed: o.Seed, kind: customerDeal, perMillion: perMillion(o.Defects),
			cycle: customerDefects[:], wellFormed: o.WellFormed},
		rows: o.Customers, start: o.Start.UTC().Unix() / daySeconds * daySeconds,
	}
}

// buyer returns a customer that is in the sample project's silver layer. Some
// buy much more than others, the last twentieth never buys.
func (c *customers) buyer(r *random) int64 {
	n := r.skewed(c.rows - c.rows/20)
	for range 4 { // enough, but for very few customers
		if c.deal.at(n) == none {
			return n
		}
		n = (n + 1) % c.rows
	}
	return n
}

func appendCustomerID(dst []byte, n int64) []byte {
	return appendPadded(append(dst, "CUST"...), n+1, 8)
}

// row returns the fields of record i as they would be without a defect.
func (c *customers) row(i int64) [customerFields]string {
	r := stream(c.deal.seed, customerRows, i)
	first, last := firstNames[r.below(int64(len(firstNames)))], lastNames[r.below(int64(len(lastNames)))]
	points := ""
	if r.below(20) > 0 {
		points = string(appendPadded(nil, r.skewed(2500), 1))
	}
	return [customerFields]string{
		customerID:     string(appendCustomerID(nil, i)),
		customerFirst:  first[0],
		customerLast:   last[0],
		customerEmail:  first[1] + "." + last[1] + string(appendPadded(nil, i%1000, 1)) + "@example.com",
		customerPhone:  phone(&r),
		customerSince:  string(appendTime(nil, c.start-1-r.below(730*daySeconds))),
		customerPoints: points,
	}
}

func phone(r *random) string {
	digits := string(appendPadded(nil, r.below(10_000), 4))
	switch r.below(3) {
	case 0:
		return "+1 (555) 010-" + digits
	case 1:
		return "555-010-" + digits
	}
	return "+44 20 7946 " + digits
}

// write appends record i.
func (c *customers) write(rec *record, i int64) defect {
	d := c.deal.at(i)
	r := stream(c.deal.seed^golden, changes, i)
	fields := c.row(i)
	if d.repeats() {
		fields = c.row(c.deal.faultless(i-1-r.below(i-firstRepeat/2), -1))
	}
	spoilCustomer(&r, &fields, d)
	last := customerFields
	if d == raggedFew {
		last -= 1 + int(r.below(3))
	}
	for _, f := range fields[:last] {
		rec.field([]byte(f))
	}
	rec.end()
	return d
}

func spoilCustomer(r *random, fields *[customerFields]string, d defect) {
	switch d {
	case laterVersion: // has moved
		fields[customerPhone] = phone(r)
		fields[customerEmail] = "new." + fields[customerEmail]
	case missingID:
		fields[customerID] = ""
	case brokenDate:
		fields[customerSince] = pick(r, brokenDates[:])
	case textPoints:
		fields[customerPoints] = pick(r, []string{"12 pts", "n/a", "1,250", "99.5"})
	case invalidEmail:
		fields[customerEmail] = pick(r, invalidEmails[:])
	case mixedCase:
		fields[customerEmail] = " " + strings.ToUpper(fields[customerEmail]) + " "
		fields[customerFirst] = "  " + fields[customerFirst] + " "
	default: // as it is, or without its last fields
	}
}
