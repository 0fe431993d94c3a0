package expr

import (
	"encoding/binary"
	"regexp"
	resyntax "regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// automaton says whether texts contain a match of a regular expression, about
// a nanosecond a byte, where package regexp takes tens. It is a deterministic
// automaton whose states are made when first met. Code points that the
// expression does not tell apart form one class.
//
// It knows no other assertions than the text's start and end, which are all
// that the binder lets through.
type automaton struct {
	prog   *resyntax.Prog
	ascii  [utf8.RuneSelf]uint8
	starts []rune // the first code point of each class, ascending
	states map[string]int32
	sets   [][]uint32 // by number of state: the instructions that it waits at, ascending
	atEnd  []bool     // by number of state: whether the text's end makes a match
	next   []int32    // by state plus class: a state (its number times the classes), found, lost or unknown
	empty  bool       // whether the empty text matches
	first  int32      // the state before the first code point
	fresh  []uint32   // what each later position adds
	mark   []bool     // scratch: instructions in the set under construction
}

// Outcomes of a step besides states.
const (
	unknown = int32(-1 - iota)
	found
	lost
)

// Limits beyond which package regexp serves better.
const (
	maxStates  = 1000
	maxClasses = 200
)

// newAutomaton returns the automaton of an expression, or nil if it is one
// that package regexp must do.
func newAutomaton(pattern string) *automaton {
	re, err := resyntax.Parse(pattern, resyntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := resyntax.Compile(re.Simplify())
	if err != nil {
		return nil
	}
	a := &automaton{prog: prog, states: make(map[string]int32), mark: make([]bool, len(prog.Inst))}
	if !a.classify() {
		return nil
	}
	a.fresh = a.closure([]uint32{uint32(prog.Start)}, 0)
	begin := a.closure([]uint32{uint32(prog.Start)}, resyntax.EmptyBeginText)
	a.empty = a.matches(a.closure([]uint32{uint32(prog.Start)}, resyntax.EmptyBeginText|resyntax.EmptyEndText))
	a.first = a.state(begin)
	return a
}

// classify finds the classes of code points.
func (a *automaton) classify() bool {
	bounds := []rune{0, utf8.RuneSelf}
	add := func(from, to rune) { bounds = append(bounds, from, to+1) }
	for i := range a.prog.Inst {
		inst := &a.prog.Inst[i]
		switch inst.Op {
		case resyntax.InstRuneAnyNotNL:
			add('\n', '\n')
		case resyntax.InstRune, resyntax.InstRune1:
			if len(inst.Rune) == 1 {
				r := inst.Rune[0]
				add(r, r)
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					add(f, f)
				}
			}
			for j := 0; j+1 < len(inst.Rune); j += 2 {
				add(inst.Rune[j], inst.Rune[j+1])
			}
		case resyntax.InstEmptyWidth:
			if resyntax.EmptyOp(inst.Arg)&^(resyntax.EmptyBeginText|resyntax.EmptyEndText) != 0 {
				return false
			}
		}
	}
	slices.Sort(bounds)
	a.starts = slices.Compact(bounds)
	if len(a.starts) > maxClasses {
		return false
	}
	for c := range a.ascii {
		a.ascii[c] = uint8(a.classOf(rune(c)))
	}
	return true
}

// classOf returns the class of a code point.
func (a *automaton) classOf(r rune) int {
	i, exact := slices.BinarySearch(a.starts, r)
	if !exact {
		i--
	}
	return i
}

// closure returns the instructions that wait for a code point, the text's end
// or have matched, and that are reached from others without reading.
func (a *automaton) closure(from []uint32, flags resyntax.EmptyOp) []uint32 {
	var set []uint32
	clear(a.mark)
	stack := slices.Clone(from)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if a.mark[pc] {
			continue
		}
		a.mark[pc] = true
		switch inst := &a.prog.Inst[pc]; inst.Op {
		case resyntax.InstAlt, resyntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case resyntax.InstCapture, resyntax.InstNop:
			stack = append(stack, inst.Out)
		case resyntax.InstEmptyWidth:
			switch resyntax.EmptyOp(inst.Arg) &^ flags {
			case 0:
				stack = append(stack, inst.Out)
			case resyntax.EmptyEndText:
				set = append(set, pc) // decided at the end
			}
		case resyntax.InstFail:
		default:
			set = append(set, pc)
		}
	}
	slices.Sort(set)
	return set
}

// matches says whether a set holds the end of the expression.
func (a *automaton) matches(set []uint32) bool {
	return slices.ContainsFunc(set, func(pc uint32) bool { return a.prog.Inst[pc].Op == resyntax.InstMatch })
}

// state returns the state of a set, or what is known without one.
func (a *automaton) state(set []uint32) int32 {
	switch {
	case a.matches(set):
		return found
	case len(set) == 0 && len(a.fresh) == 0:
		return lost
	}
	key := make([]byte, 0, 4*len(set))
	for _, pc := range set {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if s, ok := a.states[string(key)]; ok {
		return s
	}
	s := int32(len(a.next))
	a.states[string(key)] = s
	a.sets = append(a.sets, set)
	a.atEnd = append(a.atEnd, a.matches(a.closure(set, resyntax.EmptyEndText)))
	for range a.starts {
		a.next = append(a.next, unknown)
	}
	return s
}

// step returns what a class of code points leads to from a state.
func (a *automaton) step(s int32, class int) int32 {
	var out []uint32
	r := a.starts[class]
	for _, pc := range a.sets[int(s)/len(a.starts)] {
		inst := &a.prog.Inst[pc]
		switch inst.Op {
		case resyntax.InstRune, resyntax.InstRune1, resyntax.InstRuneAny, resyntax.InstRuneAnyNotNL:
			if inst.MatchRune(r) {
				out = append(out, inst.Out)
			}
		}
	}
	to := a.state(a.closure(append(out, a.fresh...), 0))
	a.next[int(s)+class] = to
	return to
}

// match says whether text contains a match; ok is false if there came to be
// too many states.
func (a *automaton) match(text []byte) (matched, ok bool) {
	if len(text) == 0 {
		return a.empty, true
	}
	s, next := a.first, a.next
	for i := 0; i < len(text) && s >= 0; {
		class, n := 0, 1
		if c := text[i]; c < utf8.RuneSelf {
			class = int(a.ascii[c])
		} else {
			var r rune
			r, n = utf8.DecodeRune(text[i:])
			class = a.classOf(r)
		}
		i += n
		to := next[int(s)+class]
		if to == unknown {
			if len(a.sets) > maxStates {
				return false, false
			}
			to = a.step(s, class)
			next = a.next
		}
		s = to
	}
	if s < 0 {
		return s == found, true
	}
	return a.atEnd[int(s)/len(a.starts)], true
}

// matcherOf returns the test whether a text contains a match.
func matcherOf(s *Scratch, node *Node) func(text []byte) bool {
	return preparedFor(s, node, func() *matcher {
		return &matcher{re: node.Regexp, quick: newAutomaton(node.Regexp.String())}
	}).match
}

// matcher tests with an automaton as long as that is small.
type matcher struct {
	re    *regexp.Regexp
	quick *automaton
}

func (m *matcher) match(text []byte) bool {
	if m.quick != nil {
		if matched, ok := m.quick.match(text); ok {
			return matched
		}
		m.quick = nil
	}
	return m.re.Match(text)
}
