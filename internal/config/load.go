package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// FileName is what the file is called in a project's folder.
const FileName = "lakehouse.yaml"

// Variable is the environment variable that names the environment.
const Variable = "LAKEHOUSE_ENVIRONMENT"

// Options are what comes from outside the file.
type Options struct {
	// Environment is the value of --env; empty means that Variable decides, and
	// without that the file.
	Environment string
	// Getenv reads environment variables, os.Getenv in the program; nil reads none.
	Getenv func(string) string
}

// Load reads and parses a file. The problems are sorted. The Config is nil
// only when the file cannot be read or is not YAML; otherwise it holds what
// could be understood, so that package project can look for more problems.
func Load(path string, o Options) (*Config, diag.List) {
	data, err := readFile(path)
	if err != nil {
		var problems diag.List
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "`lakectl init` starts a project"
			err = errors.New("there is no such file")
		}
		problems.AddHint(diag.Pos{File: path}, hint, "%v", err)
		return nil, problems
	}
	return Parse(path, data, o)
}

// readFile reads at most one byte more than a file may have.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// Parse is Load for the contents of a file; name is the file's in positions.
func Parse(name string, data []byte, o Options) (*Config, diag.List) {
	root, problems := read(name, data)
	if root == nil || root.kind == refusedKind {
		problems.Sort()
		return nil, problems
	}
	d := &decoder{problems: problems, shapes: make(map[reflect.Type]shape)}
	if root.kind != mapKind {
		d.wrong(root, "a map with the keys project, lake, bronze, ...")
		return nil, d.problems
	}
	env := d.environment(root, o)
	c := d.config(env.layered(root, env.chosen))
	c.File, c.Text = name, string(data)
	c.Environment.Value = env.chosen
	for _, e := range env.overrides {
		if e.name != env.chosen {
			other := &decoder{shapes: d.shapes}
			other.config(env.layered(root, e.name))
			d.problems = append(d.problems, elsewhere(d.problems, other.problems, e)...)
		}
	}
	d.problems = unique(d.problems)
	d.problems.Sort()
	return c, d.problems
}

func (d *decoder) config(n *node) *Config {
	c := new(Config)
	d.value(reflect.ValueOf(c).Elem(), n, rules{}, diag.Pos{File: n.pos.File, Line: 1, Column: 1})
	return c
}

// elsewhere returns those problems of another environment that are not problems
// here. One that is not in its own lines says where it is one: a line may be
// right in this environment and wrong in that one.
func elsewhere(here, there diag.List, environment entry) diag.List {
	var out diag.List
	for _, p := range there {
		if slices.Contains(here, p) {
			continue
		}
		if !environment.value.has(p.Pos) {
			p.Message += " (in the environment " + environment.name + ")"
		}
		out = append(out, p)
	}
	return out
}

// unique drops repeats: most problems of the file are those of every environment.
func unique(problems diag.List) diag.List {
	seen := make(map[diag.Problem]bool, len(problems))
	return slices.DeleteFunc(problems, func(p diag.Problem) bool {
		defer func() { seen[p] = true }()
		return seen[p]
	})
}

// environment is the choice of one.
type environment struct {
	chosen    string
	overrides []entry // of `environments:`, each value a map or nothing
}

// layered returns the file as it is in an environment.
func (e environment) layered(root *node, name string) *node {
	for _, o := range e.overrides {
		if o.name == name {
			return merge(root, o.value)
		}
	}
	return root
}

// usual are the environments that a file without `environments:` may be run in.
var usual = []string{"dev", "staging", "prod"}

// environment chooses the environment: --env, then the variable, then the
// file. One that is asked for must be the file's own or have an entry in
// `environments:`; a file without that may be run as dev, staging or prod too.
func (d *decoder) environment(root *node, o Options) environment {
	own := "dev"
	at := diag.Pos{File: root.pos.File}
	if e := root.get("environment"); e != nil && e.value.kind == scalarKind && e.value.text.Value != "" {
		own = e.value.text.Value
		at = e.value.pos
	}
	env := environment{chosen: own, overrides: d.overrides(root)}
	known := []string{own}
	for _, e := range env.overrides {
		if !slices.Contains(known, e.name) {
			known = append(known, e.name)
		}
	}
	if e := root.get("environments"); e != nil {
		at = e.pos
	} else {
		known = append(known, usual...)
	}
	source := "--env"
	wanted := o.Environment
	if wanted == "" && o.Getenv != nil {
		source, wanted = Variable, o.Getenv(Variable)
	}
	if wanted == "" {
		return env
	}
	if !slices.Contains(known, wanted) {
		slices.Sort(known)
		known = slices.Compact(known)
		hint := strings.TrimSpace(diag.Suggest(wanted, known) + " the environments are " + strings.Join(known, ", "))
		d.add(at, hint, "no environment %s, which %s asks for", quote(wanted), source)
		return env
	}
	env.chosen = wanted
	return env
}

// overrides returns the entries of `environments:` that can be laid over the file.
func (d *decoder) overrides(root *node) []entry {
	section := root.get("environments")
	if section == nil || section.value.kind == emptyKind || section.value.kind == nullKind || section.value.kind == refusedKind {
		return nil
	}
	if section.value.kind != mapKind {
		d.wrong(section.value, "a map of environments")
		return nil
	}
	var out []entry
	for _, e := range section.value.entries {
		if !environmentRegexp.MatchString(e.name) {
			d.add(e.pos, "up to 16 of a-z, 0-9 and hyphens, beginning with a letter", "%s cannot be the name of an environment", quote(e.name))
		}
		if e.value.kind == nullKind || e.value.kind == refusedKind {
			e.value = &node{kind: emptyKind, pos: e.pos}
		}
		if e.value.kind != mapKind && e.value.kind != emptyKind {
			d.wrong(e.value, "a map of what differs")
			e.value = &node{kind: emptyKind, pos: e.pos}
		}
		for _, name := range []string{"environment", "environments"} {
			if inner := e.value.get(name); inner != nil {
				d.add(inner.pos, "take it out", "%q cannot differ in an environment", name)
				e.value = e.value.without(name)
			}
		}
		out = append(out, e)
	}
	return out
}
