// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

var discard = hclog.NewNullLogger()

const toolsCall = `{"jsonrpc":"2.0","id":17,"method":"m","params":{"name":"echo__echo","arguments":{"text":"hello there"},"_meta":{"progressToken":17}}}`

// nowhere is a Reply that keeps nothing.
type nowhere struct{}

func (nowhere) Send(context.Context, []byte) error                   { return nil }
func (nowhere) Answer(context.Context, []byte, *jsonrpc.Error) error { return nil }
func (nowhere) Close()                                               {}

// loopConn delivers the frames it is given and says when each was answered.
type loopConn struct {
	frames   chan *jsonrpc.Frame
	answered chan struct{}
}

func (c *loopConn) Recv(context.Context) (*jsonrpc.Frame, error) {
	if f, ok := <-c.frames; ok {
		return f, nil
	}
	return nil, io.EOF
}
func (c *loopConn) Send(context.Context, []byte) error { return nil }

type loopReply struct {
	nowhere
	conn *loopConn
}

func (r loopReply) Close() { r.conn.answered <- struct{}{} }

func result(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
	return jsonrpc.Raw(`{"content":[{"type":"text","text":"hello there"}]}`), nil
}

func BenchmarkOne(b *testing.B) {
	opts := dispatch.Options{Handle: result, Log: discard}
	data := []byte(toolsCall)
	b.ReportAllocs()
	for b.Loop() {
		dispatch.One(b.Context(), &jsonrpc.Frame{Data: data, Reply: nowhere{}}, opts)
	}
}

func BenchmarkServe(b *testing.B) {
	for _, parallel := range []int{1, 64} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) {
			conn := &loopConn{frames: make(chan *jsonrpc.Frame, parallel), answered: make(chan struct{}, parallel)}
			done := make(chan error, 1)
			d := dispatch.New(conn, dispatch.Options{Handle: result, Log: discard})
			go func() { done <- d.Serve(b.Context()) }()
			frames := make([][]byte, 4*parallel)
			for i := range frames {
				frames[i] = fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"m","params":{}}`, i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i >= parallel {
					<-conn.answered
				}
				conn.frames <- &jsonrpc.Frame{Data: frames[i%len(frames)], Reply: loopReply{conn: conn}}
				i++
			}
			close(conn.frames)
			for range min(i, parallel) {
				<-conn.answered
			}
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkDirect(b *testing.B) {
	client, server := dispatch.Pair(dispatch.Options{}, dispatch.Options{Handle: result}, nil)
	done := make(chan error, 2)
	for _, end := range []*dispatch.Direct{client, server} {
		go func() { done <- end.Serve(b.Context()) }()
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Call(b.Context(), "m", nil); err != nil {
			b.Fatal(err)
		}
	}
	client.Close()
	for range 2 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}
