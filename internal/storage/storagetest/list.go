package storagetest

import (
	"fmt"
	"slices"
)

func listOrder(s *suite) {
	all := []string{"a", "a!b", "a-b", "a.b", "ab", "b/a", "b/a-/x", "b/a/x", "b/a/y/z", "b/a0", "b!", "b-", "b0", "B", "é/x", "é"}
	all = slices.DeleteFunc(all, func(n string) bool { return n == "b/a" || n == "é" }) // also folders, which a file system cannot have
	for _, name := range all {
		s.mustPut(name, name)
	}
	slices.Sort(all)
	s.wantList("", all...)
}

func listPrefix(s *suite) {
	for _, name := range []string{"log/1", "log/10", "log/2", "log-old/1", "logs", "lo/g"} {
		s.mustPut(name, name)
	}
	s.wantList("log/", "log/1", "log/10", "log/2")
	s.wantList("log/1", "log/1", "log/10")
	s.wantList("log", "log-old/1", "log/1", "log/10", "log/2", "logs")
	s.wantList("log/10", "log/10")
	s.wantList("log/10/")
	s.wantList("lo", "lo/g", "log-old/1", "log/1", "log/10", "log/2", "logs")
	s.wantList("x")
}

func listStops(s *suite) {
	for i := range 5 {
		s.mustPut(fmt.Sprintf("f%d/x", i), "x")
	}
	count := 0
	for _, err := range s.b.List(s.ctx, "") {
		if err != nil {
			s.Fatal(err)
		}
		if count++; count == 2 {
			break
		}
	}
	if count != 2 {
		s.Errorf("%d objects after a break at 2", count)
	}
}
