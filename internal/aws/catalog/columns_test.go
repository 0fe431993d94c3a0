package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

func TestTypes(t *testing.T) {
	for typ, want := range map[schema.Type]string{
		schema.T(schema.String): "string", schema.T(schema.Boolean): "boolean", schema.T(schema.Integer): "int", schema.T(schema.Bigint): "bigint",
		schema.T(schema.Double): "double", schema.DecimalOf(38, 9): "decimal(38,9)", schema.DecimalOf(5, 0): "decimal(5,0)",
		schema.T(schema.Date): "date", schema.T(schema.Timestamp): "timestamp", schema.T(schema.Binary): "binary",
	} {
		if got := column("Ä", typ); *got.Type != want || *got.Name != "ä" {
			t.Errorf("%v is %s, want %s", typ, *got.Type, want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	long := strings.Repeat("é", 128)
	for name, want := range map[string]string{
		"Order No.": "order no.", "naïve-Größe (€)": "naïve-größe (€)", "a\tb": "", "2nd": "2nd", long[:254]: long[:254],
		"": "it is empty", long: "it has more than 255 bytes", "Last, First": "it has a comma", " x": "it begins or ends with a blank",
		"x\u00a0": "it begins or ends with a blank", "a\nb": "it has a control character", "\u0130d": "in lower case it is that of \"id\"",
	} {
		if want == "" {
			want = "it has a control character"
		}
		table := schema.Table{Columns: []schema.Column{{Name: "id", Type: schema.T(schema.String)}, {Name: name, Type: schema.T(schema.String)}}}
		got, warnings := columns(lake.TableRef{Layer: lake.Bronze, Name: "x"}, table)
		if len(got) == 2 && (*got[1].Name != want || len(warnings) != 0) {
			t.Errorf("%q is %q (%v), want %q", name, *got[1].Name, warnings, want)
		}
		if len(got) == 1 && (len(warnings) != 1 || !strings.Contains(warnings[0], want) || !strings.HasPrefix(warnings[0], "bronze.x: the column ")) {
			t.Errorf("%q: %v, want %q", name, warnings, want)
		}
	}
}

// The values of partitions are sent as they are, their places as the lake has
// them.
func TestPartitionEncodings(t *testing.T) {
	for path, want := range map[string]string{
		"day=2026-11-23": "2026-11-23", "shop=K\u00f6ln%2FS\u00fcd": "Köln/Süd", "shop=a b": "a b", "shop=100%25": "100%", "shop=%ZZ": "%ZZ",
		"shop=x%3Dy": "x=y", "shop=__HIVE_DEFAULT_PARTITION__": "__HIVE_DEFAULT_PARTITION__",
		"day=2026-11-23/shop=%5B1%5D": "2026-11-23|[1]", "day=__HIVE_DEFAULT_PARTITION__/shop=__HIVE_DEFAULT_PARTITION__": "__HIVE_DEFAULT_PARTITION__|__HIVE_DEFAULT_PARTITION__",
	} {
		w := newWorld(t)
		w.commit(change{"silver.x", "day: date, shop: string, n: bigint", map[string]int64{path + "/part.parquet": 1}, nil})
		s, err := w.lake.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		targets, warnings, err := w.catalog(w.glue).targets(s)
		if err != nil || len(warnings) != 0 || len(targets[0].partitions) != 1 {
			t.Fatalf("%s: %v, %v, %+v", path, err, warnings, targets)
		}
		for _, p := range targets[0].partitions {
			if got := strings.Join(p.values, "|"); got != want || p.location != "s3://the-lake/top/silver/x/"+path+"/" {
				t.Errorf("%s: values %s at %s, want %s", path, got, p.location, want)
			}
		}
	}
}

// A text that is the word for null cannot be told from it.
func TestTheWordForNull(t *testing.T) {
	w := newWorld(t)
	w.commit(change{"silver.x", "shop: string, n: bigint", map[string]int64{"shop=__HIVE_DEFAULT_PARTITION__/part.parquet": 1,
		"shop=%5F_HIVE_DEFAULT_PARTITION__/part.parquet": 1, "shop=/part.parquet": 0}, nil})
	r := w.sync(SyncOptions{})
	want := []string{"silver.x: the text __HIVE_DEFAULT_PARTITION__ of the partition shop=%5F_HIVE_DEFAULT_PARTITION__ means null to Athena"}
	if diff := cmp.Diff(want, r.Warnings); diff != "" || r.Tables[0].Partitions.Created != 1 {
		t.Errorf("%+v %s", r, diff)
	}
	if line := w.glue.Dump()[len(w.glue.Dump())-1]; !strings.Contains(line, "s3://the-lake/top/silver/x/shop=__HIVE_DEFAULT_PARTITION__/") {
		t.Error(line)
	}
	w.wantSame()
}

func TestOneNameOfTwoTables(t *testing.T) {
	w := newWorld(t)
	w.commit(change{"silver.x_quarantine", "n: bigint", map[string]int64{"part.parquet": 1}, nil},
		change{"quarantine.x", "n: bigint", map[string]int64{"ingestion_date=2026-11-23/part.parquet": 1}, nil})
	r := w.sync(SyncOptions{})
	if len(r.Tables) != 1 || r.Tables[0].Table != "silver.x_quarantine" ||
		len(r.Warnings) != 1 || r.Warnings[0] != "quarantine.x is not in the catalog: silver.x_quarantine has its name there, shop_x_dev_silver.x_quarantine" {
		t.Errorf("%+v", r)
	}
}
