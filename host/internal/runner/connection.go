// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// Bounds of a connection's end, which its peer must not be able to delay.
const (
	endConnectionTimeout = time.Second
	closersTimeout       = 5 * time.Second
	noticesTimeout       = time.Second
	heedTimeout          = 100 * time.Millisecond // for what is told to stop to return
)

type connectionKind uint8

const (
	pipe     connectionKind = iota // a stdio pipe: handshake requests, and stateless ones that are each their own
	session                        // a handshake session over HTTP
	exchange                       // one stateless request
)

// A Wire takes what no request asked for.
type Wire interface {
	Notify(ctx context.Context, method string, params []byte) error
}

// A Connection is what lasts from one request of a client to the next: its
// handshake, its state, and what to undo at its end. In the stateless era it is
// born ready and lives for one request. It is safe for concurrent use.
type Connection struct {
	kind      connectionKind
	sessionID string
	runner    *Runner
	log       hclog.Logger
	gate      *gate // of the wire below; nil where lists and notices share none
	parent    *Connection

	mu       sync.Mutex
	wire     Wire
	version  mcp.Version
	client   mcp.Implementation
	caps     mcp.ClientCapabilities
	level    mcp.LogLevel // LogNone: never set
	pluginID string       // minted when a plugin is first told of the connection
	state    map[any]any
	closers  []func(context.Context) error
	closed   bool
	stop     context.CancelFunc // of the notices
	listener *listener          // that they come from
	notices  sync.WaitGroup
}

// NewPipe returns the connection of a pipe, on which both eras may speak.
func (r *Runner) NewPipe() *Connection { return r.newConnection(pipe, "") }

// NewSession returns the connection of an HTTP session.
func (r *Runner) NewSession(id string) *Connection { return r.newConnection(session, id) }

// NewExchange returns the connection of one stateless request.
func (r *Runner) NewExchange() *Connection {
	r.freeze()
	return &Connection{kind: exchange, runner: r, log: r.opts.Log}
}

func (r *Runner) newConnection(kind connectionKind, sessionID string) *Connection {
	r.freeze()
	return &Connection{kind: kind, sessionID: sessionID, runner: r, log: r.opts.Log, gate: &gate{}}
}

// freeze closes the method table. The check spares the shared cache line on
// the path of every stateless request.
func (r *Runner) freeze() {
	if !r.frozen.Load() {
		r.frozen.Store(true)
	}
}

// exchange returns the connection of one stateless request on a pipe.
func (c *Connection) exchange() *Connection {
	return &Connection{kind: exchange, runner: c.runner, log: c.log, gate: c.gate, parent: c}
}

// Attach says how the connection sends what no request asked for. It must be
// called before the first request is served.
func (c *Connection) Attach(w Wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wire = w
}

// SessionID is the HTTP session's id, empty elsewhere. It is a secret of the
// client's: it is not to be logged or shown to plugins.
func (c *Connection) SessionID() string { return c.sessionID }

// Version is the version that the handshake negotiated; none before it, and on
// connections that have no handshake.
func (c *Connection) Version() mcp.Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

func (c *Connection) peer() (mcp.Version, mcp.Implementation, mcp.ClientCapabilities) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version, c.client, c.caps
}

func (c *Connection) logLevel() mcp.LogLevel {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.level == mcp.LogNone {
		return mcp.LogWarning // the server may choose until the client does
	}
	return c.level
}

// idForPlugins names the connection towards plugins: random, so that it tells
// nothing, and empty in the stateless era, where nothing may be kept under it.
func (c *Connection) idForPlugins() string {
	if c.kind == exchange {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pluginID == "" {
		c.pluginID = rand.Text()
	}
	return c.pluginID
}

// A Key names a value of type T in a connection's state. Keys are compared by
// identity; the name is for people.
type Key[T any] struct{ Name string }

// Get returns the value that the connection keeps under key.
func Get[T any](c *Connection, key *Key[T]) (value T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok = c.state[key].(T)
	return value, ok
}

// Set has the connection keep value under key until it ends.
func Set[T any](c *Connection, key *Key[T], value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		c.state = make(map[any]any)
	}
	c.state[key] = value
}

// OnClose has f run when the connection has ended and everything on it is
// answered: last registered first, within 5 s for all, whatever the others do.
// Its error is logged. On a connection that has ended it runs at once.
func (c *Connection) OnClose(f func(context.Context) error) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.closers = append(c.closers, f)
	}
	c.mu.Unlock()
	if closed {
		c.unwind(context.Background(), []func(context.Context) error{f})
	}
}

// closeAfter closes the connection of one stateless request once its response
// is written. Most have nothing to close, and have ended with their handler.
func (c *Connection) closeAfter(ch jsonrpc.Channel) {
	c.mu.Lock()
	idle := len(c.closers) == 0
	c.closed = c.closed || idle
	c.mu.Unlock()
	if idle {
		return
	}
	ch.AfterAnswer(func() { c.Close(context.Background()) })
}

// Close ends the connection: its notices, its state in plugins, its closers.
// It is idempotent, and neither a cancelled ctx nor a closer that hangs, fails
// or panics keeps it from its bounds.
func (c *Connection) Close(ctx context.Context) {
	c.mu.Lock()
	closers, id, stop, listener := c.closers, c.pluginID, c.stop, c.listener
	done := c.closed
	c.closed, c.closers = true, nil
	c.mu.Unlock()
	if done {
		return
	}
	ctx = context.WithoutCancel(ctx)
	if stop != nil {
		stop()
		c.within(ctx, "notices", noticesTimeout, func(context.Context) error { c.notices.Wait(); return nil })
	}
	if listener != nil && c.runner.opts.Subscriptions != nil {
		c.runner.opts.Subscriptions.Unsubscribe(listener.uris())
	}
	if id != "" {
		ending, cancel := context.WithTimeout(ctx, endConnectionTimeout)
		c.runner.opts.EndConnection(ending, id)
		cancel()
	}
	c.unwind(ctx, closers)
}

// unwind runs closers, last first. One that hangs is left behind when the time
// of all is up; each later one still gets its turn.
func (c *Connection) unwind(ctx context.Context, closers []func(context.Context) error) {
	deadline := time.Now().Add(closersTimeout)
	for i := len(closers) - 1; i >= 0; i-- {
		share := time.Until(deadline) / time.Duration(i+1)
		c.within(ctx, "closer", share, closers[i])
	}
}

// within runs f for at most d. What panics is an error; what does not end in
// time goes on alone.
func (c *Connection) within(ctx context.Context, what string, d time.Duration, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	stuck := time.NewTimer(d + heedTimeout)
	defer stuck.Stop()
	done := make(chan error, 1)
	go func() { done <- recovered(ctx, f) }()
	select {
	case err := <-done:
		if err != nil {
			c.log.Error("connection end failed", "in", what, "err", err)
		}
	case <-stuck.C:
		c.log.Error("connection end takes too long, left behind", "in", what, "after", d)
	}
}

func recovered(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx)
}
