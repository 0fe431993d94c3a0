package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/queries"
)

// block is a fenced block of a page.
type block struct {
	language string
	text     string
	line     int
}

// blocks returns the fenced blocks of a page of the project.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	open := false
	for i, line := range strings.Split(string(data), "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			list, open = append(list, block{language: language, line: i + 1}), true
		case fence:
			open = false
		case open:
			list[len(list)-1].text += line + "\n"
		}
	}
	return list
}

// squeeze makes one blank of each run of them, so that columns of another width
// are the same.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

// The commands of QUICKSTART.md run one after the other, and print what it says
// that they do: each line of a text block stands in what the commands before it
// printed, where each line may have more at its end. What needs AWS is run by
// TestQuickstartOnAWS.
func TestQuickstart(t *testing.T) {
	follow(t, slices.DeleteFunc(blocks(t, "QUICKSTART.md"), func(b block) bool { return strings.HasSuffix(b.language, " aws") }))
}

// follow runs the blocks of a page.
func follow(t *testing.T, list []block) {
	t.Helper()
	dir := t.TempDir()
	printed := ""
	for _, b := range list {
		switch strings.TrimSuffix(b.language, " aws") {
		case "sh":
			if strings.HasPrefix(b.text, "make build\n") {
				continue // lakectl is in the path of this test
			}
			printed = shell(t, &dir, b)
		case "yaml":
			if err := os.WriteFile(filepath.Join(dir, "lakehouse.yaml"), []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case "text":
			for line := range strings.Lines(b.text) {
				if !strings.Contains("\n"+printed, "\n"+squeeze(line)) {
					t.Errorf("QUICKSTART.md:%d: nothing prints %q but\n%s", b.line, squeeze(line), printed)
				}
			}
		default:
			t.Errorf("QUICKSTART.md:%d: a block of %q, which this test does not know", b.line, b.language)
		}
	}
}

// shell runs a block in a folder, which the block may change, and returns what
// it prints, squeezed.
func shell(t *testing.T, dir *string, b block) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", b.text+"\npwd >&3\n")
	cmd.Dir = *dir
	here, err := os.Create(filepath.Join(t.TempDir(), "pwd"))
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	cmd.ExtraFiles = []*os.File{here}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("line %d: %v\n%s", b.line, err, out)
	}
	pwd, err := os.ReadFile(here.Name())
	if err != nil {
		t.Fatal(err)
	}
	*dir = strings.TrimSpace(string(pwd))
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, squeeze(line))
	}
	return strings.Join(lines, "\n")
}

// The commands, flags and exit codes that the README speaks of exist, and it
// speaks of all commands.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	app, _, _ := testApp(t)
	root := newRootCmd(app)
	var paths []string
	flags := []string{"--help", "--detailed-exitcode"} // the second one comes with a later command
	for _, cmd := range root.Commands() {
		if cmd.Runnable() && !cmd.Hidden && cmd.Name() != "help" && !strings.Contains(readme, "`lakectl "+cmd.Name()) {
			t.Errorf("README.md says nothing of `lakectl %s`", cmd.Name())
		}
		paths = append(paths, cmd.Name())
		for _, c := range append(cmd.Commands(), cmd) {
			for line := range strings.Lines(c.Flags().FlagUsages() + root.PersistentFlags().FlagUsages()) {
				_, after, _ := strings.Cut(line, "--")
				flags = append(flags, "--"+strings.Fields(after + " x")[0])
			}
		}
	}
	known := " " + strings.Join(paths, " ") + " " + strings.Join(flags, " ") + " "
	for _, m := range regexp.MustCompile("`lakectl ([a-z]+)").FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(known, " "+m[1]+" ") {
			t.Errorf("README.md speaks of `lakectl %s`, which does not exist", m[1])
		}
	}
	commands, _, _ := strings.Cut(readme[strings.Index(readme, "\n## Commands"):], "\n## Installing")
	for _, m := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(commands, -1) {
		if !strings.Contains(known, " "+m[1]+" ") {
			t.Errorf("README.md speaks of %s, which does not exist", m[1])
		}
	}
}

// What the README shows is what a run of the sample project prints, but for
// numbers that differ from machine to machine in JSON: there the fields are the
// same.
func TestReadmeExamples(t *testing.T) {
	examples := blocks(t, "README.md")
	t.Chdir(t.TempDir())
	call(t, "", "init", ".")
	_, result, _ := call(t, "", "run", "--json")
	_, text, _ := call(t, "", "run", "--full-refresh")
	_, status, _ := call(t, "", "status", "--json")
	_, _, failure := call(t, "", "nothing", "--json")
	printed := map[string]string{"json run": result, "json status": status, "json error": failure}
	for _, b := range examples {
		if b.language == "text" {
			for line := range strings.Lines(b.text) {
				if !strings.Contains(text, line) {
					t.Errorf("README.md:%d: %q is not what `run` prints:\n%s", b.line, line, text)
				}
			}
		}
		output, ok := printed[b.language]
		if !ok {
			continue
		}
		var shown, got any
		if err := json.Unmarshal([]byte(b.text), &shown); err != nil {
			t.Errorf("README.md:%d: %v", b.line, err)
		}
		if err := json.Unmarshal([]byte(output), &got); err != nil {
			t.Errorf("%s: %v", b.language, err)
		}
		sameFields(t, b.language, shown, got)
	}
}

// sameFields checks that all fields of an example are there, those of the first
// element of lists too.
func sameFields(t *testing.T, path string, shown, got any) {
	t.Helper()
	switch shown := shown.(type) {
	case map[string]any:
		for name, value := range shown {
			other, ok := got.(map[string]any)[name]
			if !ok {
				t.Errorf("%s has no field %s", path, name)
				continue
			}
			sameFields(t, path+"."+name, value, other)
		}
	case []any:
		list, ok := got.([]any)
		switch {
		case !ok:
			t.Errorf("%s is no list", path)
		case len(shown) > 0 && len(list) > 0:
			sameFields(t, path+".0", shown[0], list[0])
		}
	}
}

// README.md lists the questions that come with lakectl, as they describe
// themselves, and their parameters.
func TestReadmeListsQuestions(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := queries.Load(queries.Files(), queriesOfTrino)
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, q := range list {
		var names []string
		for _, p := range q.Parameters {
			names = append(names, "`"+p.Name+"`")
		}
		line := "| `" + q.Name + "` | " + strings.ToLower(q.Description[:1]) + q.Description[1:] + " | " + strings.TrimLeft(strings.Join(names, ", ")+" |", " ")
		if !strings.Contains(string(page), line+"\n") {
			t.Errorf("README.md has no line\n%s", line)
		}
	}
}
