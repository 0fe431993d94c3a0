package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// snowflakeKey is where a script keeps its account of Snowflake.
const snowflakeKey = "snowflake"

// snowflakeScript is an account of Snowflake, and as much of AWS as it needs: who
// asks, the stack, and its role.
type snowflakeScript struct {
	tb      testing.TB
	account *accounttest.Account

	mu    sync.Mutex
	stack map[string]string // parameters; nil if there is no stack; never changed, but replaced
}

func (s *snowflakeScript) setStack(parameters map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stack = parameters
}

// snowflakeServer starts Snowflake, changes it as somebody else would, or says
// what the stack in AWS has: see TestScripts.
func snowflakeServer(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(snowflakeKey).(*snowflakeScript)
	switch {
	case len(args) == 2 && args[0] == "start":
		s.start(ts, args[1])
	case len(args) == 2 && args[0] == "stack" && args[1] == "none":
		s.setStack(nil)
	case len(args) == 2 && args[0] == "stack" && args[1] == "empty":
		s.setStack(map[string]string{})
	case len(args) == 3 && args[0] == "stack":
		s.setStack(map[string]string{"SnowflakePrincipal": args[1], "SnowflakeExternalId": args[2]})
	case len(args) == 3 && args[0] == "drop":
		s.account.Remove(args[1], args[2])
	case len(args) == 3 && args[0] == "put":
		s.account.Put(&accounttest.Thing{Kind: args[1], Name: args[2], Owner: "LAKEHOUSE_OWNER"})
	case len(args) == 2 && args[0] == "sent":
		n := 0
		for _, sent := range s.account.Sent() {
			if sent.Changes() {
				n++
			}
		}
		if fmt.Sprint(n) != args[1] {
			ts.Fatalf("%d statements that change something were sent, want %s", n, args[1])
		}
	default:
		ts.Fatalf("usage: snowflake start ADDRESS | stack none|empty|PRINCIPAL ID | drop KIND NAME | put KIND NAME | sent N")
	}
}

// start starts Snowflake, which reads the lake at an address of the script's S3.
func (s *snowflakeScript) start(ts *testscript.TestScript, address string) {
	store := *ts.Value(serverKey).(**s3test.Server)
	var server *snowflaketest.Server
	s.account, server = startSnowflake(s.tb, store.Session(), address)
	aws := httptest.NewServer(http.HandlerFunc(s.aws))
	ts.Defer(aws.Close)
	ts.Setenv("LAKEHOUSE_SNOWFLAKE_URL", server.URL)
	ts.Setenv("LAKEHOUSE_SNOWFLAKE_TOKEN", "a-token-of-the-test")
	for _, service := range []string{"STS", "CLOUDFORMATION", "IAM"} {
		ts.Setenv("AWS_ENDPOINT_URL_"+service, aws.URL)
	}
	spec := setup.Spec{Project: "shop", Environment: "dev", Account: "myorg-shop", Database: "LAKEHOUSE", RoleARN: "arn:aws:iam::111122223333:role/shop-dev-us-east-1-snowflake"}
	ts.Setenv("PRINCIPAL", accounttest.UserARN)
	ts.Setenv("EXTERNAL_ID", spec.ExternalID())
}

// startSnowflake starts an account of Snowflake, which reads the lake at an
// address of S3.
func startSnowflake(tb testing.TB, store *session.Session, address string) (*accounttest.Account, *snowflaketest.Server) {
	tb.Helper()
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(address, "s3://")+"/", "/")
	account := accounttest.New()
	account.Look = func() map[string]int64 {
		files := map[string]int64{}
		l, err := lake.Open(context.Background(), s3.New(store, s3.Options{Bucket: bucket, Prefix: prefix}), lake.Options{})
		if err != nil {
			tb.Error(err)
			return files
		}
		state, err := l.State(context.Background())
		if err != nil {
			tb.Error(err)
			return files
		}
		for _, ref := range state.TableRefs() {
			for _, f := range state.Files(ref) {
				files[address+"/"+f.Path] = f.Rows
			}
		}
		return files
	}
	server := snowflaketest.New(tb)
	server.Handle(func(statement snowflaketest.Statement) snowflaketest.Want { return answerSnowflake(account, statement) })
	return account, server
}

// answerSnowflake has the account answer a statement that came by the protocol.
func answerSnowflake(account *accounttest.Account, statement snowflaketest.Statement) snowflaketest.Want {
	var args []string
	for _, bind := range statement.Binds {
		_, value, _ := strings.Cut(bind, " ")
		args = append(args, value)
	}
	columns, rows, err := account.Answer(statement.Text, args)
	if err != nil {
		code := "000001"
		if refused := (*accounttest.Error)(nil); errors.As(err, &refused) {
			code = refused.Code
		}
		return snowflaketest.Want{Error: &snowflaketest.Error{Code: code, State: "42501", Message: err.Error()}}
	}
	var types []string
	for _, column := range columns {
		types = append(types, `"`+column+`" TEXT`)
	}
	want := snowflaketest.Want{Columns: strings.Join(types, ", ")}
	for _, row := range rows {
		values := make([]any, len(row))
		for i, text := range row {
			values[i] = text
		}
		want.Rows = append(want.Rows, values)
	}
	return want
}

// aws answers for the services that are asked about the account and its stack.
func (s *snowflakeScript) aws(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	s.mu.Lock()
	stack := s.stack
	s.mu.Unlock()
	switch action := r.FormValue("Action"); {
	case action == "GetCallerIdentity":
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ann</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case action == "DescribeStacks" && stack != nil:
		fmt.Fprint(w, `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>arn:x</StackId><StackName>shop-dev</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Parameters>`)
		for key, value := range stack {
			fmt.Fprintf(w, `<member><ParameterKey>%s</ParameterKey><ParameterValue>%s</ParameterValue></member>`, key, value)
		}
		fmt.Fprint(w, `</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`)
	case action == "DescribeStacks":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id shop-dev does not exist</Message></Error></ErrorResponse>`)
	case action == "GetRole" && stack != nil:
		trust, _ := json.Marshal(map[string]any{"Statement": map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]string{"AWS": stack["SnowflakePrincipal"]},
			"Condition": map[string]any{"StringEquals": map[string]string{"sts:ExternalId": stack["SnowflakeExternalId"]}}}})
		fmt.Fprintf(w, `<GetRoleResponse><GetRoleResult><Role><RoleName>x</RoleName><AssumeRolePolicyDocument>%s</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`, url.PathEscape(string(trust)))
	default:
		s.tb.Errorf("AWS was asked for %s", action)
		w.WriteHeader(http.StatusBadRequest)
	}
}
