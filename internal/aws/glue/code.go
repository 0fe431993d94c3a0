package glue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/spark"
)

// Uploader is the bucket of scripts. Put returns whether the object was not
// there yet.
type Uploader interface {
	Put(ctx context.Context, key string, data []byte) (bool, error)
}

// Code is what the jobs run: objects in the bucket of scripts, each under a key
// made of its hash.
type Code struct {
	Scripts map[string]string // by layer: its key
	Project string            // key of the compiled project
	objects []object
}

type object struct {
	key  string
	data []byte
}

// CodeOf returns the code of a project. All scripts lie in one folder, named by
// the hash of them all: they may share modules.
func CodeOf(p *project.Project, n names.Names) (*Code, error) {
	scripts, err := spark.Scripts()
	if err != nil {
		return nil, fmt.Errorf("the embedded scripts: %w", err)
	}
	compiled, err := spark.Compile(p, strings.TrimSuffix("s3://"+n.LakeBucket+"/"+n.LakePrefix, "/"))
	if err != nil {
		return nil, err
	}
	all := sha256.New()
	for _, s := range scripts {
		fmt.Fprintf(all, "%s %d\n", s.Name, len(s.Text))
		all.Write(s.Text)
	}
	folder := "scripts/" + hex.EncodeToString(all.Sum(nil)[:16]) + "/"
	c := &Code{Scripts: map[string]string{}}
	for _, s := range scripts {
		c.Scripts[s.Layer] = folder + s.Name
		c.objects = append(c.objects, object{folder + s.Name, s.Text})
	}
	sum := sha256.Sum256(compiled)
	c.Project = "scripts/" + hex.EncodeToString(sum[:16]) + "/project.json"
	c.objects = append(c.objects, object{c.Project, compiled})
	return c, nil
}

// Upload uploads what is not there yet, and returns its keys.
func (c *Code) Upload(ctx context.Context, to Uploader) ([]string, error) {
	var uploaded []string
	for _, o := range c.objects {
		isNew, err := to.Put(ctx, o.key, o.data)
		if err != nil {
			return uploaded, fmt.Errorf("upload %s: %w", o.key, err)
		}
		if isNew {
			uploaded = append(uploaded, o.key)
		}
	}
	return uploaded, nil
}
