package snowflake

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
)

const passphrase = "open-sesame"

// All forms of the one key are read, by whatever passphrase they need.
func TestReadKey(t *testing.T) {
	plain, _, err := readKey("testdata/plain.p8", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aes256.p8", "aes128.p8", "des3.p8", "sha1.p8", "pkcs1.pem"} {
		if key, _, err := readKey("testdata/"+name, passphrase); err != nil || !key.Equal(plain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ path, passphrase, want, next string }{
		{"testdata/aes256.p8", "", "the private key testdata/aes256.p8 is encrypted, and there is no passphrase", "LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"},
		{"testdata/aes256.p8", "wrong", "the passphrase does not open the private key testdata/aes256.p8", "LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"},
		{"testdata/scrypt.p8", passphrase, "the private key testdata/scrypt.p8: it is encrypted in a way that is not supported", "openssl pkcs8"},
		{"testdata/public.pem", "", "testdata/public.pem holds a public key, not the private key", "private_key_file:"},
		{"testdata/ec.p8", "", "testdata/ec.p8 is not an RSA key", "openssl genrsa"},
		{"testdata/README.md", "", "testdata/README.md is not a private key: it has no PEM in it", "openssl genrsa"},
		{"testdata", "", "testdata is not a file with a private key", "private_key_file:"},
		{"testdata/none.p8", "", "the private key testdata/none.p8 is not there", "relative to that file"},
		{write("cut", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600), "", "is not a private key that can be read", "openssl genrsa"},
		{write("cut1", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", 0o600), "", "is not a private key that can be read", "openssl genrsa"},
		{write("cut2", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", 0o600), "x", "not supported", "openssl"},
		{write("other", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", 0o600), "x", `but a "OPENSSH PRIVATE KEY"`, "openssl"},
	} {
		_, _, err := readKey(test.path, test.passphrase)
		wantError(t, test.path, err, diag.Usage, test.want, test.next)
	}
}

// A key that others can read is told.
func TestKeyPermissions(t *testing.T) {
	text, err := os.ReadFile("testdata/plain.p8")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.p8")
	for mode, want := range map[os.FileMode]string{0o600: "", 0o400: "", 0o640: "chmod 600", 0o604: "chmod 600"} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, warning, err := readKey(path, "")
		if err != nil || !strings.Contains(warning, want) || (warning == "") != (want == "") {
			t.Errorf("%v: %q %v", mode, warning, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func wantError(t *testing.T, name string, err error, class diag.Class, text, next string) {
	t.Helper()
	var typed *diag.Error
	if !errors.As(err, &typed) || typed.Class != class || !strings.Contains(typed.Error(), text) || !strings.Contains(typed.Next, next) || typed.Next == "" {
		t.Errorf("%s: %#v\nwant class %d, %q, %q", name, err, class, text, next)
	}
}

func FuzzParseKey(f *testing.F) {
	for _, name := range []string{"plain.p8", "des3.p8", "sha1.p8", "pkcs1.pem", "scrypt.p8"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, passphrase)
	}
	f.Fuzz(func(t *testing.T, text []byte, passphrase string) {
		key, err := parseKey("k", text, passphrase)
		if (key == nil) == (err == nil) {
			t.Fatalf("%v %v", key, err)
		}
	})
}
