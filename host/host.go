// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	one      dispatch.Options // of every stateless request over HTTP
	closing  chan struct{}    // closed when serving ends
	shut     func()           // closes closing, once

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
	s := &Server{
		cfg: cfg, opts: opts, log: opts.Log,
		forker:  plugin.NewForker(),
		closing: make(chan struct{}),
		life:    lifespan{open: opts.Lifespan},
	}
	s.shut = sync.OnceFunc(func() { close(s.closing) })
	s.registry = registry.New(s.registryOptions())
	s.runner = runner.New(s.runnerOptions())
	s.one = s.oneOptions()
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

func (s *Server) runnerOptions() runner.Options {
	return runner.Options{
		Info: mcp.Implementation{
			Name: orDefault(s.cfg.Name, "mcphost"), Title: s.cfg.Title, Version: orDefault(s.cfg.Version, s.opts.Version),
		},
		Instructions:  s.cfg.Instructions,
		Provides:      s.provides,
		Tools:         s.registry,
		Changes:       s.registry,
		EndConnection: s.registry.EndConnection,
		Middleware:    s.opts.Middleware,
		CallTimeout:   s.cfg.Limits.CallTimeout,
		CallMax:       s.cfg.Limits.CallMax,
		Log:           s.log.Named("mcp"),
	}
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// serveConn drives one connection to its end: requests, then what hangs on the
// connection. Both are over when it returns.
func (s *Server) serveConn(ctx context.Context, wire dispatch.Conn, conn *runner.Connection) error {
	d := dispatch.New(wire, s.dispatchOptions(conn))
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
func (s *Server) dispatchOptions(conn *runner.Connection) dispatch.Options {
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
		Closing:      s.closing,
		Log:          s.log.Named("wire"),
	}
}

// oneOptions is the same for a request that is its own connection.
func (s *Server) oneOptions() dispatch.Options {
	return dispatch.Options{
		Handle: func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			return s.runner.Handle(s.life.context(ctx), s.runner.NewExchange(), req)
		},
		Notify: func(ctx context.Context, n *jsonrpc.Notification) {
			s.runner.Notify(s.life.context(ctx), s.runner.NewExchange(), n)
		},
		CancelMethod: mcp.NoticeCancelled,
		Closing:      s.closing,
		Log:          s.log.Named("wire"),
	}
}

// Close stops every plugin and waits until no process of theirs is alive; ctx
// bounds how gently. Everything that serves must have returned before. The
// server cannot be used again.
func (s *Server) Close(ctx context.Context) error {
	s.shut()
	s.registry.Close(ctx)
	s.forker.Close()
	s.runner.Close()
	return s.life.close(ctx)
}

// A Lifespan opens what lasts from the first connection to after the last one,
// such as a database. Values of the context that it returns are reachable from
// the context of every handler; end undoes it.
type Lifespan func(ctx context.Context) (values context.Context, end func(context.Context) error, err error)

// lifespan opens a Lifespan once, when serving begins.
type lifespan struct {
	open   Lifespan
	once   sync.Once
	values context.Context // set by once
	end    func(context.Context) error
	err    error
}

const lifespanEndTimeout = 5 * time.Second

func (l *lifespan) begin(ctx context.Context) error {
	if l.open == nil {
		return nil
	}
	l.once.Do(func() {
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

func (l *lifespan) close(ctx context.Context) error {
	// Whoever closes without ever having served has opened nothing; nor may it
	// be opened any more.
	l.once.Do(func() { l.err = errors.New("the server is closed") })
	if l.end == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lifespanEndTimeout)
	defer cancel()
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
