//go:build e2e

package s3_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

// versitygw starts a real server that speaks S3 on a folder.
func versitygw(t *testing.T) *session.Session {
	t.Helper()
	program := os.Getenv("E2E_VERSITYGW")
	if program == "" {
		t.Fatal("E2E_VERSITYGW does not name the program versitygw; `make e2e` does")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	server := exec.Command(program, "--access", "test", "--secret", "testtest", "--port", address, "--quiet", "posix", t.TempDir())
	server.Stdout, server.Stderr = os.Stderr, os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	s := &session.Session{Config: aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://" + address),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // as the standard configuration has it
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials:                credentials.NewStaticCredentialsProvider("test", "testtest", "")}}
	admin := client.NewFromConfig(s.Config, func(o *client.Options) { o.UsePathStyle = true })
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err = admin.CreateBucket(ctx, &client.CreateBucketInput{Bucket: aws.String("lake")})
		cancel()
		if err == nil {
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("versitygw does not answer: %v", err)
	return nil
}

func TestConformanceOfVersitygw(t *testing.T) {
	s, next := versitygw(t), 0
	storagetest.RunByContent(t, func() storage.Bucket {
		next++
		return s3.New(s, s3.Options{Bucket: "lake", Prefix: fmt.Sprintf("lake-%d/", next), PartSize: 5 << 20})
	})
	b := s3.New(s, s3.Options{Bucket: "lake"})
	if err := b.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
}

func TestOddNamesOnVersitygw(t *testing.T) {
	checkOddNames(t, s3.New(versitygw(t), s3.Options{Bucket: "lake", Prefix: "p +ü/p/"}))
}
