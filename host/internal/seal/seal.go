// SPDX-License-Identifier: Apache-2.0

// Package seal turns state that a client keeps for the host into text that the
// client can neither read nor change, and back, and turns the params of a
// request into a digest that such text can be bound to. It knows keys and JSON.
// What the state means, how long it is valid and what it must be bound to is
// its caller's knowledge.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	// KeySize is the size of a key in bytes.
	KeySize = 32
	// MaxPlain is the size in bytes of the largest plain text that opens again.
	MaxPlain = 1 << 20

	format   = 1 // the first byte of what is sealed, before the encoding
	keyID    = 4 // bytes that name the key
	header   = 1 + keyID
	overhead = header + 12 + 16 // and the nonce and the tag of GCM
)

// encoding is strict: the bits that the last character leaves over are zero.
var encoding = base64.RawURLEncoding.Strict()

// ErrInvalid is the one answer to all that does not open: whether it was
// altered, cut, sealed under another key or bound to something else is nothing
// that its bearer should learn.
var ErrInvalid = errors.New("invalid sealed state")

// A Sealer seals and opens. It is immutable and safe for concurrent use.
//
// Each seal takes a random nonce of 96 bits, so a key should be replaced before
// it has sealed 2^32 times.
type Sealer struct {
	keys []key // the first one seals
}

type key struct {
	head [header]byte // what is sealed with it begins so
	aead cipher.AEAD
}

// New returns a Sealer for keys of KeySize random bytes each. The first one
// seals and all of them open, so a key is replaced by putting a new one before
// it and removing it when what it sealed has expired. Without keys a random one
// is made, and what is sealed opens as long as the Sealer lives. Wrong sizes and
// keys that come twice are errors.
func New(keys [][]byte) (*Sealer, error) {
	if len(keys) == 0 {
		random := make([]byte, KeySize)
		rand.Read(random) // never fails
		keys = [][]byte{random}
	}
	s := &Sealer{}
	for i, secret := range keys {
		k, err := newKey(secret)
		if err != nil {
			return nil, fmt.Errorf("sealing key %d: %w", i+1, err)
		}
		if _, taken := s.find(k.head[:]); taken {
			return nil, fmt.Errorf("sealing key %d: it is there already; remove it", i+1)
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

func newKey(secret []byte) (key, error) {
	if len(secret) != KeySize {
		return key{}, fmt.Errorf("it has %d bytes; give it %d", len(secret), KeySize)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, err
	}
	k := key{aead: aead}
	k.head[0] = format
	// The name tells nothing of the key, and is the same on every replica.
	name := hmac.New(sha256.New, secret)
	name.Write([]byte("name of a sealing key"))
	copy(k.head[1:], name.Sum(nil))
	return k, nil
}

// Seal encrypts plain and returns it as URL-safe text of about 4/3 its size. It
// opens only with the same binding, which is not part of the text. What is
// larger than MaxPlain never opens again: refuse it before.
func (s *Sealer) Seal(plain, binding []byte) string {
	k := &s.keys[0]
	sealed := make([]byte, header, overhead+len(plain))
	copy(sealed, k.head[:])
	sealed = k.aead.Seal(sealed, nil, plain, k.bound(binding))
	return encoding.EncodeToString(sealed)
}

// Open returns what was sealed with this binding, or ErrInvalid.
func (s *Sealer) Open(sealed string, binding []byte) ([]byte, error) {
	if len(sealed) > encoding.EncodedLen(overhead+MaxPlain) {
		return nil, ErrInvalid
	}
	// Of the characters that are not its own the decoder skips these.
	if strings.ContainsAny(sealed, "\r\n") {
		return nil, ErrInvalid
	}
	data, err := encoding.DecodeString(sealed)
	if err != nil || len(data) < overhead {
		return nil, ErrInvalid
	}
	k, ok := s.find(data[:header])
	if !ok {
		return nil, ErrInvalid
	}
	plain, err := k.aead.Open(nil, nil, data[header:], k.bound(binding))
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

// bound is what is authenticated besides the plain text.
func (k *key) bound(binding []byte) []byte {
	return append(k.head[:header:header], binding...)
}

// find returns the key that head names. What it names is no secret.
func (s *Sealer) find(head []byte) (*key, bool) {
	for i := range s.keys {
		if string(s.keys[i].head[:]) == string(head) {
			return &s.keys[i], true
		}
	}
	return nil, false
}
