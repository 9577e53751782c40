// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"

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
	return checkHeader(q.Header, mcp.HeaderName, name, mcp.DecodeHeader)
}

// nameMember is the member of params that Mcp-Name repeats, by method. It is
// never changed.
var nameMember = map[string]string{
	mcp.MethodCallTool:     "name",
	mcp.MethodGetPrompt:    "name",
	mcp.MethodReadResource: "uri",
}

func checkHeader(header map[string][]string, name, want string, decode func(string) (string, error)) error {
	got, err := mcp.OneHeader(header, name)
	if err != nil {
		return headerMismatch("%s; it must repeat %q from the body, once", err, want)
	}
	if got, err = decode(got); err != nil {
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
