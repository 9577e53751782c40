// SPDX-License-Identifier: Apache-2.0

// Package rawjson reads JSON without building it. It validates a document in
// one pass, splits objects and arrays into the raw bytes of their values, and
// writes strings. It knows no schema and no protocol, uses no reflection, and
// allocates nothing for a well-formed document with small objects.
//
// Valid and ParseObject judge foreign bytes. Every other function expects a
// value that they have judged; on anything else it may return nonsense, but
// never panics.
package rawjson

import (
	"errors"
	"fmt"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 512

var (
	// ErrNotObject is returned by ParseObject for a valid document that is
	// something else than an object.
	ErrNotObject = errors.New("not a JSON object")

	// ErrAmbiguous is in the chain of every error about a document that is
	// JSON by its grammar, but that two parsers may understand differently.
	ErrAmbiguous = errors.New("ambiguous JSON")

	// ErrDuplicateKey says that an object holds a key twice. It is an
	// ErrAmbiguous.
	ErrDuplicateKey = fmt.Errorf("duplicate key: %w", ErrAmbiguous)

	// ErrLoneSurrogate says that a string escapes half of a surrogate pair,
	// which no UTF-8 can hold. It is an ErrAmbiguous.
	ErrLoneSurrogate = fmt.Errorf("lone surrogate: %w", ErrAmbiguous)
)

// A SyntaxError says what is wrong with a document, and where.
type SyntaxError struct {
	Offset int64 // bytes before the fault
	Msg    string

	kind error // ErrDuplicateKey, ErrLoneSurrogate or nil
}

// Error returns the message with its offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

// Unwrap tells apart what is ambiguous from what is no JSON.
func (e *SyntaxError) Unwrap() error { return e.kind }

// Valid checks that data is one whole JSON document by RFC 8259: strict
// syntax, valid UTF-8 (also in what is escaped), no object with a duplicate
// key, and no deeper than MaxDepth. Every error is a *SyntaxError. An ambiguity
// is reported only when the whole document is JSON otherwise.
func Valid(data []byte) error {
	s := scanner{data: data}
	if err := s.document(nil); err != nil {
		return err
	}
	return s.verdict()
}

// ParseObject validates data as Valid does, in the same single pass, and calls
// member for each member of the object at its top: the unescaped key, and the
// value's raw bytes, which alias data. It calls it as it reads, duplicates
// included, so what member has seen counts only once ParseObject returned nil,
// or an ErrAmbiguous if the caller wants to know whom to blame. An error of
// member ends the pass and is returned as it is.
func ParseObject(data []byte, member func(key, value []byte) error) error {
	s := scanner{data: data}
	if err := s.document(member); err != nil {
		return err
	}
	if KindOf(data) != KindObject {
		return ErrNotObject
	}
	return s.verdict()
}
