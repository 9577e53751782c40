// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func newSealer(t testing.TB, keys ...byte) *Sealer {
	t.Helper()
	var secrets [][]byte
	for _, k := range keys {
		secrets = append(secrets, bytes.Repeat([]byte{k}, KeySize))
	}
	s, err := New(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedStateOpensWithItsBindingOnly(t *testing.T) {
	s := newSealer(t, 1)
	for _, plain := range []string{"", "x", strings.Repeat("state", 1000)} {
		sealed := s.Seal([]byte(plain), []byte("alice"))
		got, err := s.Open(sealed, []byte("alice"))
		if err != nil || string(got) != plain {
			t.Errorf("Open = %.20q, %v, want %.20q", got, err, plain)
		}
		for _, other := range []string{"", "alic", "alice ", "bob"} {
			if _, err := s.Open(sealed, []byte(other)); !errors.Is(err, ErrInvalid) {
				t.Errorf("opened for %q: %v", other, err)
			}
		}
	}
}

func TestSealedStateHidesItsTextAndNeverRepeats(t *testing.T) {
	s := newSealer(t, 1)
	first, second := s.Seal([]byte("secret"), nil), s.Seal([]byte("secret"), nil)
	if first == second {
		t.Error("the same state was sealed the same twice")
	}
	data, err := encoding.DecodeString(first)
	if err != nil || bytes.Contains(data, []byte("secret")) {
		t.Errorf("the sealed state %q shows its text (%v)", data, err)
	}
	if strings.Trim(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("%q is not URL-safe", first)
	}
}

func TestReplacedKeyStillOpens(t *testing.T) {
	before, during, after := newSealer(t, 1), newSealer(t, 2, 1), newSealer(t, 2)
	old := before.Seal([]byte("old"), nil)
	if got, err := during.Open(old, nil); err != nil || string(got) != "old" {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := after.Open(old, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a removed key opens: %v", err)
	}
	fresh := during.Seal([]byte("new"), nil)
	if got, err := after.Open(fresh, nil); err != nil || string(got) != "new" {
		t.Errorf("the first key did not seal: %q, %v", got, err)
	}
	if _, err := before.Open(fresh, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key opens what another sealed: %v", err)
	}
}

func TestReplicasWithOneKeyOpenEachOthersState(t *testing.T) {
	if got, err := newSealer(t, 7).Open(newSealer(t, 7).Seal([]byte("x"), nil), nil); err != nil || string(got) != "x" {
		t.Errorf("Open = %q, %v", got, err)
	}
}

func TestSealerWithoutKeysMakesItsOwn(t *testing.T) {
	one, other := newSealer(t), newSealer(t)
	sealed := one.Seal([]byte("x"), nil)
	if got, err := one.Open(sealed, nil); err != nil || string(got) != "x" {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := other.Open(sealed, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("two random keys are the same: %v", err)
	}
}

func TestUnfitKeysAreRefused(t *testing.T) {
	good := bytes.Repeat([]byte{1}, KeySize)
	tests := map[string]struct {
		keys [][]byte
		says string
	}{
		"empty": {[][]byte{{}}, "key 1: it has 0 bytes; give it 32"},
		"short": {[][]byte{good, good[:16]}, "key 2: it has 16 bytes"},
		"twice": {[][]byte{good, good}, "key 2: it is there already"},
	}
	for name, test := range tests {
		if _, err := New(test.keys); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v, want %q in it", name, err, test.says)
		}
	}
}

func TestEveryAlteredCharacterIsRefused(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	s := newSealer(t, 1)
	sealed := s.Seal([]byte("state"), []byte("binding"))
	for i := range sealed {
		for _, c := range []byte(alphabet) {
			if c == sealed[i] {
				continue
			}
			if _, err := s.Open(sealed[:i]+string(c)+sealed[i+1:], []byte("binding")); !errors.Is(err, ErrInvalid) {
				t.Fatalf("character %d may be %q: %v", i, c, err)
			}
		}
	}
}

func TestMalformedSealsAreRefusedWithTheOneError(t *testing.T) {
	s := newSealer(t, 1)
	sealed := s.Seal([]byte("state"), nil)
	tests := map[string]string{
		"empty":           "",
		"no base64":       "%%%",
		"too short":       sealed[:8],
		"cut":             sealed[:len(sealed)-1],
		"extended":        sealed + "A",
		"tampered suffix": sealed + "-TAMPERED",
		"padded":          sealed + "=",
		"newline inside":  sealed[:4] + "\n" + sealed[4:],
		"return at end":   sealed + "\r",
		"space":           " " + sealed,
		"too long":        strings.Repeat("A", 2*MaxPlain),
	}
	for name, text := range tests {
		if _, err := s.Open(text, nil); err != ErrInvalid {
			t.Errorf("%s: error %v, want exactly ErrInvalid", name, err)
		}
	}
}

func TestLargestStateOpensAndALargerOneDoesNot(t *testing.T) {
	s := newSealer(t, 1)
	largest := make([]byte, MaxPlain)
	if got, err := s.Open(s.Seal(largest, nil), nil); err != nil || len(got) != MaxPlain {
		t.Errorf("the largest state: %d bytes, %v", len(got), err)
	}
	if _, err := s.Open(s.Seal(append(largest, 0, 0, 0), nil), nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a larger one: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	s := newSealer(f, 1)
	f.Add(s.Seal([]byte("state"), []byte("b")), "b", uint16(3))
	f.Add("", "", uint16(0))
	f.Add("AQAAAAAAAA", "x", uint16(9))
	f.Fuzz(func(t *testing.T, text, binding string, bit uint16) {
		_, _ = s.Open(text, []byte(binding)) // must not panic
		sealed := s.Seal([]byte(text), []byte(binding))
		data, err := encoding.DecodeString(sealed)
		if err != nil {
			t.Fatal(err)
		}
		flip := int(bit) % (8 * len(data))
		data[flip/8] ^= 1 << (flip % 8)
		if _, err := s.Open(encoding.EncodeToString(data), []byte(binding)); !errors.Is(err, ErrInvalid) {
			t.Fatalf("opened with bit %d flipped: %v", flip, err)
		}
		if len(text) > MaxPlain {
			return
		}
		if plain, err := s.Open(sealed, []byte(binding)); err != nil || string(plain) != text {
			t.Fatalf("Open = %q, %v, want %q", plain, err, text)
		}
	})
}
