package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
)

// File is one raw file. Version changes whenever the file is written.
type File struct {
	Path     string
	Size     int64 // bytes, compressed as it lies
	Version  string
	Modified time.Time
}

// Folder is a source of files on local disk. It holds no state and is safe for
// concurrent use.
type Folder struct {
	Root string // the project's folder, which relative patterns start from
}

// Open opens a file for reading from its start. The caller closes it.
func (f Folder) Open(_ context.Context, file string) (*os.File, error) {
	return os.Open(f.local(file))
}

func (f Folder) local(name string) string {
	local := filepath.FromSlash(name)
	if filepath.IsAbs(local) {
		return local
	}
	return filepath.Join(f.Root, local)
}

// List returns the files that the patterns name, each once, by ascending path.
// A pattern is a file, a folder (all files below it) or a glob with * ? [a-z]
// and ** for any folders. Names that start with a dot or an underscore, empty
// folders and files that are still being written under a temporary name (.tmp,
// .part, .partial, .crdownload, ~) are left out unless a pattern spells them.
// Links to files are followed, and so is the folder that a pattern starts from;
// links to folders below it are not.
func (f Folder) List(ctx context.Context, patterns []string) ([]File, error) {
	found := map[string]File{}
	for _, pattern := range patterns {
		if err := f.expand(ctx, filepath.ToSlash(pattern), found); err != nil {
			return nil, err
		}
	}
	files := make([]File, 0, len(found))
	for _, file := range found {
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// expand adds the files that one pattern names.
func (f Folder) expand(ctx context.Context, pattern string, found map[string]File) error {
	clean := path.Clean(pattern)
	if _, err := path.Match(clean, ""); err != nil {
		return diag.Errorf(diag.Usage, "source %q: %w", pattern, err).WithNext(`close the bracket, or write \[ for a literal one`)
	}
	base := literalFolder(clean)
	match := func(name string) bool { return matchPath(strings.Split(clean, "/"), strings.Split(name, "/")) }
	if !hasMeta(clean) {
		info, err := os.Stat(f.local(clean))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("source %q: %w", pattern, err)
		case !info.IsDir():
			if info.Mode().IsRegular() {
				found[clean] = fileOf(clean, info)
			}
			return nil
		}
		base, match = clean, func(string) bool { return true }
	}
	return f.walk(ctx, base, clean, match, found)
}

func (f Folder) walk(ctx context.Context, base, pattern string, match func(string) bool, found map[string]File) error {
	root, err := filepath.EvalSymlinks(f.local(base)) // WalkDir does not follow the root
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("source %q: %w", pattern, err)
	}
	leads := func(dir string) bool {
		return dir == base || pattern == base || leadsTo(strings.Split(pattern, "/"), strings.Split(dir, "/"))
	}
	err = filepath.WalkDir(root, func(local string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) { // gone meanwhile
				return nil
			}
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name, err := nameOf(base, root, local)
		if err != nil {
			return err
		}
		if entry.IsDir() && !leads(name) {
			return fs.SkipDir
		}
		if local != root && hidden(entry.Name()) && !spelt(pattern, entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() || !match(name) {
			return nil
		}
		info, err := os.Stat(local) // through symbolic links
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil // gone meanwhile, a link to nothing or to a folder, or a pipe, on which reading would wait for ever
		}
		if err != nil {
			return err
		}
		found[name] = fileOf(name, info)
		return nil
	})
	if err != nil {
		return fmt.Errorf("source %q: %w", pattern, err)
	}
	return nil
}

// nameOf returns the path of a file below root as the project sees it.
func nameOf(base, root, local string) (string, error) {
	rel, err := filepath.Rel(root, local)
	return path.Join(base, filepath.ToSlash(rel)), err
}

func fileOf(name string, info fs.FileInfo) File {
	return File{Path: name, Size: info.Size(), Version: fmt.Sprintf("%d", info.ModTime().UnixNano()), Modified: info.ModTime()}
}

// literalFolder returns the folders of a pattern before its first wildcard.
func literalFolder(pattern string) string {
	var base []string
	parts := strings.Split(pattern, "/")
	for _, part := range parts[:len(parts)-1] {
		if hasMeta(part) {
			break
		}
		base = append(base, part)
	}
	switch {
	case len(base) == 0:
		return "."
	case len(base) == 1 && base[0] == "":
		return "/"
	}
	return strings.Join(base, "/")
}

func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// matchPath matches a path with a pattern, part by part; ** stands for any
// number of folders.
func matchPath(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		return matchPath(pattern[1:], name) || len(name) > 0 && matchPath(pattern, name[1:])
	}
	if len(name) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], name[0])
	return err == nil && ok && matchPath(pattern[1:], name[1:])
}

// leadsTo says whether files below a folder can match a pattern.
func leadsTo(pattern, dir []string) bool {
	for i, part := range dir {
		if i == len(pattern)-1 {
			return pattern[i] == "**"
		}
		if pattern[i] == "**" {
			return true
		}
		if ok, err := path.Match(pattern[i], part); err != nil || !ok {
			return false
		}
	}
	return true
}

var unfinished = []string{".tmp", ".temp", ".part", ".partial", ".crdownload", "~"}

// hidden says whether a name is not meant to be read as data.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
		slices.ContainsFunc(unfinished, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// spelt says whether the last part of a pattern names such a file on purpose:
// it starts or ends as the name does.
func spelt(pattern, name string) bool {
	last := path.Base(pattern)
	return (last[0] == '.' || last[0] == '_') && last[0] == name[0] || slices.ContainsFunc(unfinished, func(suffix string) bool {
		return strings.HasSuffix(last, suffix) && strings.HasSuffix(name, suffix)
	})
}
