package task

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestReadOrder(t *testing.T) {
	for _, c := range []struct{ in, file, rest, problem string }{
		{`{"kind":"ingest"}` + "\n" + `{"Path":"a.csv","Size":7}`, "a.csv", "", ""},
		{`{"kind":"ingest"}` + "\n" + `{"Path":"a.csv","Size":7}` + "\n", "a.csv", "", ""},
		{`{"kind":"write"}` + "\nrows", "", "rows", ""},
		{`{"kind":"ingest"}` + "\n", "", "", "read the file of the task: EOF"},
		{`{"kind":`, "", "", "read the order of the task: unexpected end of JSON input"},
		{"", "", "", "read the order of the task: EOF"},
	} {
		r := bufio.NewReader(strings.NewReader(c.in))
		o, err := ReadOrder(r)
		if problem := textOf(err); problem != c.problem {
			t.Errorf("%q: %s, not %s", c.in, problem, c.problem)
		}
		if file := pathOf(o); file != c.file {
			t.Errorf("%q: the file is %q, not %q", c.in, file, c.file)
		}
		if rest, _ := io.ReadAll(r); err == nil && string(rest) != c.rest {
			t.Errorf("%q: %q follows, not %q", c.in, rest, c.rest)
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func pathOf(o Order) string {
	if o.File == nil {
		return ""
	}
	return o.File.Path
}
