//go:build e2e && !race

package e2e

import (
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// TestOnlineRetailIn305Runs takes minutes.
func TestOnlineRetailIn305Runs(t *testing.T) {
	s := lab.RetailFiles(t)
	once := runRetail(t, s, s.Names)
	checkRetail(once)
	each := runRetail(t, s, oneByOne(s.Names)...)
	checkRetail(each)
	lab.SameContents(t, each.Contents(), once.Contents())
}
