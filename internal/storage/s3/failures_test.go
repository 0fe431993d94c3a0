package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

func TestProbe(t *testing.T) {
	b := s3.New(s3test.New(t, "lake").Session(), s3.Options{Bucket: "lake", Prefix: "p/"})
	if err := b.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	for info := range b.List(t.Context(), "") {
		t.Errorf("%s is left", info.Name)
	}
}

// A store that ignores one condition alone is found out, whichever it is, and
// refused or made up for.
func TestProbeFindsEachCondition(t *testing.T) {
	for name, test := range map[string]struct {
		ignores func(r *http.Request) bool
		want    string
	}{
		"put if absent": {func(r *http.Request) bool {
			return r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "" && !r.URL.Query().Has("uploadId")
		}, "PutObject with If-None-Match"},
		"put if same":        {func(r *http.Request) bool { return r.Method == http.MethodPut && r.Header.Get("If-Match") != "" }, "PutObject with If-Match"},
		"complete if absent": {func(r *http.Request) bool { return r.Method == http.MethodPost && r.Header.Get("If-None-Match") != "" }, ""},
		"complete if same":   {func(r *http.Request) bool { return r.Method == http.MethodPost && r.Header.Get("If-Match") != "" }, ""},
		"delete if same":     {func(r *http.Request) bool { return r.Method == http.MethodDelete }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := s3test.New(t, "lake")
			server.Before = func(w http.ResponseWriter, r *http.Request) bool {
				if test.ignores(r) {
					r.Header.Del("If-Match")
					r.Header.Del("If-None-Match")
				}
				return false
			}
			b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
			err := b.Probe(t.Context())
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), "ignores the condition of "+test.want)) || test.want == "" && err != nil {
				t.Fatalf("%v, want %q", err, test.want)
			}
			if test.want == "" {
				checkDelete(t, b)
				checkCopy(t, b)
			}
		})
	}
}

// checkDelete checks that deletions are conditional.
func checkDelete(t *testing.T, b *s3.Bucket) {
	t.Helper()
	info, err := storage.WriteAll(t.Context(), b, "x", []byte("1"), storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), "x", storage.DeleteOptions{IfMatch: `"other"`}); !errors.Is(err, storage.ErrPrecondition) {
		t.Errorf("delete of another version: %v", err)
	}
	for range 2 {
		if err := b.Delete(t.Context(), "x", storage.DeleteOptions{IfMatch: info.Version}); err != nil {
			t.Error(err)
		}
	}
}

// checkCopy checks that copies are conditional.
func checkCopy(t *testing.T, b *s3.Bucket) {
	t.Helper()
	for name, data := range map[string]string{"src": "1", "dst": "2"} {
		if _, err := storage.WriteAll(t.Context(), b, name, []byte(data), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, on := range []storage.CopyOptions{{IfNoneMatch: true}, {IfMatch: `"other"`}} {
		if _, err := b.Copy(t.Context(), "dst", "src", on); !errors.Is(err, storage.ErrPrecondition) {
			t.Errorf("copy with %+v: %v", on, err)
		}
	}
	if _, err := b.Copy(t.Context(), "new", "src", storage.CopyOptions{IfNoneMatch: true}); err != nil {
		t.Error(err)
	}
}

// Transfers that break off are taken up again, in reads and in streams.
func TestBrokenTransfers(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", PartSize: 5 << 20})
	content := make([]byte, 13<<20+5)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	if _, err := storage.WriteAll(t.Context(), b, "x", content, storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || requests.Add(1)%3 == 0 {
			return false
		}
		server.Cut(w, r, 700_000)
		return true
	}
	o, err := b.Open(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range [][2]int{{0, 10}, {1<<20 - 5, 10}, {3 << 20, 3<<20 + 7}, {len(content) - 9, 9}, {0, len(content)}} {
		p := make([]byte, span[1])
		if n, err := o.ReadAt(p, int64(span[0])); n != len(p) || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p, content[span[0]:span[0]+span[1]]) {
			t.Errorf("read %d at %d: %d, %v", span[1], span[0], n, err)
		}
	}
	stream, err := b.Stream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if got, err := io.ReadAll(stream); err != nil || !bytes.Equal(got, content) {
		t.Errorf("stream: %d bytes, %v", len(got), err)
	}
}

// A stream never mixes two versions.
func TestStreamOfChanged(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
	if _, err := storage.WriteAll(t.Context(), b, "x", bytes.Repeat([]byte("a"), 1<<20), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	cut := true
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !cut {
			return false
		}
		cut = false
		server.Cut(w, r, 1000)
		return true
	}
	stream, err := b.Stream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := storage.WriteAll(t.Context(), b, "x", bytes.Repeat([]byte("b"), 1<<20), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(stream); !errors.Is(err, storage.ErrPrecondition) || bytes.Contains(got, []byte("b")) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Errors say what to do and have their class.
func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		code    string
		headers map[string]string
		class   diag.Class
		want    string
	}{
		"no bucket":    {404, "NoSuchBucket", nil, diag.Usage, "there is no bucket s3://lake"},
		"other region": {301, "PermanentRedirect", map[string]string{"X-Amz-Bucket-Region": "eu-west-3"}, diag.Usage, "the bucket s3://lake is in eu-west-3"},
		"denied":       {403, "AccessDenied", nil, diag.Usage, "list s3://lake/p/x: access is denied"},
		"bad key":      {403, "InvalidAccessKeyId", nil, diag.Usage, "InvalidAccessKeyId"},
		"expired":      {400, "ExpiredToken", nil, diag.Transient, "ExpiredToken"},
		"slow down":    {503, "SlowDown", nil, diag.Transient, "SlowDown"},
		"absent":       {404, "NoSuchKey", nil, diag.Unexpected, "list s3://lake/p/x: file does not exist"},
		"archived":     {403, "InvalidObjectState", nil, diag.Usage, "the object is archived"},
	} {
		t.Run(name, func(t *testing.T) {
			server := s3test.New(t, "lake")
			server.Before = func(w http.ResponseWriter, _ *http.Request) bool {
				for k, v := range test.headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(test.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", test.code)
				return true
			}
			s := server.Session()
			s.Config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
			b := s3.New(s, s3.Options{Bucket: "lake", Prefix: "p/"})
			for _, err := range b.List(t.Context(), "x") {
				if diag.ClassOf(err) != test.class || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "HostID") {
					t.Errorf("class %v, %v; want %v, %s", diag.ClassOf(err), err, test.class, test.want)
				}
				if (test.code == "NoSuchKey") != errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%v: is it absent?", err)
				}
			}
		})
	}
}

// A machine that was asked for credentials and refused them is not a store that
// denies access.
func TestWithoutCredentials(t *testing.T) {
	s := s3test.New(t, "lake").Session()
	machine := errors.New("failed to refresh cached credentials, no EC2 IMDS role found")
	s.Config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		answer := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden}}, Err: machine}
		return aws.Credentials{}, fmt.Errorf("%w, %w", machine, answer)
	})
	for _, err := range s3.New(s, s3.Options{Bucket: "lake"}).List(t.Context(), "x") {
		if diag.ClassOf(err) != diag.Usage || err == nil || err.Error() != "there are no credentials for AWS" {
			t.Errorf("%v", err)
		}
	}
}

// What is throttled or conflicts is repeated.
func TestRetries(t *testing.T) {
	for _, code := range []string{"SlowDown", "ConditionalRequestConflict", "InternalError"} {
		server := s3test.New(t, "lake")
		var requests atomic.Int64
		server.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut && r.Method != http.MethodPost || requests.Add(1)%2 == 0 {
				return false
			}
			w.WriteHeader(map[string]int{"SlowDown": 503, "ConditionalRequestConflict": 409, "InternalError": 500}[code])
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			return true
		}
		b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
		if _, err := storage.WriteAll(t.Context(), b, "x", []byte("x"), storage.CreateOptions{IfNoneMatch: true}); err != nil {
			t.Errorf("%s: put: %v", code, err)
		}
		if _, err := b.Copy(t.Context(), "y", "x", storage.CopyOptions{IfNoneMatch: true}); err != nil {
			t.Errorf("%s: copy: %v", code, err)
		}
	}
}

// An aborted upload leaves nothing, and neither does one whose context ended.
func TestAbortedUploads(t *testing.T) {
	var uploads atomic.Int64
	server := s3test.New(t, "lake")
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Query().Has("uploads") {
			uploads.Add(1)
		}
		if r.Method == http.MethodDelete && r.URL.Query().Has("uploadId") {
			uploads.Add(-1)
		}
		return false
	}
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", PartSize: 5 << 20})
	ctx, cancel := context.WithCancel(t.Context())
	for range 2 {
		w, err := b.Create(ctx, "x", storage.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 17<<20)); err != nil {
			t.Error(err)
		}
		if uploads.Load() != 1 {
			t.Errorf("%d uploads under way, want 1", uploads.Load())
		}
		w.Abort()
		if uploads.Load() != 0 {
			t.Errorf("%d uploads were left", uploads.Load())
		}
	}
	w, err := b.Create(ctx, "x", storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(make([]byte, 17<<20))
	cancel()
	if _, err := w.Commit(t.Context()); err == nil {
		t.Error("a writer whose context had ended was committed")
	}
	if uploads.Load() != 0 {
		t.Errorf("%d uploads were left", uploads.Load())
	}
}

// Each request for the lake's bucket names the account that it must belong to.
func TestOwner(t *testing.T) {
	server := s3test.New(t, "lake")
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Amz-Expected-Bucket-Owner") != "123456789012" {
			t.Errorf("%s %s does not name the owner", r.Method, r.URL)
		}
		return false
	}
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", Owner: "123456789012", PartSize: 5 << 20})
	if err := b.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := storage.WriteAll(t.Context(), b, "x", make([]byte, 6<<20), storage.CreateOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := b.Copy(t.Context(), "y", "x", storage.CopyOptions{}); err != nil {
		t.Error(err)
	}
	if _, _, err := storage.ReadAll(t.Context(), b, "y"); err != nil {
		t.Error(err)
	}
	if err := b.Sweep(t.Context(), "_lakectl"); err != nil {
		t.Error(err)
	}
}
