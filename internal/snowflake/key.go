package snowflake

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"runtime"

	"github.com/lakectl/lakectl/internal/diag"
)

// maxKeyFile bounds what is read for a key.
const maxKeyFile = 1 << 20

// readKey reads a private key from a file, and returns a warning if others than
// its owner may read it.
func readKey(path, passphrase string) (key *rsa.PrivateKey, warning string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", diag.Errorf(diag.Usage, "the private key %s is not there: %w", path, fs.ErrNotExist).
				WithNext("correct private_key_file: in lakehouse.yaml; it is relative to that file")
		}
		return nil, "", diag.Errorf(diag.Usage, "the private key cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, "", diag.Errorf(diag.Usage, "%s is not a file with a private key", path).WithNext("correct private_key_file: in lakehouse.yaml")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", diag.Errorf(diag.Usage, "the private key cannot be read: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		warning = "others can read the private key " + path + ": `chmod 600 " + path + "`"
	}
	key, err = parseKey(path, text, passphrase)
	return key, warning, err
}

// parseKey reads a PEM text.
func parseKey(path string, text []byte, passphrase string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, diag.Errorf(diag.Usage, "%s is not a private key: it has no PEM in it", path).WithNext(keyHint)
	}
	der := block.Bytes
	switch block.Type {
	case "PRIVATE KEY":
	case "RSA PRIVATE KEY": // PKCS#1, as `openssl genrsa -traditional` writes it
		key, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, diag.Errorf(diag.Usage, "%s is not a private key that can be read", path).WithNext(keyHint)
		}
		return key, nil
	case "ENCRYPTED PRIVATE KEY":
		if passphrase == "" {
			return nil, diag.Errorf(diag.Usage, "the private key %s is encrypted, and there is no passphrase", path).
				WithNext("set LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE")
		}
		var err error
		if der, err = decryptPKCS8(der, passphrase); errors.Is(err, errCipher) {
			return nil, diag.Errorf(diag.Usage, "the private key %s: %w", path, err).WithNext("encrypt it anew: `openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW`")
		} else if err != nil {
			return nil, wrongPassphrase(path)
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, wrongPassphrase(path) // the padding was right by chance
		}
		return rsaKey(path, key)
	case "PUBLIC KEY", "CERTIFICATE":
		return nil, diag.Errorf(diag.Usage, "%s holds a %s, not the private key", path, map[string]string{"PUBLIC KEY": "public key", "CERTIFICATE": "certificate"}[block.Type]).
			WithNext("name the file of the private key in private_key_file:")
	default:
		return nil, diag.Errorf(diag.Usage, "%s is not a private key in PKCS#8, but a %q", path, block.Type).WithNext(keyHint)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, diag.Errorf(diag.Usage, "%s is not a private key that can be read", path).WithNext(keyHint)
	}
	return rsaKey(path, key)
}

const keyHint = "make one: `openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -out rsa_key.p8`"

func wrongPassphrase(path string) error {
	return diag.Errorf(diag.Usage, "the passphrase does not open the private key %s", path).WithNext("correct LAKEHOUSE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE")
}

func rsaKey(path string, key any) (*rsa.PrivateKey, error) {
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, diag.Errorf(diag.Usage, "%s is not an RSA key, the only kind that Snowflake takes", path).WithNext(keyHint)
}
