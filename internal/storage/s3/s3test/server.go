package s3test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Server is a store with the buckets that were asked for.
type Server struct {
	URL string
	// Before, if set, sees each request first, and answers it if it returns true.
	// It is set before the first request.
	Before func(w http.ResponseWriter, r *http.Request) bool

	loose   bool
	handler http.Handler
	writing sync.Mutex // held from the look at a condition until the change is done
}

// Start starts a store that ends by stop; before may be nil, see Server.Before.
func Start(before func(http.ResponseWriter, *http.Request) bool, buckets ...string) (s *Server, stop func(), err error) {
	return start(&Server{Before: before}, buckets)
}

// New starts a store that ends with the test.
func New(t *testing.T, buckets ...string) *Server {
	t.Helper()
	return started(t, &Server{}, buckets)
}

// NewLoose starts a store that ignores some conditions.
func NewLoose(t *testing.T, buckets ...string) *Server {
	t.Helper()
	return started(t, &Server{loose: true}, buckets)
}

func started(t *testing.T, s *Server, buckets []string) *Server {
	t.Helper()
	s, stop, err := start(s, buckets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

func start(s *Server, buckets []string) (*Server, func(), error) {
	backend := s3mem.New()
	for _, bucket := range buckets {
		if err := backend.CreateBucket(bucket); err != nil {
			return nil, nil, err
		}
	}
	s.handler = gofakes3.New(backend).Server()
	server := httptest.NewServer(s)
	s.URL = server.URL
	return s, server.Close, nil
}

// Session is the way to the store. What fails is tried again at once.
func (s *Server) Session() *session.Session {
	return &session.Session{Config: aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // as the standard configuration has it
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials:                credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = retry.NewExponentialJitterBackoff(time.Millisecond) })
		}}}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Before != nil && s.Before(w, r) {
		return
	}
	s.serve(w, r)
}

// Lose carries a request out and drops the answer.
func (s *Server) Lose(r *http.Request) { s.serve(httptest.NewRecorder(), r) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	// gofakes3 would take it for one of every later version, too.
	maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Amz-Checksum-") })
	if s.loose {
		s.handler.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	if !s.holds(r) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = w.Write([]byte(`<Error><Code>PreconditionFailed</Code><Message>a condition does not hold</Message></Error>`))
		return
	}
	r.Header.Del("If-Match")
	r.Header.Del("If-None-Match")
	if r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "" && r.URL.Query().Has("uploadId") {
		s.copyPart(w, r)
		return
	}
	if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
		s.complete(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// complete is CompleteMultipartUpload with the ETag that the object has from
// then on: gofakes3 answers with another.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	done := httptest.NewRecorder()
	s.handler.ServeHTTP(done, r)
	if done.Code != http.StatusOK {
		w.WriteHeader(done.Code)
		_, _ = w.Write(done.Body.Bytes())
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w, "<CompleteMultipartUploadResult><ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>", s.etag(r))
}

// etag returns that of the object that a request is for; "" if there is none.
func (s *Server) etag(r *http.Request) string {
	answer := httptest.NewRecorder()
	s.handler.ServeHTTP(answer, httptest.NewRequest(http.MethodHead, r.URL.EscapedPath(), nil))
	if answer.Code != http.StatusOK {
		return ""
	}
	return strings.Trim(answer.Header().Get("ETag"), `"`)
}

// copyPart is UploadPartCopy: it reads the range and uploads it.
func (s *Server) copyPart(w http.ResponseWriter, r *http.Request) {
	read := httptest.NewRequest(http.MethodGet, "/"+strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"), nil)
	if span := r.Header.Get("X-Amz-Copy-Source-Range"); span != "" {
		read.Header.Set("Range", span)
	}
	source := httptest.NewRecorder()
	s.handler.ServeHTTP(source, read)
	if source.Code >= http.StatusMultipleChoices {
		w.WriteHeader(source.Code)
		_, _ = w.Write(source.Body.Bytes())
		return
	}
	upload := httptest.NewRequest(http.MethodPut, r.URL.RequestURI(), source.Body)
	upload.Header.Set("Content-Length", strconv.Itoa(source.Body.Len()))
	part := httptest.NewRecorder()
	s.handler.ServeHTTP(part, upload)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(part.Code)
	fmt.Fprintf(w, "<CopyPartResult><ETag>%s</ETag></CopyPartResult>", strings.ReplaceAll(part.Header().Get("ETag"), `"`, "&quot;"))
}

// holds says whether the conditions of a request hold.
func (s *Server) holds(r *http.Request) bool {
	match, noneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && noneMatch == "" {
		return true
	}
	etag := s.etag(r)
	exists := etag != ""
	if r.Method == http.MethodGet && !exists {
		return true // it is not there, which is another answer
	}
	return (match == "" || exists && strings.Trim(match, `"`) == etag) && (noneMatch == "" || !exists)
}

// Cut answers a request, and breaks the connection off after so many bytes of
// the body.
func (s *Server) Cut(w http.ResponseWriter, r *http.Request, after int) {
	answer := httptest.NewRecorder()
	s.handler.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.Code)
	if len(body) <= after {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:after])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
