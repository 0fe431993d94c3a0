package setup

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/queries"
)

// DB is one session in Snowflake: roles that are taken in it last. *sql.Conn is
// one; a *sql.DB, which may use several, is not.
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Spec says what there should be in Snowflake.
type Spec struct {
	Project, Environment string

	Account   string // of Snowflake
	User      string // who gets the owner's role; nobody if it is empty
	Database  string
	Schema    string // of the views
	Warehouse string
	// CreateWarehouse has the warehouse made if it does not exist.
	CreateWarehouse bool

	Bucket, Prefix string // of the lake; the prefix is empty or ends in /
	Partition      string // of AWS: aws, aws-cn, aws-us-gov
	RoleARN        string // the role in AWS that Snowflake takes

	Tables []Table
	Views  []queries.View
}

// Table is a table of the lake as Snowflake should have it.
type Table struct {
	Ref     lake.TableRef
	Columns schema.Table // all of them, also those in the path
	Keys    []string     // the columns by which it is partitioned, outermost first
}

// layers are those that Snowflake may read.
func layers() []string { return []string{lake.Silver, lake.Gold} }

// Served says whether Snowflake gets the tables of a layer.
func Served(layer string) bool { return slices.Contains(layers(), layer) }

// check says what a Spec lacks.
func (s *Spec) check() error {
	for _, f := range []struct{ key, value string }{{"account", s.Account}, {"database", s.Database}, {"schema", s.Schema}, {"warehouse", s.Warehouse}} {
		if f.value == "" {
			return diag.Errorf(diag.Usage, "lakehouse.yaml does not say which %s in Snowflake is the project's", f.key).
				WithNext("write `snowflake: {%s: ...}` into it", f.key)
		}
	}
	for _, layer := range append(layers(), "lakectl", "public", "information_schema") {
		if strings.EqualFold(s.Schema, layer) {
			return diag.Errorf(diag.Usage, "the schema %s is not for the views of a lake: it has another purpose", s.Schema).
				WithNext("write another one into lakehouse.yaml, such as `snowflake: {schema: ANALYTICS}`")
		}
	}
	return nil
}

// Names of what stands in a database, and of roles that every account has.
const (
	machinery   = "LAKECTL"
	formatName  = "PARQUET"
	syncedName  = "SYNCED"
	stageName   = "LAKE"
	userAdmin   = "USERADMIN"
	sysAdmin    = "SYSADMIN"
	accountWide = "ACCOUNTADMIN"
)

// Owner is the role that owns everything.
func (s *Spec) Owner() string { return strings.ToUpper(s.Database) + "_OWNER" }

// Reader is the role of those who read.
func (s *Spec) Reader() string { return strings.ToUpper(s.Database) + "_READER" }

// Integration is the storage integration.
func (s *Spec) Integration() string { return strings.ToUpper(s.Database) + "_S3" }

func (s *Spec) database() string  { return ident(s.Database) }
func (s *Spec) warehouse() string { return ident(s.Warehouse) }

// in returns the full name of a schema of the database, and of what is in it.
func (s *Spec) in(names ...string) string {
	list := []string{s.database()}
	for _, name := range names {
		list = append(list, ident(name))
	}
	return strings.Join(list, ".")
}

// schemas are those of the database, in the order in which they are made.
func (s *Spec) schemas() []string {
	list := []string{machinery}
	for _, layer := range append(layers(), s.Schema) {
		list = append(list, strings.ToUpper(layer))
	}
	return list
}

// mark begins the comments of what lakectl made.
func (s *Spec) mark() string { return "lakectl " + s.Project + "/" + s.Environment }

// ours says whether a comment is of something that was made for this project.
func (s *Spec) ours(comment string) bool {
	rest, ok := strings.CutPrefix(comment, s.mark())
	return ok && (rest == "" || rest[0] == ':')
}

// comment returns the clause of a comment.
func (s *Spec) comment(format string, args ...any) string {
	return "comment = " + literal(s.mark()+": "+fmt.Sprintf(format, args...))
}

// root is the folder of a layer as Snowflake calls it. Regions apart from the
// others have schemes of their own.
func (s *Spec) root(layer string) string {
	scheme := map[string]string{"aws-cn": "s3china://", "aws-us-gov": "s3gov://"}[s.Partition]
	if scheme == "" {
		scheme = "s3://"
	}
	return scheme + s.Bucket + "/" + s.Prefix + layer + "/"
}

// ExternalID is what Snowflake says when it takes the role in AWS. It follows
// from the project and its places, so that one that was half set up gets the same
// again; an integration that has another one keeps it.
func (s *Spec) ExternalID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "lakectl snowflake\x00%s\x00%s\x00%s\x00%s\x00%s", strings.ToUpper(s.Account), strings.ToUpper(s.Database), s.RoleARN, s.Project, s.Environment))
	return s.Project + "-" + s.Environment + "-" + hex.EncodeToString(sum[:16])
}

// Setup is a project's place in a Snowflake account.
type Setup struct {
	Spec
	db   DB
	role string // of the session; "" is the one it began with
	read *state // what was there, once it was read

	told  func(error) error
	sleep func(context.Context, time.Duration) error
	now   func() time.Time
}

// Options are what a Setup works with.
type Options struct {
	DB      DB
	Explain func(error) error                          // gives an error of DB its class; nil keeps it as it is
	Now     func() time.Time                           // if nil, the clock
	Sleep   func(context.Context, time.Duration) error // if nil, it waits
}

// New returns the place of a project. Nothing is asked of Snowflake yet.
func New(spec Spec, o Options) (*Setup, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Explain == nil {
		o.Explain = func(err error) error { return err }
	}
	return &Setup{Spec: spec, db: o.DB, told: o.Explain, now: o.Now, sleep: o.Sleep}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
