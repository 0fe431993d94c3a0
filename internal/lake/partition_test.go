package lake

import (
	"slices"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
)

func ptr(s string) *string { return &s }

func TestPartitionPath(t *testing.T) {
	for _, test := range []struct {
		columns []string
		values  []*string
		want    string
	}{
		{nil, nil, ""},
		{[]string{"day"}, []*string{ptr("2026-11-23")}, "day=2026-11-23"},
		{[]string{"day", "shop"}, []*string{nil, ptr("Köln/Süd")}, "day=__HIVE_DEFAULT_PARTITION__/shop=Köln%2FSüd"},
		{[]string{"a"}, []*string{ptr("1=2%3")}, "a=1%3D2%253"},
		{[]string{"a"}, []*string{ptr("x\ty\x00z\x7f")}, "a=x%09y%00z%7F"},
		{[]string{"a"}, []*string{ptr(`"#'*:?\{[]^`)}, "a=%22%23%27%2A%3A%3F%5C%7B%5B%5D%5E"},
		{[]string{"a"}, []*string{ptr("b c+d}&~|<>,;")}, "a=b c+d}&~|<>,;"},
		{[]string{"a"}, []*string{ptr("..")}, "a=.."},
		{[]string{"a=b/c"}, []*string{ptr("日本")}, "a%3Db%2Fc=日本"},
		{[]string{"a"}, []*string{ptr("\xff\xc3")}, "a=%FF%C3"},
		{[]string{"a"}, []*string{ptr("")}, "a=__HIVE_DEFAULT_PARTITION__"},
		{[]string{"a"}, []*string{ptr(DefaultPartition)}, "a=%5F_HIVE_DEFAULT_PARTITION__"},
	} {
		if got := PartitionPath(test.columns, test.values); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
		checkInverse(t, test.columns, test.values)
	}
}

func checkInverse(t *testing.T, columns []string, values []*string) {
	t.Helper()
	path := PartitionPath(columns, values)
	gotColumns, gotValues, err := ParsePartitionPath(path)
	if err != nil || !slices.Equal(gotColumns, columns) || len(gotValues) != len(values) {
		t.Fatalf("%q: %q, %v", path, gotColumns, err)
	}
	for i, got := range gotValues {
		want := PartitionValue(values[i])
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%q: value %d differs", path, i)
		}
	}
	if path != "" && len(path) < 1000 && storage.CheckName(path) != nil && storage.CheckName("x"+path) != nil {
		t.Errorf("%q cannot be part of a name", path)
	}
}

func TestParsePartitionPath(t *testing.T) {
	for _, bad := range []string{"a", "=1", "a=1/", "/a=1", "a=1//b=2", "a="} {
		if _, _, err := ParsePartitionPath(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	_, values, err := ParsePartitionPath("a=50%/b=%zz/c=%2f%4")
	if err != nil || *values[0] != "50%" || *values[1] != "%zz" || *values[2] != "/%4" {
		t.Errorf("escapes that are none: %v", err)
	}
}

func FuzzPartitionPath(f *testing.F) {
	for _, seed := range []string{"", "2026-11-23", "a/b=c%d", "日本\x00", "\xff", DefaultPartition, "%5F_HIVE"} {
		f.Add("column", seed, seed)
	}
	f.Fuzz(func(t *testing.T, column, first, second string) {
		if column == "" {
			return
		}
		checkInverse(t, []string{column, "b"}, []*string{ptr(first), ptr(second)})
		// Any folder that is taken for a partition has one right path.
		if columns, values, err := ParsePartitionPath(first); err == nil && first != "" {
			for _, c := range columns {
				if c == "" {
					t.Fatalf("%q has a column without a name", first)
				}
			}
			checkInverse(t, columns, values)
		}
	})
}
