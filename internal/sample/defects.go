package sample

// defect is what is special about a record.
type defect uint8

// The classes of defects. What the sample project makes of each is in outcomes.
const (
	none defect = iota

	// Repeats of an earlier, faultless record.
	duplicate      // the same text again
	laterVersion   // the same id, later, changed
	correction     // the same id and time, changed: the one that arrives later counts
	oldVersion     // the same id, arriving later with an earlier time: it loses
	brokenVersion  // the same id, later, with a negative amount: never supersedes
	missingID      // no id
	missingRef     // no customer_id
	missingAmount  // no amount
	negativeAmount // below zero
	excessDecimals // an amount with more than two decimals
	brokenDate     // not a date
	textQuantity   // a quantity that is not a whole number
	hugeQuantity   // a quantity beyond 32 bits
	textPoints     // loyalty points that are not a number
	severalFaults  // no id, a broken date and an unknown status at once
	raggedFew      // fields are missing
	raggedMany     // a comma too many
	strayQuote     // a quote where none may be
	invalidUTF8    // bytes that are not UTF-8
	mixedCase      // a status or e-mail in mixed case, with blanks around: harmless
	paddedNumber   // a number with blanks around: harmless
	unknownStatus  // a status that nobody has heard of
	unknownRef     // a customer_id without a customer
	invalidEmail   // not an e-mail address
	defectCount
)

var defectNames = [defectCount]string{
	none: "none", duplicate: "duplicate", laterVersion: "later_version", correction: "correction", oldVersion: "old_version",
	brokenVersion: "broken_version", missingID: "missing_id", missingRef: "missing_customer", missingAmount: "missing_amount",
	negativeAmount: "negative_amount", excessDecimals: "excess_decimals", brokenDate: "broken_date",
	textQuantity: "text_quantity", hugeQuantity: "huge_quantity", textPoints: "text_points", severalFaults: "several_faults",
	raggedFew: "ragged_too_few", raggedMany: "ragged_too_many", strayQuote: "stray_quote", invalidUTF8: "invalid_utf8",
	mixedCase: "mixed_case", paddedNumber: "padded_number", unknownStatus: "unknown_status", unknownRef: "unknown_customer",
	invalidEmail: "invalid_email",
}

// outcome is where a record ends in the sample project.
type outcome uint8

const (
	toSilver outcome = iota
	toFlagged
	toSuperseded
	toQuarantine
	toReadErrors // quarantine, too, but before bronze
)

var outcomes = [defectCount]outcome{
	duplicate: toSuperseded, laterVersion: toSuperseded, correction: toSuperseded, oldVersion: toSuperseded,
	brokenVersion: toQuarantine, missingID: toQuarantine, missingRef: toQuarantine, missingAmount: toQuarantine,
	negativeAmount: toQuarantine, excessDecimals: toQuarantine, brokenDate: toQuarantine, textQuantity: toQuarantine,
	hugeQuantity: toQuarantine, textPoints: toQuarantine, severalFaults: toQuarantine,
	raggedFew: toReadErrors, raggedMany: toReadErrors, strayQuote: toReadErrors, invalidUTF8: toReadErrors,
	unknownStatus: toFlagged, unknownRef: toFlagged, invalidEmail: toFlagged,
}

// repeats says whether the record has the id of an earlier one.
func (d defect) repeats() bool { return d >= duplicate && d <= brokenVersion }

// The cycles that defects are dealt from: each class at least once. Their
// lengths are powers of two, see defectOf.
var transactionDefects = [32]defect{
	duplicate, duplicate, duplicate, laterVersion, laterVersion, laterVersion, correction, correction, oldVersion,
	brokenVersion, missingID, missingRef, missingAmount, negativeAmount, negativeAmount, excessDecimals, brokenDate,
	brokenDate, textQuantity, hugeQuantity, severalFaults, raggedFew, raggedMany, strayQuote, invalidUTF8,
	mixedCase, mixedCase, mixedCase, paddedNumber, unknownStatus, unknownRef, unknownRef,
}

var customerDefects = [8]defect{
	duplicate, laterVersion, missingID, brokenDate, textPoints, raggedFew, invalidEmail, mixedCase,
}

// wellFormed is what takes the place of damage when every reader must see the
// same records.
var wellFormed = [defectCount]defect{raggedFew: missingID, raggedMany: excessDecimals, strayQuote: negativeAmount, invalidUTF8: brokenDate}

// deal says which record has which defect. Records are cut into strata of equal
// length, each with one defect at a random place.
type deal struct {
	seed       uint64
	kind       uint64 // tells the streams of the tables apart
	perMillion int64  // defects
	cycle      []defect
	wellFormed bool
}

// firstRepeat is where a record may be a repeat of an earlier one: with a
// defect in every second record at most, a faultless one stands before it.
const firstRepeat = 16

// at returns the defect of record i, which counts from 0.
func (d *deal) at(i int64) defect {
	if d.perMillion == 0 {
		return none
	}
	stratum := i * d.perMillion / million
	first := (stratum*million + d.perMillion - 1) / d.perMillion
	after := ((stratum+1)*million + d.perMillion - 1) / d.perMillion
	r := stream(d.seed, d.kind, stratum)
	if i != first+r.below(after-first) {
		return none
	}
	return d.class(stratum, i)
}

// class deals the stratum's defect: an odd factor and any sum make a permutation
// of a cycle whose length is a power of two, another one for each round.
func (d *deal) class(stratum, i int64) defect {
	n := int64(len(d.cycle))
	round := stream(d.seed, d.kind+1, stratum/n)
	factor, sum := round.below(n)|1, round.below(n)
	class := d.cycle[(stratum%n*factor+sum)%n]
	if class.repeats() && i < firstRepeat {
		return none
	}
	if d.wellFormed && wellFormed[class] != none {
		return wellFormed[class]
	}
	return class
}

// faultless returns the first record from i on, going by step, that has no
// defect. There is one within three records, or before record firstRepeat.
func (d *deal) faultless(i, step int64) int64 {
	for d.at(i) != none {
		i += step
	}
	return i
}
