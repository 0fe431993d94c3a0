package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// Credentials that expire at any request of a run end it with what to do about
// that. The next run, with new ones, makes the lake of an undisturbed one.
func TestCredentialsExpireDuringRun(t *testing.T) {
	calm, server := s3Lab(t)
	var requests atomic.Int64
	server.Before = func(http.ResponseWriter, *http.Request) bool { requests.Add(1); return false }
	stock := calm.Generate(small(8))
	calm.Arrive(stock)
	calm.MustRun()
	all, want := requests.Load(), calm.Contents()
	for turn := int64(0); turn < 8; turn += thin {
		l, server := s3Lab(t)
		first, n := 1+turn*all/8, new(atomic.Int64)
		server.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1) < first {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusBadRequest) // HEAD gets no more than this
			fmt.Fprint(w, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
			return true
		}
		l.Arrive(stock)
		l.Process = fmt.Sprintf("dead %d", turn) // so that it has not to wait for the lease
		_, err := l.Run()
		if diag.ClassOf(err) != diag.Transient || !strings.Contains(err.Error(), "ExpiredToken") {
			t.Errorf("from request %d of %d on: class %v, %v", first, all, diag.ClassOf(err), err)
		}
		server.Before, l.Process = nil, "next"
		l.MustRun()
		l.CheckLedger()
		lab.SameContents(t, l.Contents(), want)
	}
}
