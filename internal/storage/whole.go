package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ReadAll returns the whole content of a small object and what it is.
func ReadAll(ctx context.Context, b Bucket, name string) ([]byte, Info, error) {
	object, err := b.Open(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	defer object.Close()
	data, err := ReadObject(object)
	return data, object.Info(), err
}

// ReadObject returns the whole content of a small object that is open.
func ReadObject(object Object) ([]byte, error) {
	info := object.Info()
	data := make([]byte, info.Size)
	if n, err := object.ReadAt(data, 0); n < len(data) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %s: %w", info.Name, err)
	}
	return data, nil
}

// WriteAll writes an object whole.
func WriteAll(ctx context.Context, b Bucket, name string, data []byte, opts CreateOptions) (Info, error) {
	w, err := b.Create(ctx, name, opts)
	if err != nil {
		return Info{}, err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return Info{}, err
	}
	return w.Commit(ctx)
}

// Stat returns what an object is without reading it.
func Stat(ctx context.Context, b Bucket, name string) (Info, error) {
	if s, ok := b.(Stater); ok {
		return s.Stat(ctx, name)
	}
	object, err := b.Open(ctx, name)
	if err != nil {
		return Info{}, err
	}
	info := object.Info()
	return info, object.Close()
}
