// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

type readCall struct {
	uri    string
	resume resume
}

func decodeReadCall(params []byte) (readCall, error) {
	uri, ok := stringParam(params, "uri")
	if !ok {
		return readCall{}, errors.New("uri must be a string")
	}
	resume, err := decodeResume(params)
	return readCall{uri, resume}, err
}

// readResource answers resources/read.
func (r *Runner) readResource(ctx context.Context, q *Request, p readCall) (*answer, error) {
	return r.converse(ctx, q, p.resume, func(ctx context.Context, again *mcp.Resumption, sink mcp.Sink) (mcp.Outcome, error) {
		return r.opts.Resources.ReadResource(ctx, &mcp.ReadCall{URI: p.uri, Context: r.callContext(q), Resumption: again}, sink)
	})
}

func decodeURI(params []byte) (string, error) {
	uri, ok := stringParam(params, "uri")
	if !ok {
		return "", errors.New("uri must be a string")
	}
	return uri, nil
}

// subscribe answers resources/subscribe of the handshake era. A resource whose
// plugin reports no changes is refused, rather than never heard of again.
func (r *Runner) subscribe(ctx context.Context, q *Request, uri string) (none, error) {
	if q.Conn.subscribed(uri) {
		return none{}, nil
	}
	accepted, err := r.opts.Subscriptions.Subscribe(ctx, []string{uri})
	if err != nil {
		return none{}, err
	}
	if len(accepted) == 0 {
		return none{}, mcp.InvalidParamsf("no plugin reports changes of %s", uri)
	}
	kept := q.Conn.keepSubscription(uri)
	if kept != wantedAnew {
		r.opts.Subscriptions.Unsubscribe(accepted)
	}
	if kept == wantedTooMuch {
		return none{}, mcp.InvalidParamsf("this connection has more than %d subscriptions; unsubscribe from some first", maxSubscriptions)
	}
	return none{}, nil
}

func (r *Runner) unsubscribe(_ context.Context, q *Request, uri string) (none, error) {
	if q.Conn.dropSubscription(uri) {
		r.opts.Subscriptions.Unsubscribe([]string{uri})
	}
	return none{}, nil
}

// maxSubscriptions is how many resources one connection can watch.
const maxSubscriptions = 1024

func (c *Connection) subscribed(uri string) bool {
	c.startNotices() // a client that subscribes is ready to hear
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listener != nil && c.listener.wants(uri)
}

// keepSubscription says that there is nothing to keep if the connection has
// ended meanwhile, or another request has brought the same subscription.
func (c *Connection) keepSubscription(uri string) wanted {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.listener == nil {
		return wantedAlready
	}
	return c.listener.want(uri)
}

func (c *Connection) dropSubscription(uri string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listener != nil && c.listener.unwant(uri)
}
