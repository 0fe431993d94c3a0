package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/schema"
)

// valid is a text as formats of text write it.
func valid(text string) string { return string(bytes.ToValidUTF8([]byte(string([]rune(text))), nil)) }

func addTexts(f *testing.F) {
	for _, text := range []string{"", "a", `"`, `""`, ",", "\n", "\r\n", "\r", " a ", "\\", "\x00\x1f\x7f\u0080\u009f", "\u2028", "\xff\xfe", "日本", "👍", "\ufeff", "\ufffd", "|", "null"} {
		f.Add(text, "x")
		f.Add("x", text)
	}
}

var twoTexts = []schema.Column{{Name: "a", Type: schema.T(schema.String)}, {Name: "b", Type: schema.T(schema.String)}}

func FuzzCSV(f *testing.F) {
	addTexts(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := csv.NewReader(strings.NewReader(written(t, CSV, twoTexts, batchOf(t, twoTexts, []any{a, b})))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range []string{a, b} {
			want := strings.ReplaceAll(valid(text), "\r\n", "\n") // as encoding/csv reads it
			if len(got) != 2 || got[1][i] != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	addTexts(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		columns := []schema.Column{{Name: "a", Type: schema.T(schema.String)}, {Name: b, Type: schema.T(schema.String)}}
		line := written(t, NDJSON, columns, batchOf(t, columns, []any{a, b}))
		var got map[string]string
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got["a"] != valid(a) || got[valid(uniqueNames(columns)[1])] != valid(b) {
			t.Errorf("%q, want %q and %q", got, a, b)
		}
		if strings.Count(line, "\n") != 1 || !utf8.ValidString(line) {
			t.Errorf("%q is not one line", line)
		}
	})
}

// FuzzMarkdown: no text ends its cell or its row.
func FuzzMarkdown(f *testing.F) {
	addTexts(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		line := written(t, Markdown, twoTexts, batchOf(t, twoTexts, []any{a, b}))
		line, _ = strings.CutPrefix(line, "| a | b |\n| --- | --- |\n")
		line = strings.NewReplacer(`\\`, "", `\|`, "").Replace(line)
		if strings.Count(line, "|") != 3 || strings.Count(line, "\n") != 1 || !utf8.ValidString(line) {
			t.Errorf("%q is not one row of two cells", line)
		}
	})
}
