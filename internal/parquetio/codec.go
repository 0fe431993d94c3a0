package parquetio

import (
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

func (c Codec) format() format.CompressionCodec {
	return [...]format.CompressionCodec{format.Snappy, format.Zstd, format.Uncompressed}[c]
}

// compress returns the compressed form of src, in dst's memory if it fits.
func (c Codec) compress(dst, src []byte) []byte {
	switch c {
	case Snappy:
		// parquet-go's own codec runs the slow "better" encoder.
		return s2.EncodeSnappy(dst[:cap(dst)], src)
	case Zstd:
		return zstdEncoder().EncodeAll(src, dst[:0])
	default:
		return src
	}
}

// zstdEncoder is shared by all writers: EncodeAll may be called concurrently,
// and an encoder for each of hundreds of open files would take their memory.
//
//nolint:gochecknoglobals // made once, never changed
var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
})
