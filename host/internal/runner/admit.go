// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"net/http"
	"strings"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// An Admission says how a frame that came by HTTP is to be handled.
type Admission uint8

// The ways of a frame.
const (
	Refused      Admission = iota // answer the error, handle nothing
	Stateless                     // a request of its own
	InSession                     // for the session that its header names
	OpensSession                  // an initialize: begin a session
)

// Admit decides the way of a frame that came by HTTP: by the version header or
// the body's own _meta for the stateless era, which never falls back to the
// handshake, else by the session.
func Admit(f *jsonrpc.Frame) (Admission, *jsonrpc.Error) {
	version := headerVersion(f.Header)
	if f.Fault == nil && jsonrpc.IsBatch(f.Data) {
		return admitBatch(f, version)
	}
	msg, err := f.Parse()
	if err != nil {
		return Refused, jsonrpc.AsError(err)
	}
	// Versions are dates, so that a later one is greater as text too.
	dated := version >= mcp.LatestStateless.String() && version < "3"
	if dated || onlyStateless(msg.Method) || mcp.ParseRequestMeta(msg.Params).HasVersion {
		return admitStateless(msg)
	}
	if version != "" && mcp.ParseVersion(version) == mcp.VersionNone {
		return Refused, unsupportedVersion(version)
	}
	if len(f.Header[mcp.HeaderSessionID]) > 0 {
		return InSession, nil
	}
	if msg.Method == mcp.MethodInitialize && msg.Kind == jsonrpc.KindRequest {
		return OpensSession, nil
	}
	return Refused, noSession()
}

// admitStateless refuses what no client of the stateless era sends.
func admitStateless(msg jsonrpc.Message) (Admission, *jsonrpc.Error) {
	if msg.Kind == jsonrpc.KindResponse {
		return Refused, &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "there is no request to answer: this version has none from server to client"}
	}
	return Stateless, nil
}

// admitBatch sends a batch to its session, the only place that may allow it. The
// one version that has batches has no version header, though some clients send
// it.
func admitBatch(f *jsonrpc.Frame, version string) (Admission, *jsonrpc.Error) {
	batches := version == "" || version == mcp.Version20250326.String()
	if batches && len(f.Header[mcp.HeaderSessionID]) > 0 {
		return InSession, nil
	}
	return Refused, &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "batches exist only in sessions of version " + mcp.Version20250326.String()}
}

func noSession() *jsonrpc.Error {
	return &jsonrpc.Error{
		Code: jsonrpc.InvalidRequest,
		Message: "header " + mcp.HeaderSessionID + " is missing: send initialize first, or header " + mcp.HeaderVersion +
			" and _meta of version " + mcp.LatestStateless.String(),
	}
}

// CheckSessionVersion refuses the headers of a request to a session, of any HTTP
// method, whose version header names no version that has sessions
// (2025-06-18 and later, transports, "Protocol Version Header"). It may be left
// out, as clients of 2025-03-26 do.
func CheckSessionVersion(header map[string][]string) *jsonrpc.Error {
	if _, ok := header[mcp.HeaderVersion]; !ok {
		return nil
	}
	name, err := mcp.OneHeader(header, mcp.HeaderVersion)
	if err != nil {
		return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: err.Error()}
	}
	switch version := mcp.ParseVersion(name); {
	case version == mcp.VersionNone:
		return unsupportedVersion(name)
	case version.Stateless():
		// It is supported, so the error must not say otherwise.
		return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "version " + name + " has no sessions; it has POST requests only"}
	default:
		return nil
	}
}

func headerVersion(header map[string][]string) string {
	return strings.Trim(first(header[mcp.HeaderVersion]), " \t")
}

// Status is the HTTP status of a response. The stateless era gives errors one;
// in a session every response is a success of HTTP's, and 404 would tell the
// client that its session is gone.
func Status(stateless bool, err *jsonrpc.Error) int {
	if err == nil || !stateless {
		return http.StatusOK
	}
	switch err.Code {
	case jsonrpc.MethodNotFound:
		return http.StatusNotFound
	case jsonrpc.ParseError, jsonrpc.InvalidRequest, jsonrpc.InvalidParams,
		mcp.CodeHeaderMismatch, mcp.CodeMissingCapability, mcp.CodeUnsupportedVersion:
		return http.StatusBadRequest
	default:
		return http.StatusOK
	}
}

// AllowsBatch reports whether the connection negotiated the one version that
// has batches.
func (c *Connection) AllowsBatch() bool { return c.Version() == mcp.Version20250326 }

// NullID reports whether an error to a message whose id could not be read
// carries a null id: versions up to 2025-06-18 require the member, later ones
// have no null.
func (c *Connection) NullID() bool {
	v := c.Version()
	return v != mcp.VersionNone && v <= mcp.Version20250618
}

// Inline reports whether a method is answered before the next message is read:
// a request that follows the handshake must find it settled.
func Inline(method string) bool { return method == mcp.MethodInitialize }

// HeaderVersion is the served version that a request's header names, or none.
func HeaderVersion(header map[string][]string) mcp.Version {
	return mcp.ParseVersion(headerVersion(header))
}
