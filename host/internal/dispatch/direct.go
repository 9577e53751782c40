// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// Pair returns the two ends of a connection in memory, for tests and for those
// who embed the host: a Call on one runs the handler of the other without any
// message in between. The ends behave as two Dispatchers would that face each
// other. header is what the server's handlers see as the headers of everything
// that the client sends; nil is a transport that has none.
func Pair(client, server Options, header map[string][]string) (c, s *Direct) {
	c, s = newDirect(client), newDirect(server)
	c.peer, s.peer = s, c
	c.header = header
	return c, s
}

// A Direct is one end of a Pair. Its methods are safe for concurrent use.
type Direct struct {
	// Immutable once paired.
	engine *engine
	peer   *Direct
	header map[string][]string // of what this end sends

	serving chan struct{} // closed when Serve has begun
	closed  chan struct{} // closed when this end sends nothing more
	deaf    chan struct{} // closed when this end hears nothing more
	close   sync.Once
	lastID  atomic.Int64
}

func newDirect(opts Options) *Direct {
	return &Direct{
		engine:  newEngine(opts),
		serving: make(chan struct{}),
		closed:  make(chan struct{}),
		deaf:    make(chan struct{}),
	}
}

// Serve answers the other end until that is closed or ctx ends, as
// [Dispatcher.Serve] does, then closes this end. Call it once, on each end.
func (d *Direct) Serve(ctx context.Context) error {
	defer d.Close()
	d.engine.start(ctx)
	close(d.serving)
	var err error
	select {
	case <-d.peer.closed:
		err = io.EOF
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	close(d.deaf)
	return d.engine.finish(ctx, err)
}

// Close says that this end sends nothing more; the other one drains. What it
// has been asked is still answered.
func (d *Direct) Close() { d.close.Do(func() { close(d.closed) }) }

// Call runs the other end's handler and returns its raw result. It waits until
// the other end serves. See [Dispatcher.Call].
func (d *Direct) Call(ctx context.Context, method string, params []byte) ([]byte, error) {
	if err := d.reach(ctx); err != nil {
		return nil, err
	}
	select {
	case <-d.deaf: // no answer could be heard
		return nil, closedError()
	default:
	}
	id := jsonrpc.NumberID(d.lastID.Add(1))
	c := &directCarrier{caller: d, outcome: make(chan outcome, 1)}
	d.peer.engine.begin(d.exchange(id, method, params, c), false)
	select {
	case o := <-c.outcome:
		return o.result, o.err
	case <-ctx.Done():
		d.peer.engine.cancel(id, reasonOf(ctx))
		return nil, context.Cause(ctx)
	case <-d.deaf:
		return c.late()
	}
}

func (d *Direct) exchange(id jsonrpc.ID, method string, params []byte, c carrier) *exchange {
	x := &exchange{carrier: c}
	x.req = jsonrpc.Request{ID: id, Method: method, Params: bytes.Clone(params), Header: d.header, Channel: x}
	return x
}

// Notify hands a notification to the other end. It waits until that serves.
func (d *Direct) Notify(ctx context.Context, method string, params []byte) error {
	if err := d.reach(ctx); err != nil {
		return err
	}
	d.peer.engine.notify(&jsonrpc.Notification{Method: method, Params: bytes.Clone(params), Header: d.header})
	return nil
}

// reach waits until the other end serves, and fails when this one is closed.
func (d *Direct) reach(ctx context.Context) error {
	select {
	case <-d.closed:
		return closedError()
	default:
	}
	select {
	case <-d.peer.serving:
		return nil
	case <-d.closed:
		return closedError()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// directCarrier takes the answer to one Call back to its caller.
type directCarrier struct {
	caller  *Direct
	outcome chan outcome // holds one
}

func (c *directCarrier) notify(ctx context.Context, method string, params []byte) error {
	return c.caller.peer.Notify(ctx, method, params)
}

func (c *directCarrier) call(ctx context.Context, method string, params []byte) ([]byte, error) {
	return c.caller.peer.Call(ctx, method, params)
}

func (c *directCarrier) answer(_ context.Context, id jsonrpc.ID, result jsonrpc.Result, failure *jsonrpc.Error) error {
	if failure != nil {
		c.outcome <- outcome{err: failure}
		return nil
	}
	data, err := encode(func() ([]byte, error) {
		if result == nil {
			return []byte("{}"), nil
		}
		return result.AppendJSON(nil)
	})
	if err != nil {
		c.caller.peer.engine.opts.Log.Error("result cannot be encoded", "id", id.String(), "err", err)
		err = internalError()
	}
	c.outcome <- outcome{result: data, err: err}
	return nil
}

func (*directCarrier) close(bool) {}

// late prefers an answer that came in the last moment.
func (c *directCarrier) late() ([]byte, error) {
	select {
	case o := <-c.outcome:
		return o.result, o.err
	default:
		return nil, closedError()
	}
}
