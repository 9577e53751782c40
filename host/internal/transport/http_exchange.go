// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

const sessionHeader = "Mcp-Session-Id"

var (
	errDetached = errors.New("the client is to hear the rest on another connection")
	errStreams  = errors.New("http: too many event streams are open, so nothing can be sent before the answer")
	errNoStream = errors.New("http: this request takes no event stream, so nothing can be sent before its answer")
)

// exchangeState says what the response to a POST has become.
type exchangeState uint8

const (
	undecided exchangeState = iota // nothing written: any status is possible
	streaming                      // committed to 200 and an event stream
	answered                       // the response message was written
	over                           // closed; the ResponseWriter must not be touched
)

// exchange is the response to one POST, and the Reply of its frame. It stays
// undecided as long as it can, because an event stream cannot carry the 400 and
// 404 that the 2026-07-28 protocol demands: an answer that comes first is plain
// JSON, and the first Send, or silence for KeepAlive, commits to a stream.
type exchange struct {
	opts      *HTTPOptions
	stateless bool
	plain     bool            // JSON may be answered
	streams   bool            // an event stream may be opened
	opens     bool            // the answer opens the session
	resumable bool            // the client may hear the stream again, or on another connection
	priming   bool            // and it is told so at its beginning
	session   *Session        // nil if stateless
	slots     *slots          // bounds the streams; nil in a session
	left      <-chan struct{} // closed when the client of a new session has disconnected; else nil
	done      chan struct{}   // closed when the ResponseWriter is used no more; nil where nobody waits

	// mu orders the writes of handlers and of the keep-alive timer. It is held
	// across a write, which its deadline bounds.
	mu       sync.Mutex
	out      eventStream
	state    exchangeState
	counted  bool    // one of slots is taken
	stream   *stream // what is kept of the events; nil unless streaming and resumable
	detached bool    // the ResponseWriter must not be touched, but the stream goes on
	opened   bool    // a result was written, so that the session it opens is known to the client
	gone     error   // the first write error: the client no longer listens
	timer    *time.Timer
}

// start sets the keep-alive running. Until it fires it is a timer and no
// goroutine.
func (e *exchange) start() {
	if !e.streams {
		return
	}
	e.timer = time.AfterFunc(time.Hour, e.tick)
	e.timer.Reset(e.opts.KeepAlive) // only now, so that tick finds the timer set
}

// Send writes data as an event.
func (e *exchange) Send(_ context.Context, data []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state >= answered {
		return jsonrpc.ErrRetired
	}
	if !e.streams {
		return errNoStream
	}
	if !e.mayStream() {
		return errStreams
	}
	e.keep(e.event(data))
	return e.failure()
}

// Answer writes the response: as the last event of the stream if there is one,
// else as JSON with its status.
func (e *exchange) Answer(_ context.Context, data []byte, rpcErr *jsonrpc.Error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state >= answered {
		return jsonrpc.ErrRetired
	}
	left := e.hasLeft()
	e.gone = e.answer(data, rpcErr)
	e.opened = rpcErr == nil && e.gone == nil && !left
	e.state = answered
	e.stopTimer()
	return e.failure()
}

// hasLeft reports whether the client of a new session has disconnected, which a
// write to it need not find out. It is asked before the answer is written: from
// then on the client may disconnect because it has all that it wanted.
func (e *exchange) hasLeft() bool {
	select {
	case <-e.left:
		return true
	default:
		return false
	}
}

func (e *exchange) answer(data []byte, rpcErr *jsonrpc.Error) error {
	if e.state == streaming {
		return e.event(data)
	}
	status := e.opts.Status(e.stateless, rpcErr)
	// A client that takes event streams only still needs the status.
	if e.streams && !e.plain && status == http.StatusOK {
		return e.event(data)
	}
	if rpcErr == nil {
		e.nameSession()
	}
	return e.writeJSON(status, data)
}

// writeJSON flushes, so that what its caller does after the answer delays
// nothing.
func (e *exchange) writeJSON(status int, data []byte) error {
	values := [...]string{"application/json", strconv.Itoa(len(data))} // both in one allocation
	header := e.out.w.Header()
	header["Content-Type"], header["Content-Length"] = values[0:1:1], values[1:2:2]
	e.out.extend()
	e.out.w.WriteHeader(status)
	if _, err := e.out.w.Write(data); err != nil {
		return err
	}
	return e.out.control.Flush()
}

// event writes data as an event and opens the stream for it if need be. What
// can be resumed is kept before it is written, and also when nobody listens.
func (e *exchange) event(data []byte) error {
	if err := e.begin(); err != nil {
		e.gone = err
	}
	id := ""
	if e.stream != nil {
		kept, followed := e.stream.add(data)
		id = kept.id()
		if followed {
			e.detach()
		}
	}
	if e.gone != nil {
		return e.gone
	}
	return e.out.message(id, data)
}

// mayStream reports whether the response may be an event stream that stays open.
func (e *exchange) mayStream() bool {
	if e.slots != nil && !e.counted {
		e.counted = e.slots.take()
		return e.counted
	}
	return true
}

// begin commits the response to being an event stream.
func (e *exchange) begin() error {
	if e.state == streaming {
		return nil
	}
	e.state = streaming
	var first event
	if e.resumable {
		e.stream, first = e.session.log.open()
	}
	e.nameSession()
	if err := e.out.begin(); err != nil || !e.priming {
		return err
	}
	return e.out.prime(first.id())
}

// Release ends the HTTP response, having asked the client to come back for the
// rest with a GET after that time, and lets the stream go on without it. Only
// clients that are told the id to come back with know this (2025-11-25, sending
// messages to the server); for others it does nothing.
func (e *exchange) Release(after time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state >= answered || !e.priming || !e.streams {
		return
	}
	if err := e.begin(); err != nil {
		e.gone = err
	}
	e.stream.release(after)
	if e.gone == nil {
		e.gone = e.out.retry(after)
	}
	e.detach()
}

// detach lets go of the HTTP response, and keeps the session in use instead of
// it. It may be called again.
func (e *exchange) detach() {
	if e.detached {
		return
	}
	e.detached = true
	e.gone = errDetached
	e.stopTimer()
	e.session.table.retain(e.session)
	close(e.done)
}

// nameSession puts the id of a new session into the headers. Those of a stream
// leave before it is known whether the session comes to be.
func (e *exchange) nameSession() {
	if e.opens {
		e.out.w.Header().Set(sessionHeader, e.session.id)
	}
}

// tick keeps a silent response alive. It runs in the timer's goroutine, which
// Close may overtake: once the state is over, nothing here touches the response.
// It does not wait for mu: whoever holds that is likely to be writing, which is
// no silence. Not all of them set the timer again, so it does.
func (e *exchange) tick() {
	if !e.mu.TryLock() {
		e.timer.Reset(e.opts.KeepAlive)
		return
	}
	defer e.mu.Unlock()
	if e.state >= answered || e.gone != nil {
		return
	}
	if e.stream != nil && e.stream.followed() {
		e.detach()
		return
	}
	if !e.mayStream() {
		e.keep(nil) // it stays silent, and undecided
		return
	}
	err := e.begin()
	if err == nil {
		err = e.out.comment()
	}
	e.keep(err)
}

// Close ends the response. One to which nothing was written is 202: the frame
// was accepted, and wanted no answer or was cancelled.
func (e *exchange) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == over {
		return
	}
	if e.state == undecided {
		e.out.extend()
		e.out.w.WriteHeader(http.StatusAccepted)
	}
	e.finish()
}

// abandon ends the response without a word and reports whether it is still
// undecided, so that the caller can refuse the request.
func (e *exchange) abandon() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh := e.state == undecided
	if e.state != over {
		e.finish()
	}
	return fresh
}

func (e *exchange) finish() {
	e.state = over
	e.stopTimer()
	if e.counted {
		e.slots.give()
	}
	if e.stream != nil {
		e.stream.end()
	}
	if e.detached {
		e.session.table.release(e.session)
		return
	}
	if e.done != nil {
		close(e.done)
	}
}

func (e *exchange) stopTimer() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// openedSession reports whether the client has been told of its new session.
func (e *exchange) openedSession() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.opened
}

// keep takes the outcome of a write to a stream that goes on.
func (e *exchange) keep(err error) {
	e.gone = err
	if err == nil {
		e.timer.Reset(e.opts.KeepAlive)
	}
}

// failure is what a writer learns of a client that is gone. In a session it
// learns nothing: there a disconnect must not act as a cancellation.
func (e *exchange) failure() error {
	if e.gone == nil || !e.stateless {
		return nil
	}
	return fmt.Errorf("http: write response: %w", e.gone)
}
