//go:build never

// Package deps keeps modules in go.mod until their packages import them.
package deps

import (
	_ "github.com/RoaringBitmap/roaring/v2"
	_ "github.com/apache/arrow/go/v15/arrow/array"
	_ "github.com/apache/arrow/go/v15/arrow/bitutil"
	_ "github.com/apache/arrow/go/v15/arrow/decimal128"
	_ "github.com/apache/arrow/go/v15/arrow/decimal256"
	_ "github.com/apache/arrow/go/v15/arrow/memory"
	_ "github.com/apache/arrow/go/v15/arrow/scalar"
	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/goccy/go-yaml"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/klauspost/compress/s2"
	_ "github.com/parquet-go/parquet-go"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/santhosh-tekuri/jsonschema/v6"
	_ "github.com/spf13/cobra"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
)
