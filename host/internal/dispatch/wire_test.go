// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// memConn is one end of a pipe in memory. It checks what every frame promises.
type memConn struct {
	in     <-chan []byte
	out    chan<- []byte
	header map[string][]string // of what this end sends is given to the other as received
	gone   chan struct{}       // closed when this end sends nothing more
	peer   *memConn
	once   sync.Once
}

// newPipe returns two ends. header comes with what the first one sends.
func newPipe(header map[string][]string) (a, b *memConn) {
	ab, ba := make(chan []byte, 64), make(chan []byte, 64)
	a = &memConn{in: ba, out: ab, gone: make(chan struct{})}
	b = &memConn{in: ab, out: ba, gone: make(chan struct{}), header: header}
	a.peer, b.peer = b, a
	return a, b
}

func (c *memConn) Recv(ctx context.Context) (*jsonrpc.Frame, error) {
	select {
	case data := <-c.in:
		return c.frame(data), nil
	default:
	}
	select {
	case data := <-c.in:
		return c.frame(data), nil
	case <-c.peer.gone:
		select {
		case data := <-c.in: // sent before the end
			return c.frame(data), nil
		default:
			return nil, io.EOF
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *memConn) frame(data []byte) *jsonrpc.Frame {
	return &jsonrpc.Frame{Data: data, Header: c.header, Reply: pipeReply{c}}
}

func (c *memConn) Send(ctx context.Context, data []byte) error {
	select {
	case <-c.gone:
		return io.ErrClosedPipe
	default:
	}
	select {
	case c.out <- bytes.Clone(data):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *memConn) Close() { c.once.Do(func() { close(c.gone) }) }

type pipeReply struct{ conn *memConn }

func (r pipeReply) Send(ctx context.Context, data []byte) error { return r.conn.Send(ctx, data) }
func (r pipeReply) Answer(ctx context.Context, data []byte, _ *jsonrpc.Error) error {
	return r.conn.Send(ctx, data)
}
func (pipeReply) Close() {}

// wireEnd is a Dispatcher that closes its pipe as a transport would.
type wireEnd struct {
	*dispatch.Dispatcher
	conn *memConn
}

func (w wireEnd) Serve(ctx context.Context) error {
	defer w.conn.Close()
	return w.Dispatcher.Serve(ctx)
}

func (w wireEnd) Close() { w.conn.Close() }

// raw is a client that writes frames by hand.
type raw struct {
	t     *testing.T
	conn  *rawConn
	serve func() error // the outcome of Serve
	stop  context.CancelFunc
}

// rawConn delivers frames whose replies it records.
type rawConn struct {
	frames chan *jsonrpc.Frame
	failed chan error
	sent   recorder
}

func (c *rawConn) Recv(ctx context.Context) (*jsonrpc.Frame, error) {
	select {
	case f, ok := <-c.frames:
		if !ok {
			return nil, io.EOF
		}
		return f, nil
	case err := <-c.failed:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *rawConn) Send(ctx context.Context, data []byte) error { return c.sent.Send(ctx, data) }

// recorder is a Reply that keeps what is written to it.
type recorder struct {
	mu      sync.Mutex
	sends   []string
	answers []string
	errs    []*jsonrpc.Error
	closes  int
	late    []string      // written after Close
	block   chan struct{} // if set, Answer waits for it to close
}

func (r *recorder) Send(_ context.Context, data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sends = append(r.sends, string(data))
	r.note(data)
	return nil
}

func (r *recorder) Answer(_ context.Context, data []byte, err *jsonrpc.Error) error {
	if r.block != nil {
		<-r.block
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, string(data))
	r.errs = append(r.errs, err)
	r.note(data)
	return nil
}

func (r *recorder) note(data []byte) {
	if r.closes > 0 {
		r.late = append(r.late, string(data))
	}
}

func (r *recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closes++
}

// startRaw serves opts to a client that writes by hand. It must be called in a
// synctest bubble.
func startRaw(t *testing.T, opts dispatch.Options) (*raw, *dispatch.Dispatcher) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	conn := &rawConn{frames: make(chan *jsonrpc.Frame), failed: make(chan error, 1)}
	d := dispatch.New(conn, opts)
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	r := &raw{t: t, conn: conn, stop: stop, serve: sync.OnceValue(func() error { return <-done })}
	t.Cleanup(func() { stop(); r.serve() })
	return r, d
}

// send delivers a frame and waits until nothing more happens.
func (r *raw) send(data string) *recorder {
	r.t.Helper()
	reply := &recorder{}
	r.deliver(&jsonrpc.Frame{Data: []byte(data), Reply: reply})
	return reply
}

func (r *raw) deliver(f *jsonrpc.Frame) {
	r.conn.frames <- f
	synctest.Wait()
}

// wants checks everything that a reply has taken.
func (r *recorder) wants(t *testing.T, answers ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) != len(answers) {
		t.Fatalf("answers = %q, want %q", r.answers, answers)
	}
	for i := range answers {
		if r.answers[i] != answers[i] {
			t.Errorf("answer = %s, want %s", r.answers[i], answers[i])
		}
	}
	if len(r.late) > 0 {
		t.Errorf("written after Close: %q", r.late)
	}
}

func (r *recorder) wantsClosed(t *testing.T, want bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if (r.closes > 0) != want {
		t.Errorf("closed %d times, want closed = %v", r.closes, want)
	}
}
