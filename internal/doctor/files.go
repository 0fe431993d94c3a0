package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
)

// mostFiles is how many files of a lake are looked at.
const mostFiles = 200_000

// comparison is what differs between the files of a lake and its log.
type comparison struct {
	seen      int
	bounded   bool     // there are more files
	foreign   []string // no commit names them, and readers read them
	missing   []string
	different []string // of another size than their commit gave them
}

// files looks whether the folders of the tables have exactly the files that the
// log names: readers take whatever lies there for rows.
func (l *openedLake) files(ctx context.Context) diag.Finding {
	opened, state := l.get()
	c, err := compare(ctx, opened.Bucket(), state)
	if err != nil {
		return broken(err)
	}
	if len(c.foreign)+len(c.missing)+len(c.different) > 0 {
		now, err := opened.State(ctx)
		if err == nil && (now.Sequence != state.Sequence || now.Pending != nil) {
			return diag.Findf(diag.Suspect, "could not be checked: a run is changing the lake").WithRemedy("try again when it has ended")
		}
	}
	return c.judge()
}

// compare lists the layers and compares them with the state.
func compare(ctx context.Context, bucket storage.Bucket, state *lake.State) (*comparison, error) {
	wanted := map[string]int64{} // sizes
	for _, t := range state.Tables {
		for _, f := range t.Files() {
			wanted[f.Path] = f.Bytes
		}
	}
	c := &comparison{}
	for _, layer := range []string{lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine} {
		for info, err := range bucket.List(ctx, layer+"/") {
			if err != nil {
				return nil, err
			}
			if c.seen++; c.seen > mostFiles {
				c.bounded = true
				return c, nil
			}
			size, known := wanted[info.Name]
			switch {
			case !known && !hidden(info.Name):
				c.foreign = append(c.foreign, info.Name)
			case known && size != info.Size:
				c.different = append(c.different, info.Name)
			}
			delete(wanted, info.Name)
		}
	}
	for name := range wanted {
		c.missing = append(c.missing, name)
	}
	return c, nil
}

// hidden says whether readers pass an object by: engines skip names that begin
// with an underscore or a dot, and an empty name is the folder that consoles make.
func hidden(name string) bool {
	if strings.HasSuffix(name, "/") {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, "_") && !strings.Contains(part, "=") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

func (c *comparison) judge() diag.Finding {
	switch {
	case len(c.missing) > 0:
		return diag.Findf(diag.Bad, "missing: %s", firstOf(c.missing)).
			WithRemedy("restore it from a backup; silver and gold are also built anew by `lakectl run --full-refresh`")
	case len(c.different) > 0:
		return diag.Findf(diag.Bad, "changed by something else than lakectl: %s", firstOf(c.different)).
			WithRemedy("restore it from a backup; silver and gold are also built anew by `lakectl run --full-refresh`")
	case len(c.foreign) > 0:
		return diag.Findf(diag.Bad, "no commit wrote them, and readers read them: %s", firstOf(c.foreign)).
			WithRemedy("move them out of the lake; raw files belong where `source:` looks for them")
	case c.bounded:
		return diag.Findf(diag.Good, "the first %d are those of the log; no more were looked at", mostFiles)
	}
	return diag.Findf(diag.Good, "the folders of the tables have what the log names: %d files", c.seen)
}

// firstOf names the least of several files, and how many there are beside it.
func firstOf(names []string) string {
	least := names[0]
	for _, name := range names {
		least = min(least, name)
	}
	if n := len(names) - 1; n > 0 {
		return fmt.Sprintf("%s (and %d more)", least, n)
	}
	return least
}
