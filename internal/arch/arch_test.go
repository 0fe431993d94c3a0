package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/lakectl/lakectl/"
	root   = "../.."

	maxFileLines     = 500
	maxFunctionLines = 70
)

// rows is the order of doc.go, from the top.
var rows = [][]string{
	{"cmd", "e2e"}, {"cli"}, {"term"}, {"pipeline"}, {"query"}, {"report", "doctor"}, {"aws", "snowflake"}, {"bronze", "silver", "gold"},
	{"spark"}, {"quality", "quarantine", "source", "lineage", "sample"}, {"project"}, {"table"}, {"lake", "journal"}, {"engine"}, {"expr"},
	{"vec"}, {"csvio", "jsonio", "parquetio"}, {"config", "storage"}, {"aws/session"}, {"schema", "budget", "diag"},
}

// only says who may import a package, by the beginning of its path; the
// importers are paths in this module, of packages and all below them.
var only = []struct {
	imported  string
	importers []string
	tests     bool // tests may import it, too
	why       string
}{
	{"github.com/spf13/cobra", []string{"internal/cli"}, false, "commands are thin; what they do belongs to a package below"},
	{"github.com/parquet-go/", []string{"internal/parquetio"}, false, "use parquetio, which hands Arrow buffers over without boxing"},
	{"github.com/aws/", []string{"internal/aws", "internal/storage/s3", "internal/query/athena", "internal/e2e/awstest"}, false, "everything else works without AWS; use storage.Bucket or a package of internal/aws"},
	{"github.com/snowflakedb/", []string{"internal/snowflake", "internal/query/snowflake"}, false, "everything else works without Snowflake; use a package of internal/snowflake"},
	{"github.com/duckdb/", []string{"internal/query/duckdb", "internal/e2e"}, true, "runs need no DuckDB; tests may use it as a referee"},
	{module + "internal/bronze", []string{"internal/pipeline"}, false, "pipeline puts the layers together"},
	{module + "internal/silver", []string{"internal/pipeline"}, false, "pipeline puts the layers together"},
	{module + "internal/gold", []string{"internal/pipeline"}, false, "pipeline puts the layers together"},
	{module + "internal/term", []string{"internal/cli"}, false, "return errors and values, and let cli show them"},
}

// arrowPackages are the parts of Arrow that may be used: its compute fails whole
// batches on overflow, its CSV and Parquet are slow, and csvio and parquetio are ours.
var arrowPackages = []string{"arrow", "arrow/array", "arrow/memory", "arrow/decimal128", "arrow/decimal256", "arrow/bitutil", "arrow/scalar"}

// streamPackages are parts of Arrow that the packages of streamUsers alone may
// use: they write the format of streams for others, and read Snowflake's and Spark's.
var (
	streamPackages = []string{"arrow/ipc"}
	streamUsers    = []string{"internal/query/render", "internal/query/snowflake", "internal/pipeline/task"}
)

const arrowModule = "github.com/apache/arrow/go/v15/"

// file is a Go file of this module.
type file struct {
	name  string // below the root
	dir   string
	tests bool
	lines int
	ast   *ast.File
	set   *token.FileSet
}

// in says whether the file is in one of the folders, or below.
func (f *file) in(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return f.dir == dir || strings.HasPrefix(f.dir, dir+"/") })
}

func (f *file) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.name, f.set.Position(pos).Line)
}

// load parses all Go files of the module that can be part of it.
func load(t *testing.T) []*file {
	t.Helper()
	var files []*file
	for _, top := range []string{"cmd", "internal", "sampledata", "queries", "policies", "cloudformation"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil && name == filepath.Join(root, top):
				return filepath.SkipDir // not there yet
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return filepath.SkipDir
			case entry.IsDir() || filepath.Ext(name) != ".go":
				return nil
			}
			f, err := parse(name)
			if err == nil && f != nil {
				files = append(files, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// parse parses a file; nil if it is never built.
func parse(name string) (*file, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, group := range parsed.Comments {
		if group.Pos() < parsed.Package && strings.HasPrefix(group.List[0].Text, "//go:build never") {
			return nil, nil
		}
	}
	below, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	below = filepath.ToSlash(below)
	return &file{name: below, dir: path.Dir(below), tests: strings.HasSuffix(name, "_test.go"),
		lines: set.File(parsed.Pos()).LineCount(), ast: parsed, set: set}, nil
}

// family returns the package's name in the rows: the first folder below internal.
func family(dir string) string {
	if dir == "internal/aws/session" {
		return "aws/session"
	}
	parts := strings.Split(dir, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[1]
	}
	return parts[0]
}

func row(name string) int {
	return slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, name) })
}

func TestImportsGoDown(t *testing.T) {
	free := []string{"arch", "sampledata", "queries", "policies", "cloudformation"} // below everything, and importing nothing
	for _, f := range load(t) {
		from := family(f.dir)
		if slices.Contains(free, from) {
			continue
		}
		if row(from) < 0 {
			t.Errorf("%s: package %s has no row; give it one in internal/arch/doc.go and arch_test.go", f.name, from)
			continue
		}
		if f.tests {
			continue // a test may build what it needs from above
		}
		for _, spec := range f.ast.Imports {
			imported, ours := strings.CutPrefix(importPath(spec), module)
			to := family(imported)
			if !ours || to == from || slices.Contains(free, to) {
				continue
			}
			switch {
			case row(to) < row(from):
				t.Errorf("%s: %s imports %s, which stands above it; move what it needs down, or have it passed in (the order is in internal/arch/doc.go)", f.at(spec.Pos()), from, to)
			case row(to) == row(from):
				t.Errorf("%s: %s imports %s of its own row; move what both need to a lower package (the order is in internal/arch/doc.go)", f.at(spec.Pos()), from, to)
			}
		}
	}
}

func importPath(spec *ast.ImportSpec) string {
	name, _ := strconv.Unquote(spec.Path.Value)
	return name
}

func TestOnlyImporters(t *testing.T) {
	for _, f := range load(t) {
		for _, spec := range f.ast.Imports {
			name := importPath(spec)
			for _, rule := range only {
				if name != rule.imported && !strings.HasPrefix(name, strings.TrimSuffix(rule.imported, "/")+"/") {
					continue
				}
				own := strings.TrimPrefix(rule.imported, module)
				if allowed := f.in(own) || f.in(rule.importers...) || rule.tests && f.tests; !allowed {
					t.Errorf("%s: only %s may import %s; %s", f.at(spec.Pos()), strings.Join(rule.importers, ", "), rule.imported, rule.why)
				}
			}
			part, ok := strings.CutPrefix(name, arrowModule)
			if ok && !slices.Contains(arrowPackages, part) && !(slices.Contains(streamPackages, part) && f.in(streamUsers...)) {
				t.Errorf("%s: of Arrow only %s may be used, not %s; the kernels of vec and expr do the rest", f.at(spec.Pos()), strings.Join(arrowPackages, ", "), part)
			}
			if strings.HasPrefix(name, "github.com/apache/arrow") && !strings.HasPrefix(name, arrowModule) {
				t.Errorf("%s: use %s, not %s: two versions of Arrow do not mix", f.at(spec.Pos()), arrowModule, name)
			}
		}
	}
}

// Packages that exist for tests are not part of the program.
func TestHelpersOfTestsStayInTests(t *testing.T) {
	for _, f := range load(t) {
		for _, spec := range f.ast.Imports {
			name := path.Base(importPath(spec))
			ours := strings.HasPrefix(importPath(spec), module)
			helper := ours && (strings.HasSuffix(name, "test") || name == "samplemodel" || name == "faulty")
			if helper && !f.tests && !strings.HasSuffix(path.Base(f.dir), "test") && !strings.HasPrefix(f.dir, "internal/e2e") {
				t.Errorf("%s: %s is for tests; import it from a file that ends in _test.go", f.at(spec.Pos()), name)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, f := range load(t) {
		if f.tests {
			continue
		}
		if f.lines > maxFileLines {
			t.Errorf("%s has %d lines, the limit is %d; split it by what its parts are about", f.name, f.lines, maxFileLines)
		}
		for _, decl := range f.ast.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.set.Position(function.End()).Line - f.set.Position(function.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, the limit is %d; give its steps names", f.at(function.Pos()), function.Name.Name, n, maxFunctionLines)
			}
			if function.Name.Name == "init" && function.Recv == nil {
				t.Errorf("%s: no init functions; make what is needed where it is used", f.at(function.Pos()))
			}
		}
	}
}

func TestPackagesHaveDocs(t *testing.T) {
	docs := map[string]bool{}
	for _, f := range load(t) {
		if path.Base(f.name) == "doc.go" && f.ast.Doc != nil {
			docs[f.dir] = true
		} else if !docs[f.dir] {
			docs[f.dir] = false
		}
		for _, word := range []string{"util", "utils", "common", "helper", "helpers", "misc"} {
			if path.Base(f.dir) == word {
				t.Errorf("%s: %s says nothing; name the package after what it is about", f.dir, word)
			}
		}
	}
	for dir, ok := range docs {
		if !ok && !strings.HasPrefix(dir, "cmd/") {
			t.Errorf("%s has no doc.go; write one whose package comment says the package's contract", dir)
		}
	}
}

// The rules catch what they are meant to catch.
func TestRules(t *testing.T) {
	if row("cli") >= row("pipeline") || row("silver") >= row("engine") || row("bronze") != row("gold") || row("nothing") != -1 {
		t.Error("the rows are not in order")
	}
	if family("internal/storage/s3") != "storage" || family("cmd/lakectl") != "cmd" || family("sampledata") != "sampledata" {
		t.Error("families are wrong")
	}
	f := &file{dir: "internal/parquetio/duckdbtest"}
	if !f.in("internal/parquetio") || f.in("internal/parquet") {
		t.Error("folders are wrong")
	}
	if len(load(t)) < 20 {
		t.Error("the files of the module were not found")
	}
}
