package lab

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Gateway starts a real server that speaks S3 on a folder with a folder for each
// bucket, and makes it that of lakectl for the test.
func Gateway(t *testing.T, folder string) *session.Session {
	t.Helper()
	program := os.Getenv("E2E_VERSITYGW")
	if program == "" {
		t.Fatal("E2E_VERSITYGW does not name the program versitygw; `make e2e` and `make e2e-spark` do")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	server := exec.Command(program, "--access", "test", "--secret", "testtest", "--port", address, "--quiet", "posix", folder)
	server.Stdout, server.Stderr = os.Stderr, os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://" + address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	for range 100 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			s, err := session.Open(t.Context(), session.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("versitygw does not answer")
	return nil
}
