// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// HeaderParamPrefix begins the name of a header that repeats an argument.
const HeaderParamPrefix = "Mcp-Param-"

// DecodeHeader undoes the form =?base64?...?= in which values travel that a
// header cannot hold. Its markers are case-sensitive; what lacks one of them is
// literal (2026-07-28, streamable HTTP, "Value Encoding").
func DecodeHeader(value string) (string, error) {
	body, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, nil
	}
	body, ok = strings.CutSuffix(body, "?=")
	if !ok {
		return value, nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil {
		return "", fmt.Errorf("malformed base64 in %q", value)
	}
	if !utf8.Valid(decoded) {
		return "", fmt.Errorf("%q does not hold UTF-8", value)
	}
	return string(decoded), nil
}

// OneHeader returns the value of a header that must be there once, without the
// white space around it.
func OneHeader(header map[string][]string, name string) (string, error) {
	values := header[name]
	switch len(values) {
	case 0:
		return "", fmt.Errorf("header %s is missing", name)
	case 1:
		return strings.Trim(values[0], " \t"), nil
	default:
		return "", fmt.Errorf("header %s is there %d times", name, len(values))
	}
}

// CheckHeaderParams compares arguments with the headers that repeat them. The
// error is a ProtocolError of ReasonHeaderMismatch.
func CheckHeaderParams(params []HeaderParam, header map[string][]string, arguments []byte) error {
	for i := range params {
		if err := params[i].check(header, arguments); err != nil {
			return &ProtocolError{Reason: ReasonHeaderMismatch, Message: err.Error()}
		}
	}
	return nil
}

func (p *HeaderParam) check(header map[string][]string, arguments []byte) error {
	name := HeaderParamPrefix + p.Name
	value, ok := p.find(arguments)
	if !ok {
		if len(header[name]) > 0 {
			return fmt.Errorf("header %s is there but the argument %s is not", name, strings.Join(p.Path, "."))
		}
		return nil
	}
	got, err := OneHeader(header, name)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(got, func(r rune) bool { return r != '\t' && (r < 0x20 || r > 0x7e) }) {
		return fmt.Errorf("header %s holds characters that must be encoded", name)
	}
	if got, err = DecodeHeader(got); err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	if !p.equal(value, got) {
		return fmt.Errorf("header %s differs from the argument %s", name, strings.Join(p.Path, "."))
	}
	return nil
}

// find returns the argument, unless it is absent or null.
func (p *HeaderParam) find(value []byte) ([]byte, bool) {
	for _, key := range p.Path {
		if rawjson.KindOf(value) != rawjson.KindObject {
			return nil, false
		}
		var ok bool
		if value, ok = rawjson.Get(value, key); !ok {
			return nil, false
		}
	}
	return value, rawjson.KindOf(value) != rawjson.KindNull
}

// equal compares by the declared type. An argument of another type is never
// equal; what is wrong with it the schema would say, but a client that sends
// one cannot have sent a header for it either.
func (p *HeaderParam) equal(value []byte, got string) bool {
	switch p.Type {
	case "boolean":
		return (got == "true" || got == "false") && string(value) == got
	case "integer":
		a, errA := integer(string(value))
		b, errB := integer(got)
		return errA == nil && errB == nil && a.Cmp(b) == 0
	default:
		s, ok := rawjson.String(value)
		return ok && s == got
	}
}

// integer reads a number that is whole, however it is written: 42.0 is 42.
func integer(text string) (*big.Rat, error) {
	if len(text) > 64 || strings.ContainsAny(text, "/_xX ") {
		return nil, errors.New("not an integer")
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 4 {
		return nil, errors.New("exponent too large")
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !r.IsInt() {
		return nil, errors.New("not an integer")
	}
	return r, nil
}
