package snowflaketest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a Snowflake for one test. Its methods may be called at any time.
type Server struct {
	URL string // http://127.0.0.1:port

	t        testing.TB
	mu       sync.Mutex
	script   []Want
	handle   func(Statement) Want
	seen     []Statement
	logins   []Login
	denied   *Error
	tokens   map[string]bool // of sessions; false: expired
	final    bool            // expired sessions are not renewed
	session  int
	renewed  int
	closed   int
	aborted  map[string]chan struct{} // by the id of the request
	aborts   []string
	results  map[string]*result // by the id of the query
	requests map[string]*result // by the id of the request
	queries  int
}

// Login is what came to log in.
type Login struct {
	Data      map[string]any // as in the driver's request: LOGIN_NAME, AUTHENTICATOR, TOKEN...
	Session   map[string]any // SESSION_PARAMETERS
	Database  string
	Schema    string
	Warehouse string
	Role      string
}

// Text returns a field of the data as a text.
func (l Login) Text(name string) string {
	text, _ := l.Data[name].(string)
	return text
}

// Statement is a statement that came.
type Statement struct {
	Text       string
	Binds      []string // such as "DATE 1767225600000", in order; "TEXT null" is null
	Tag        string   // QUERY_TAG of this statement
	Parameters map[string]any
	Request    string // id of the request, by which it is aborted
}

// Error is how Snowflake refuses something.
type Error struct {
	Code    string // such as 002003
	State   string // SQL state
	Message string
	Status  int // of HTTP; 0: 200, as Snowflake answers wrong statements
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, tokens: map[string]bool{}, aborted: map[string]chan struct{}{}, results: map[string]*result{}, requests: map[string]*result{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session/v1/login-request", s.login)
	mux.HandleFunc("POST /session/authenticator-request", s.browser)
	mux.HandleFunc("POST /session/token-request", s.renew)
	mux.HandleFunc("POST /session/heartbeat", func(w http.ResponseWriter, r *http.Request) { answer(w, true, "", "", nil) })
	mux.HandleFunc("POST /session", s.end)
	mux.HandleFunc("POST /queries/v1/query-request", s.query)
	mux.HandleFunc("POST /queries/v1/abort-request", s.abort)
	mux.HandleFunc("GET /queries/{id}/result", s.result)
	mux.HandleFunc("GET /chunks/{id}/{n}", s.chunk)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.t.Errorf("snowflaketest: %s %s is not known here", r.Method, r.URL.Path)
		http.NotFound(w, r)
	})
	server := httptest.NewServer(mux)
	s.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, w := range s.script {
			t.Errorf("snowflaketest: this statement did not come: %s%s", w.Text, w.Match)
		}
	})
	return s
}

// Script adds statements that are to come, in this order, with their answers.
func (s *Server) Script(wants ...Want) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, wants...)
}

// Handle answers all statements beyond the script by a function. What it
// returns has no Text, Match or Binds.
func (s *Server) Handle(f func(Statement) Want) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handle = f
}

// Deny refuses all logins from now on; nil lets them in again.
func (s *Server) Deny(e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = e
}

// Expire ends the tokens of all sessions. They are renewed when their client
// asks for it, unless final says that this is over, too.
func (s *Server) Expire(final bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token := range s.tokens {
		s.tokens[token] = false
	}
	s.final = final
}

// Statements returns those that came, also wrong ones.
func (s *Server) Statements() []Statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Statement(nil), s.seen...)
}

// Logins returns those that came, also refused ones.
func (s *Server) Logins() []Login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Login(nil), s.logins...)
}

// Aborted returns the texts of the statements that were stopped.
func (s *Server) Aborted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.aborts...)
}

// Sessions returns how many were begun, renewed and ended.
func (s *Server) Sessions() (begun, renewed, ended int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session, s.renewed, s.closed
}

func answer(w http.ResponseWriter, ok bool, code, message string, data any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"success": ok, "code": code, "message": message, "data": data})
}

func refuse(w http.ResponseWriter, e *Error, queryID string) {
	if e.Status != 0 {
		w.WriteHeader(e.Status)
	}
	answer(w, false, e.Code, e.Message, map[string]any{"errorCode": e.Code, "sqlState": e.State, "queryId": queryID})
}

// body decodes a request.
func body(r *http.Request, into any) error {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return err
		}
		from = unpacked
	}
	return json.NewDecoder(from).Decode(into)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Data map[string]any `json:"data"`
	}
	if err := body(r, &request); err != nil {
		s.t.Errorf("snowflaketest: the login cannot be read: %v", err)
	}
	l := Login{Data: request.Data, Database: r.FormValue("databaseName"), Schema: r.FormValue("schemaName"),
		Warehouse: r.FormValue("warehouse"), Role: r.FormValue("roleName")}
	l.Session, _ = request.Data["SESSION_PARAMETERS"].(map[string]any)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins = append(s.logins, l)
	if s.denied != nil {
		refuse(w, s.denied, "")
		return
	}
	s.session++
	token := fmt.Sprintf("session-%d", s.session)
	s.tokens[token] = true
	answer(w, true, "", "", map[string]any{"token": token, "masterToken": "master-" + token, "validityInSeconds": 3600, "masterValidityInSeconds": 14400,
		"sessionId": s.session, "serverVersion": "9.0.0", "parameters": []any{},
		"sessionInfo": map[string]any{"databaseName": l.Database, "schemaName": l.Schema, "warehouseName": l.Warehouse, "roleName": l.Role}})
}

// browser says where to log in with a browser: at once back to the client.
func (s *Server) browser(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Data map[string]any `json:"data"`
	}
	if err := body(r, &request); err != nil {
		s.t.Errorf("snowflaketest: the request for a browser cannot be read: %v", err)
	}
	answer(w, true, "", "", map[string]any{"ssoUrl": fmt.Sprintf("http://localhost:%v/?token=from-the-browser", request.Data["BROWSER_MODE_REDIRECT_PORT"]), "proofKey": "proof"})
}

// token returns the token of a request.
func token(r *http.Request) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Authorization"), `Snowflake Token="`), `"`)
}

// live says whether the session of a request goes on, and answers it if not.
// The lock is held.
func (s *Server) live(w http.ResponseWriter, r *http.Request) bool {
	good, known := s.tokens[token(r)]
	switch {
	case !known:
		refuse(w, &Error{Code: "390111", Message: "Session no longer exists.  New login required to access the service."}, "")
	case !good:
		refuse(w, &Error{Code: "390112", Message: "Your session has expired. Please login again."}, "")
	}
	return good
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := strings.TrimPrefix(token(r), "master-")
	if _, known := s.tokens[old]; !known || s.final {
		refuse(w, &Error{Code: "390114", Message: "Authentication token has expired.  The user must authenticate again."}, "")
		return
	}
	s.renewed++
	fresh := fmt.Sprintf("%s-renewed-%d", old, s.renewed)
	delete(s.tokens, old)
	s.tokens[fresh] = true
	answer(w, true, "", "", map[string]any{"sessionToken": fresh, "masterToken": "master-" + fresh, "sessionId": s.session})
}

func (s *Server) end(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.FormValue("delete") == "true" && s.live(w, r) {
		delete(s.tokens, token(r))
		s.closed++
		answer(w, true, "", "", nil)
	}
}

func (s *Server) abort(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ID string `json:"requestId"`
	}
	if err := body(r, &request); err != nil {
		s.t.Errorf("snowflaketest: the abort cannot be read: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live(w, r) {
		return
	}
	stop := s.aborted[request.ID]
	if stop == nil {
		refuse(w, &Error{Code: "000605", Message: "Identified SQL statement is not currently executing."}, "")
		return
	}
	delete(s.aborted, request.ID)
	close(stop)
	for _, statement := range s.seen {
		if statement.Request == request.ID {
			s.aborts = append(s.aborts, statement.Text)
			break
		}
	}
	answer(w, true, "", "", nil)
}

// take returns the answer to a statement: the next of the script, or what the
// function says. The lock is held.
func (s *Server) take(statement Statement) Want {
	if len(s.script) == 0 {
		if s.handle != nil {
			return s.handle(statement)
		}
		s.t.Errorf("snowflaketest: nothing was to come, and this did: %s %q", statement.Text, statement.Binds)
		return Want{Error: &Error{Code: "001003", State: "42000", Message: "this statement was not to come"}}
	}
	want := s.script[0]
	if wrong := want.differs(statement); wrong != "" {
		s.t.Errorf("snowflaketest: %s", wrong)
		return Want{Error: &Error{Code: "001003", State: "42000", Message: "another statement was to come"}}
	}
	s.script = s.script[1:]
	return want
}

// differs says in what a statement is not the one that is wanted; "" if it is.
func (w Want) differs(s Statement) string {
	text := strings.TrimSpace(s.Text)
	switch {
	case w.Match != "" && !regexp.MustCompile(w.Match).MatchString(text):
		return fmt.Sprintf("%s\nis not what was to come: %s", text, w.Match)
	case w.Match == "" && text != strings.TrimSpace(w.Text):
		return fmt.Sprintf("%s\nis not what was to come:\n%s", text, w.Text)
	case w.Binds != nil && strings.Join(w.Binds, "\x00") != strings.Join(s.Binds, "\x00"):
		return fmt.Sprintf("%s\nhas the values %q, not %q", text, s.Binds, w.Binds)
	}
	return ""
}

// wait holds an answer back until it is time, the statement is stopped or its
// client is gone, and says whether it is to be given.
func wait(d time.Duration, stop <-chan struct{}, r *http.Request) bool {
	select {
	case <-time.After(d):
		return true
	case <-stop:
	case <-r.Context().Done():
	}
	return false
}
