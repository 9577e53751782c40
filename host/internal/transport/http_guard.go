// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// refusal is an HTTP error that needs no handler: its body is a JSON-RPC error.
type refusal struct {
	status int
	id     jsonrpc.ID // zero where the request was not read
	err    *jsonrpc.Error
}

// retryAfter is the number of seconds after which a client that was refused for
// want of room may ask again.
const retryAfter = "1"

func refuse(status int, text string) *refusal {
	return &refusal{status: status, err: &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: text}}
}

func (h *HTTP) refuse(w http.ResponseWriter, r *http.Request, ref *refusal) {
	h.opts.Log.Debug("request refused", "method", r.Method, "status", ref.status, "reason", ref.err.Message)
	body := jsonrpc.AppendError(nil, ref.id, false, ref.err)
	control := http.NewResponseController(w)
	// What is left of a body is read before the response leaves, so that has its
	// time too. A client that is gone, or takes too long, is not told.
	h.bodies.begin(control, h.opts.ReadHeaderTimeout)
	defer h.bodies.end(control)
	_ = control.SetWriteDeadline(time.Now().Add(h.opts.ReadHeaderTimeout + h.opts.WriteTimeout))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if ref.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.WriteHeader(ref.status)
	_, _ = w.Write(body)
	_ = control.Flush()
}

// guard refuses what must not reach a handler: a wrong path, a name that a web
// page could have pointed here, an origin that is not ours, a wrong method.
func (h *HTTP) guard(w http.ResponseWriter, r *http.Request) *refusal {
	if r.URL.Path != h.opts.Path && !h.isSSE(r) {
		return refuse(http.StatusNotFound, "no MCP endpoint at this path; it is "+h.opts.Path)
	}
	if !h.hostAllowed(r.Host) {
		return refuse(http.StatusForbidden, "the Host header names a host that is not allowed here")
	}
	if origins := r.Header["Origin"]; len(origins) > 0 {
		if len(origins) > 1 || !h.originAllowed(origins[0]) {
			return refuse(http.StatusForbidden, "the Origin is not allowed here")
		}
		allowOrigin(w.Header(), origins[0])
	}
	if allowed := h.methods(r); !slices.Contains(strings.Split(allowed, ", "), r.Method) {
		w.Header().Set("Allow", allowed)
		return refuse(http.StatusMethodNotAllowed, "method not allowed; use "+allowed)
	}
	if r.Method != http.MethodPost && r.ContentLength != 0 {
		h.ignoreBody(w)
	}
	return nil
}

// ignoreBody keeps a body that nobody reads from holding the response back, and
// the connection once the response is over.
func (h *HTTP) ignoreBody(w http.ResponseWriter) {
	w.Header().Set("Connection", "close") // or it would be read before the response
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.opts.ReadHeaderTimeout))
}

// checkVersion refuses a request to a session whose version header is wrong
// (2025-06-18 and later, "Protocol Version Header"). The id is that of its
// frame, if it has one.
func (h *HTTP) checkVersion(r *http.Request, id jsonrpc.ID) *refusal {
	if h.opts.CheckVersion == nil {
		return nil
	}
	if err := h.opts.CheckVersion(r.Header); err != nil {
		return &refusal{status: http.StatusBadRequest, id: id, err: err}
	}
	return nil
}

// methods lists what the path of the request serves.
func (h *HTTP) methods(r *http.Request) string {
	switch {
	case h.isSSE(r):
		return "POST, GET, OPTIONS"
	case h.opts.NoLegacy:
		return "POST, OPTIONS"
	default:
		return "POST, GET, DELETE, OPTIONS"
	}
}

// hostAllowed reports whether the Host header is one of ours. A page from
// another site can make its own name resolve to a loopback address; the
// browser still sends that name (DNS rebinding).
func (h *HTTP) hostAllowed(host string) bool {
	if h.opts.Loopback {
		return loopback(hostname(host)) || h.hostListed(host)
	}
	return len(h.opts.AllowedHosts) == 0 || h.hostListed(host)
}

func (h *HTTP) hostListed(host string) bool {
	name := hostname(host)
	for _, allowed := range h.opts.AllowedHosts {
		if strings.EqualFold(allowed, host) {
			return true
		}
		if name != "" && strings.EqualFold(strings.Trim(allowed, "[]"), name) {
			return true
		}
	}
	return false
}

// originAllowed reports whether a page of this origin may talk to us: it is
// listed as it stands, or its host is one that Host may name. Where every Host
// is accepted, no unlisted Origin is. An opaque origin is "null" and matches
// nothing.
func (h *HTTP) originAllowed(origin string) bool {
	for _, allowed := range h.opts.AllowedOrigins {
		if origin == allowed && origin != "null" {
			return true
		}
	}
	scheme, host, _ := strings.Cut(origin, "://")
	if scheme != "http" && scheme != "https" {
		return false
	}
	return h.opts.Loopback && loopback(hostname(host)) || h.hostListed(host)
}

func loopback(name string) bool {
	return name == "127.0.0.1" || name == "::1" || strings.EqualFold(name, "localhost")
}

// hostname returns host without its port, and an IPv6 address without its
// brackets. It returns "" for what is no host.
func hostname(host string) string {
	if rest, ok := strings.CutPrefix(host, "["); ok {
		name, port, ok := strings.Cut(rest, "]")
		if !ok || port != "" && !isPort(port) {
			return ""
		}
		return name
	}
	name, port, ok := strings.Cut(host, ":")
	if ok && !isPort(":"+port) {
		return ""
	}
	return name
}

func isPort(s string) bool {
	return len(s) > 1 && s[0] == ':' && strings.Trim(s[1:], "0123456789") == ""
}
