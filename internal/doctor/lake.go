package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// openedLake is the lake, once a check has opened it.
type openedLake struct {
	opts Options

	mu    sync.Mutex
	lake  *lake.Lake
	state *lake.State
}

// lakeRoom is how much room on the disk of a lake makes nobody worry.
const lakeRoom = 1 << 30

// lakeChecks are those of the lake and its log.
func lakeChecks(o Options, aws *cloud) []Check {
	l := &openedLake{opts: o}
	unread := func() string {
		if why := l.unknown(); why != "" || !o.onS3() {
			return why
		}
		if !aws.wanted() { // a store that is not AWS's
			return aws.offline()
		}
		return aws.noIdentity()
	}
	unopened := func() string {
		if why := unread(); why != "" {
			return why
		}
		if _, state := l.get(); state == nil {
			return "the log of the lake could not be read"
		}
		return ""
	}
	unsettled := func() string {
		if _, state := l.get(); state != nil && state.Pending != nil {
			return fmt.Sprintf("commit %d is not published whole yet", state.Pending.Sequence)
		}
		return unopened()
	}
	elsewhere := func() string {
		if why := l.unknown(); why != "" || !o.onS3() {
			return why
		}
		return "the lake is on S3: the checks of its bucket are below"
	}
	var first []string
	if o.onS3() { // a lake in a folder does not wait for the network
		first = []string{"identity"}
	}
	return []Check{
		{Group: Lake, Name: "folder", Skip: elsewhere, Run: func(context.Context) diag.Finding { return folder(o.Config.Path(o.Config.Lake.Value)) }},
		{Group: Lake, Name: "log", After: first, Skip: unread, Run: l.open},
		{Group: Lake, Name: "commit", After: []string{"log"}, Skip: unopened, Run: l.pending},
		{Group: Lake, Name: "lock", After: []string{"log"}, Skip: unopened, Run: l.lock},
		{Group: Lake, Name: "files", After: []string{"log"}, Skip: unsettled, Timeout: 2 * time.Minute, Run: l.files},
	}
}

// onS3 says whether the lake is on S3.
func (o Options) onS3() bool {
	return o.Config != nil && strings.HasPrefix(o.Config.Lake.Value, "s3://")
}

// unknown says why it is not known where the lake is.
func (l *openedLake) unknown() string {
	if c := l.opts.Config; c == nil || c.Lake.Value == "" {
		return "lakehouse.yaml does not say where the lake is"
	}
	return ""
}

func (l *openedLake) get() (*lake.Lake, *lake.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lake, l.state
}

// folder looks whether a lake in a folder can be read and written, and has room.
func folder(dir string) diag.Finding {
	at := dir
	stat, err := os.Stat(dir)
	for errors.Is(err, os.ErrNotExist) && at != filepath.Dir(at) { // a run makes it
		at = filepath.Dir(at)
		stat, err = os.Stat(at)
	}
	const elsewhere = "give `lake:` in lakehouse.yaml another folder"
	switch {
	case err != nil:
		return diag.Findf(diag.Bad, "%s cannot be reached: %v", dir, err).WithRemedy("mount it, or " + elsewhere)
	case !stat.IsDir():
		return diag.Findf(diag.Bad, "%s is a file, and the lake is a folder", at).WithRemedy("move it away, or " + elsewhere)
	}
	if err := unix.Access(at, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		return diag.Findf(diag.Bad, "%s cannot be read and written: %v", at, err).WithRemedy("`sudo chown -R \"$(id -un)\" %s`, or %s", at, elsewhere)
	}
	f := judgeRoom(at, lakeRoom, "make room, or "+elsewhere)
	if at != dir && f.Level == diag.Good {
		f.Text = fmt.Sprintf("%s is not there yet: the first run makes it; %s", dir, f.Text)
	}
	return f
}

// open reads the log of the lake.
func (l *openedLake) open(ctx context.Context) diag.Finding {
	opened, err := l.opts.OpenLake(ctx)
	if err != nil {
		return broken(err)
	}
	state, err := opened.State(ctx)
	if err != nil {
		return broken(err)
	}
	l.mu.Lock()
	l.lake, l.state = opened, state
	l.mu.Unlock()
	if state.Sequence == 0 && state.Pending == nil {
		return diag.Findf(diag.Good, "the lake is empty: `lakectl run` builds it")
	}
	return diag.Findf(diag.Good, "can be read up to commit %d: %d tables", state.Sequence, len(state.Tables))
}

// broken is the finding of an error that keeps from what was to be looked at.
func broken(err error) diag.Finding {
	f := diag.Findf(diag.Bad, "%s", strings.Join(strings.Fields(err.Error()), " "))
	var typed *diag.Error
	if errors.As(err, &typed) {
		f.Remedy = typed.Next
	}
	return f
}

// pending looks whether the last commit is published whole.
func (l *openedLake) pending(ctx context.Context) diag.Finding {
	opened, state := l.get()
	if state.Pending == nil {
		return diag.Findf(diag.Good, "no commit waits to be published")
	}
	n := state.Pending.Sequence
	holder, err := opened.Holder(ctx)
	if err == nil && holder != nil && !holder.Owner.Gone(lake.CurrentOwner()) {
		return diag.Findf(diag.Good, "commit %d is being published by %s", n, holder.Owner)
	}
	return diag.Findf(diag.Suspect, "commit %d was left half-published: readers may see tables of two commits", n).
		WithRemedy("`lakectl run` publishes the rest first, whatever else it does")
}

// lock looks whether somebody holds the lock who does not live.
func (l *openedLake) lock(ctx context.Context) diag.Finding {
	opened, _ := l.get()
	holder, err := opened.Holder(ctx)
	if err != nil {
		return broken(err)
	}
	return judgeLock(holder, l.opts.Now())
}

// judgeLock says what it means that somebody holds the lock; nil is nobody.
func judgeLock(holder *lake.LockInfo, now time.Time) diag.Finding {
	if holder == nil {
		return diag.Findf(diag.Good, "nobody holds it")
	}
	const free = "the next run takes it over; `lakectl lock break` frees it at once"
	silent := now.Sub(holder.Renewed)
	switch ttl := time.Duration(holder.TTL * float64(time.Second)); {
	case holder.Owner.Gone(lake.CurrentOwner()):
		return diag.Findf(diag.Suspect, "held by %s, which is gone", holder.Owner).WithRemedy(free)
	case silent > 2*ttl:
		return diag.Findf(diag.Suspect, "held by %s, which has not renewed it for %s", holder.Owner, silent.Round(time.Second)).WithRemedy(free)
	}
	return diag.Findf(diag.Good, "held by %s, which renewed it %s ago", holder.Owner, max(0, silent).Round(time.Second))
}
