package storage

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TempPrefix begins the names of a bucket's own temporary files. No part of
// an object's name may begin with it.
const TempPrefix = "_tmp"

// maxName is the longest name in bytes; S3 takes no longer ones.
const maxName = 1024

// CheckName says whether name may name an object: a relative path of UTF-8
// text with no empty part, no "." or ".." part, no NUL, no part that begins
// with TempPrefix, and at most 1024 bytes.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name of an object is empty")
	case len(name) > maxName:
		return fmt.Errorf("the name %.60q... of an object has %d bytes; at most %d are allowed", name, len(name), maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("the name %q of an object is not UTF-8", name)
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("the name %q of an object has a NUL byte", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("the name %q of an object is not a relative path, or has . or .. in it", name)
		}
		if strings.HasPrefix(part, TempPrefix) {
			return fmt.Errorf("the name %q of an object has a part that begins with %s, which is kept for temporary files", name, TempPrefix)
		}
	}
	return nil
}

// CheckConditions says whether at most one condition of a write is set.
func CheckConditions(ifNoneMatch bool, ifMatch string) error {
	if ifNoneMatch && ifMatch != "" {
		return errors.New("a write cannot be conditional on an object's absence and on its version at once")
	}
	return nil
}
