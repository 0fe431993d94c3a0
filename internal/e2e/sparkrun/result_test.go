//go:build e2e

package sparkrun

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/pipeline"
)

// plain prints a result without what differs from run to run: times, the sizes
// of files, and in how many parts gold was built.
func plain(t *testing.T, r *pipeline.Result) string {
	t.Helper()
	c := *r
	c.Seconds, c.Run, c.Started = 0, "", time.Time{}
	tables := func(list []pipeline.TableResult) []pipeline.TableResult {
		out := append([]pipeline.TableResult(nil), list...)
		for i := range out {
			out[i].Seconds, out[i].Bytes, out[i].Parts = 0, 0, 0
		}
		return out
	}
	c.Silver, c.Gold = tables(r.Silver), tables(r.Gold)
	c.Bronze = append([]pipeline.BronzeResult(nil), r.Bronze...)
	for i := range c.Bronze {
		c.Bronze[i].Seconds, c.Bronze[i].BytesWritten = 0, 0
	}
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
