package snowflake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
)

// What is no Snowflake is not taken for a wrong token.
func TestLoginPage(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Welcome to our hotel") }))
	defer s.Close()
	o := options(snowflaketest.New(t))
	o.URL = s.URL
	_, err := Open(context.Background(), o)
	wantError(t, "login page", err, diag.Usage, strings.TrimPrefix(s.URL, "http://")+": what answers there is not Snowflake", "proxy")
}

// What Snowflake says of a statement comes with its code, the query and the
// class.
func TestStatementErrors(t *testing.T) {
	s := snowflaketest.New(t)
	c := open(t, options(s))
	for _, test := range []struct {
		answer     snowflaketest.Error
		class      diag.Class
		text, next string
	}{
		{snowflaketest.Error{Code: "002003", State: "02000", Message: "SQL compilation error:\nObject 'T' does not exist or not authorized."}, diag.Usage, "Snowflake: SQL compilation error: Object 'T' does not exist or not authorized (Snowflake's code 002003, query 01b0-", "snowflake check"},
		{snowflaketest.Error{Code: "001003", State: "42000", Message: "SQL compilation error:\nsyntax error line 1 at position 0 unexpected 'selec'."}, diag.Usage, "syntax error line 1 at position 0", "correct the statement"},
		{snowflaketest.Error{Code: "000606", State: "57P03", Message: "No active warehouse selected in the current session."}, diag.Usage, "No active warehouse", "warehouse:"},
		{snowflaketest.Error{Code: "000630", State: "57014", Message: "Statement reached its statement or warehouse timeout of 1 second(s) and was canceled."}, diag.Transient, "timeout of 1 second", "statement_timeout:"},
		{snowflaketest.Error{Code: "000604", State: "57014", Message: "SQL execution canceled"}, diag.Transient, "canceled", "run it again"},
		{snowflaketest.Error{Code: "003001", State: "42501", Message: "Insufficient privileges to operate on schema 'X'"}, diag.Usage, "Insufficient privileges", "granted"},
		{snowflaketest.Error{Code: "000603", State: "XX000", Message: "SQL execution internal error:\nProcessing aborted by error 300010:391167117; incident 9635223."}, diag.Transient, "internal error: Processing aborted", "try again"},
		{snowflaketest.Error{Code: "090073", State: "22000", Message: "Warehouse 'WH' cannot be resumed because resource monitor 'M' has exceeded its quota."}, diag.Usage, "exceeded its quota", "ask an administrator for a larger quota"},
		{snowflaketest.Error{Code: "003139", Message: "SQL compilation error:\nIntegration 'I' associated with the stage 'S' cannot be found."}, diag.Usage, "cannot be found", "lakectl snowflake check"},
		{snowflaketest.Error{Code: "003167", State: "42601", Message: "Error assuming AWS_ROLE:\nUser: arn is not authorized to perform: sts:AssumeRole"}, diag.Usage, "Error assuming AWS_ROLE: User: arn", "lakectl snowflake check"},
		{snowflaketest.Error{Code: "091003", State: "22000", Message: "Failure using stage area. Cause: [Access Denied (Status Code: 403; Error Code: AccessDenied)]"}, diag.Usage, "Access Denied", "lakectl snowflake check"},
		{snowflaketest.Error{Code: "261000", Status: http.StatusTeapot, Message: "x"}, diag.Transient, "HTTP: 418", "network"},
	} {
		s.Script(snowflaketest.Want{Text: "select 1", Error: &test.answer})
		_, err := c.Query(context.Background(), "select 1")
		wantError(t, test.answer.Message, err, test.class, test.text, test.next)
		if test.answer.Status == 0 && Code(err) == 0 {
			t.Errorf("%v has no code", err)
		}
	}
	if Code(errors.New("other")) != 0 {
		t.Error("an error of others has a code")
	}
}
