// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// sessionParam names the session in the URI that HTTP+SSE clients post to.
const sessionParam = "sessionId"

// isSSE reports whether the request is for the HTTP+SSE transport.
func (h *HTTP) isSSE(r *http.Request) bool {
	return h.opts.SSEPath != "" && !h.opts.NoLegacy && r.URL.Path == h.opts.SSEPath
}

// serveSSE opens a session whose every message is written to this one response.
// Its first event tells the client where to post (2024-11-05, HTTP with SSE).
// The session ends with the response: nothing can be resumed.
func (h *HTTP) serveSSE(w http.ResponseWriter, r *http.Request) *refusal {
	if !parseAccept(r.Header).sse {
		return refuse(http.StatusNotAcceptable, "the Accept header must allow text/event-stream")
	}
	if !h.streams.take() {
		return tooManyStreams()
	}
	defer h.streams.give()
	out := newOutlet(w, &h.opts)
	session, ref := h.sessions.open(out)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)
	defer h.sessions.end(session, errLeft)
	defer out.close() // first: from here on nobody writes to w
	out.begin(h.opts.SSEPath + "?" + sessionParam + "=" + session.id)
	select {
	case <-session.ended:
	case <-out.broken:
	case <-r.Context().Done():
	}
	return nil
}

// serveSSEMessage takes one frame for the session that the URI names. Whatever
// it causes is written to the session's stream.
func (h *HTTP) serveSSEMessage(w http.ResponseWriter, r *http.Request) *refusal {
	id := r.URL.Query().Get(sessionParam)
	if id == "" {
		return refuse(http.StatusBadRequest, "the session is missing: GET "+h.opts.SSEPath+" and post to the URI of its first event, or use "+h.opts.Path)
	}
	p := &post{h: h, r: r, accepts: accepts{json: true}} // 202 has no body to accept
	p.exchange.out = newEventStream(w, h.opts.WriteTimeout)
	if ref := p.check(); ref != nil {
		return ref
	}
	session, ref := h.sessions.use(id, true)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)
	data, ref := p.readBody()
	if ref != nil {
		return ref
	}
	frame := &jsonrpc.Frame{Data: data, Header: r.Header, Reply: session.outlet}
	if !session.accept(r.Context(), frame) {
		return session.refusal()
	}
	p.exchange.out.extend()
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// outlet is the one event stream of an HTTP+SSE session, and the Reply of its
// frames. It is safe for concurrent use. Silence is filled with comments.
type outlet struct {
	keepAlive time.Duration
	broken    chan struct{} // closed when a write failed

	// mu orders the writes. It is held across one, which its deadline bounds.
	mu    sync.Mutex
	out   eventStream
	begun chan struct{} // closed after the first event, which all others follow
	err   error         // why nothing can be written any more
	timer *time.Timer
}

func newOutlet(w http.ResponseWriter, opts *HTTPOptions) *outlet {
	return &outlet{
		keepAlive: opts.KeepAlive,
		broken:    make(chan struct{}),
		begun:     make(chan struct{}),
		out:       newEventStream(w, opts.WriteTimeout),
	}
}

// begin writes the first event.
func (o *outlet) begin(uri string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer close(o.begun)
	err := o.out.begin()
	if err == nil {
		err = o.out.endpoint(uri)
	}
	o.timer = time.AfterFunc(time.Hour, o.tick)
	o.note(err)
}

// Send implements jsonrpc.Reply.
func (o *outlet) Send(_ context.Context, data []byte) error { return o.message(data) }

// Answer implements jsonrpc.Reply.
func (o *outlet) Answer(_ context.Context, data []byte, _ *jsonrpc.Error) error {
	return o.message(data)
}

// Close implements jsonrpc.Reply. The stream outlives each frame.
func (o *outlet) Close() {}

func (o *outlet) message(data []byte) error {
	<-o.begun
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.note(o.out.message("", data))
	}
	return o.err
}

// tick keeps a silent stream alive. It does not wait for mu: whoever holds that
// is writing, which is no silence, and sets the timer again.
func (o *outlet) tick() {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	if o.err == nil {
		o.note(o.out.comment())
	}
}

// note takes the outcome of a write. The lock is held.
func (o *outlet) note(err error) {
	if err != nil {
		o.err = err
		close(o.broken)
		return
	}
	o.timer.Reset(o.keepAlive)
}

// close returns when nothing writes any more.
func (o *outlet) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = errLeft
	}
	o.timer.Stop()
}
