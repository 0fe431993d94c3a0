package cli

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

// Who agrees to a destruction: of data and of production only one who names it.
func TestConfirmDestruction(t *testing.T) {
	for name, test := range map[string]struct {
		environment string
		options     DestroyOptions
		problem     string
	}{
		"nobody is asked":    {"dev", DestroyOptions{}, "This deletes the stack shop-dev in account 1."},
		"yes":                {"dev", DestroyOptions{Yes: true}, ""},
		"by name":            {"dev", DestroyOptions{ConfirmName: "shop-dev"}, ""},
		"yes to data":        {"dev", DestroyOptions{Yes: true, DeleteData: true}, "This deletes the data of shop-dev in account 1 for ever."},
		"data by name":       {"dev", DestroyOptions{ConfirmName: "shop-dev", DeleteData: true}, ""},
		"another's name":     {"dev", DestroyOptions{ConfirmName: "shop-prod", Yes: true}, `--confirm-name is "shop-prod", and the stack is shop-dev`},
		"yes to production":  {"prod", DestroyOptions{Yes: true, Unprotect: true}, "This deletes the stack shop-prod in account 1."},
		"production by name": {"prod", DestroyOptions{ConfirmName: "shop-prod", Unprotect: true}, ""},
		"production's data":  {"prod", DestroyOptions{ConfirmName: "shop-prod", DeleteData: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			app, _, _ := testApp(t)
			test.options.App = app
			c := &cloud{Names: names.Names{Project: "shop", Environment: test.environment}}
			c.Who.Account = "1"
			d := &destruction{DestroyOptions: &test.options, cloud: c, result: destroyResult{Stack: c.Names.Stack()}}
			err := d.confirm(t.Context())
			if (test.problem == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), test.problem) || diag.ClassOf(err) != diag.Usage) {
				t.Errorf("%v, want %q", err, test.problem)
			}
			if f := (failure{}); err != nil {
				if f = describe(err); f.next == "" {
					t.Errorf("%v: it does not say what to do", err)
				}
			}
		})
	}
}

// A deployment whose stack was up to date may have made something beside it.
func TestDeploymentWord(t *testing.T) {
	for want, d := range map[string]deployment{
		"nothing to change": {},
		"deployed":          {result: deployResult{Changed: true}},
		"deployed ":         {beside: true},
	} {
		if got := d.word(); got != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
