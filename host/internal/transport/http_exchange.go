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

var errNoStream = errors.New("http: this request takes no event stream, so nothing can be sent before its answer")

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
	plain     bool          // JSON may be answered
	streams   bool          // an event stream may be opened
	session   *Session      // the session that the answer opens; nil for most
	done      chan struct{} // closed by Close; nil where nobody waits

	// mu orders the writes of handlers and of the keep-alive timer. It is held
	// across a write, which its deadline bounds.
	mu     sync.Mutex
	out    eventStream
	state  exchangeState
	opened bool  // a result was written, so that the session it opens is known to the client
	gone   error // the first write error: the client no longer listens
	timer  *time.Timer
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
	if e.gone == nil {
		e.keep(e.event(data))
	}
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
	if e.gone == nil {
		e.gone = e.answer(data, rpcErr)
	}
	e.opened = rpcErr == nil && e.gone == nil
	e.state = answered
	e.stopTimer()
	return e.failure()
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
	header := e.out.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(data)))
	e.out.extend()
	e.out.w.WriteHeader(status)
	if _, err := e.out.w.Write(data); err != nil {
		return err
	}
	return e.out.control.Flush()
}

// event writes data as an event and opens the stream for it if need be.
func (e *exchange) event(data []byte) error {
	if err := e.stream(); err != nil {
		return err
	}
	return e.out.message(data)
}

func (e *exchange) stream() error {
	if e.state == streaming {
		return nil
	}
	e.state = streaming
	e.nameSession()
	return e.out.begin()
}

// nameSession puts the id of a new session into the headers. Those of a stream
// leave before it is known whether the session comes to be.
func (e *exchange) nameSession() {
	if e.session != nil {
		e.out.w.Header().Set(sessionHeader, e.session.id)
	}
}

// tick keeps a silent response alive. It runs in the timer's goroutine, which
// Close may overtake: once the state is over, nothing here touches the response.
// It does not wait for mu: whoever holds that is writing, which is no silence,
// and sets the timer again.
func (e *exchange) tick() {
	if !e.mu.TryLock() {
		return
	}
	defer e.mu.Unlock()
	if e.state >= answered || e.gone != nil {
		return
	}
	err := e.stream()
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
