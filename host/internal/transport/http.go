// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// Mode says how a POST is served.
type Mode uint8

// The modes. A verdict that names none refuses.
const (
	Refused      Mode = iota // not served: answered with Admission.Err
	Stateless                // one frame, handled by One within the request
	InSession                // handed to the session that Mcp-Session-Id names
	OpensSession             // starts a session; its answer carries the new id
)

// Admission is the verdict on the frame of a POST.
type Admission struct {
	Mode Mode

	// NoAnswer says that the frame holds no request, so that 202 is all it can
	// get: the response is never turned into an event stream.
	NoAnswer bool

	// Resumable says that a client of this version may resume event streams
	// with Last-Event-ID: events get ids and are kept for a while. It counts
	// within sessions only, and the latest frame decides for the GET stream.
	Resumable bool
	// Priming says that such a client also understands an event that has an id
	// and no data, with which a stream then begins, and being asked to come
	// back later (Release).
	Priming bool

	// Streams says that the request is nothing without an event stream. It is
	// refused before it begins if the client takes none, or if none is left. It
	// counts with Stateless only.
	Streams bool

	ID     jsonrpc.ID     // of the request, if it has one; for the errors that refuse it
	Err    *jsonrpc.Error // with Refused: what the client is told
	Status int            // with Refused: the HTTP status; 400 if zero
}

// HTTPOptions shapes an [HTTP]. Admit, One and Serve are required, but for
// Serve with NoLegacy; of the other fields the zero value works.
type HTTPOptions struct {
	Path     string // of the endpoint; "/mcp" if empty
	SSEPath  string // of the HTTP+SSE transport of 2024-11-05, such as "/sse"; off if empty
	NoLegacy bool   // no sessions: GET and DELETE are not allowed, and SSEPath is off
	Loopback bool   // the listener is on a loopback address

	// AllowedHosts are the names that the Host header and the host of an Origin
	// may hold: "name" with any port, or "name:port". With Loopback they come on
	// top of localhost, 127.0.0.1 and [::1]. Without it, an empty list accepts
	// every Host and no Origin.
	AllowedHosts []string
	// AllowedOrigins are whole origins that are accepted besides, such as
	// "https://app.example". A request without an Origin, which is no browser's,
	// is always accepted.
	AllowedOrigins []string

	MaxBody         int64         // bytes of a POST body; DefaultMaxFrame if zero
	BodyReadTimeout time.Duration // from the headers to the end of the body; 60 s if zero
	WriteTimeout    time.Duration // of one write to the client; 30 s if zero
	KeepAlive       time.Duration // between comments on a silent event stream; 15 s if zero

	MaxHeaderBytes    int           // used by Server; 64 KiB if zero
	ReadHeaderTimeout time.Duration // used by Server; 10 s if zero
	IdleTimeout       time.Duration // of a connection, used by Server; 2 min if zero

	// MaxRequests bounds the HTTP requests that are open at once, event streams
	// included; 4096 if zero. One more is answered with 503 and Retry-After.
	MaxRequests int
	// MaxStreams bounds the event streams that are open at once; 1024 if zero.
	// They are those of a GET, of either transport, and the responses to stateless
	// requests that became one. One more GET is answered with 503, and so is a
	// request whose Admission says Streams. Another one is still served, but what
	// it sends before its answer is lost. Responses within sessions do not count:
	// what they carry must arrive.
	MaxStreams     int
	MaxSessions    int           // open at once; 1024 if zero
	SessionIdle    time.Duration // how long a session lives unused; 1 h if zero
	PendingNotices int           // messages kept per session for a GET stream; 64 if zero
	ReplayEvents   int           // kept per session for clients that resume; 1000 if zero
	ReplayBytes    int           // of those events; 4 MiB if zero. A larger event is not kept

	// Admit decides how the frame of a POST is served. It must not block.
	Admit func(*jsonrpc.Frame) Admission
	// CheckVersion refuses the headers of a GET, a DELETE or a POST to a session
	// that name no version with sessions, which is answered with 400. Nil: none
	// is refused.
	CheckVersion func(header map[string][]string) *jsonrpc.Error
	// Status gives the HTTP status of a response; err is nil for a result. 200
	// if nil. It is not asked once the response is an event stream.
	Status func(stateless bool, err *jsonrpc.Error) int
	// One handles a stateless frame and returns when all it caused was written.
	// Its ctx ends when the client disconnects.
	One func(ctx context.Context, f *jsonrpc.Frame)
	// Serve drives one session. It must return soon after Recv reported io.EOF
	// and the requests in flight were answered, and soon after ctx ended.
	Serve func(ctx context.Context, s *Session) error

	Log hclog.Logger // silent if nil
}

// HTTP is the MCP endpoint: an http.Handler for POST, GET, DELETE and OPTIONS,
// and for the older pair of endpoints at SSEPath.
// It is safe for concurrent use. The caller must Shutdown it.
type HTTP struct {
	opts     HTTPOptions // immutable, defaults filled in
	sessions *sessions
	gate     gate
	bodies   bodies
	requests slots
	streams  slots
}

// NewHTTP makes the endpoint. It starts nothing.
func NewHTTP(opts HTTPOptions) *HTTP {
	opts = withDefaults(opts)
	h := &HTTP{opts: opts}
	h.gate.idle = make(chan struct{})
	h.requests.limit, h.streams.limit = int64(h.opts.MaxRequests), int64(h.opts.MaxStreams)
	h.sessions = newSessions(&h.opts, &h.gate)
	return h
}

func withDefaults(o HTTPOptions) HTTPOptions {
	o.Path = or(o.Path, "/mcp")
	o.MaxBody = or(o.MaxBody, DefaultMaxFrame)
	o.BodyReadTimeout = or(o.BodyReadTimeout, 60*time.Second)
	o.WriteTimeout = or(o.WriteTimeout, 30*time.Second)
	o.KeepAlive = or(o.KeepAlive, 15*time.Second)
	o.MaxHeaderBytes = or(o.MaxHeaderBytes, 64<<10)
	o.ReadHeaderTimeout = or(o.ReadHeaderTimeout, 10*time.Second)
	o.IdleTimeout = or(o.IdleTimeout, 2*time.Minute)
	o.MaxRequests = or(o.MaxRequests, 4096)
	o.MaxStreams = or(o.MaxStreams, 1024)
	o.MaxSessions = or(o.MaxSessions, 1024)
	o.SessionIdle = or(o.SessionIdle, time.Hour)
	o.PendingNotices = or(o.PendingNotices, 64)
	o.ReplayEvents = or(o.ReplayEvents, 1000)
	o.ReplayBytes = or(o.ReplayBytes, 4<<20)
	if o.Status == nil {
		o.Status = func(bool, *jsonrpc.Error) int { return http.StatusOK }
	}
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	return o
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Server returns a server for h with the limits that h's options name. The
// caller sets its address or wraps its Handler, and serves it. The server needs
// no ReadTimeout, which would cut long answers off: h times the body itself.
func (h *HTTP) Server() *http.Server {
	return &http.Server{
		Handler:           h,
		MaxHeaderBytes:    h.opts.MaxHeaderBytes,
		ReadHeaderTimeout: h.opts.ReadHeaderTimeout,
		IdleTimeout:       h.opts.IdleTimeout,
		WriteTimeout:      h.opts.WriteTimeout, // each write moves the deadline on
		ErrorLog:          h.opts.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Warn}),
	}
}

// ServeHTTP serves one HTTP request.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refusal := h.serve(w, r); refusal != nil {
		h.refuse(w, r, refusal)
	}
}

func (h *HTTP) serve(w http.ResponseWriter, r *http.Request) *refusal {
	if refusal := h.guard(w, r); refusal != nil {
		return refusal
	}
	if r.Method == http.MethodOptions {
		h.preflight(w, r)
		return nil
	}
	if !h.gate.enter() {
		return unavailable(errShutdown.Error())
	}
	defer h.gate.leave()
	if refusal := h.serveCounted(w, r); refusal != nil {
		h.refuse(w, r, refusal) // before leaving: afterwards the connection may be closed
	}
	return nil
}

func (h *HTTP) serveCounted(w http.ResponseWriter, r *http.Request) *refusal {
	if !h.requests.take() {
		w.Header().Set("Connection", "close") // rather than read the body, if there is one
		return unavailable("too many requests are open; try again later")
	}
	defer h.requests.give()
	return h.route(w, r)
}

func (h *HTTP) route(w http.ResponseWriter, r *http.Request) *refusal {
	switch sse := h.isSSE(r); {
	case sse && r.Method == http.MethodGet:
		return h.serveSSE(w, r)
	case sse:
		return h.serveSSEMessage(w, r)
	case r.Method == http.MethodGet:
		return h.serveGET(w, r)
	case r.Method == http.MethodDelete:
		return h.serveDELETE(w, r)
	default:
		return h.servePOST(w, r)
	}
}

// Shutdown refuses new requests with 503, also those of which the body is still
// under way, ends the input of every session, so
// that what is in flight is answered and nothing more is taken, and waits until
// all requests and sessions are over. When ctx ends first it cancels the
// sessions and returns the cause of ctx; stateless requests are then cancelled
// by closing their connections. It may be called again, to wait on.
func (h *HTTP) Shutdown(ctx context.Context) error {
	h.gate.close()
	h.bodies.cutAll()
	h.sessions.drain()
	select {
	case <-h.gate.idle:
		return nil
	case <-ctx.Done():
		h.sessions.cancel(errShutdown)
		return context.Cause(ctx)
	}
}

var errShutdown = errors.New("the server is shutting down")

// gate counts what runs, and lets in nothing new once it is closed.
type gate struct {
	idle chan struct{} // closed when the gate is closed and nothing runs

	mu      sync.Mutex
	closed  bool
	running int
}

// enter counts its caller in, if the gate is open. The caller must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.running++
	return true
}

// add counts in a goroutine that is started by one who has entered.
func (g *gate) add() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running++
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.settle()
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	g.settle()
}

func (g *gate) settle() {
	if g.closed && g.running == 0 {
		close(g.idle)
	}
}
