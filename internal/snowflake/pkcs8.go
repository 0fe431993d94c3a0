package snowflake

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
)

// errCipher is a way of encrypting that is not known here.
var errCipher = errors.New("it is encrypted in a way that is not supported")

// errDecrypt says that a passphrase does not fit.
var errDecrypt = errors.New("the passphrase does not fit")

// The parts of PKCS#8 and PKCS#5 (RFC 5208, 8018).
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		KeyDerivation, Encryption pkix.AlgorithmIdentifier
	}
	pbkdf2Parameters struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// The ids of the one scheme and derivation that are known here.
const (
	idPBES2  = "1.2.840.113549.1.5.13"
	idPBKDF2 = "1.2.840.113549.1.5.12"
)

// hashes are the functions that derive a key, by the text of their id.
var hashes = map[string]func() hash.Hash{
	"":                    sha1.New,
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// ciphers are those in CBC mode, by the text of their id.
var ciphers = map[string]struct {
	keyLength int
	block     func([]byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// maxIterations bounds the work that a file can ask for: half a minute or so.
const maxIterations = 50_000_000

// decryptPKCS8 returns the PKCS#8 inside of an encrypted one.
func decryptPKCS8(der []byte, passphrase string) ([]byte, error) {
	var outer encryptedKey
	var scheme pbes2
	var derivation pbkdf2Parameters
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 || outer.Algorithm.Algorithm.String() != idPBES2 {
		return nil, errCipher
	}
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil || scheme.KeyDerivation.Algorithm.String() != idPBKDF2 {
		return nil, errCipher
	}
	if _, err := asn1.Unmarshal(scheme.KeyDerivation.Parameters.FullBytes, &derivation); err != nil {
		return nil, errCipher
	}
	prf := ""
	if derivation.PRF.Algorithm != nil {
		prf = derivation.PRF.Algorithm.String()
	}
	newHash, chosen := hashes[prf], ciphers[scheme.Encryption.Algorithm.String()]
	var iv []byte
	_, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv)
	if err != nil || newHash == nil || chosen.block == nil || derivation.Iterations < 1 || derivation.Iterations > maxIterations {
		return nil, errCipher
	}
	key, err := pbkdf2.Key(newHash, passphrase, derivation.Salt, derivation.Iterations, chosen.keyLength)
	if err != nil {
		return nil, errCipher
	}
	block, err := chosen.block(key)
	if err != nil || len(iv) != block.BlockSize() || len(outer.Data) == 0 || len(outer.Data)%block.BlockSize() != 0 {
		return nil, errCipher
	}
	plain := bytes.Clone(outer.Data)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, plain)
	return unpad(plain, block.BlockSize())
}

// unpad takes off the padding of PKCS#7, by which a wrong passphrase shows.
func unpad(plain []byte, size int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > size || !bytes.Equal(plain[len(plain)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errDecrypt
	}
	return plain[:len(plain)-n], nil
}
