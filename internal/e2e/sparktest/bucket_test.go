//go:build e2e

package sparktest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	compiler "github.com/lakectl/lakectl/internal/spark"
	"github.com/lakectl/lakectl/internal/vec"
)

// askBuckets has the buckets of keys computed, of each type and of several
// columns, and compares with those that the local engine puts rows into.
func askBuckets(s *spark, r *rand.Rand, rows []exprtest.Row) {
	s.Helper()
	columns := exprtest.Columns()
	arrays := exprtest.Arrays(r, columns, rows)
	keys := randomKeys(r, columns)
	var items []item
	for i, sql := range bucketsOf(s, columns, keys) {
		items = append(items, item{fmt.Sprint("bucket of ", keys[i]), []string{sql}, []string{"bigint"}})
	}
	compared := 0
	s.ask(items, "FROM v ORDER BY id", func(k int, a answer) {
		key := make([]arrow.Array, len(keys[k]))
		for i, c := range keys[k] {
			key[i] = arrays[c]
		}
		var b vec.Bucketer
		for row, bucket := range b.Rows(nil, key, len(rows), buckets(k)) {
			if hasNull(key, row) { // which no key has
				continue
			}
			if compared++; fmt.Sprint(a.Rows[row][0]) != fmt.Sprint(bucket) {
				s.Errorf("%s in row %d: got %v, want %d", items[k].name, row, a.Rows[row][0], bucket)
				return
			}
		}
		if k == len(items)-1 && compared < 20_000 {
			s.Errorf("only %d buckets were compared", compared)
		}
	})
}

// randomKeys returns keys by indexes of columns: each column alone that may be a
// key, and some of several.
func randomKeys(r *rand.Rand, columns []exprtest.Column) (keys [][]int) {
	var able []int
	for i, c := range columns {
		if c.Type.Kind != schema.Double {
			able = append(able, i)
			keys = append(keys, []int{i})
		}
	}
	for range 12 {
		r.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
		keys = append(keys, append([]int(nil), able[:2+r.IntN(3)]...))
	}
	return keys
}

// buckets is how many the table of a key has.
func buckets(k int) int { return []int{2, 10, 64, 1000}[k%4] }

func hasNull(key []arrow.Array, row int) bool {
	for _, col := range key {
		if col.IsNull(row) {
			return true
		}
	}
	return false
}

// bucketsOf returns the SQL of the buckets of tables with these keys.
func bucketsOf(s *spark, columns []exprtest.Column, keys [][]int) []string {
	s.Helper()
	var bronze, silver strings.Builder
	for k, key := range keys {
		fmt.Fprintf(&bronze, "  t%d: {source: x}\n", k)
		names := make([]string, len(key))
		fmt.Fprintf(&silver, "  t%d:\n    buckets: %d\n    columns:\n", k, buckets(k))
		for i, c := range key {
			names[i] = columns[c].Name
			fmt.Fprintf(&silver, "      %s: {type: %q}\n", names[i], columns[c].Type)
		}
		fmt.Fprintf(&silver, "    key: [%s]\n", strings.Join(names, ", "))
	}
	cfg, problems := config.Parse(config.FileName, []byte("project: p\nlake: ./lake\nbronze:\n"+bronze.String()+"silver:\n"+silver.String()), config.Options{})
	if err := problems.Err(); err != nil {
		s.Fatal(err)
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		s.Fatal(err)
	}
	text, err := compiler.Compile(p, "s3://bucket/lake")
	if err != nil {
		s.Fatal(err)
	}
	var document struct {
		Silver []struct{ Bucket string }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		s.Fatal(err)
	}
	out := make([]string, len(keys))
	for i := range out {
		out[i] = document.Silver[i].Bucket
	}
	return out
}
