package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// s3Lab is sampleLab with its lake on S3.
func s3Lab(t *testing.T) (*lab.Lab, *s3test.Server) {
	t.Helper()
	l, server := sampleLab(t), s3test.New(t, "lake")
	l.Bucket = s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: "a/b/", PartSize: 5 << 20})
	return l, server
}

// A lake on S3 is the lake on a folder, object by object.
func TestLakeOnS3IsTheLakeInAFolder(t *testing.T) {
	local := sampleLab(t)
	remote, _ := s3Lab(t)
	for _, l := range []*lab.Lab{local, remote} {
		stock := l.Generate(small(5))
		inBatches(l, stock, arrivals(stock)["two batches"])
	}
	less := []string{"_lakectl/runs/", "_lakectl/log/"} // how long it took, and when the raw files were written
	lab.SameTree(t, remote.Tree(less...), local.Tree(less...))
}

// storm makes a share of the requests fail: some before they are carried out,
// some after, so that only the answer is lost.
type storm struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64
	server *s3test.Server
}

func (s *storm) before(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	hit, kind := s.random.Float64() < s.share, s.random.IntN(3)
	s.mu.Unlock()
	switch {
	case !hit:
		return false
	case kind == 0:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("<Error><Code>SlowDown</Code></Error>"))
		return true
	case kind == 1:
		panic(http.ErrAbortHandler)
	}
	s.server.Lose(r)
	panic(http.ErrAbortHandler)
}

// Whatever requests fail, and whichever answers are lost: the runs that get
// through make the lake that undisturbed ones make.
func TestLakeOnS3InStorms(t *testing.T) {
	calm := sampleLab(t)
	stock := calm.Generate(small(6))
	batches := arrivals(stock)["two batches"]
	inBatches(calm, stock, batches)
	want := calm.Contents()
	for seed := uint64(thin - 1); seed < 3; seed += thin {
		l, server := s3Lab(t)
		s := &storm{random: rand.New(rand.NewPCG(seed, 1)), share: []float64{0.02, 0.1, 0.3}[seed], server: server}
		server.Before = s.before
		runs := 0
		for _, names := range batches {
			l.Arrive(stock, names...)
			for {
				runs++
				l.Process = fmt.Sprintf("dead %d", runs) // a lock that it could not give back is taken over
				_, err := l.Run()
				l.Now = l.Now.Add(time.Minute)
				if err == nil {
					break
				}
				if class := diag.ClassOf(err); class != diag.Transient && class != diag.Locked {
					t.Errorf("seed %d: class %v: %v", seed, class, err)
				}
				if runs > 100 {
					t.Fatalf("seed %d: no run gets through: %v", seed, err)
				}
			}
		}
		server.Before = nil
		l.CheckLedger()
		lab.SameContents(t, l.Contents(), want)
		t.Logf("seed %d: %d runs", seed, runs)
	}
}
