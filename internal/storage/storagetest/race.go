package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lakectl/lakectl/internal/storage"
)

const racers = 8

// race runs f in several goroutines at once.
func race(f func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range racers {
		done.Go(func() {
			start.Wait()
			f(i)
		})
	}
	start.Done()
	done.Wait()
}

func creatorsRace(s *suite) {
	for round := range 10 {
		name, src := fmt.Sprintf("race/%d/x", round), ""
		for i := range racers {
			src = fmt.Sprintf("src/%d", i)
			s.mustPut(src, fmt.Sprint(i))
		}
		var wins, winner atomic.Int64
		race(func(i int) {
			var err error
			if i%2 == 0 {
				_, err = s.put(name, fmt.Sprint(i), storage.CreateOptions{IfNoneMatch: true})
			} else {
				_, err = s.b.Copy(s.ctx, name, fmt.Sprintf("src/%d", i), storage.CopyOptions{IfNoneMatch: true, Move: i%4 == 1})
			}
			if err == nil {
				wins.Add(1)
				winner.Store(int64(i))
			} else if !errors.Is(err, storage.ErrPrecondition) {
				s.Errorf("loser got %v", err)
			}
		})
		if wins.Load() != 1 {
			s.Errorf("%d creators won", wins.Load())
		}
		s.want(name, fmt.Sprint(winner.Load()))
	}
}

func replacersRace(s *suite) {
	version := s.mustPut("x", "start").Version
	for round := range 10 {
		var wins atomic.Int64
		var next atomic.Value
		race(func(i int) {
			info, err := s.put("x", fmt.Sprint(round, i), storage.CreateOptions{IfMatch: version})
			if err == nil {
				wins.Add(1)
				next.Store(info.Version)
			} else if !errors.Is(err, storage.ErrPrecondition) {
				s.Errorf("loser got %v", err)
			}
		})
		if wins.Load() != 1 {
			s.Fatalf("%d replacers won", wins.Load())
		}
		version = next.Load().(string)
	}
}

func wholeObjects(s *suite) {
	content := func(i int) string { return strings.Repeat(fmt.Sprint(i), 10_000+i*1000) }
	s.mustPut("x", content(0))
	race(func(i int) {
		for range 10 {
			if i%2 == 0 {
				s.mustPut("x", content(i))
				continue
			}
			got, _, err := storage.ReadAll(s.ctx, s.b, "x")
			if errors.Is(err, storage.ErrPrecondition) {
				continue
			}
			if err != nil || len(got) == 0 || string(got) != content(int(got[0]-'0')) {
				s.Errorf("read %d bytes, %v: not one whole version", len(got), err)
			}
		}
	})
}

// Folders come and go under writers that share them.
func concurrentFolders(s *suite) {
	race(func(i int) {
		for round := range 20 {
			name := fmt.Sprintf("shared/folder/%d", i)
			if _, err := s.put(name, "x", storage.CreateOptions{}); err != nil {
				s.Errorf("round %d: %v", round, err)
			}
			if err := s.b.Delete(s.ctx, name, storage.DeleteOptions{}); err != nil {
				s.Errorf("round %d: %v", round, err)
			}
		}
	})
	s.wantList("")
}
