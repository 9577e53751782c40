// SPDX-License-Identifier: Apache-2.0

package rawjson

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// scanner is one pass over a document, by recursive descent.
type scanner struct {
	data      []byte
	pos       int
	depth     int
	names     names        // the keys of the objects that are open
	ambiguous *SyntaxError // the first ambiguity; the pass goes on after it
}

func (s *scanner) verdict() error {
	if s.ambiguous != nil {
		return s.ambiguous
	}
	return nil
}

func (s *scanner) document(member func(key, value []byte) error) error {
	s.space()
	if err := s.value(member); err != nil {
		return err
	}
	s.space()
	if s.pos < len(s.data) {
		return s.fail("more than one value")
	}
	return nil
}

// value reads one value. If it is an object, member sees its members.
func (s *scanner) value(member func(key, value []byte) error) error {
	switch c := s.peek(); c {
	case '{':
		return s.object(member)
	case '[':
		return s.array()
	case '"':
		_, err := s.str()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case 0:
		if s.pos == len(s.data) {
			return s.fail("unexpected end")
		}
		return s.fail("unexpected character")
	default:
		if c == '-' || isDigit(c) {
			return s.number()
		}
		return s.fail("unexpected character")
	}
}

func (s *scanner) object(member func(key, value []byte) error) error {
	if err := s.open(); err != nil {
		return err
	}
	base := s.names.count
	var index nameIndex
	for first := true; ; first = false {
		done, err := s.next('}', first)
		if done || err != nil {
			s.names.count = base
			s.depth--
			return err
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if !s.names.add(base, &index, key) {
			s.doubt("duplicate key "+shown(key), ErrDuplicateKey)
		}
		start, err := s.memberValue()
		if err != nil {
			return err
		}
		if member == nil {
			continue
		}
		if err := member(key, s.data[start:s.pos:s.pos]); err != nil {
			return err
		}
	}
}

// key reads a member's name and its colon. It allocates only to unescape.
func (s *scanner) key() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.fail("expected a key")
	}
	start := s.pos + 1
	escaped, err := s.str()
	if err != nil {
		return nil, err
	}
	key := s.data[start : s.pos-1 : s.pos-1]
	if escaped {
		key = appendUnquoted(nil, key)
	}
	s.space()
	if s.peek() != ':' {
		return nil, s.fail("expected a colon")
	}
	s.pos++
	return key, nil
}

func (s *scanner) memberValue() (start int, err error) {
	s.space()
	start = s.pos
	return start, s.value(nil)
}

func (s *scanner) array() error {
	if err := s.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		done, err := s.next(']', first)
		if done || err != nil {
			s.depth--
			return err
		}
		if err := s.value(nil); err != nil {
			return err
		}
	}
}

// open enters an object or array.
func (s *scanner) open() error {
	if s.depth == MaxDepth {
		return s.fail("nested too deep")
	}
	s.depth++
	s.pos++
	return nil
}

// next steps to the next member or element, or over the closing bracket.
func (s *scanner) next(closing byte, first bool) (done bool, err error) {
	s.space()
	switch c := s.peek(); {
	case c == closing:
		s.pos++
		return true, nil
	case first:
		return false, nil
	case c != ',':
		return false, s.fail("expected a comma or the end of the " + container(closing))
	}
	s.pos++
	s.space()
	if s.peek() == closing {
		return false, s.fail("comma before the end of the " + container(closing))
	}
	return false, nil
}

func container(closing byte) string {
	if closing == '}' {
		return "object"
	}
	return "array"
}

// str reads a string and reports whether it holds an escape.
func (s *scanner) str() (escaped bool, err error) {
	s.pos++
	for {
		s.pos = plain(s.data, s.pos)
		if s.pos == len(s.data) {
			return false, s.fail("unexpected end of a string")
		}
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return false, err
			}
		case c < ' ':
			return false, s.fail("control character in a string")
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return false, s.fail("invalid UTF-8")
			}
			s.pos += size
		}
	}
}

func (s *scanner) escape() error {
	if s.pos+1 == len(s.data) {
		return s.fail("unexpected end of a string")
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		r, size := escapedRune(s.data[s.pos:])
		if size == 0 {
			return s.fail("invalid escape")
		}
		if r < 0 {
			s.doubt("lone surrogate in a string", ErrLoneSurrogate)
		}
		s.pos += size
		return nil
	}
	return s.fail("invalid escape")
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("invalid number")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("invalid number")
		}
	}
	if c := s.peek(); c != 'e' && c != 'E' {
		return nil
	}
	s.pos++
	if c := s.peek(); c == '+' || c == '-' {
		s.pos++
	}
	if !s.digits() {
		return s.fail("invalid number")
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) literal(word string) error {
	rest := s.data[s.pos:]
	if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return s.fail("unexpected character")
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) space() { s.pos = skipSpace(s.data, s.pos) }

// peek returns the next byte, or 0 at the end: no token begins with a zero.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) fail(msg string) error {
	return &SyntaxError{Offset: int64(s.pos), Msg: msg}
}

func (s *scanner) doubt(msg string, kind error) {
	if s.ambiguous == nil {
		s.ambiguous = &SyntaxError{Offset: int64(s.pos), Msg: msg, kind: kind}
	}
}

// shown quotes a foreign key for a message, cut to a readable length.
func shown(key []byte) string {
	const limit = 64
	if len(key) > limit {
		return strconv.Quote(string(key[:limit])) + "..."
	}
	return strconv.Quote(string(key))
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the first index from i on that holds a quote, a backslash, a
// control character or a byte that is not ASCII. It looks at eight at a time.
func plain(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quote, slash := w^('"'*ones), w^('\\'*ones)
		// Borrows spoil only bytes above one that is special in earnest, and
		// the lowest one is all that counts.
		special := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w | w) & highs
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}
