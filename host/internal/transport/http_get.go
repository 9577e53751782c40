// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net/http"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// serveGET opens the standalone stream of a session and writes to it until the
// client leaves, a newer GET takes its place, or the session is over. With a
// Last-Event-ID it resumes the stream of that event instead, from there on.
func (h *HTTP) serveGET(w http.ResponseWriter, r *http.Request) *refusal {
	if !parseAccept(r.Header).sse {
		return refuse(http.StatusNotAcceptable, "the Accept header must allow text/event-stream")
	}
	if ref := h.checkVersion(r, jsonrpc.ID{}); ref != nil {
		return ref
	}
	session, ref := h.sessions.acquire(r)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)
	if !h.streams.take() {
		return tooManyStreams()
	}
	defer h.streams.give()
	return h.stream(w, r, session)
}

// stream writes the stream that the request asks for.
func (h *HTTP) stream(w http.ResponseWriter, r *http.Request, session *Session) *refusal {
	p := &pump{opts: &h.opts, session: session, out: newEventStream(w, h.opts.WriteTimeout)}
	id := r.Header.Get("Last-Event-ID")
	if id == "" || !session.resumable.Load() {
		p.standalone()
		p.prime = session.priming.Load()
	} else if ref := p.resume(id); ref != nil {
		return ref
	}
	defer p.leave()
	if err := p.run(r.Context()); err != nil {
		h.opts.Log.Debug("event stream broken", "err", err)
	}
	return nil
}

// A pump writes one event stream to one GET.
type pump struct {
	opts    *HTTPOptions
	session *Session
	out     eventStream

	get   *sessionGET
	next  func() (event, bool) // what to write, if there is anything now
	leave func()
	prime bool // begin with an id to go on from
}

// resume goes on with the stream of the event that the client heard last. Of
// what came after, it hears all that is still kept.
func (p *pump) resume(id string) *refusal {
	s, from, ok := p.session.log.find(id)
	switch {
	case !ok:
		return refuse(http.StatusBadRequest, "nothing is kept of the stream of this Last-Event-ID; leave it out for a new stream")
	case s == nil:
		p.standalone()
		p.replayFirst(from)
	default:
		p.get = newSessionGET()
		s.follow(p.get)
		p.next = oneByOne(from, func(e event) (event, bool) { return s.after(e, p.get) })
		p.leave = func() {} // the stream waits for the next GET
	}
	return nil
}

// standalone takes the standalone stream over.
func (p *pump) standalone() {
	p.get = p.session.listen()
	p.next = func() (event, bool) { return p.session.next(p.get) }
	p.leave = func() { p.session.unlisten(p.get) }
}

// replayFirst puts what is kept before what is pending. Since p took the stream
// over nobody else adds to what is kept, unless p is replaced: then it replays
// nothing more.
func (p *pump) replayFirst(from event) {
	until, pending := p.session.log.newest(), p.next
	replay := oneByOne(from, func(e event) (event, bool) { return p.session.kept(p.get, e, until) })
	p.next = func() (event, bool) {
		if e, ok := replay(); ok {
			return e, true
		}
		return pending()
	}
}

// oneByOne returns what comes after one event, then what comes after that.
func oneByOne(from event, after func(event) (event, bool)) func() (event, bool) {
	return func() (event, bool) {
		e, ok := after(from)
		if ok {
			from = e
		}
		return e, ok
	}
}

// run writes until the stream is over or the client has left. On an open
// stream there is always something to come, so silence is filled with comments:
// they find out clients that are gone.
func (p *pump) run(ctx context.Context) error {
	if err := p.begin(); err != nil {
		return err
	}
	silence := time.NewTimer(p.opts.KeepAlive)
	defer silence.Stop()
	for {
		if err := p.flush(); err != nil {
			return err
		}
		silence.Reset(p.opts.KeepAlive)
		select {
		case <-p.get.wake:
		case <-silence.C:
			if err := p.out.comment(); err != nil {
				return err
			}
		case <-p.session.ended:
			return p.flush()
		case <-p.get.over:
			return p.finish()
		case <-p.get.replaced:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *pump) begin() error {
	if err := p.out.begin(); err != nil || !p.prime {
		return err
	}
	return p.out.prime(p.session.log.standalone().id())
}

// flush writes all that there is. What is written when the client leaves is
// lost, unless the client can resume.
func (p *pump) flush() error {
	for {
		e, ok := p.next()
		if !ok {
			return nil
		}
		id := ""
		if e.number > 0 {
			id = e.id()
		}
		if err := p.out.message(id, e.data); err != nil {
			return err
		}
	}
}

func (p *pump) finish() error {
	if err := p.flush(); err != nil || p.get.retry == 0 {
		return err
	}
	return p.out.retry(p.get.retry)
}

// serveDELETE ends the session that the request names. Its work is cancelled,
// unlike at a disconnect: the client has said that it is done.
func (h *HTTP) serveDELETE(w http.ResponseWriter, r *http.Request) *refusal {
	if ref := h.checkVersion(r, jsonrpc.ID{}); ref != nil {
		return ref
	}
	session, ref := h.sessions.acquire(r)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)
	h.sessions.end(session, errDeleted)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
