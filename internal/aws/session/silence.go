package session

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// silence is how long a service may neither send nor take a byte while it owes an
// answer. The SDK itself waits for ever.
const silence = 20 * time.Second

// impatient returns the client with connections that end after a silence. Clients
// that are not the SDK's own stay as they are.
func impatient(client aws.HTTPClient, silence time.Duration) aws.HTTPClient {
	own, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return client
	}
	return own.WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &listener{conn, silence}, nil
		}
	}).Freeze() // or else each service puts a dialer of its own in place of this one
}

// listener is a connection that fails once it was silent for too long, in both
// directions: an upload may take long, and has no answer before its end.
type listener struct {
	net.Conn
	silence time.Duration
}

// Read implements net.Conn.
func (l *listener) Read(p []byte) (int, error) {
	if err := l.SetReadDeadline(time.Now().Add(l.silence)); err != nil {
		return 0, err
	}
	return l.Conn.Read(p)
}

// Write implements net.Conn. It is a sign of life for a read that waits, too.
func (l *listener) Write(p []byte) (int, error) {
	if err := l.SetDeadline(time.Now().Add(l.silence)); err != nil {
		return 0, err
	}
	return l.Conn.Write(p)
}
