// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// ClientOptions shapes a client in memory. The zero value works.
type ClientOptions struct {
	// Header is what the server sees as the headers of every message. Nil, as
	// on stdio: there are none.
	Header map[string][]string
	// Notify takes what the server sends unasked, one after another.
	Notify func(method string, params []byte)
	// Request answers what the server asks. Nil: nothing can be asked.
	Request func(ctx context.Context, method string, params []byte) ([]byte, error)
}

// A Client is a connection in memory: its requests pass through everything but
// a transport. It is safe for concurrent use.
type Client struct {
	direct *dispatch.Direct
	done   chan struct{} // closed when both ends are over
}

// Connect returns a client of the server, for tests and for programs that embed
// it. The client must be closed; when ctx ends it is cut off.
func (s *Server) Connect(ctx context.Context, opts ClientOptions) (*Client, error) {
	if err := s.life.begin(ctx); err != nil {
		return nil, err
	}
	conn := s.runner.NewPipe()
	near, far := dispatch.Pair(opts.dispatchOptions(), s.dispatchOptions(conn, s.drainTimeout()), opts.Header)
	conn.Attach(far)
	c := &Client{direct: near, done: make(chan struct{})}
	nearDone := make(chan struct{})
	go func() {
		defer close(nearDone)
		_ = near.Serve(ctx) // ends when the other does
	}()
	go func() {
		defer close(c.done)
		if err := far.Serve(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("client in memory", "err", err)
		}
		conn.Close(ctx)
		<-nearDone
	}()
	return c, nil
}

func (o ClientOptions) dispatchOptions() dispatch.Options {
	return dispatch.Options{
		Handle: func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			if o.Request == nil {
				return nil, &jsonrpc.Error{Code: jsonrpc.MethodNotFound, Message: "this client answers nothing"}
			}
			data, err := o.Request(ctx, req.Method, req.Params)
			return jsonrpc.Raw(data), err
		},
		Notify: func(_ context.Context, n *jsonrpc.Notification) {
			if o.Notify != nil {
				o.Notify(n.Method, n.Params)
			}
		},
		CancelMethod: mcp.NoticeCancelled,
	}
}

// Call sends a request and returns the raw result. The error is an *Error if
// the server answered one.
func (c *Client) Call(ctx context.Context, method string, params []byte) ([]byte, error) {
	return c.direct.Call(ctx, method, params)
}

// Notify sends a notification.
func (c *Client) Notify(ctx context.Context, method string, params []byte) error {
	return c.direct.Notify(ctx, method, params)
}

// Close ends the connection and waits until everything on it is over.
func (c *Client) Close() {
	c.direct.Close()
	<-c.done
}

// Request sends one stateless request and returns its raw result. params is an
// object, or nil, without _meta. What the call reports meanwhile goes to
// notify, which may be nil, and which is not called after Request returned.
func (s *Server) Request(ctx context.Context, method string, params []byte, notify func(method string, params []byte)) ([]byte, error) {
	c, err := s.Connect(ctx, ClientOptions{Notify: notify})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Call(ctx, method, s.statelessParams(params, notify != nil))
}

// statelessParams adds the members that stand in for a handshake.
func (s *Server) statelessParams(params []byte, wantsNotices bool) []byte {
	out := []byte("{")
	rawjson.Members(params, func(key, value []byte) bool {
		out = rawjson.AppendString(out, key)
		out = append(append(append(out, ':'), value...), ',')
		return true
	})
	out = append(out, `"_meta":{"`+mcp.MetaProtocolVersion+`":"`+mcp.LatestStateless.String()+`","`+mcp.MetaCapabilities+`":{},"`+mcp.MetaClientInfo+`":`...)
	self := mcp.Implementation{Name: "mcphost", Version: s.opts.Version}
	out = self.AppendJSON(out, mcp.LatestStateless)
	if wantsNotices {
		out = append(out, `,"`+mcp.MetaProgressToken+`":1,"`+mcp.MetaLogLevel+`":"info"`...)
	}
	return append(out, "}}"...)
}
