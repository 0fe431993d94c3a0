package sample

// Summary says exactly what Generate wrote.
type Summary struct {
	Customers    Counts `json:"customers"`
	Transactions Counts `json:"transactions"`
	Files        []File `json:"files"` // in the order they were written
}

// File is one file that was written.
type File struct {
	Name    string `json:"name"`
	Records int64  `json:"records"` // without the header
	Bytes   int64  `json:"bytes"`   // as stored, compressed
}

// Counts are the records of one dataset, and where the sample project puts
// them when it ingests all files: Records = Silver + Quarantined + Superseded.
type Counts struct {
	Records     int64 `json:"records"`
	Silver      int64 `json:"silver"`      // distinct keys among the good records
	Flagged     int64 `json:"flagged"`     // of Silver, those with a warning
	Superseded  int64 `json:"superseded"`  // good records with a key that another one has
	Quarantined int64 `json:"quarantined"` // records that are not good, those of Unreadable included
	Unreadable  int64 `json:"unreadable"`  // records that never reach bronze
	// Defects counts records by the name of their defect, such as "duplicate".
	Defects map[string]int64 `json:"defects"`
}

// tally counts records by defect.
type tally [defectCount]int64

func (t *tally) add(other *tally) {
	for d, n := range other {
		t[d] += n
	}
}

// counts says what the sample project makes of the records.
func (t *tally) counts() Counts {
	c := Counts{Defects: map[string]int64{}}
	for d, n := range t {
		c.Records += n
		if n > 0 && defect(d) != none {
			c.Defects[defectNames[d]] = n
		}
		switch outcomes[d] {
		case toSilver:
			c.Silver += n
		case toFlagged:
			c.Silver, c.Flagged = c.Silver+n, c.Flagged+n
		case toSuperseded:
			c.Superseded += n
		case toQuarantine:
			c.Quarantined += n
		case toReadErrors:
			c.Quarantined, c.Unreadable = c.Quarantined+n, c.Unreadable+n
		}
	}
	return c
}
