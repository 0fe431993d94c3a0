package cli

import (
	"context"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// serverKey is where a script keeps its S3.
const serverKey = "s3test"

// startAWS starts S3, to which lakectl is led by the standard variables.
func startAWS(ts *testscript.TestScript, _ bool, args []string) {
	server, stop, err := s3test.Start(nil, args...)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
	ts.Setenv("AWS_REGION", "us-east-1")
	ts.Setenv("AWS_ACCESS_KEY_ID", "test")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	*ts.Value(serverKey).(**s3test.Server) = server
}

func upload(ts *testscript.TestScript, _ bool, args []string) {
	server := *ts.Value(serverKey).(**s3test.Server)
	if server == nil {
		ts.Fatalf("upload: S3 is not started; write aws BUCKET first")
	}
	data, err := os.ReadFile(ts.MkAbs(args[2]))
	ts.Check(err)
	bucket := s3.New(server.Session(), s3.Options{Bucket: args[0]})
	_, err = storage.WriteAll(context.Background(), bucket, args[1], data, storage.CreateOptions{})
	ts.Check(err)
}
