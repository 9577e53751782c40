// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// checkHeaders demands that the headers by which intermediaries route agree
// with the body (2026-07-28, streamable HTTP, "Standard Headers"). Where there
// are no headers there is nothing to check.
func checkHeaders(q *Request) error {
	if q.Header == nil {
		return nil
	}
	if err := checkHeader(q.Header, mcp.HeaderVersion, q.Meta.VersionName, literal); err != nil {
		return err
	}
	if err := checkHeader(q.Header, mcp.HeaderMethod, q.Method, literal); err != nil {
		return err
	}
	key, named := nameMember[q.Method]
	if !named {
		return nil
	}
	value, _ := rawjson.Get(q.Params, key)
	name, ok := rawjson.String(value)
	if !ok {
		return nil // the method's own decoder says what is wrong with the params
	}
	return checkHeader(q.Header, mcp.HeaderName, name, decodeSentinel)
}

// nameMember is the member of params that Mcp-Name repeats, by method. It is
// never changed.
var nameMember = map[string]string{
	mcp.MethodCallTool:     "name",
	mcp.MethodGetPrompt:    "name",
	mcp.MethodReadResource: "uri",
}

func checkHeader(header map[string][]string, name, want string, decode func(string) (string, error)) error {
	values := header[name]
	switch {
	case len(values) == 0:
		return headerMismatch("header %s is missing; it must repeat %q from the body", name, want)
	case len(values) > 1:
		return headerMismatch("header %s is there %d times", name, len(values))
	}
	got, err := decode(strings.Trim(values[0], " \t"))
	if err != nil {
		return headerMismatch("header %s: %s", name, err)
	}
	if got != want {
		return headerMismatch("header %s is %q but the body says %q", name, got, want)
	}
	return nil
}

func headerMismatch(format string, args ...any) *jsonrpc.Error {
	return &jsonrpc.Error{Code: mcp.CodeHeaderMismatch, Message: fmt.Sprintf(format, args...)}
}

func literal(value string) (string, error) { return value, nil }

// decodeSentinel undoes the form =?base64?...?= in which values travel that a
// header cannot hold. Its markers are case-sensitive; what lacks one of them is
// literal.
func decodeSentinel(value string) (string, error) {
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
