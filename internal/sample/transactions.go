package sample

const (
	million      = 1_000_000
	maxRows      = 9_999_999_999
	maxCustomers = 90_000_000
	products     = 500
)

// The kinds of random streams. A deal uses its own and the next one.
const (
	customerRows uint64 = iota + 1
	customerDeal
	_
	transactionRows
	transactionDeal
	_
	changes
)

const transactionHeader = "transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n"

// transaction is one record before it is written.
type transaction struct {
	number   int64 // of the id
	customer int64
	product  int64
	seconds  int64 // since 1970
	cents    int64
	quantity int64
	status   string
}

// transactions writes transactions. It has no state: any record may be made at
// any time, by any worker.
type transactions struct {
	deal      deal
	customers *customers
	rows      int64
	start     int64 // seconds since 1970
	span      int64 // seconds
	shuffled  bool
}

func newTransactions(o Options, c *customers) *transactions {
	return &transactions{
		deal: deal{seed: o.Seed, kind: transactionDeal, perMillion: perMillion(o.Defects),
			cycle: transactionDefects[:], wellFormed: o.WellFormed},
		customers: c, rows: o.Transactions, start: o.Start.UTC().Unix() / daySeconds * daySeconds,
		span: int64(o.Days) * daySeconds, shuffled: o.Shuffled,
	}
}

// row returns what record i would be without a defect.
func (t *transactions) row(i int64) transaction {
	r := stream(t.deal.seed, transactionRows, i)
	return transaction{
		number:   i + 1,
		seconds:  t.start + t.time(&r, i),
		customer: t.customers.buyer(&r),
		product:  r.skewed(products),
		cents:    100 + r.skewed(99_900),
		quantity: 1 + r.skewed(9),
		status:   status(r.below(100)),
	}
}

// time returns seconds since the start: in the order of the records but for
// some minutes, or anything.
func (t *transactions) time(r *random, i int64) int64 {
	if t.shuffled {
		return r.below(t.span)
	}
	const minutes = 600
	step := t.span / t.rows
	return min(i*step+i*(t.span%t.rows)/t.rows+r.below(step+minutes), t.span-1)
}

func status(percent int64) string {
	switch {
	case percent < 80:
		return "completed"
	case percent < 90:
		return "pending"
	case percent < 96:
		return "failed"
	}
	return "refunded"
}

// write appends record i.
func (t *transactions) write(rec *record, i int64) defect {
	d := t.deal.at(i)
	if d == none {
		x := t.row(i)
		appendTransaction(rec, &x)
		return d
	}
	r := stream(t.deal.seed, changes, i)
	if d.repeats() {
		t.repeat(rec, &r, i, d)
		return d
	}
	t.spoil(rec, &r, i, d)
	return d
}

// repeat writes another version of an earlier record, which is itself faultless.
func (t *transactions) repeat(rec *record, r *random, i int64, d defect) {
	window := min(i-firstRepeat/2, max(t.rows/8, 1000))
	x := t.row(t.deal.faultless(i-1-r.below(window), -1))
	const hour, threeDays = 3600, 3 * daySeconds
	switch d {
	case laterVersion:
		x.seconds = min(x.seconds+hour+r.below(threeDays), t.start+t.span-1)
		x.status = "refunded"
	case correction:
		x.cents += 1 + r.below(5000)
	case oldVersion:
		x.seconds = max(x.seconds-hour-r.below(threeDays), t.start)
		x.status = "pending"
	case brokenVersion:
		x.seconds = min(x.seconds+hour, t.start+t.span-1)
		x.cents = -x.cents
	default: // a duplicate changes nothing
	}
	appendTransaction(rec, &x)
}

// appendTransaction writes a transaction as it should be.
func appendTransaction(rec *record, x *transaction) {
	b := appendPadded(append(rec.text, "TXN"...), x.number, 10)
	b = appendCustomerID(append(b, ','), x.customer)
	b = appendPadded(append(b, ",PROD"...), x.product+1, 4)
	b = appendTime(append(b, ','), x.seconds)
	b = appendCents(append(b, ','), x.cents)
	b = appendPadded(append(b, ','), x.quantity, 1)
	rec.text = append(append(b, ','), x.status...)
	rec.end()
}
