// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// A carrier takes what one exchange causes to the peer.
type carrier interface {
	notify(ctx context.Context, method string, params []byte) error
	call(ctx context.Context, method string, params []byte) ([]byte, error)
	// answer delivers the response: the failure if there is one.
	answer(ctx context.Context, id jsonrpc.ID, result jsonrpc.Result, failure *jsonrpc.Error) error
	// close says that nothing more will come. If wait is set it returns only
	// when the answer has been written, should others share the write.
	close(wait bool)
}

type state uint8

const (
	stateLive      state = iota
	stateCancelled       // by the peer, which wants to hear no more
	stateAnswered
	stateAborted // the connection ends, and answers on behalf of the handler
)

// exchange is one request on its way to an answer, and the Channel of its
// handler.
type exchange struct {
	// Set before the handler starts.
	req     jsonrpc.Request
	carrier carrier
	ctx     context.Context // of the handler
	cancel  context.CancelCauseFunc
	ledger  *ledger // nil for One
	closing <-chan struct{}

	standing bool // owned by the ledger

	sending  sync.WaitGroup // writes under way; grows only while live
	aborting sync.WaitGroup // the answer of an aborted exchange

	mu    sync.Mutex
	state state
	hooks []func()
	over  bool // the hooks have run
}

// run handles the request and sees it to its end. It is called once. out is the
// context of the answer, which outlives that of the handler.
func (x *exchange) run(out context.Context, handle jsonrpc.Handler, log hclog.Logger) {
	result, err := x.handle(handle)
	live := x.retire(stateAnswered)
	if x.ledger != nil {
		x.ledger.forget(x) // before the answer, after which the peer may use the id again
		x.cancel(jsonrpc.ErrRetired)
	}
	x.sending.Wait() // nothing may follow the answer
	if live && x.ledger == nil && stopped(x.ctx) {
		out, result, err = context.WithoutCancel(out), nil, closedError()
	}
	if live {
		x.answer(out, result, err, log)
	}
	x.aborting.Wait() // or someone else writes the answer now
	x.carrier.close(x.hasHooks())
	for hooks := x.takeHooks(); hooks != nil; hooks = x.takeHooks() {
		x.runHooks(hooks, log)
	}
}

// handle calls the handler and makes a panic an error.
func (x *exchange) handle(handle jsonrpc.Handler) (result jsonrpc.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			result, err = nil, panicError(v)
		}
	}()
	return handle(x.ctx, &x.req)
}

// answer is the only place where an error becomes what the peer sees of it.
func (x *exchange) answer(ctx context.Context, result jsonrpc.Result, err error, log hclog.Logger) {
	failure := jsonrpc.AsError(err)
	if failure != nil {
		logFailure(log, &x.req, err)
	}
	if err := x.carrier.answer(ctx, x.req.ID, result, failure); err != nil {
		log.Debug("an answer was not delivered", "method", x.req.Method, "id", x.req.ID.String(), "err", err)
	}
}

func logFailure(log hclog.Logger, req *jsonrpc.Request, err error) {
	if _, ok := errors.AsType[*jsonrpc.Error](err); ok {
		log.Debug("request refused", "method", req.Method, "id", req.ID.String(), "err", err)
		return
	}
	log.Error("request failed", "method", req.Method, "id", req.ID.String(), "err", err)
}

// retire ends the live state. Only one caller is told true: it alone may answer.
func (x *exchange) retire(to state) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.state != stateLive {
		return false
	}
	x.state = to
	// One has no cancel message: there, the end of the context is the cancel,
	// unless it is this side that ends it.
	if x.ctx.Err() != nil {
		return x.ledger == nil && stopped(x.ctx)
	}
	if to == stateAborted {
		x.aborting.Add(1)
	}
	return true
}

// begin counts a write, and reports false when the exchange is over.
func (x *exchange) begin() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.state != stateLive || x.ctx.Err() != nil {
		return false
	}
	x.sending.Add(1)
	return true
}

// Notify implements jsonrpc.Channel.
func (x *exchange) Notify(ctx context.Context, method string, params []byte) error {
	if !x.begin() {
		return jsonrpc.ErrRetired
	}
	defer x.sending.Done()
	return x.carrier.notify(ctx, method, params)
}

// Call implements jsonrpc.Channel. The end of the request ends the question.
func (x *exchange) Call(ctx context.Context, method string, params []byte) ([]byte, error) {
	if !x.begin() {
		return nil, jsonrpc.ErrRetired
	}
	defer x.sending.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	release := context.AfterFunc(x.ctx, func() { cancel(context.Cause(x.ctx)) })
	defer release()
	return x.carrier.call(ctx, method, params)
}

// A releaser is a carrier, or the Reply below it, that can let the peer go for
// a while without losing what it has yet to be told.
type releaser interface {
	Release(after time.Duration)
}

// Release asks the transport to end the connection that the peer waits on, and
// the peer to come back for the rest after that time. The request goes on. It
// does nothing where the transport or the peer cannot, and after the answer.
func (x *exchange) Release(after time.Duration) {
	if !x.begin() {
		return
	}
	defer x.sending.Done()
	if r, ok := x.carrier.(releaser); ok {
		r.Release(after)
	}
}

// AfterAnswer implements jsonrpc.Channel.
func (x *exchange) AfterAnswer(f func()) {
	if !x.addHook(f) {
		f()
	}
}

func (x *exchange) addHook(f func()) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return false
	}
	x.hooks = append(x.hooks, f)
	return true
}

func (x *exchange) hasHooks() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.hooks != nil
}

// takeHooks takes the hooks that wait. Once there are none the exchange is
// over, and a later hook is run by who brings it.
func (x *exchange) takeHooks() []func() {
	x.mu.Lock()
	defer x.mu.Unlock()
	hooks := x.hooks
	x.hooks, x.over = nil, hooks == nil
	return hooks
}

func (x *exchange) runHooks(hooks []func(), log hclog.Logger) {
	for _, hook := range hooks {
		func() {
			defer func() {
				if v := recover(); v != nil {
					log.Error("hook after an answer panicked", "method", x.req.Method, "err", panicError(v))
				}
			}()
			hook()
		}()
	}
}

// Standing implements jsonrpc.Channel.
func (x *exchange) Standing() <-chan struct{} {
	if x.ledger != nil {
		x.ledger.stand(x)
	}
	return x.closing
}
