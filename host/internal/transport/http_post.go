// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// trustedBody is how many bytes a Content-Length may reserve before any of them
// has arrived. MaxRequests of them may be reserved at once, for nothing.
const trustedBody = 64 << 10

// post is one POST on its way. It holds the frame and its response in one piece,
// since there is one of each.
type post struct {
	h         *HTTP
	r         *http.Request
	accepts   accepts
	frame     jsonrpc.Frame
	admission Admission
	exchange  exchange
}

// servePOST reads the one frame of the body, has it admitted, and serves it.
func (h *HTTP) servePOST(w http.ResponseWriter, r *http.Request) *refusal {
	p := &post{h: h, r: r, accepts: parseAccept(r.Header)}
	p.exchange.opts = &h.opts
	p.exchange.out = newEventStream(w, h.opts.WriteTimeout)
	if ref := p.check(); ref != nil {
		return ref
	}
	data, ref := p.readBody()
	if ref != nil {
		return ref
	}
	p.frame.Data, p.frame.Header = data, r.Header
	p.admission = h.opts.Admit(&p.frame)

	switch p.admission.Mode {
	case Stateless:
		return p.serveStateless()
	case InSession:
		return p.serveInSession()
	case OpensSession:
		return p.serveOpening()
	default:
		return p.refused()
	}
}

func (p *post) check() *refusal {
	if !isJSON(p.r.Header) {
		return refuse(http.StatusUnsupportedMediaType, "the body must be application/json, not compressed")
	}
	if !p.accepts.json && !p.accepts.sse {
		return refuse(http.StatusNotAcceptable, "the Accept header must allow application/json and text/event-stream")
	}
	if p.r.ContentLength > p.h.opts.MaxBody {
		return p.bodyTooLarge()
	}
	return nil
}

func (p *post) refused() *refusal {
	a := p.admission
	if a.Err == nil {
		a.Err = &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "request refused"}
	}
	return &refusal{status: or(a.Status, http.StatusBadRequest), id: a.ID, err: a.Err}
}

// readBody reads the body whole. The handler owns what is read, so it comes
// from no pool.
func (p *post) readBody() ([]byte, *refusal) {
	control := &p.exchange.out.control
	p.h.bodies.begin(control, p.h.opts.BodyReadTimeout)
	data, err := p.readAll()
	p.h.bodies.end(control)
	if err != nil {
		return nil, p.unread(err)
	}
	// From here on a read that fails means that the client disconnected.
	_ = control.SetReadDeadline(time.Time{})
	return data, nil
}

func (p *post) readAll() ([]byte, error) {
	if size := p.r.ContentLength; size >= 0 && size <= trustedBody {
		data := make([]byte, size)
		_, err := io.ReadFull(p.r.Body, data)
		return data, err
	}
	var buf bytes.Buffer
	buf.Grow(int(min(max(p.r.ContentLength, 0), trustedBody)))
	_, err := buf.ReadFrom(http.MaxBytesReader(p.exchange.out.w, p.r.Body, p.h.opts.MaxBody))
	return buf.Bytes(), err
}

func (p *post) unread(err error) *refusal {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return p.bodyTooLarge()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.exchange.out.w.Header().Set("Connection", "close")
		if p.h.bodies.areCut() {
			return unavailable(errShutdown.Error())
		}
		return refuse(http.StatusRequestTimeout, "the body did not arrive in time")
	}
	return refuse(http.StatusBadRequest, "the body could not be read whole")
}

func (p *post) bodyTooLarge() *refusal {
	p.exchange.out.w.Header().Set("Connection", "close") // rather than read the rest
	return &refusal{status: http.StatusRequestEntityTooLarge, err: tooLarge(p.h.opts.MaxBody)}
}

// begin makes the response ready to be the reply to the frame, with its
// keep-alive running. session is the one that handles it, or nil.
func (p *post) begin(session *Session) *exchange {
	e := &p.exchange
	e.stateless = p.admission.Mode == Stateless
	e.plain = p.accepts.json
	e.streams = p.accepts.sse && !p.admission.NoAnswer
	e.session = session
	e.opens = p.admission.Mode == OpensSession
	// A stream that opens a session is not kept: a client that has lost it
	// does not know the session either.
	e.resumable = p.admission.Resumable && p.admission.Mode == InSession
	e.priming = e.resumable && p.admission.Priming
	if e.stateless {
		e.slots = &p.h.streams
	} else {
		e.done = make(chan struct{})
	}
	if e.opens {
		e.left = p.r.Context().Done()
	}
	p.frame.Reply = e
	e.start()
	return e
}

// serveStateless handles the frame within the request. A client that
// disconnects cancels (2026-07-28, cancellation over HTTP).
func (p *post) serveStateless() *refusal {
	if ref := p.reserve(); ref != nil {
		return ref
	}
	defer p.begin(nil).Close()
	p.h.opts.One(p.r.Context(), &p.frame)
	return nil
}

// reserve takes the slot of a request that must become a stream, so that it is
// refused before it has done anything, or not at all.
func (p *post) reserve() *refusal {
	if !p.admission.Streams {
		return nil
	}
	var ref *refusal
	switch {
	case !p.accepts.sse:
		ref = refuse(http.StatusNotAcceptable, "the Accept header must allow text/event-stream")
	case !p.h.streams.take():
		ref = tooManyStreams()
	default:
		p.exchange.counted = true
		return nil
	}
	ref.id = p.admission.ID
	return ref
}

// serveInSession hands the frame to its session and waits until the session has
// done with it. A client that disconnects cancels nothing.
func (p *post) serveInSession() *refusal {
	if ref := p.h.checkVersion(p.r, p.admission.ID); ref != nil {
		return ref
	}
	session, ref := p.h.sessions.acquire(p.r)
	if ref != nil {
		return ref
	}
	defer p.h.sessions.release(session)
	session.setVersion(p.admission)
	return p.deliver(session, p.begin(session))
}

// serveOpening does the same with a new session, which lives on if its first
// frame is answered with a result that reaches the client.
func (p *post) serveOpening() *refusal {
	if ref := p.h.checkVersion(p.r, p.admission.ID); ref != nil {
		return ref
	}
	session, ref := p.h.sessions.open(nil)
	if ref != nil {
		return ref
	}
	defer p.h.sessions.release(session)
	session.setVersion(p.admission)
	e := p.begin(session)
	ref = p.deliver(session, e)
	if !e.openedSession() {
		p.h.sessions.end(session, errNotOpened)
	}
	return ref
}

// deliver returns when e needs this request no more, when the session is over
// without having taken the frame, or when the client of a new session has left:
// nobody else could ever use it.
func (p *post) deliver(session *Session, e *exchange) *refusal {
	if session.accept(p.r.Context(), &p.frame) {
		select {
		case <-e.done:
			return nil
		case <-session.ended:
		case <-e.left:
		}
	}
	if e.abandon() {
		return session.refusal()
	}
	return nil
}
