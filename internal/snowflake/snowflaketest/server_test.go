package snowflaketest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	mu      sync.Mutex
	said    []string
	cleanup []func()
}

func (r *recorder) Helper() {}

func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) end() string {
	for _, f := range r.cleanup {
		f()
	}
	return strings.Join(r.said, "\n")
}

// post sends a request as the driver does, and returns the code of the answer.
func post(t *testing.T, s *Server, path, token string, request any) string {
	t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("POST", s.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprintf("Snowflake Token=%q", token))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct{ Code string }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil && answer.StatusCode != http.StatusNotFound {
		t.Fatal(err)
	}
	return said.Code
}

// What is not as the script says fails the test.
func TestScriptIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		script []Want
		send   []string
		want   string
	}{
		"as it says":    {[]Want{{Text: " select 1 "}, {Match: "^select"}}, []string{"select 1", "select 2"}, ""},
		"another":       {[]Want{{Text: "select 1"}}, []string{"select 2"}, "is not what was to come:\nselect 1"},
		"no match":      {[]Want{{Match: "^create"}}, []string{"select 2"}, "is not what was to come: ^create"},
		"other values":  {[]Want{{Text: "select 1", Binds: []string{"TEXT a"}}}, []string{"select 1"}, `has the values [], not ["TEXT a"]`},
		"one too many":  {nil, []string{"select 1"}, "nothing was to come, and this did: select 1"},
		"one is left":   {[]Want{{Text: "select 1"}}, nil, "this statement did not come: select 1"},
		"wrong order":   {[]Want{{Text: "select 1"}, {Text: "select 2"}}, []string{"select 2", "select 1"}, "is not what was to come"},
		"no such place": {nil, []string{"/nowhere"}, "POST /nowhere is not known here"},
	} {
		r := &recorder{TB: t}
		s := New(r)
		s.Script(test.script...)
		post(t, s, "/session/v1/login-request", "", map[string]any{"data": map[string]any{}})
		for i, text := range test.send {
			if strings.HasPrefix(text, "/") {
				post(t, s, text, "", nil)
				continue
			}
			post(t, s, fmt.Sprintf("/queries/v1/query-request?requestId=%d", i), "session-1", map[string]any{"sqlText": text})
		}
		if said := r.end(); !strings.Contains(said, test.want) || (test.want == "") != (said == "") {
			t.Errorf("%s: %q, want %q", name, said, test.want)
		}
	}
}

// Beyond the script a function answers, and tokens are looked at.
func TestHandleAndTokens(t *testing.T) {
	s := New(t)
	s.Handle(func(st Statement) Want {
		return Want{Error: &Error{Code: "00" + st.Text}}
	})
	post(t, s, "/session/v1/login-request", "", map[string]any{"data": map[string]any{}})
	ask := func(id int, token string) string {
		return post(t, s, fmt.Sprintf("/queries/v1/query-request?requestId=%d", id), token, map[string]any{"sqlText": "1234"})
	}
	if got := ask(1, "session-1"); got != "001234" {
		t.Errorf("handled: %s", got)
	}
	if got := ask(2, "session-2"); got != "390111" {
		t.Errorf("an unknown session: %s", got)
	}
	s.Expire(false)
	if got := ask(3, "session-1"); got != "390112" {
		t.Errorf("an expired session: %s", got)
	}
	if got := post(t, s, "/session/token-request", "master-session-1", nil); got != "" {
		t.Errorf("renewed: %s", got)
	}
	if got := post(t, s, "/queries/v1/abort-request", "session-1-renewed-1", map[string]string{"requestId": "9"}); got != "000605" {
		t.Errorf("nothing to stop: %s", got)
	}
	if len(s.Statements()) != 1 {
		t.Errorf("%d statements", len(s.Statements()))
	}
}

func TestColumns(t *testing.T) {
	got := fmt.Sprint(rowType(`"a b" NUMBER(10,2) NOT NULL, AT TIMESTAMP_NTZ(3), S TEXT`))
	for _, want := range []string{"name:a b", "nullable:false precision:10 scale:2 type:fixed", "scale:3 type:timestamp_ntz", "length:16777216 name:S"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}
