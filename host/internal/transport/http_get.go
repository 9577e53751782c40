// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"time"
)

// serveGET opens the standalone stream of a session and writes to it until the
// client leaves, a newer GET takes its place, or the session is over.
func (h *HTTP) serveGET(w http.ResponseWriter, r *http.Request) *refusal {
	if !parseAccept(r.Header).sse {
		return refuse(http.StatusNotAcceptable, "the Accept header must allow text/event-stream")
	}
	session, ref := h.sessions.acquire(r)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)

	get := session.listen()
	defer session.unlisten(get)
	out := newEventStream(w, h.opts.WriteTimeout)
	if err := h.pump(r, session, get, &out); err != nil {
		h.opts.Log.Debug("event stream broken", "err", err)
	}
	return nil
}

// pump writes what the session has pending. On an open stream there is always
// something to come, so silence is filled with comments: they find out clients
// that are gone.
func (h *HTTP) pump(r *http.Request, session *Session, get *sessionGET, out *eventStream) error {
	if err := out.begin(); err != nil {
		return err
	}
	silence := time.NewTimer(h.opts.KeepAlive)
	defer silence.Stop()
	for {
		if err := session.flush(get, out); err != nil {
			return err
		}
		silence.Reset(h.opts.KeepAlive)
		select {
		case <-get.wake:
		case <-silence.C:
			if err := out.comment(); err != nil {
				return err
			}
		case <-session.ended:
			return session.flush(get, out)
		case <-get.replaced:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// flush writes all that is pending. What is written when the client leaves is
// lost: a message goes out at most once.
func (s *Session) flush(get *sessionGET, out *eventStream) error {
	for {
		data, ok := s.next(get)
		if !ok {
			return nil
		}
		if err := out.message(data); err != nil {
			return err
		}
	}
}

// serveDELETE ends the session that the request names. Its work is cancelled,
// unlike at a disconnect: the client has said that it is done.
func (h *HTTP) serveDELETE(w http.ResponseWriter, r *http.Request) *refusal {
	session, ref := h.sessions.acquire(r)
	if ref != nil {
		return ref
	}
	defer h.sessions.release(session)
	h.sessions.end(session, errDeleted)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
