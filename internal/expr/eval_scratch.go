package expr

import (
	"slices"
	"unsafe"

	"github.com/lakectl/lakectl/internal/vec"
)

// Scratch holds what a worker keeps between evaluations: buffers, results per
// dictionary, compiled layouts and time zones. One Scratch serves any number
// of programs. It is not safe for concurrent use: one per worker.
type Scratch struct {
	free [][]uint64 // blocks for reuse
	used [][]uint64 // blocks handed out in this evaluation, in order

	info      map[*Node]nodeInfo
	constants map[*Node]vector
	entries   map[*Node]*dictionaryCache
	prepared  map[*Node]any // what an operation compiles once: layouts, sets, replacements
	zones     map[*Node]*vec.Zone
}

// NewScratch returns an empty Scratch.
func NewScratch() *Scratch {
	return &Scratch{
		info:      make(map[*Node]nodeInfo),
		constants: make(map[*Node]vector),
		entries:   make(map[*Node]*dictionaryCache),
		prepared:  make(map[*Node]any),
		zones:     make(map[*Node]*vec.Zone),
	}
}

// Limits of what is kept for reuse.
const (
	maxFreeBlocks = 64
	maxFreeWords  = 2 << 20 // 16 MiB
)

// alloc returns a slice of n values with arbitrary content, which lives until
// the evaluation ends. T has no pointers and at most the alignment of uint64.
func alloc[T any](s *Scratch, n int) []T {
	var zero T
	need := (n*int(unsafe.Sizeof(zero)) + 7) / 8
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s.block(max(need, 1))))), n)
}

// block returns a free block that is not much larger than need, or a new one.
func (s *Scratch) block(need int) []uint64 {
	best := -1
	for i, b := range s.free {
		if cap(b) >= need && cap(b) <= need+need/2+16 && (best < 0 || cap(b) < cap(s.free[best])) {
			best = i
		}
	}
	var b []uint64
	if best < 0 {
		b = make([]uint64, need)
	} else {
		b = s.free[best]
		last := len(s.free) - 1
		s.free[best] = s.free[last]
		s.free = s.free[:last]
	}
	s.used = append(s.used, b)
	return b
}

// releaseFrom takes back the blocks handed out since there were mark of them.
func (s *Scratch) releaseFrom(mark int) {
	s.free = append(s.free, s.used[mark:]...)
	size := 0
	for i := len(s.free) - 1; i >= 0; i-- {
		size += cap(s.free[i])
		if size > maxFreeWords || len(s.free)-i > maxFreeBlocks {
			s.free = slices.Delete(s.free, 0, i+1)
			break
		}
	}
	clear(s.used[mark:])
	s.used = s.used[:mark]
}

// keep takes the block of a slice out of those that are taken back, as its
// memory outlives the evaluation.
func keep[T any](s *Scratch, values []T) {
	if cap(values) == 0 {
		return
	}
	at := unsafe.Pointer(unsafe.SliceData(values))
	for i, b := range s.used {
		if unsafe.Pointer(unsafe.SliceData(b)) == at {
			s.used = slices.Delete(s.used, i, i+1)
			return
		}
	}
}

// inputs says how many columns a node depends on.
type inputs uint8

const (
	noColumn inputs = iota
	oneColumn
	manyColumns
)

// nodeInfo is what the shape of a tree says about a node.
type nodeInfo struct {
	inputs inputs
	slot   int // of the only column
}

func (s *Scratch) infoOf(node *Node) nodeInfo {
	if info, ok := s.info[node]; ok {
		return info
	}
	var info nodeInfo
	if node.Op == OpColumn {
		info = nodeInfo{oneColumn, node.Slot}
	}
	for _, arg := range node.Args {
		sub := s.infoOf(arg)
		switch {
		case sub.inputs == noColumn:
		case info.inputs == noColumn:
			info = sub
		case sub.inputs == manyColumns || sub.slot != info.slot:
			info = nodeInfo{inputs: manyColumns}
		}
	}
	s.info[node] = info
	return info
}

// preparedFor returns what prepare made for a node when it was first asked for.
func preparedFor[T any](s *Scratch, node *Node, prepare func() T) T {
	if p, ok := s.prepared[node]; ok {
		return p.(T)
	}
	p := prepare()
	s.prepared[node] = p
	return p
}
