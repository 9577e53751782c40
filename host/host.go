// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/plugin"
	"github.com/mcphost/mcphost/host/internal/registry"
	"github.com/mcphost/mcphost/host/internal/runner"
)

// Options is what a program gives a Server besides its configuration. The zero
// value works.
type Options struct {
	Version string       // of the program; "dev" if empty
	Log     hclog.Logger // nothing is logged if nil

	// Middleware wraps every request and notification, the first one outermost.
	Middleware []Middleware
	// Questions wraps every request that goes to a client.
	Questions []QuestionMiddleware
	// Sources are plugins of the program's own making, before those of the
	// configuration. What they provide is advertised, and they are started when
	// first needed, as the others are.
	Sources []Source
	// Lifespan opens what lasts as long as serving does. Nil: nothing.
	Lifespan Lifespan
	// Outbound wraps every call that leaves the host for a plugin.
	Outbound Outbound
}

// A Server serves the abilities of its plugins. It is safe for concurrent use,
// and can serve several transports at once.
type Server struct {
	cfg      Config
	opts     Options
	log      hclog.Logger
	forker   *plugin.Forker
	registry *registry.Registry
	runner   *runner.Runner
	own      atomic.Uint32 // mcp.Kinds that the program itself has added

	life lifespan
}

// New returns a Server for the configuration. It reads no directory and starts
// no process: that waits for the first request that needs a plugin.
func New(cfg Config, opts Options) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = hclog.NewNullLogger()
	}
	if opts.Version == "" {
		opts.Version = "dev"
	}
	sealer, err := newSealer(cfg.StateKeys)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, opts: opts, log: opts.Log,
		forker: plugin.NewForker(),
		life:   lifespan{open: opts.Lifespan, log: opts.Log},
	}
	s.noteReattach()
	s.registry = registry.New(s.registryOptions())
	s.runner = runner.New(s.runnerOptions(sealer))
	return s, nil
}

func (s *Server) registryOptions() registry.Options {
	l := s.cfg.Limits
	return registry.Options{
		Discover:      s.discover,
		ListWait:      l.ListWait,
		ListWaitEmpty: l.ListWaitEmpty,
		ListTimeout:   l.ListTimeout,
		StartTimeout:  l.StartTimeout,
		StartLimit:    l.MaxStarting,
		Wait:          registry.Wait(s.cfg.Wait),
		Strict:        s.cfg.Strict,
		Log:           s.log.Named("registry"),
	}
}

func (s *Server) runnerOptions(sealer runner.Sealer) runner.Options {
	return runner.Options{
		Info: mcp.Implementation{
			Name: orDefault(s.cfg.Name, "mcphost"), Title: s.cfg.Title, Version: orDefault(s.cfg.Version, s.opts.Version),
		},
		Instructions:    s.cfg.Instructions,
		Provides:        s.provides,
		Extensions:      s.cfg.Extensions,
		Tools:           s.registry,
		Prompts:         s.registry,
		Resources:       s.registry,
		Completions:     s.registry,
		Subscriptions:   s.registry,
		Changes:         s.registry,
		Sealer:          sealer,
		EndConnection:   s.registry.EndConnection,
		Middleware:      s.opts.Middleware,
		Questions:       s.opts.Questions,
		CallTimeout:     s.cfg.Limits.CallTimeout,
		CallMax:         s.cfg.Limits.CallMax,
		QuestionTimeout: s.cfg.Limits.QuestionTimeout,
		StateTTL:        s.cfg.Limits.StateTTL,
		Log:             s.log.Named("mcp"),
	}
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// serveConn drives one connection to its end: requests, then what hangs on the
// connection. Both are over when it returns. grace is how long requests in
// flight may still take when ctx ends.
func (s *Server) serveConn(ctx context.Context, wire dispatch.Conn, conn *runner.Connection, grace time.Duration) error {
	d := dispatch.New(wire, s.dispatchOptions(conn, grace))
	conn.Attach(d)
	err := d.Serve(ctx)
	conn.Close(ctx)
	if ctx.Err() != nil {
		return nil // it was asked to stop
	}
	return err
}

// dispatchOptions joins the dispatcher to the runner: where requests of conn
// go, and what the dispatcher must be told of MCP.
func (s *Server) dispatchOptions(conn *runner.Connection, grace time.Duration) dispatch.Options {
	return dispatch.Options{
		Handle: func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			return s.runner.Handle(s.life.context(ctx), conn, req)
		},
		Notify: func(ctx context.Context, n *jsonrpc.Notification) {
			s.runner.Notify(s.life.context(ctx), conn, n)
		},
		Inline:       runner.Inline,
		CancelMethod: mcp.NoticeCancelled,
		AllowBatch:   conn.AllowsBatch,
		NullID:       conn.NullID,
		MaxInFlight:  s.cfg.Limits.MaxInFlight,
		StopGrace:    grace,
		Log:          s.log.Named("wire"),
	}
}

// oneOptions is the same for a request that is its own connection. closing ends
// subscriptions.
func (s *Server) oneOptions(closing <-chan struct{}) dispatch.Options {
	return dispatch.Options{
		Handle: func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			return s.runner.Handle(s.life.context(ctx), s.runner.NewExchange(), req)
		},
		Notify: func(ctx context.Context, n *jsonrpc.Notification) {
			s.runner.Notify(s.life.context(ctx), s.runner.NewExchange(), n)
		},
		CancelMethod: mcp.NoticeCancelled,
		Closing:      closing,
		Log:          s.log.Named("wire"),
	}
}

// Close stops every plugin and waits until no process of theirs is alive, then
// ends the Lifespan; ctx bounds how gently. Everything that serves must have returned before. The
// server cannot be used again.
func (s *Server) Close(ctx context.Context) error {
	s.registry.Close(ctx)
	s.forker.Close()
	s.runner.Close()
	return s.life.close(ctx)
}

// A Lifespan opens what lasts from the first connection to after the last one,
// such as a database. Values of the context that it returns are reachable from
// the context of every handler; end undoes it.
type Lifespan func(ctx context.Context) (values context.Context, end func(context.Context) error, err error)

// lifespan opens a Lifespan once, when serving begins, and ends it once.
type lifespan struct {
	open Lifespan
	log  hclog.Logger

	begun  sync.Once
	values context.Context // set by begun
	end    func(context.Context) error
	err    error

	ended  sync.Once
	closed atomic.Bool
	endErr error
}

// The end of a lifespan has what is left of the time to close, within these.
const (
	lifespanEndTimeout = 5 * time.Second
	lifespanEndLeast   = time.Second
)

var errClosed = errors.New("the server is closed")

func (l *lifespan) begin(ctx context.Context) error {
	if l.closed.Load() {
		return errClosed
	}
	l.begun.Do(func() {
		if l.open == nil {
			return
		}
		l.values, l.end, l.err = l.open(context.WithoutCancel(ctx))
		if l.err != nil {
			l.err = fmt.Errorf("serving cannot begin: %w", l.err)
		}
	})
	return l.err
}

func (l *lifespan) context(ctx context.Context) context.Context {
	if l.values == nil {
		return ctx
	}
	return withValues{Context: ctx, values: l.values}
}

// close ends what begin opened, and keeps it from being opened any more. An end
// that takes too long is left behind.
func (l *lifespan) close(ctx context.Context) error {
	l.closed.Store(true)
	l.begun.Do(func() { l.err = errClosed })
	l.ended.Do(func() {
		if l.end == nil {
			return
		}
		limit := lifespanEndTimeout
		if deadline, ok := ctx.Deadline(); ok { // plugins may have used it up
			limit = min(limit, max(time.Until(deadline), lifespanEndLeast))
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- l.runEnd(ctx) }()
		select {
		case l.endErr = <-done:
		case <-ctx.Done():
			l.endErr = fmt.Errorf("the end of the lifespan takes more than %s", limit.Round(time.Millisecond))
		}
	})
	return l.endErr
}

func (l *lifespan) runEnd(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the end of the lifespan panicked: %v", p)
		}
	}()
	return l.end(ctx)
}

// withValues is a context with the values of another one besides its own.
type withValues struct {
	context.Context
	values context.Context
}

func (c withValues) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}
