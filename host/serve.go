// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/runner"
	"github.com/mcphost/mcphost/host/internal/transport"
)

// drainTimeout is how long requests in flight may take once the server has been
// asked to stop; then they are cancelled.
const drainTimeout = 2 * time.Second

// ServeStdio serves one client over a pair of streams, one JSON message a line.
// It returns nil when the input has ended and everything read from it is
// answered, or when ctx has ended; otherwise why the streams failed.
func (s *Server) ServeStdio(ctx context.Context, r io.Reader, w io.Writer) error {
	if err := s.life.begin(ctx); err != nil {
		return err
	}
	pipe := transport.NewStdio(r, w, transport.StdioOptions{
		MaxFrame: s.cfg.Limits.MaxMessage,
		Log:      s.log.Named("stdio"),
	})
	defer pipe.Close()
	return s.serveConn(ctx, pipe, s.runner.NewPipe())
}

// ServeHTTP serves clients on l until ctx ends. Then it takes no more, answers
// what is in flight for up to 2 s, and returns nil; l is closed.
func (s *Server) ServeHTTP(ctx context.Context, l net.Listener) error {
	if err := s.life.begin(ctx); err != nil {
		return err
	}
	endpoint := transport.NewHTTP(s.httpOptions(l.Addr()))
	server := endpoint.Server()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	s.stopHTTP(ctx, endpoint, server)
	if err == nil {
		err = <-failed // Serve returns at once when the server is shut down
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stopHTTP drains the endpoint, then closes what is left.
func (s *Server) stopHTTP(ctx context.Context, endpoint *transport.HTTP, server *http.Server) {
	s.shut() // subscriptions have no end of their own
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := endpoint.Shutdown(ctx); err != nil {
		s.log.Warn("requests in flight were cancelled", "after", drainTimeout)
	}
	if err := server.Close(); err != nil {
		s.log.Debug("closing connections", "err", err)
	}
	// Closed connections cancel the last handlers; they end within the same
	// bounds as on any other transport.
	ended, cancelEnded := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancelEnded()
	if err := endpoint.Shutdown(ended); err != nil {
		s.log.Error("requests ignore that they are cancelled", "err", err)
	}
}

// httpOptions joins the HTTP transport to the stages above it.
func (s *Server) httpOptions(addr net.Addr) transport.HTTPOptions {
	c := s.cfg.HTTP
	return transport.HTTPOptions{
		Path: c.Path, Loopback: isLoopback(addr),
		AllowedHosts: c.AllowedHosts, AllowedOrigins: c.AllowedOrigins,
		MaxBody: c.MaxBody, BodyReadTimeout: c.BodyTimeout, WriteTimeout: c.WriteTimeout, KeepAlive: c.KeepAlive,
		MaxSessions: c.MaxSessions, SessionIdle: c.SessionIdle,
		Admit:  admit,
		Status: runner.Status,
		One:    s.serveOne,
		Serve: func(ctx context.Context, session *transport.Session) error {
			return s.serveConn(ctx, session, s.runner.NewSession(session.ID()))
		},
		Log: s.log.Named("http"),
	}
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// serveOne answers one stateless frame in the goroutine of its POST.
func (s *Server) serveOne(ctx context.Context, f *jsonrpc.Frame) {
	dispatch.One(ctx, f, s.one)
}

// admit translates the runner's verdict on a frame for the transport.
func admit(f *jsonrpc.Frame) transport.Admission {
	way, refusal := runner.Admit(f)
	msg, _ := f.Parse() // done already, but for a batch
	switch way {
	case runner.Stateless:
		return transport.Admission{Mode: transport.Stateless, NoAnswer: msg.Kind == jsonrpc.KindNotification}
	case runner.InSession:
		noAnswer := msg.Kind == jsonrpc.KindNotification || msg.Kind == jsonrpc.KindResponse
		return transport.Admission{Mode: transport.InSession, NoAnswer: noAnswer}
	case runner.OpensSession:
		return transport.Admission{Mode: transport.OpensSession}
	default:
		return transport.Admission{Mode: transport.Refused, ID: msg.ID, Err: refusal, Status: http.StatusBadRequest}
	}
}
