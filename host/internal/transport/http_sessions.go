// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// Why a session is cancelled, in words for a client that still waits for an
// answer in it.
var (
	errDeleted   = sessionEnded("its client ended it")
	errExpired   = sessionEnded("it was unused for too long")
	errEvicted   = sessionEnded("it was the longest unused when another needed its place")
	errLeft      = sessionEnded("its client closed its event stream")
	errNotOpened = sessionEnded("it was refused in its first answer")
)

func sessionEnded(why string) error {
	return &jsonrpc.Error{Code: jsonrpc.ConnectionClosed, Message: "the session has ended: " + why}
}

// sessions is the table of open sessions. A session leaves it once, by end; who
// has acquired it by then keeps it until release.
type sessions struct {
	opts   *HTTPOptions
	gate   *gate           // counts in the goroutine of each session
	ctx    context.Context // of all sessions
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	draining bool
	byID     map[string]*Session
}

func newSessions(opts *HTTPOptions, gate *gate) *sessions {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &sessions{opts: opts, gate: gate, ctx: ctx, cancel: cancel, byID: map[string]*Session{}}
}

// open makes a session and sets it to work. It is acquired: the caller must
// release it. The outlet is nil but for HTTP+SSE.
func (t *sessions) open(out *outlet) (*Session, *refusal) {
	ctx, cancel := context.WithCancelCause(t.ctx)
	s := &Session{
		id:       rand.Text(), // 130 bits
		table:    t,
		limit:    t.opts.PendingNotices,
		cancel:   cancel,
		inbox:    make(chan *jsonrpc.Frame, inboxSize),
		draining: make(chan struct{}),
		ended:    make(chan struct{}),
		users:    1,
		outlet:   out,
		log:      eventLog{maxEvents: t.opts.ReplayEvents, maxBytes: t.opts.ReplayBytes},
	}
	if ref := t.add(s); ref != nil {
		cancel(nil)
		return nil, ref
	}
	t.gate.add()
	go t.run(ctx, s)
	return s, nil
}

// run drives the session to its end. Shutdown waits for it at the gate.
func (t *sessions) run(ctx context.Context, s *Session) {
	defer t.gate.leave()
	defer close(s.ended)
	t.opts.Log.Debug("session opened")
	err := t.opts.Serve(ctx, s)
	t.end(s, nil)
	t.opts.Log.Debug("session ended", "cause", context.Cause(ctx), "err", err)
}

// add finds a place for s. When there is none the longest unused session makes
// room: clients often leave without a word, and one that comes back is told to
// initialize again.
func (t *sessions) add(s *Session) *refusal {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining {
		return unavailable(errShutdown.Error())
	}
	if len(t.byID) >= t.opts.MaxSessions {
		unused := t.longestUnused()
		if unused == nil {
			return unavailable("too many sessions are in use; try again later")
		}
		t.endLocked(unused, errEvicted)
	}
	t.byID[s.id] = s
	return nil
}

func (t *sessions) longestUnused() *Session {
	var found *Session
	for _, s := range t.byID {
		if s.users == 0 && (found == nil || s.idleSince.Before(found.idleSince)) {
			found = s
		}
	}
	return found
}

// acquire finds the session that the request names and keeps it from expiring
// until release.
func (t *sessions) acquire(r *http.Request) (*Session, *refusal) {
	id := r.Header.Get(sessionHeader)
	if id == "" {
		return nil, refuse(http.StatusBadRequest, "the Mcp-Session-Id header is missing; initialize to open a session")
	}
	return t.use(id, false)
}

// use finds a session of one of the two transports.
func (t *sessions) use(id string, sse bool) (*Session, *refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.byID[id]
	if !ok || (s.outlet != nil) != sse {
		return nil, sessionGone()
	}
	s.users++
	if s.expiry != nil {
		s.expiry.Stop()
	}
	return s, nil
}

// retain counts one more user of a session that its caller uses already.
func (t *sessions) retain(s *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.users++
}

// release starts the idle time of a session that nobody uses any more.
func (t *sessions) release(s *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.users--
	if s.users > 0 || t.byID[s.id] != s {
		return
	}
	s.idleSince = time.Now()
	if s.expiry == nil {
		s.expiry = time.AfterFunc(t.opts.SessionIdle, func() { t.expire(s) })
		return
	}
	s.expiry.Reset(t.opts.SessionIdle)
}

// expire ends s, unless it was used after the timer had fired.
func (t *sessions) expire(s *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.users == 0 && time.Since(s.idleSince) >= t.opts.SessionIdle {
		t.endLocked(s, errExpired)
	}
}

// end takes s out of the table and cancels its work.
func (t *sessions) end(s *Session, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLocked(s, cause)
}

func (t *sessions) endLocked(s *Session, cause error) {
	if t.byID[s.id] == s {
		delete(t.byID, s.id)
	}
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.cancel(cause)
}

// drain ends the input of every session and lets no new one in.
func (t *sessions) drain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining {
		return
	}
	t.draining = true
	for _, s := range t.byID {
		close(s.draining)
	}
}

// sessionGone tells a client to start over: 404 to a request with a session id
// means just that (2025-03-26 and later, session management).
func sessionGone() *refusal {
	return refuse(http.StatusNotFound, "no such session; initialize again")
}

func unavailable(text string) *refusal {
	return &refusal{
		status: http.StatusServiceUnavailable,
		err:    &jsonrpc.Error{Code: jsonrpc.InternalError, Message: text},
	}
}
