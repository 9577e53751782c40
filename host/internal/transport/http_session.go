// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// inboxSize is how many frames may wait for a session's read loop. The loop
// never waits for a handler, so one that is full is only behind for a moment,
// and the POST that waits blocks nobody else.
const inboxSize = 16

// Session is the conversation of one client of the handshake versions. Its
// frames arrive on many POSTs; what belongs to none of them leaves on the GET
// stream. Over HTTP+SSE everything leaves on that stream. One goroutine calls
// Recv; any number may call Send.
type Session struct {
	id       string
	table    *sessions
	limit    int // of pending
	cancel   context.CancelCauseFunc
	inbox    chan *jsonrpc.Frame
	draining chan struct{} // closed by the table: no more input
	ended    chan struct{} // closed when Serve has returned
	log      eventLog
	outlet   *outlet // of HTTP+SSE; nil otherwise

	// What the client's version has, by its latest frame.
	resumable, priming atomic.Bool

	// Everything following belongs to the table and is under its lock.
	users     int // requests and streams that are open now
	idleSince time.Time
	expiry    *time.Timer

	mu      sync.Mutex
	pending [][]byte    // for the GET stream, oldest first
	stream  *sessionGET // the open one, or nil
}

// sessionGET is one GET, on which the standalone stream of a session or that of
// an earlier POST is written.
type sessionGET struct {
	wake     chan struct{} // holds a token when there is more to write
	replaced chan struct{} // closed when a newer GET takes over
	over     chan struct{} // closed when nothing more will come here
	retry    time.Duration // when to ask for the rest; read after over was closed
	until    uint64        // the last event for it, once it was released; under the lock of the log
}

func newSessionGET() *sessionGET {
	return &sessionGET{wake: make(chan struct{}, 1), replaced: make(chan struct{}), over: make(chan struct{})}
}

// ID returns the session id. It is a secret of the client: do not log it whole
// and do not show it to plugins.
func (s *Session) ID() string { return s.id }

// Recv returns the next frame. It returns io.EOF once the server shuts down and
// every frame that was accepted has been taken, and the cause of ctx when ctx
// ends.
func (s *Session) Recv(ctx context.Context) (*jsonrpc.Frame, error) {
	select {
	case frame := <-s.inbox:
		return frame, nil
	default:
	}
	select {
	case frame := <-s.inbox:
		return frame, nil
	case <-s.draining:
		return s.last()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// last takes what was accepted before the drain.
func (s *Session) last() (*jsonrpc.Frame, error) {
	select {
	case frame := <-s.inbox:
		return frame, nil
	default:
		return nil, io.EOF
	}
}

// Send hands data, which it copies, to the GET stream, or keeps it until one
// opens. It does not block. A client that does not listen, or not fast enough,
// loses the oldest messages; of equal ones it hears one, since an announcement
// that waits says no more for being repeated. Over HTTP+SSE it writes at once, as
// a pipe would.
func (s *Session) Send(_ context.Context, data []byte) error {
	if s.outlet != nil {
		return s.outlet.message(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.pending, func(p []byte) bool { return bytes.Equal(p, data) }) {
		return nil
	}
	if len(s.pending) == s.limit {
		s.pending = slices.Delete(s.pending, 0, 1)
	}
	s.pending = append(s.pending, append([]byte(nil), data...))
	if s.stream != nil {
		s.stream.poke()
	}
	return nil
}

func (g *sessionGET) poke() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// accept puts frame into the inbox. It reports false when the session takes no
// more, or when the client left before there was room.
func (s *Session) accept(ctx context.Context, frame *jsonrpc.Frame) bool {
	select {
	case <-s.draining:
		return false
	case <-s.ended:
		return false
	default:
	}
	select {
	case s.inbox <- frame:
		return true
	case <-s.draining:
		return false
	case <-s.ended:
		return false
	case <-ctx.Done():
		return false
	}
}

// refusal tells the client of a frame that the session did not take.
func (s *Session) refusal() *refusal {
	select {
	case <-s.draining:
		return unavailable(errShutdown.Error())
	default:
		return sessionGone()
	}
}

// listen opens the standalone stream. Each message goes out on exactly one
// stream, so an older one ends.
func (s *Session) listen() *sessionGET {
	g := newSessionGET()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != nil {
		close(s.stream.replaced)
	}
	s.stream = g
	return g
}

// unlisten undoes listen, if no newer stream has done so.
func (s *Session) unlisten(g *sessionGET) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == g {
		s.stream = nil
	}
}

// kept returns what g is to replay of the standalone stream after an event and up to
// another. It has nothing for a stream that was replaced.
func (s *Session) kept(g *sessionGET, from event, until uint64) (event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != g {
		return event{}, false
	}
	return s.log.after(from, until)
}

// next takes the oldest pending message for g. It has none for a stream that
// was replaced. If the client may resume, it keeps what it takes.
func (s *Session) next(g *sessionGET) (event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != g || len(s.pending) == 0 {
		return event{}, false
	}
	e := event{data: s.pending[0]}
	s.pending = slices.Delete(s.pending, 0, 1) // which clears the place it frees
	if s.resumable.Load() {
		e = s.log.add(0, e.data)
	}
	return e, true
}

// setVersion notes what the version of the client has.
func (s *Session) setVersion(a Admission) {
	s.resumable.Store(a.Resumable)
	s.priming.Store(a.Resumable && a.Priming)
}
