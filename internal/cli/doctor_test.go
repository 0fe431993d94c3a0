package cli

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/doctor"
	"github.com/lakectl/lakectl/internal/term"
)

func TestDoctorOptions(t *testing.T) {
	app, _, _ := testApp(t)
	var got DoctorOptions
	if err := parse(newDoctorCmd(app, func(o *DoctorOptions) error { got = *o; return nil }), "--offline"); err != nil || !got.Offline || got.App != app {
		t.Errorf("%+v, %v", got, err)
	}
}

// On a terminal results have signs, long texts go on below their beginning, and
// commands are in one line, to be copied. Texts may quote what others wrote.
func TestDoctorOnTerminal(t *testing.T) {
	streams, out, _ := term.Test("")
	streams.Out.Terminal, streams.Out.Width = true, 50
	app := &App{IO: streams}
	checks := []doctor.Check{{Name: "a"}, {Name: "longer"}}
	r := newDoctorReport(app, nil, checks)
	for _, res := range []doctor.Result{
		{Group: doctor.Lake, Check: "a", Finding: diag.Findf(diag.Good, "well")},
		{Group: doctor.Lake, Check: "longer", Finding: diag.Findf(diag.Bad, "one two three four five six seven eight nine ten").
			WithRemedy("`a command that is longer than the terminal is wide, \x1b[31mred`")},
		{Group: doctor.Lake, Check: "a", Finding: diag.Findf(diag.Suspect, "hm")},
		{Group: doctor.AWS, Check: "a", Finding: diag.Findf(diag.Skipped, "why")},
		{Group: doctor.AWS, Check: "longer", Finding: diag.Findf(diag.Skipped, "why")},
		{Group: doctor.AWS, Check: "longer", Finding: diag.Findf(diag.Skipped, "why not")},
	} {
		r.add(res)
	}
	if err := r.end(diagnosis{Passed: 1, Warnings: 1, Failed: 1, Skipped: 3}); err != nil {
		t.Fatal(err)
	}
	const want = `Lake
  ✓ a          well
  ✗ longer     one two three four five six seven
               eight nine ten
               next: ` + "`a command that is longer than the terminal is wide, "
	const rest = `
  ! a          hm

AWS
  - 2 checks   skipped: why
  - longer     skipped: why not

1 ok, 1 warning, 1 failed, 3 skipped
`
	if got := out.String(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, rest) || strings.Contains(got, "\x1b") {
		t.Errorf("got\n%s\nwant\n%s...%s", got, want, rest)
	}
}
