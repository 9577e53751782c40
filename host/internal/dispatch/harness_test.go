// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

const cancelMethod = "notifications/cancelled"

// end is one end of a connection, on the wire or direct.
type end interface {
	Serve(ctx context.Context) error
	Call(ctx context.Context, method string, params []byte) ([]byte, error)
	Notify(ctx context.Context, method string, params []byte) error
	Close()
}

// connection is two ends that serve each other.
type connection struct {
	client, server end
	stopServer     context.CancelFunc
	serverErr      func() error // waits for the server's Serve
	clientErr      func() error
}

// OverBoth runs one test of the contract over the wire dispatcher and over the
// direct pair, each in a synctest bubble.
func OverBoth(t *testing.T, client, server dispatch.Options, test func(t *testing.T, c *connection)) {
	overBoth(t, client, server, nil, test)
}

func overBoth(t *testing.T, client, server dispatch.Options, header map[string][]string, test func(*testing.T, *connection)) {
	client.CancelMethod, server.CancelMethod = cancelMethod, cancelMethod
	ends := map[string]func() (c, s end){
		"direct": func() (end, end) { return dispatch.Pair(client, server, header) },
		"wire": func() (end, end) {
			c, s := newPipe(header)
			return wireEnd{dispatch.New(c, client), c}, wireEnd{dispatch.New(s, server), s}
		},
	}
	for name, make := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := make()
				test(t, connect(t, c, s))
			})
		})
	}
}

func connect(t *testing.T, client, server end) *connection {
	serve := func(e end) (context.CancelFunc, func() error) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Serve(ctx) }()
		return stop, sync.OnceValue(func() error { return <-done })
	}
	conn := &connection{client: client, server: server}
	var stopClient context.CancelFunc
	stopClient, conn.clientErr = serve(client)
	conn.stopServer, conn.serverErr = serve(server)
	t.Cleanup(func() {
		client.Close()
		conn.serverErr()
		conn.clientErr()
		conn.stopServer()
		stopClient()
	})
	return conn
}

// handler serves by method.
type handler map[string]jsonrpc.Handler

func (h handler) Handle(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
	if handle := h[req.Method]; handle != nil {
		return handle(ctx, req)
	}
	return nil, &jsonrpc.Error{Code: jsonrpc.MethodNotFound, Message: "no " + req.Method}
}

// serving returns options that serve one method named "m".
func serving(handle jsonrpc.Handler) dispatch.Options {
	return dispatch.Options{Handle: handler{"m": handle}.Handle}
}

func echo(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
	return jsonrpc.Raw(req.Params), nil
}

// untilCancelled is a handler that ends with its context.
func untilCancelled(ctx context.Context, _ *jsonrpc.Request) (jsonrpc.Result, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// pending is a Call that runs.
type pending struct {
	cancel context.CancelFunc
	done   chan struct{}
	result []byte
	err    error
}

func goCall(t *testing.T, e end, method, params string) *pending {
	ctx, cancel := context.WithCancel(t.Context())
	p := &pending{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.result, p.err = e.Call(ctx, method, []byte(params))
	}()
	synctest.Wait()
	return p
}

func (p *pending) wait() ([]byte, error) {
	<-p.done
	return p.result, p.err
}

func (p *pending) isDone() bool {
	synctest.Wait()
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func wantCode(t *testing.T, err error, code jsonrpc.Code, text string) {
	t.Helper()
	e, ok := errors.AsType[*jsonrpc.Error](err)
	if !ok || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("err = %v, want %v with %q", err, code, text)
	}
}
