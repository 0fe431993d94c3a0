package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// Scheme begins the patterns and paths of files on S3.
const Scheme = "s3://"

// Store is a bucket of raw files.
type Store interface {
	List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error]
	storage.Streamer
}

// Files is the raw files of a project, in its folder and on S3. It is safe for
// concurrent use if Store is.
type Files struct {
	Folder Folder
	// Store opens a bucket of S3 by its name.
	Store func(ctx context.Context, bucket string) (Store, error)
}

// List returns the files that the patterns name, each once, by ascending path.
// For patterns see Folder.List; on S3 they are s3://bucket/pattern, and the paths
// of what they find are whole addresses.
func (f Files) List(ctx context.Context, patterns []string) ([]File, error) {
	var local []string
	found := map[string]File{}
	for _, pattern := range patterns {
		address, remote := strings.CutPrefix(pattern, Scheme)
		if !remote {
			local = append(local, pattern)
			continue
		}
		if err := f.expand(ctx, pattern, address, found); err != nil {
			return nil, err
		}
	}
	files, err := f.Folder.List(ctx, local)
	if err != nil {
		return nil, err
	}
	for _, file := range found {
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// expand adds the objects that one pattern names.
func (f Files) expand(ctx context.Context, pattern, address string, found map[string]File) error {
	bucket, key, _ := strings.Cut(address, "/")
	store, err := f.Store(ctx, bucket)
	if err != nil {
		return fmt.Errorf("source %q: %w", pattern, err)
	}
	p, err := newKeyPattern(key)
	if err != nil {
		return diag.Errorf(diag.Usage, "source %q: %w", pattern, err).WithNext(`close the bracket, or write \[ for a literal one`)
	}
	for info, err := range store.List(ctx, p.prefix) {
		if err != nil {
			return fmt.Errorf("source %q: %w", pattern, err)
		}
		if p.match(info.Name) {
			name := Scheme + bucket + "/" + info.Name
			found[name] = File{Path: name, Size: info.Size, Version: info.Version, Modified: info.Modified}
		}
	}
	return nil
}

// keyPattern says which keys a pattern names.
type keyPattern struct {
	pattern string
	parts   []string // of the pattern, where it has wildcards
	folder  string   // a key or a folder, where it has none; "" is all
	prefix  string   // of all that it can name
}

func newKeyPattern(key string) (keyPattern, error) {
	if _, err := path.Match(key, ""); err != nil {
		return keyPattern{}, err
	}
	if !hasMeta(key) {
		return keyPattern{pattern: key, folder: strings.TrimSuffix(key, "/"), prefix: key}, nil
	}
	prefix := key[:strings.IndexAny(key, `*?[\`)]
	return keyPattern{pattern: key, parts: strings.Split(key, "/"), prefix: prefix}, nil
}

func (p keyPattern) match(key string) bool {
	var below string // the parts of the key that the pattern does not spell
	if p.parts == nil {
		rest, ok := strings.CutPrefix(key, p.folder)
		if !ok || rest != "" && p.folder != "" && !strings.HasPrefix(rest, "/") {
			return false
		}
		if rest == "" {
			return true // spelt out
		}
		below = rest
	} else {
		if !matchPath(p.parts, strings.Split(key, "/")) {
			return false
		}
		below = strings.TrimPrefix(key, p.prefix[:strings.LastIndexByte(p.prefix, '/')+1])
	}
	for part := range strings.SplitSeq(strings.Trim(below, "/"), "/") {
		if hidden(part) && (p.pattern == "" || !spelt(p.pattern, part)) {
			return false
		}
	}
	return true
}

// Open opens a file for reading from its start. The caller closes it. What is
// read is one version of the file; those of S3 say which by a method Version.
func (f Files) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	address, remote := strings.CutPrefix(name, Scheme)
	if !remote {
		return f.Folder.Open(ctx, name)
	}
	bucket, key, _ := strings.Cut(address, "/")
	store, err := f.Store(ctx, bucket)
	if err != nil {
		return nil, err
	}
	stream, err := store.Stream(ctx, key)
	if err != nil {
		return nil, err
	}
	return reading{stream}, nil
}

// reading is an object that is being read.
type reading struct{ storage.Stream }

// Version is the version that is read, as in File.
func (r reading) Version() string { return r.Info().Version }

// Read says what it means that the object changed while a transfer was taken up
// again.
func (r reading) Read(p []byte) (int, error) {
	n, err := r.Stream.Read(p)
	if errors.Is(err, storage.ErrPrecondition) {
		err = diag.Errorf(diag.Partial, "it was replaced while it was read: %w", err).WithNext("run again")
	}
	return n, err
}
