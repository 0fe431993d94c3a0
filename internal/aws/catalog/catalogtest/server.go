package catalogtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/smithy-go"
)

// ServeHTTP answers as Glue does, for tests of whole programs; and as STS, which
// says that everybody is the account 123456789012.
func (g *Glue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "" {
		_, _ = fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>`,
			`<Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>test</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return
	}
	out, err := g.answer(r, operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		var api smithy.APIError
		code := "InternalServiceException"
		if errors.As(err, &api) {
			code = api.ErrorCode()
		}
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": code, "message": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (g *Glue) answer(r *http.Request, operation string) (any, error) {
	switch operation {
	case "CreateDatabase":
		return ask(r, g.CreateDatabase)
	case "GetTables":
		return ask(r, g.GetTables)
	case "GetTable":
		return ask(r, g.GetTable)
	case "CreateTable":
		return ask(r, g.CreateTable)
	case "UpdateTable":
		return ask(r, g.UpdateTable)
	case "DeleteTable":
		return ask(r, g.DeleteTable)
	case "GetPartitions":
		return ask(r, g.GetPartitions)
	case "BatchGetPartition":
		return ask(r, g.BatchGetPartition)
	case "BatchCreatePartition":
		return ask(r, g.BatchCreatePartition)
	case "BatchUpdatePartition":
		return ask(r, g.BatchUpdatePartition)
	case "BatchDeletePartition":
		return ask(r, g.BatchDeletePartition)
	}
	return nil, failed("UnknownOperationException", "there is no %s here", operation)
}

// ask calls an operation with what a request says. The names of the fields are
// those of the SDK's types.
func ask[I, O any](r *http.Request, do func(context.Context, *I, ...func(*glue.Options)) (*O, error)) (any, error) {
	in := new(I)
	if err := json.NewDecoder(r.Body).Decode(in); err != nil {
		return nil, err
	}
	return do(r.Context(), in)
}
