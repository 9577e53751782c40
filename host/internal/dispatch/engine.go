// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// engine runs the requests and notifications of one peer, however they arrive.
type engine struct {
	opts    Options // immutable
	ledger  *ledger
	notices chan *jsonrpc.Notification // those that wait for their turn
	ended   chan struct{}              // closed when no more will arrive

	// Set by start, before anything arrives.
	base        context.Context // of handlers and writes; has values but no end
	stopNotices context.CancelFunc
}

func newEngine(opts Options) *engine {
	opts = opts.withDefaults()
	return &engine{
		opts:    opts,
		ledger:  newLedger(opts.MaxInFlight),
		notices: make(chan *jsonrpc.Notification, opts.MaxInFlight),
		ended:   make(chan struct{}),
	}
}

// start makes the engine ready. Handlers do not end with ctx: they are drained.
func (e *engine) start(ctx context.Context) {
	e.base = context.WithoutCancel(ctx)
	notices, stop := context.WithCancel(e.base)
	e.stopNotices = stop
	e.ledger.enter()
	go func() {
		defer e.ledger.leave(nil)
		e.handleNotices(notices)
	}()
}

// begin takes a request: it is run, or refused without waiting.
func (e *engine) begin(x *exchange, inBatch bool) {
	x.ctx, x.cancel = context.WithCancelCause(e.base)
	x.ledger, x.closing = e.ledger, e.ledger.closing
	x.req.Batched = inBatch
	inline := e.opts.inline(x.req.Method)
	if inline && inBatch {
		e.refuse(x.carrier, x.req.ID, &jsonrpc.Error{
			Code: jsonrpc.InvalidRequest, Message: x.req.Method + " is not allowed in a batch",
		})
		return
	}
	if refusal := e.ledger.admit(x); refusal != nil {
		e.refuse(x.carrier, x.req.ID, refusal)
		return
	}
	if inline {
		e.run(x)
		return
	}
	go e.run(x)
}

func (e *engine) run(x *exchange) {
	defer e.ledger.leave(x)
	x.run(e.base, e.opts.Handle, e.opts.Log)
}

// refuse answers what starts no handler.
func (e *engine) refuse(c carrier, id jsonrpc.ID, refusal *jsonrpc.Error) {
	e.aside(func() {
		if err := c.answer(e.base, id, nil, refusal); err != nil {
			e.opts.Log.Debug("a refusal was not delivered", "id", id.String(), "err", err)
		}
		c.close(false)
	})
}

// aside runs a write that would make the read loop wait for a slow peer. When
// too many are under way the read loop does wait: the peer must read before it
// is heard again.
func (e *engine) aside(write func()) {
	if !e.ledger.enter() {
		write()
		return
	}
	go func() {
		defer e.ledger.leave(nil)
		write()
	}()
}

// notify hands a notification to the handler, in order.
func (e *engine) notify(n *jsonrpc.Notification) {
	if e.opts.Notify == nil {
		return
	}
	if e.opts.inline(n.Method) {
		e.handleNotice(e.base, n)
		return
	}
	select {
	case e.notices <- n:
	default:
		e.opts.Log.Warn("dropped a notification: too many wait for the handler", "method", n.Method)
	}
}

// handleNotices is the one goroutine in which notifications are handled. It
// ends when no more can arrive and all that did are done.
func (e *engine) handleNotices(ctx context.Context) {
	for {
		select {
		case n := <-e.notices:
			e.handleNotice(ctx, n)
			continue
		case <-e.ended:
		}
		select {
		case n := <-e.notices:
			e.handleNotice(ctx, n)
		default:
			return
		}
	}
}

func (e *engine) handleNotice(ctx context.Context, n *jsonrpc.Notification) {
	handleNotice(ctx, e.opts.Notify, n, e.opts.Log)
}

func handleNotice(ctx context.Context, handle jsonrpc.NotificationHandler, n *jsonrpc.Notification, log hclog.Logger) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("notification handler panicked", "method", n.Method, "err", panicError(v))
		}
	}()
	handle(ctx, n)
}

// cancelBy obeys a cancel notification. One that is malformed, or names what is
// unknown or over, is ignored: it may have crossed the answer.
func (e *engine) cancelBy(params []byte) {
	raw, _ := rawjson.Get(params, "requestId")
	id, err := jsonrpc.ParseID(raw)
	if err != nil {
		e.opts.Log.Debug("ignored a malformed cancel", "err", err)
		return
	}
	value, _ := rawjson.Get(params, "reason")
	reason, _ := rawjson.String(value)
	e.cancel(id, reason)
}

func (e *engine) cancel(id jsonrpc.ID, reason string) {
	x := e.ledger.find(id)
	if x == nil || !x.retire(stateCancelled) {
		e.opts.Log.Debug("ignored a cancel of no request in flight", "id", id.String())
		return
	}
	e.ledger.forget(x)
	x.cancel(&jsonrpc.Cancelled{Reason: reason})
	e.opts.Log.Debug("request cancelled", "method", x.req.Method, "id", id.String(), "reason", reason)
}

// finish drains what runs after reading has ended with readErr, stops what does
// not end by itself, and says how the connection ended.
func (e *engine) finish(ctx context.Context, readErr error) error {
	defer e.stopNotices()
	close(e.ended)
	e.ledger.drain()
	err := readErr
	if errors.Is(readErr, io.EOF) {
		if e.ledger.await(ctx.Done(), e.opts.DrainTimeout) {
			return nil
		}
		err = fmt.Errorf("requests were still in flight %v after the last frame", e.opts.DrainTimeout)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
		if e.ledger.await(nil, e.opts.StopGrace) {
			return err
		}
	}
	return e.abort(err)
}

// abort cancels what is in flight and answers it on behalf of its handlers.
func (e *engine) abort(cause error) error {
	e.stopNotices()
	ctx, cancel := context.WithTimeout(e.base, abortBound)
	defer cancel()
	told := endError(cause)
	for _, x := range e.ledger.takeAll() {
		x.cancel(ErrStopped)
		go func() {
			defer e.ledger.leave(nil)
			x.sending.Wait()
			x.answer(ctx, nil, told, e.opts.Log)
			x.aborting.Done()
			x.carrier.close(false) // its handler may never come to it
		}()
	}
	if e.ledger.await(nil, abortBound) {
		return cause
	}
	return fmt.Errorf("%w (%d handlers or writes ignored their cancellation)", cause, e.ledger.count())
}

// ErrStopped is why the context of a request ends when its connection is ended
// from this side. Given as the cause of the context of One, it has the request
// answered on behalf of its handler, since the client is still there.
var ErrStopped = errors.New("the server is stopping")

func stopped(ctx context.Context) bool { return ctx.Err() != nil && context.Cause(ctx) == ErrStopped }

// endError is what the peer is told of requests that end with the connection. A
// cause that is meant for the peer says why.
func endError(cause error) *jsonrpc.Error {
	if e, ok := errors.AsType[*jsonrpc.Error](cause); ok {
		return e
	}
	return closedError()
}

func closedError() *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.ConnectionClosed, Message: "the server stopped before the answer"}
}

// internalError is what the peer sees of a result that cannot be encoded,
// whatever error its encoder chose.
func internalError() *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.InternalError, Message: "internal error"}
}

func panicError(v any) error { return fmt.Errorf("panic: %v\n%s", v, debug.Stack()) }
