package setup

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
)

// Tables returns the tables that Snowflake gets, layer by layer: as they are in
// the lake, and where it does not have one yet, as the project will make it.
// Without a lake (nil) it is the project alone.
func Tables(p *project.Project, st *lake.State) ([]Table, error) {
	var list []Table
	for _, t := range p.Silver {
		list = append(list, Table{lake.TableRef{Layer: lake.Silver, Name: t.Name}, t.Table(), t.PartitionNames()})
	}
	for _, t := range p.Gold {
		list = append(list, Table{lake.TableRef{Layer: lake.Gold, Name: t.Name}, t.Table(), t.PartitionNames()})
	}
	if st == nil {
		return list, nil
	}
	for _, ref := range st.TableRefs() {
		have := st.Tables[ref]
		if !Served(ref.Layer) || have.Schema == nil {
			continue
		}
		at := slices.IndexFunc(list, func(t Table) bool { return t.Ref == ref })
		if at < 0 {
			at = len(list)
			list = append(list, Table{Ref: ref})
		}
		if err := list[at].read(have); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b Table) int { return slices.Index(layers(), a.Ref.Layer) - slices.Index(layers(), b.Ref.Layer) })
	return list, nil
}

// read takes what the lake says of the table. The columns by which it is
// partitioned are those of its folders, if it has any.
func (t *Table) read(have *lake.Table) (err error) {
	if t.Columns, err = lake.SchemaOf(have.Schema); err != nil {
		return diag.Errorf(diag.Unexpected, "the schema of %s cannot be used: %w", t.Ref, err).
			WithNext("use a lakectl that is at least as new as the one that wrote it")
	}
	for _, f := range have.Files() {
		if f.Rows > 0 {
			path := strings.TrimPrefix(f.Path, t.Ref.Dir()+"/")
			t.Keys, _, err = lake.ParsePartitionPath(path[:max(strings.LastIndexByte(path, '/'), 0)])
			return err
		}
	}
	return nil
}
