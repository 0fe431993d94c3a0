package glue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/spark"
)

// Uploader is the bucket of scripts. Both methods return whether the object was
// not there yet.
type Uploader interface {
	Put(ctx context.Context, key string, data []byte) (bool, error)
	// PutFile writes what is too large to be held in memory.
	PutFile(ctx context.Context, key string, file File) (bool, error)
}

// File is a file to be uploaded. What is read from Open to the end has Size
// bytes, or the last read fails.
type File interface {
	Size() int64
	Open() (io.ReadCloser, error)
}

// Program is the lakectl that jobs run beside Spark.
type Program interface {
	File
	SHA256() string // in hexadecimal digits
}

// Code is what the jobs run: objects in the bucket of scripts, each under a key
// made of its hash.
type Code struct {
	Scripts map[string]string // by layer: its key
	Package string            // key of the Python package that the scripts share
	Program string            // key of lakectl for the jobs; its last element is lakectl
	Project string            // key of the compiled project
	objects []object
	program Program
}

type object struct {
	key  string
	data []byte
}

// CodeOf returns the code of a project.
func CodeOf(p *project.Project, n names.Names, program Program) (*Code, error) {
	compiled, err := spark.Compile(p, strings.TrimSuffix("s3://"+n.LakeBucket+"/"+n.LakePrefix, "/"))
	if err != nil {
		return nil, err
	}
	c := &Code{Scripts: map[string]string{}, program: program}
	if err := c.addPython(); err != nil {
		return nil, fmt.Errorf("the embedded scripts: %w", err)
	}
	sum := sha256.Sum256(compiled)
	c.Project = folder(hex.EncodeToString(sum[:])) + "project.json"
	c.objects = append(c.objects, object{c.Project, compiled})
	// Glue gives the file the name that the key ends with.
	c.Program = folder(program.SHA256()) + "lakectl"
	return c, nil
}

// addPython adds the scripts and the package that they share. They lie in one
// folder, named by the hash of them all.
func (c *Code) addPython() error {
	scripts, err := spark.Scripts()
	if err != nil {
		return err
	}
	shared, err := spark.Package()
	if err != nil {
		return err
	}
	all := sha256.New()
	hash := func(name string, text []byte) {
		fmt.Fprintf(all, "%s %d\n", name, len(text))
		all.Write(text)
	}
	for _, s := range scripts {
		hash(s.Name, s.Text)
	}
	hash(spark.PackageName, shared)
	in := folder(hex.EncodeToString(all.Sum(nil)))
	for _, s := range scripts {
		c.Scripts[s.Layer] = in + s.Name
		c.objects = append(c.objects, object{in + s.Name, s.Text})
	}
	c.Package = in + spark.PackageName
	c.objects = append(c.objects, object{c.Package, shared})
	return nil
}

// folder is where in the bucket lies what has a hash.
func folder(hash string) string { return "scripts/" + hash[:32] + "/" }

// Upload uploads what is not there yet, and returns its keys.
func (c *Code) Upload(ctx context.Context, to Uploader) ([]string, error) {
	var uploaded []string
	put := func(key string, put func() (bool, error)) error {
		isNew, err := put()
		if err != nil {
			return fmt.Errorf("upload %s: %w", key, err)
		}
		if isNew {
			uploaded = append(uploaded, key)
		}
		return nil
	}
	for _, o := range c.objects {
		if err := put(o.key, func() (bool, error) { return to.Put(ctx, o.key, o.data) }); err != nil {
			return uploaded, err
		}
	}
	return uploaded, put(c.Program, func() (bool, error) { return to.PutFile(ctx, c.Program, c.program) })
}
