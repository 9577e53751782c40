// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/runner"
)

// echoing offers n tools that return their arguments.
type echoing struct{ list mcp.ToolList }

func newEchoing(n int) *echoing {
	e := &echoing{mcp.ToolList{Generation: 1, Complete: true}}
	for i := range n {
		e.list.Items = append(e.list.Items, mcp.Tool{Name: fmt.Sprintf("echo__%04d", i), InputSchema: []byte(`{"type":"object"}`)})
	}
	return e
}

func (e *echoing) ListTools(context.Context) (*mcp.ToolList, error) { return &e.list, nil }

func (e *echoing) CallTool(_ context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
	text := string(call.Arguments)
	return mcp.Outcome{Tool: &mcp.CallToolResult{Content: []mcp.ContentBlock{{Text: &text}}}}, nil
}

// deaf is the channel of a request that nobody hears more of.
type deaf struct{}

func (deaf) Notify(context.Context, string, []byte) error         { return nil }
func (deaf) Call(context.Context, string, []byte) ([]byte, error) { return nil, jsonrpc.ErrRetired }
func (deaf) AfterAnswer(f func())                                 { f() }
func (deaf) Standing() <-chan struct{}                            { return nil }

const (
	benchMeta  = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	benchHello = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}`
)

// BenchmarkHandle is a request from its envelope to the bytes of its result, in
// both eras: what the runner costs where everything behind it is free.
func BenchmarkHandle(b *testing.B) {
	arguments := `"name":"echo__0000","arguments":{"text":"` + strings.Repeat("0123456789", 10) + `"}`
	b.Run("call/stateless", func(b *testing.B) {
		r := newEchoRunner(1)
		defer r.Close()
		header := map[string][]string{
			mcp.HeaderVersion: {"2026-07-28"}, mcp.HeaderMethod: {mcp.MethodCallTool}, mcp.HeaderName: {"echo__0000"},
		}
		benchHandle(b, r, r.NewExchange, request(mcp.MethodCallTool, "{"+arguments+","+benchMeta+"}", header))
	})
	b.Run("call/session", func(b *testing.B) {
		r := newEchoRunner(1)
		defer r.Close()
		conn := r.NewSession("bench")
		handle(b, r, conn, request(mcp.MethodInitialize, benchHello, nil), nil)
		same := func() *runner.Connection { return conn }
		benchHandle(b, r, same, request(mcp.MethodCallTool, "{"+arguments+"}", nil))
	})
	b.Run("list/1000", func(b *testing.B) {
		r := newEchoRunner(1000)
		defer r.Close()
		benchHandle(b, r, r.NewExchange, request(mcp.MethodListTools, "{"+benchMeta+"}", nil))
	})
}

func newEchoRunner(n int) *runner.Runner {
	return runner.New(runner.Options{Tools: newEchoing(n), Provides: func() mcp.Kinds { return mcp.KindTools }})
}

func request(method, params string, header map[string][]string) *jsonrpc.Request {
	return &jsonrpc.Request{ID: jsonrpc.NumberID(1), Method: method, Params: []byte(params), Header: header, Channel: deaf{}}
}

func benchHandle(b *testing.B, r *runner.Runner, conn func() *runner.Connection, req *jsonrpc.Request) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = handle(b, r, conn(), req, buf[:0])
	}
}

func handle(b *testing.B, r *runner.Runner, conn *runner.Connection, req *jsonrpc.Request, dst []byte) []byte {
	result, err := r.Handle(b.Context(), conn, req)
	if err != nil {
		b.Fatal(err)
	}
	if dst, err = result.AppendJSON(dst); err != nil {
		b.Fatal(err)
	}
	return dst
}
