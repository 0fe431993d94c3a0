package diag

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestTextAt(t *testing.T) {
	text := Text{Value: "a + b\n  - c", Start: Pos{File: "lakehouse.yaml", Line: 3, Column: 7}, Literal: true}
	for offset, want := range map[int]string{0: "lakehouse.yaml:3:7", 4: "lakehouse.yaml:3:11", 8: "lakehouse.yaml:4:9", 99: "lakehouse.yaml:4:12"} {
		if got := text.At(offset).String(); got != want {
			t.Errorf("At(%d) = %s, want %s", offset, got, want)
		}
	}
	text.Literal = false
	if got := text.At(4).String(); got != "lakehouse.yaml:3:7" {
		t.Errorf("a text that is not literal points at %s, want its start", got)
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"columns", "checks", "table_checks", "partition_by"}
	for word, want := range map[string]string{"colums": "columns", "Check": "checks", "partiton_by": "partition_by", "limits": "", "chekcs": "checks",
		"part": "partition_by", "c": "", "che": "checks"} {
		if got := Nearest(word, keys); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	gate := Errorf(Gate, "too many rows quarantined")
	partial := Errorf(Partial, "one file failed")
	for _, test := range []struct {
		name string
		err  error
		want Class
	}{
		{"none", nil, OK},
		{"plain", errors.New("x"), Unexpected},
		{"wrapped", fmt.Errorf("silver: %w", gate), Gate},
		{"joined", errors.Join(partial, gate), Gate},
		{"cancelled", fmt.Errorf("run: %w", context.Canceled), Interrupted},
		{"cancelled beats all", errors.Join(gate, context.Canceled), Interrupted},
		{"problems", List{{Message: "m"}}.Err(), Usage},
		{"class wins over cause", Errorf(Transient, "timeout: %w", context.Canceled), Transient},
	} {
		if got := ClassOf(test.err); got != test.want {
			t.Errorf("%s: class %d, want %d", test.name, got, test.want)
		}
	}
}

func TestListSortsAndDropsRepeats(t *testing.T) {
	var l List
	at := func(line int) Pos { return Pos{File: "f", Line: line, Column: 1} }
	l.Addf(at(2), "b")
	l.AddHint(at(1), "do this", "a")
	l.Addf(at(2), "b")
	l.Sort()
	if got, want := l.Err().Error(), "f:1:1: a; do this\nf:2:1: b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
