package csvio

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/internal/diag"
)

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t *testing.T, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll([]byte(text), nil)
}

// noise is text that does not compress away.
func noise(n int) string {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[(at+len(b))%len(b)] ^= 0x55
	return b
}

func TestDecompress(t *testing.T) {
	text := noise(200_000)
	gz, zst := gzipped(t, text), zstded(t, text)
	for _, test := range []struct {
		name, file string
		data       []byte
		want       string // prefix of the message; "": none
	}{
		{"plain", "a.csv", []byte(text), ""},
		{"plain empty", "a.csv", nil, ""},
		{"gzip", "a.csv.GZ", gz, ""},
		{"gzip of two members", "a.csv.gz", join(gzipped(t, text[:77]), gzipped(t, ""), gzipped(t, text[77:])), ""},
		{"gzip cut", "a.csv.gz", gz[:100_000], "a.csv.gz: unexpected end of gzip data after 100,000 bytes"},
		{"gzip cut in its header", "a.csv.gz", gz[:5], "a.csv.gz: unexpected end of gzip data after 5 bytes"},
		{"gzip cut in its trailer", "a.csv.gz", gz[:len(gz)-3], "a.csv.gz: unexpected end of gzip data after "},
		{"gzip cut in a second header", "a.csv.gz", join(gz, gz[:6]), "a.csv.gz: unexpected end of gzip data after "},
		{"gzip with wrong CRC", "a.csv.gz", flipped(gz, -6), "a.csv.gz: gzip checksum does not match at byte "},
		{"gzip with wrong size", "a.csv.gz", flipped(gz, -1), "a.csv.gz: gzip checksum does not match at byte "},
		{"gzip with garbage behind", "a.csv.gz", join(gz, []byte("garbage")), "a.csv.gz: something that is not gzip data follows the gzip data at byte "},
		{"gzip with zeros behind", "a.csv.gz", join(gz, make([]byte, 512)), "a.csv.gz: zero padding follows the gzip data at byte "},
		{"no gzip", "a.csv.gz", []byte(text), "a.csv.gz: is not gzip data"},
		{"gzip empty", "a.csv.gz", nil, "a.csv.gz: is empty: no gzip data"},
		{"zstd", "a.csv.zst", zst, ""},
		{"zstd of two frames", "a.csv.zstd", join(zstded(t, text[:77]), zstded(t, text[77:])), ""},
		{"zstd cut", "a.csv.zst", zst[:100_000], "a.csv.zst: unexpected end of zstd data after 100,000 bytes"},
		{"zstd with wrong CRC", "a.csv.zst", flipped(zst, -1), "a.csv.zst: zstd checksum does not match at byte "},
		{"zstd with garbage behind", "a.csv.zst", join(zst, []byte("garbage")), "a.csv.zst: something that is not zstd data follows the zstd data at byte "},
		{"no zstd", "a.csv.zst", []byte(text), "a.csv.zst: is not zstd data"},
		{"zstd empty", "a.csv.zst", nil, "a.csv.zst: is empty: no zstd data"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decompressed(test.file, bytes.NewReader(test.data))
			if test.want == "" {
				if err != nil || len(test.data) > 0 && got != text {
					t.Fatalf("%d bytes, %v", len(got), err)
				}
				return
			}
			var e *diag.Error
			if !errors.As(err, &e) || e.Class != diag.Partial || e.Next == "" || !strings.HasPrefix(e.Msg, test.want) {
				t.Fatalf("error %v (%+v), want %q", err, e, test.want)
			}
		})
	}
}

func decompressed(name string, r io.Reader) (string, error) {
	z, err := Decompress(name, r)
	if err != nil {
		return "", err
	}
	defer z.Close()
	got, err := io.ReadAll(z)
	return string(got), err
}

// An error of the storage is not blamed on the file.
func TestDecompressPassesReadErrorsOn(t *testing.T) {
	cause := errors.New("connection reset")
	text := noise(200_000)
	for name, data := range map[string][]byte{"a.gz": gzipped(t, text), "a.zst": zstded(t, text)} {
		for _, n := range []int{0, 1, 7, 90_000, len(data)} {
			r := io.MultiReader(bytes.NewReader(data[:n]), failing{cause})
			if _, err := decompressed(name, r); !errors.Is(err, cause) || diag.ClassOf(err) == diag.Partial {
				t.Errorf("%s broken off at %d: %v", name, n, err)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
