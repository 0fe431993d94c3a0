package diag

import "fmt"

// Level says how good what a check found is. The zero Level is that of a check
// that was not made.
type Level int

// The levels, in the order of how much somebody should do about them.
const (
	Skipped Level = iota // it was not looked at; the text says why
	Good
	Suspect // it works, or could not be looked at
	Bad     // it does not work, or will not
)

// String is the level in a word.
func (l Level) String() string {
	return [...]string{"skipped", "ok", "warning", "failed"}[l]
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Finding is what a check found: of a lake, of a machine, of an account in AWS.
type Finding struct {
	Level  Level  `json:"level"`
	Text   string `json:"found"`
	Remedy string `json:"remedy,omitempty"` // a command to run, or a line of lakehouse.yaml
}

// Findf makes a finding.
func Findf(level Level, format string, args ...any) Finding {
	return Finding{Level: level, Text: fmt.Sprintf(format, args...)}
}

// WithRemedy returns the finding with what to do about it.
func (f Finding) WithRemedy(format string, args ...any) Finding {
	f.Remedy = fmt.Sprintf(format, args...)
	return f
}
