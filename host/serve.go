// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/runner"
	"github.com/mcphost/mcphost/host/internal/transport"
)

// ServeStdio serves one client over a pair of streams, one JSON message a line.
// It returns nil when the input has ended and everything read from it is
// answered, or when ctx has ended; otherwise why the streams failed. An input
// that ends may be that of a script that waits for its answers. Where nobody
// reads w any more, a file, the client is gone, and this is as the end of ctx.
func (s *Server) ServeStdio(ctx context.Context, r io.Reader, w io.Writer) error {
	if err := s.life.begin(ctx); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	pipe := transport.NewStdio(r, w, transport.StdioOptions{
		MaxFrame: s.cfg.Limits.MaxMessage,
		Log:      s.log.Named("stdio"),
	})
	defer pipe.Close()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer leave()
	watch.Go(func() {
		if s.deserted(ctx, pipe, w) {
			leave()
		}
	})
	return s.serveConn(ctx, pipe, s.runner.NewPipe(), s.drainTimeout())
}

// deserted waits until the input of a pipe has ended and nobody reads w any more,
// and reports whether that came before the end of ctx.
func (s *Server) deserted(ctx context.Context, pipe *transport.Stdio, w io.Writer) bool {
	select {
	case <-pipe.Ended():
	case <-ctx.Done():
		return false
	}
	if !unread(ctx, w) {
		return false
	}
	s.log.Debug("the client is gone")
	return true
}

// ServeHTTP serves clients on l until ctx ends. Then it takes no more, answers
// what is in flight, cancels what takes longer than Limits.DrainTimeout, and
// returns nil; l is closed.
func (s *Server) ServeHTTP(ctx context.Context, l net.Listener) error {
	if err := s.life.begin(ctx); err != nil {
		return err
	}
	closing := make(chan struct{})
	endpoint := transport.NewHTTP(s.httpOptions(l.Addr(), closing))
	server := endpoint.Server()
	base, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	server.BaseContext = func(net.Listener) context.Context { return base }
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	close(closing) // subscriptions have no end of their own
	s.stopHTTP(endpoint, func() { abort(dispatch.ErrStopped) })
	if closeErr := server.Close(); closeErr != nil {
		s.log.Debug("closing connections", "err", closeErr)
	}
	if err == nil {
		err = <-failed // Serve returns at once when the server is closed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// abortTimeout is how long requests may take to end once they are cancelled.
const abortTimeout = 1500 * time.Millisecond

// stopHTTP drains the endpoint, then cancels what is left, which is answered as
// such as long as its client is there.
func (s *Server) stopHTTP(endpoint *transport.HTTP, abort func()) {
	ctx, cancel := context.WithTimeout(context.Background(), s.drainTimeout())
	defer cancel()
	if endpoint.Shutdown(ctx) == nil {
		return
	}
	s.log.Warn("requests in flight are cancelled", "after", s.drainTimeout())
	abort()
	ended, cancelEnded := context.WithTimeout(context.Background(), abortTimeout)
	defer cancelEnded()
	if err := endpoint.Shutdown(ended); err != nil {
		s.log.Error("requests ignore that they are cancelled", "err", err)
	}
}

// drainTimeout is how long requests in flight may take once the server has been
// asked to stop; then they are cancelled.
func (s *Server) drainTimeout() time.Duration {
	if s.cfg.Limits.DrainTimeout > 0 {
		return s.cfg.Limits.DrainTimeout
	}
	return 2 * time.Second
}

// httpOptions joins the HTTP transport to the stages above it.
func (s *Server) httpOptions(addr net.Addr, closing <-chan struct{}) transport.HTTPOptions {
	c := s.cfg.HTTP
	one := s.oneOptions(closing)
	sse := ssePath
	if c.SSE != nil && !*c.SSE {
		sse = ""
	}
	return transport.HTTPOptions{
		Path: c.Path, SSEPath: sse, Loopback: isLoopback(addr),
		AllowedHosts: c.AllowedHosts, AllowedOrigins: c.AllowedOrigins,
		MaxBody: c.MaxBody, BodyReadTimeout: c.BodyTimeout, WriteTimeout: c.WriteTimeout, KeepAlive: c.KeepAlive,
		MaxRequests: c.MaxRequests, MaxStreams: c.MaxStreams, MaxSessions: c.MaxSessions, SessionIdle: c.SessionIdle,
		Admit:        admit,
		CheckVersion: runner.CheckSessionVersion,
		Status:       runner.Status,
		One:          func(ctx context.Context, f *jsonrpc.Frame) { dispatch.One(ctx, f, one) },
		Serve: func(ctx context.Context, session *transport.Session) error {
			// A session that ends has been drained, or was given up by its client.
			return s.serveConn(ctx, session, s.runner.NewSession(session.ID()), time.Millisecond)
		},
		Log: s.log.Named("http"),
	}
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// admit translates the runner's verdict on a frame for the transport.
func admit(f *jsonrpc.Frame) transport.Admission {
	way, refusal := runner.Admit(f)
	msg, _ := f.Parse() // done already, but for a batch
	switch way {
	case runner.Stateless:
		noAnswer := msg.Kind == jsonrpc.KindNotification
		streams := msg.Method == mcp.MethodListen && !noAnswer
		return transport.Admission{Mode: transport.Stateless, NoAnswer: noAnswer, Streams: streams, ID: msg.ID}
	case runner.InSession:
		noAnswer := msg.Kind == jsonrpc.KindNotification || msg.Kind == jsonrpc.KindResponse
		// Every session may resume its streams; how to begin one that can be, only
		// clients from 2025-11-25 on know, and they name their version.
		priming := runner.HeaderVersion(f.Header) >= mcp.Version20251125
		return transport.Admission{Mode: transport.InSession, NoAnswer: noAnswer, Resumable: true, Priming: priming, ID: msg.ID}
	case runner.OpensSession:
		return transport.Admission{Mode: transport.OpensSession, Resumable: true, ID: msg.ID}
	default:
		return transport.Admission{Mode: transport.Refused, ID: msg.ID, Err: refusal, Status: http.StatusBadRequest}
	}
}
