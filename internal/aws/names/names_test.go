package names

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

func of(t *testing.T, text string) (Names, error) {
	t.Helper()
	c, problems := config.Parse("lakehouse.yaml", []byte(text+"\nbronze: {a: {source: x.csv}}"), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return Of(c, "123456789012", "ap-southeast-2")
}

func TestNamesFit(t *testing.T) {
	n, err := of(t, "project: abcdefghijklmnopqrstuvwxyzabcd\nenvironment: produ\nlake: x")
	if err != nil {
		t.Fatal(err)
	}
	for name, most := range map[string]int{
		n.LakeBucket: 63, n.LogsBucket(): 63, n.ScriptsBucket(): 63, n.Role("glue-crawler"): 64, n.Stack(): 128, n.Database("silver"): 255,
	} {
		if len(name) > most || name != strings.ToLower(name) {
			t.Errorf("%s has %d characters, at most %d are allowed", name, len(name), most)
		}
	}
	if _, err := of(t, "project: abcdefghijklmnopqrstuvwxyzabcd\nenvironment: produc\nlake: x"); err == nil || !strings.Contains(err.Error(), "room for 35") {
		t.Errorf("too long a name: %v", err)
	}
}

func TestReservedNames(t *testing.T) {
	for project, want := range map[string]string{"xn--shop": "xn--", "sthree-shop": "sthree-", "amzn-s3-demo-a": "amzn-s3-demo-", "sthree": "sthree-", "xnshop": "", "shop-xn--a": ""} {
		_, err := of(t, "project: "+project+"\nlake: x")
		if (err == nil) != (want == "") || err != nil && (diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "begin with "+want)) {
			t.Errorf("%s: %v, want %q", project, err, want)
		}
	}
}

func TestLake(t *testing.T) {
	for lake, want := range map[string]string{
		"./lake": "shop-dev-123456789012 ", "s3://b-1": "b-1 ", "s3://b-1/": "b-1 ", "s3://b-1/a/b/": "b-1 a/b/",
	} {
		n, err := of(t, "project: shop\nlake: "+lake)
		if got := n.LakeBucket + " " + n.LakePrefix; err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", lake, got, err, want)
		}
	}
}
