// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// classify decides the era of a request and gathers what it says of its sender.
// The era is the request's own: a pipe may carry both (2026-07-28, versioning,
// "Backward Compatibility").
func (r *Runner) classify(conn *Connection, req *jsonrpc.Request) *Request {
	q := &Request{
		ID: req.ID, Method: req.Method, Params: req.Params, Header: req.Header, Channel: req.Channel,
		Conn: conn, Meta: mcp.ParseRequestMeta(req.Params), batched: req.Batched,
	}
	q.stateless = conn.kind == exchange || q.Meta.HasVersion || onlyStateless(q.Method)
	if !q.stateless {
		q.Version, q.Client, q.Capabilities = conn.peer()
		return q
	}
	q.Version = mcp.ParseVersion(q.Meta.VersionName)
	q.Client, q.Capabilities = q.Meta.Client, q.Meta.Capabilities
	if conn.kind != exchange {
		q.Conn = conn.exchange()
	}
	return q
}

// onlyStateless names the methods that no handshake version has: without the
// members that the stateless era demands they are malformed, not unknown.
func onlyStateless(method string) bool {
	return method == mcp.MethodDiscover || method == mcp.MethodListen
}

// admissible is the ladder of checks that every request climbs before its
// method runs, in the order in which their errors take precedence.
func (r *Runner) admissible(q *Request) error {
	if !q.stateless {
		return r.admissibleHandshake(q)
	}
	if q.batched {
		// What allows batches is a handshake, of which this request has no part.
		return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "requests of version " + mcp.LatestStateless.String() + " are not allowed in a batch"}
	}
	if err := checkMeta(q); err != nil {
		return err
	}
	if err := checkHeaders(q); err != nil {
		return err
	}
	if !q.Version.Stateless() {
		return unsupportedVersion(q.Meta.VersionName)
	}
	if q.Meta.LogLevelName != "" && mcp.ParseLogLevel(q.Meta.LogLevelName) == mcp.LogNone {
		return invalid("_meta %q is not a log level", mcp.MetaLogLevel)
	}
	return nil
}

// checkMeta demands the members that stand in for a handshake (2026-07-28,
// basic, "Per-request protocol fields").
func checkMeta(q *Request) error {
	switch {
	case !q.Meta.HasVersion:
		return invalid("_meta %q is missing; supported versions: %s", mcp.MetaProtocolVersion, mcp.LatestStateless)
	case q.Meta.VersionName == "":
		return invalid("_meta %q must be a string", mcp.MetaProtocolVersion)
	case !q.Meta.HasCapabilities:
		return invalid("_meta %q is missing or not an object", mcp.MetaCapabilities)
	case q.Meta.BadToken:
		return invalid("_meta %q must be a string or an integer", mcp.MetaProgressToken)
	}
	return nil
}

func (r *Runner) admissibleHandshake(q *Request) error {
	if q.Meta.BadToken {
		return invalid("_meta %q must be a string or an integer", mcp.MetaProgressToken)
	}
	if q.Version != mcp.VersionNone || q.Method == mcp.MethodInitialize || q.Method == mcp.MethodPing {
		return nil
	}
	return &jsonrpc.Error{
		Code: jsonrpc.InvalidRequest,
		Message: fmt.Sprintf("not initialized: send initialize first (up to %s), or _meta %q with every request (%s)",
			mcp.LatestHandshake, mcp.MetaProtocolVersion, mcp.LatestStateless),
	}
}

func invalid(format string, args ...any) *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: fmt.Sprintf(format, args...)}
}

func unsupportedVersion(requested string) *jsonrpc.Error {
	return &jsonrpc.Error{
		Code:    mcp.CodeUnsupportedVersion,
		Message: "unsupported protocol version: " + requested,
		Data:    mcp.AppendVersionData(nil, requested),
	}
}
