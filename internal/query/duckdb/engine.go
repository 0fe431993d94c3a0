//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/queries"
)

// Engine runs statements on DuckDB, each in a database of its own.
type Engine struct {
	o     Options
	ahead int64 // how many bytes of a result are read before the first of it is given out
}

// New returns the engine for a lake.
func New(o Options) (query.Engine, error) { return &Engine{o: o, ahead: ahead}, nil }

// Name implements query.Engine.
func (e *Engine) Name() string { return Name }

// Close implements query.Engine.
func (e *Engine) Close() error { return nil }

const (
	// attempts is how often a statement is run whose tables another run changes
	// meanwhile.
	attempts = 5
	// pause is between them.
	pause = 300 * time.Millisecond
	// ahead is how many bytes of a result are read before the first of it is
	// given out. A result that is no larger is whole, and of one commit.
	ahead = 8 << 20
)

// Run implements query.Engine.
func (e *Engine) Run(ctx context.Context, st query.Statement) (query.Result, error) {
	began := time.Now()
	sql, values := text(st)
	for attempt := 1; ; attempt++ {
		state, err := e.o.Lake.State(ctx)
		if err != nil {
			return nil, err
		}
		r, err := e.begin(ctx, state, sql, values)
		if err == nil {
			if err = r.readAhead(); err == nil {
				r.began = began
				return r, nil
			}
			r.Close()
		}
		var network net.Error // whose client has made its attempts
		if diag.ClassOf(err) != diag.Transient || attempt == attempts || errors.As(err, &network) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Explain implements query.Engine.
func (e *Engine) Explain(ctx context.Context, st query.Statement) (string, error) {
	sql, values := text(st)
	state, err := e.o.Lake.State(ctx)
	if err != nil {
		return "", err
	}
	r := &result{ctx: ctx, engine: e, state: state, explained: true}
	defer r.Close()
	if err := r.open(ctx, sql, values); err != nil {
		return "", r.orMoved(err)
	}
	var b strings.Builder
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		for i := range int(record.NumRows()) {
			b.WriteString(record.Column(1).ValueStr(i))
		}
		record.Release()
	}
}

// text returns the SQL of a statement for DuckDB, and the values of its
// parameters in the order of their use.
func text(st query.Statement) (sql string, values []string) {
	sql = st.Query.Text(identifier, func(name string) string {
		v := st.Value(name)
		values = append(values, v.Text)
		kind := v.Type
		if kind == "string" {
			kind = "varchar"
		}
		return "cast(? as " + kind + ")"
	})
	if showTables.MatchString(sql) {
		sql = allTables
	}
	return sql, values
}

var showTables = regexp.MustCompile(`(?i)^\s*show\s+tables\s*;?\s*$`)

// allTables is what `show tables` means here: DuckDB itself would show those of
// the schema main, which has none.
const allTables = `select table_schema as layer, table_name as "table" from information_schema.tables order by 1, 2`

// begin runs a statement on a state of the lake until its first rows are known.
func (e *Engine) begin(ctx context.Context, state *lake.State, sql string, values []string) (*result, error) {
	r := &result{ctx: ctx, engine: e, state: state}
	if err := r.open(ctx, sql, values); err != nil {
		err = r.orMoved(err)
		r.Close()
		return nil, err
	}
	return r, nil
}

// open makes the database and starts the statement in it.
func (r *result) open(ctx context.Context, sql string, values []string) error {
	var err error
	sweepTemp(r.engine.o.Temp)
	if r.temp, err = os.MkdirTemp(r.engine.o.Temp, tempPrefix); err != nil {
		return noRoom(err)
	}
	if r.db, err = r.engine.database(r.temp, sql); err != nil {
		return err
	}
	if r.relations, err = r.tables(sql); err != nil {
		return err
	}
	paths, err := r.files(ctx, sql, values)
	if err != nil {
		return r.explainMissing(err, sql)
	}
	if err := r.define(ctx, paths); err != nil {
		return err
	}
	if err := r.db.lock(slices.Concat(slices.Collect(maps.Values(paths))...)); err != nil {
		return err
	}
	if r.prepared, err = r.prepare(ctx, sql); err != nil {
		return r.explainMissing(err, sql)
	}
	if r.explained { // only now, so that errors tell places of the statement itself
		r.prepared.close()
		if r.prepared, err = r.prepare(ctx, "explain "+sql); err != nil {
			return err
		}
	}
	if err := r.prepared.bind(values); err != nil {
		return err
	}
	if r.stream, err = r.db.stream(ctx, r.prepared); err != nil {
		return err
	}
	r.schema = arrowSchema(r.prepared.columns)
	return nil
}

// database opens a database with the settings of the engine, the layers, and the
// macros of a statement. The statement may read what is in temp, so that must be
// a folder of its own.
func (e *Engine) database(temp, statement string) (*database, error) {
	settings := [][2]string{{"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"},
		{"default_null_order", "nulls_last"}, {"temp_directory", temp}}
	if e.o.Memory > 0 {
		settings = append(settings, [2]string{"memory_limit", strconv.FormatInt(e.o.Memory, 10) + "B"})
	}
	if e.o.Threads > 0 {
		settings = append(settings, [2]string{"threads", strconv.Itoa(e.o.Threads)})
	}
	db, err := openDatabase(settings)
	if err != nil {
		return nil, err
	}
	sql := "set TimeZone = 'UTC'; set integer_division = true;\n"
	for _, layer := range layers {
		sql += "create schema " + layer + ";\n"
	}
	if err := db.exec(sql + macrosFor(statement)); err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

// layers are the schemas of a database.
var layers = []string{lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine}

// prepare prepares the statement; columns that Arrow has no type for here become
// texts.
func (r *result) prepare(ctx context.Context, sql string) (*prepared, error) {
	p, err := r.db.prepare(ctx, sql)
	if err != nil || !slices.ContainsFunc(p.columns, func(c column) bool { return c.as != "" }) {
		return p, err
	}
	defer p.close()
	items, names := make([]string, len(p.columns)), make([]string, len(p.columns))
	for i, c := range p.columns {
		names[i] = "c" + strconv.Itoa(i)
		items[i] = names[i]
		if c.as != "" {
			items[i] = fmt.Sprintf(c.as, names[i])
		}
	}
	cast, err := r.db.prepare(ctx, "select "+strings.Join(items, ", ")+" from ("+sql+"\n) as statement("+strings.Join(names, ", ")+")")
	if err != nil {
		return nil, err
	}
	for i := range cast.columns {
		cast.columns[i].Name = p.columns[i].Name
	}
	return cast, nil
}

// tables returns the tables of the lake that a statement may speak of; without
// files, where only their columns matter.
func (r *result) tables(sql string) ([]*relation, error) {
	var list []*relation
	read, others := mentioned(r.state, sql)
	for _, ref := range slices.Concat(read, others) {
		rel, err := relationOf(r.state.Tables[ref])
		if err != nil {
			return nil, err
		}
		if slices.Contains(others, ref) {
			rel.files = nil
		}
		list = append(list, rel)
	}
	return list, nil
}

var missingTable = regexp.MustCompile(`^Table with name ("?)(.+?)"? does not exist!`)

// explainMissing makes an error about a table that is not there speak of the
// lake.
func (r *result) explainMissing(err error, sql string) error {
	var typed *diag.Error
	if !errors.As(err, &typed) {
		return err
	}
	m := missingTable.FindStringSubmatch(typed.Msg)
	if m == nil {
		return err
	}
	var known, same []string
	for _, ref := range r.state.TableRefs() {
		known = append(known, ref.String())
		if strings.EqualFold(ref.Name, m[2]) {
			same = append(same, ref.String())
		}
	}
	name := m[2]
	for _, mention := range (queries.Query{SQL: sql}).Mentions() {
		if strings.HasSuffix(mention, "."+strings.ToLower(name)) {
			name, same = mention, nil
		}
	}
	missing := diag.Errorf(diag.Usage, "there is no table %s in the lake", name)
	switch hint := diag.Suggest(name, known); {
	case len(same) > 0:
		return missing.WithNext("write its layer, too: %s", strings.Join(same, " or "))
	case hint != "":
		return missing.WithNext("%s", hint)
	case len(known) == 0:
		return missing.WithNext("the lake is empty; build it with `lakectl run`")
	}
	return missing.WithNext("build it with `lakectl run`, or see what there is with `lakectl status`")
}

// define makes the views of the statement's tables.
func (r *result) define(ctx context.Context, paths map[lake.TableRef][]string) error {
	for _, rel := range r.relations {
		var have []string
		if files := paths[rel.ref]; rel.varied && len(files) > 0 {
			p, err := r.db.prepare(ctx, "select * from "+rel.reader(files))
			if err != nil {
				return err
			}
			for _, c := range p.columns {
				have = append(have, c.Name)
			}
			p.close()
		}
		if err := r.db.exec(rel.view(paths[rel.ref], have)); err != nil {
			return fmt.Errorf("%s: %w", rel.ref, err)
		}
	}
	return nil
}

func arrowSchema(columns []column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
