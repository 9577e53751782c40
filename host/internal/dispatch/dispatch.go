// SPDX-License-Identifier: Apache-2.0

// Package dispatch drives one connection: it turns frames into handler calls
// and what the handlers return into answers. It reads frames, runs a handler
// for each request, cancels those that the peer gives up, correlates the
// answers to questions of its own, and answers each request at most once. It
// knows JSON-RPC; of MCP it knows nothing but the name of the cancel
// notification, and of transports only where a frame's answers go.
//
// A Dispatcher drives a pipe or a session. One handles a single frame where
// there is no connection to speak of. Pair joins two ends in memory. All three
// run every request through the same exchange.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

const (
	defaultMaxInFlight  = 256
	defaultDrainTimeout = 10 * time.Minute
	defaultStopGrace    = 2 * time.Second
	// abortBound is how long cancelled handlers and last answers may take.
	abortBound = time.Second
)

// A Conn carries the frames of one peer. One goroutine calls Recv; many call
// Send, which must be done with the data when it returns.
type Conn interface {
	Recv(ctx context.Context) (*jsonrpc.Frame, error) // io.EOF when the peer is done
	Send(ctx context.Context, data []byte) error      // what no frame asked for
}

// Options say how requests are handled. Handle is required; everything else
// has a useful zero value.
type Options struct {
	Handle jsonrpc.Handler
	Notify jsonrpc.NotificationHandler // notifications are dropped if nil

	// Inline says which methods, of requests and notifications, are handled in
	// the read loop: what follows them waits until they are done. None if nil.
	Inline func(method string) bool
	// CancelMethod names the notification, with params {requestId, reason?},
	// that cancels a request. There is none if empty.
	CancelMethod string

	AllowBatch func() bool // asked for each batch; none is allowed if nil
	NullID     func() bool // an error whose id is unknown has id null; omitted if nil

	// MaxInFlight is how many requests may be unanswered: 256 if zero. One more
	// is refused at once. As many again may still be on their way out, and as
	// many notifications may wait their turn.
	MaxInFlight int
	// DrainTimeout is how long requests in flight may take once the peer is
	// done: 10 minutes if zero, since handlers have limits of their own.
	DrainTimeout time.Duration
	// StopGrace is how long requests in flight may take once the context of
	// Serve has ended: 2 seconds if zero. Then they are cancelled.
	StopGrace time.Duration
	// Closing ends the standing requests of One when it is closed. A Dispatcher
	// ends its own when it drains and does not look at it.
	Closing <-chan struct{}

	Log hclog.Logger // silent if nil
}

func (o *Options) inline(method string) bool { return o.Inline != nil && o.Inline(method) }

func (o *Options) log() hclog.Logger {
	if o.Log == nil {
		return hclog.NewNullLogger()
	}
	return o.Log
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultMaxInFlight
	}
	if o.DrainTimeout <= 0 {
		o.DrainTimeout = defaultDrainTimeout
	}
	if o.StopGrace <= 0 {
		o.StopGrace = defaultStopGrace
	}
	o.Log = o.log()
	return o
}

// A Dispatcher drives one connection. Notify and Call are safe for concurrent
// use, also from handlers.
type Dispatcher struct {
	conn   Conn
	engine *engine
	calls  *calls
}

// New returns a dispatcher that reads nothing before Serve.
func New(conn Conn, opts Options) *Dispatcher {
	return &Dispatcher{conn: conn, engine: newEngine(opts), calls: newCalls(opts.CancelMethod)}
}

// Serve reads frames until the connection ends, and is called once. After
// io.EOF it answers what is in flight and returns nil; standing requests are
// asked to end when nothing else is left. When ctx ends it grants StopGrace,
// then cancels the rest, answers each of them once with ConnectionClosed, or
// with the cause if that is a *jsonrpc.Error, and returns the cause; when the
// connection fails it does so at once.
//
// It returns only when all handlers have. A handler that ignores its cancelled
// context is waited for one second more and then named in the error.
func (d *Dispatcher) Serve(ctx context.Context) error {
	d.engine.start(ctx)
	err := d.read(ctx)
	d.calls.close() // nobody reads their answers any more
	return d.engine.finish(ctx, err)
}

// Notify sends a notification that belongs to no request.
func (d *Dispatcher) Notify(ctx context.Context, method string, params []byte) error {
	return d.conn.Send(ctx, oneLine(jsonrpc.AppendNotification(nil, method, params)))
}

// Call asks the peer something that belongs to no request of its own, and
// returns the raw result. The error is an *jsonrpc.Error if the peer answered
// one, or if the connection ended first. When ctx ends the peer is told that
// the question is cancelled.
func (d *Dispatcher) Call(ctx context.Context, method string, params []byte) ([]byte, error) {
	return d.calls.do(ctx, method, params, d.conn.Send)
}

// read is the only read loop. It waits for no handler, but for those that are
// declared inline.
func (d *Dispatcher) read(ctx context.Context) error {
	for {
		frame, err := d.conn.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		d.accept(frame)
	}
}

func (d *Dispatcher) accept(frame *jsonrpc.Frame) {
	if frame.Fault == nil && jsonrpc.IsBatch(frame.Data) {
		d.acceptBatch(frame)
		return
	}
	d.acceptMessage(frame, false)
}

func (d *Dispatcher) acceptMessage(frame *jsonrpc.Frame, inBatch bool) {
	msg, err := frame.Parse()
	if err != nil {
		d.acceptMalformed(frame, msg, err)
		return
	}
	switch msg.Kind {
	case jsonrpc.KindRequest:
		d.engine.begin(newWireExchange(frame, msg, d.wire(frame.Reply)), inBatch)
		return // the exchange closes the reply
	case jsonrpc.KindNotification:
		d.acceptNotification(frame, msg)
	case jsonrpc.KindResponse:
		if !d.calls.resolve(msg.ID, outcomeOf(msg)) {
			d.engine.opts.Log.Debug("dropped an answer that nothing waits for", "id", msg.ID.String())
		}
	}
	frame.Reply.Close()
}

// acceptMalformed answers a message that cannot be understood, unless it is
// a notification or a response: those are never answered.
func (d *Dispatcher) acceptMalformed(frame *jsonrpc.Frame, msg jsonrpc.Message, err error) {
	switch msg.Kind {
	case jsonrpc.KindNotification:
		d.engine.opts.Log.Warn("dropped a malformed notification", "method", msg.Method, "err", err)
		frame.Reply.Close()
	case jsonrpc.KindResponse:
		d.engine.opts.Log.Warn("malformed answer", "id", msg.ID.String(), "err", err)
		// The text only: the peer's mistake is not to become an answer to it.
		d.calls.resolve(msg.ID, outcome{err: fmt.Errorf("the peer's answer is malformed: %v", err)})
		frame.Reply.Close()
	default:
		w := d.wire(frame.Reply)
		d.engine.refuse(&w, msg.ID, jsonrpc.AsError(err))
	}
}

func (d *Dispatcher) acceptNotification(frame *jsonrpc.Frame, msg jsonrpc.Message) {
	if msg.Method == d.engine.opts.CancelMethod && msg.Method != "" {
		d.engine.cancelBy(msg.Params)
		return
	}
	d.engine.notify(&jsonrpc.Notification{Method: msg.Method, Params: msg.Params, Header: frame.Header})
}

func (d *Dispatcher) wire(reply jsonrpc.Reply) wire {
	return wire{reply: reply, calls: d.calls, nullID: d.engine.opts.NullID, log: d.engine.opts.Log}
}
