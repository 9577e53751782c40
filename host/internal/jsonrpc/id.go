// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// maxLoggedID is how many bytes of an id a log line shows.
const maxLoggedID = 64

type idKind uint8

const (
	idAbsent idKind = iota
	idNumber
	idString
)

// An ID names a request. It is a string or an integer; 1 and "1" are different
// ids. Integers keep their exact text, so that no id passes through a float.
// IDs compare with ==, and the zero ID means that there is none.
type ID struct {
	kind idKind
	text string // the unquoted string, or the digits
}

// NumberID returns the ID that is written as n.
func NumberID(n int64) ID { return ID{kind: idNumber, text: strconv.FormatInt(n, 10)} }

// StringID returns the ID that is written as the JSON string s.
func StringID(s string) ID { return ID{kind: idString, text: s} }

// ParseID reads an ID from a valid JSON value. Anything but a string or an
// integer is refused: null, true, 1.5 and 1e3 name no request. So is a string
// with half of a surrogate pair.
func ParseID(raw []byte) (ID, error) {
	switch rawjson.KindOf(raw) {
	case rawjson.KindString:
		s, ok := rawjson.String(raw)
		// One that no UTF-8 can hold would come out as another.
		if escaped := bytes.IndexByte(raw, '\\') >= 0; !ok || escaped && rawjson.Valid(raw) != nil {
			return ID{}, errors.New("id is not a valid string")
		}
		return StringID(s), nil
	case rawjson.KindNumber:
		if !rawjson.IsInteger(raw) {
			return ID{}, errors.New("id is a number but not an integer")
		}
		return ID{kind: idNumber, text: string(raw)}, nil
	}
	return ID{}, errors.New("id is neither a string nor an integer")
}

// IsZero reports whether there is no id.
func (id ID) IsZero() bool { return id.kind == idAbsent }

// String shows the id in a log line: strings are quoted, absence is "none",
// and a long id is cut.
func (id ID) String() string {
	text := id.text
	if len(text) > maxLoggedID {
		text = text[:maxLoggedID]
	}
	switch id.kind {
	case idNumber:
		return text
	case idString:
		return strconv.Quote(text)
	}
	return "none"
}

// AppendJSON appends the id as JSON, or null when there is none.
func (id ID) AppendJSON(dst []byte) []byte {
	switch id.kind {
	case idNumber:
		return append(dst, id.text...)
	case idString:
		return rawjson.AppendString(dst, id.text)
	}
	return append(dst, "null"...)
}

// Canonical returns the number that a string id spells, for peers that echo an
// integer as a string. Only canonical decimals within int64 are coerced; every
// other id is returned as it is. Use it only after an exact match has failed.
func (id ID) Canonical() ID {
	if id.kind != idString || !rawjson.IsInteger(id.text) {
		return id
	}
	if _, err := strconv.ParseInt(id.text, 10, 64); err != nil {
		return id
	}
	return ID{kind: idNumber, text: id.text}
}
