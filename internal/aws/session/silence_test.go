package session

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// A service that says nothing, or falls silent within its answer, is not waited for
// for ever; one that is slow is.
func TestSilence(t *testing.T) {
	const short = 300 * time.Millisecond
	ctx, done := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		switch r.URL.Path {
		case "/nothing":
			<-ctx.Done()
		case "/half":
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
			<-ctx.Done()
		case "/slow":
			for range 6 {
				time.Sleep(short / 3)
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(done)
	client := impatient(awshttp.NewBuildableClient(), short)
	for path, want := range map[string]struct {
		body   string
		silent bool
	}{"/nothing": {"", true}, "/half": {"half", true}, "/slow": {"......", false}, "/upload": {"", false}} {
		body, err := get(t, client, server.URL+path, &slowly{left: 6, pause: short / 3})
		timeout, ok := err.(interface{ Timeout() bool })
		if silent := ok && timeout.Timeout(); body != want.body || silent != want.silent || !silent && err != nil {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
}

// get returns the answer of a server, as far as it came. What is sent is slow where
// the path is /upload.
func get(t *testing.T, client aws.HTTPClient, url string, slow io.Reader) (string, error) {
	t.Helper()
	sent := slow
	if !bytes.HasSuffix([]byte(url), []byte("/upload")) {
		sent = http.NoBody
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, sent)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// slowly is what is uploaded a piece at a time.
type slowly struct {
	left  int
	pause time.Duration
}

// Read implements io.Reader.
func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	time.Sleep(s.pause)
	return copy(p, make([]byte, 8<<10)), nil
}
