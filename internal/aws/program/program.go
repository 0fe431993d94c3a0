package program

import (
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// Where lakectl is, by which its builds are known.
const (
	mainModule  = "github.com/lakectl/lakectl"
	mainPackage = mainModule + "/cmd/lakectl"
)

// Program is a file that jobs can run. The caller owns nothing of it: it is open
// only while it is read.
type Program struct {
	path string
	size int64
	sum  string
}

// Path is where the file is.
func (p *Program) Path() string { return p.path }

// Size is how many bytes it has.
func (p *Program) Size() int64 { return p.size }

// SHA256 is the sum of its content, in hexadecimal digits.
func (p *Program) SHA256() string { return p.sum }

// Open opens the file. Read to its end it is what was found, or the last read
// fails. The caller closes it.
func (p *Program) Open() (io.ReadCloser, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return nil, err
	}
	return &reader{file: f, program: p, hash: sha256.New()}, nil
}

// reader reads a program, and sees whether it is still the same.
type reader struct {
	file    *os.File
	program *Program
	hash    hash.Hash
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(r.hash.Sum(nil)) != r.program.sum {
		err = diag.Errorf(diag.Transient, "%s was changed while it was read", r.program.path).WithNext("try again when it is built")
	}
	return n, err
}

func (r *reader) Close() error { return r.file.Close() }

// look looks whether a file is a program that jobs can run.
func (p Places) look(path string) (*Program, error) {
	unfit := func(format string, args ...any) error {
		return diag.Errorf(diag.Usage, "%s is no program for jobs in Glue: %w", path, fmt.Errorf(format, args...)).WithNext("%s", p.remedy())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unfit("%w", err)
	}
	defer f.Close()
	if err := static(f); err != nil {
		return nil, unfit("%w", err)
	}
	build, err := buildinfo.Read(f)
	if err != nil {
		return nil, unfit("it does not say what it was built from: %w", err)
	}
	if err := p.ours(build); err != nil {
		return nil, unfit("%w", err)
	}
	sum := sha256.New()
	size, err := io.Copy(sum, io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return nil, unfit("%w", err)
	}
	return &Program{path: path, size: size, sum: hex.EncodeToString(sum.Sum(nil))}, nil
}

// static fails for what does not run on any Linux on x86-64 by itself.
func static(f io.ReaderAt) error {
	e, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("it is not built for Linux: %w", err)
	}
	if e.Class != elf.ELFCLASS64 || e.Machine != elf.EM_X86_64 {
		return fmt.Errorf("it is built for %s, not for x86-64", strings.ToLower(strings.TrimPrefix(e.Machine.String(), "EM_")))
	}
	for _, part := range e.Progs {
		if part.Type == elf.PT_INTERP {
			return errors.New("it is linked to libraries of the system, which Glue may not have in that version")
		}
	}
	return nil
}

// ours fails for what is not lakectl in the version that runs, as far as both
// know theirs: a build from a changed working tree has the commit it began with.
func (p Places) ours(build *debug.BuildInfo) error {
	if build.Path != mainPackage || build.Main.Path != mainModule {
		return fmt.Errorf("it is %s, not lakectl", build.Path)
	}
	if system := setting(build, "GOOS"); system != "linux" {
		return fmt.Errorf("it is built for %s, not for Linux", system)
	}
	if p.Build == nil {
		return nil
	}
	theirs, here := setting(build, "vcs.revision"), setting(p.Build, "vcs.revision")
	what := "commit "
	if theirs == "" || here == "" {
		what, theirs, here = "version ", release(build), release(p.Build)
	}
	if theirs != "" && here != "" && theirs != here {
		return fmt.Errorf("it is lakectl of %s%s, and this one is of %s%s", what, short(theirs), what, short(here))
	}
	return nil
}

// release is the version of a build, "" if that says nothing.
func release(build *debug.BuildInfo) string {
	if strings.HasPrefix(build.Main.Version, "v") {
		return build.Main.Version
	}
	return ""
}

// short is a commit or a version as people read it.
func short(text string) string {
	if len(text) == 40 {
		return text[:12]
	}
	return text
}
