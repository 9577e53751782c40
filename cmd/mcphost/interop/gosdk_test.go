// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestOfficialGoClientUsesEveryPlugin(t *testing.T) {
	s := newSite(t)
	url, _ := serveHTTP(t, s.config)
	transports := map[string]func(context.Context, *testing.T) mcp.Transport{
		"stdio": func(ctx context.Context, t *testing.T) mcp.Transport {
			return &mcp.CommandTransport{Command: s.serve(ctx, t)}
		},
		"http": func(_ context.Context, t *testing.T) mcp.Transport {
			client := newClient(t)
			t.Cleanup(client.CloseIdleConnections)
			return &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: client}
		},
	}
	for _, version := range []string{modernVersion, legacyVersion} {
		for name, transport := range transports {
			t.Run(version+"/"+name, func(t *testing.T) {
				ctx := bounded(t)
				got := converseGo(ctx, t, s, transport(ctx, t), version)
				s.check(t, got, version)
			})
		}
	}
}

// A goClient is a session of the official Go client.
type goClient struct {
	*mcp.ClientSession
	progress chan *mcp.ProgressNotificationParams
}

// connectGo opens a session. The client speaks its newest version unless told.
func connectGo(ctx context.Context, t *testing.T, transport mcp.Transport, version string) goClient {
	t.Helper()
	c := goClient{progress: make(chan *mcp.ProgressNotificationParams, 64)}
	client := mcp.NewClient(&mcp.Implementation{Name: "interop", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, req *mcp.ProgressNotificationClientRequest) {
			select {
			case c.progress <- req.Params:
			case <-ctx.Done(): // nobody reads any more
			}
		},
	})
	opts := &mcp.ClientSessionOptions{}
	if version != modernVersion {
		opts.ProtocolVersion = version
	}
	session, err := client.Connect(ctx, transport, opts)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	c.ClientSession = session
	return c
}

// converseGo goes through the conversation with the official Go client.
func converseGo(ctx context.Context, t *testing.T, s site, transport mcp.Transport, version string) transcript {
	t.Helper()
	c := connectGo(ctx, t, transport, version)
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	seen := transcript{Version: c.InitializeResult().ProtocolVersion}
	for tool, err := range c.Tools(ctx, nil) {
		if err != nil {
			t.Fatalf("list tools: %v", err)
		}
		seen.Tools = append(seen.Tools, tool.Name)
	}
	seen.Read = c.text(ctx, t, "files__read", map[string]any{"path": s.planted})
	seen.List = c.text(ctx, t, "files__list", map[string]any{"path": s.root})
	seen.Greeting = c.text(ctx, t, s.greeter+"__greet", map[string]any{"who": "Ada"})
	seen.Counted, seen.Progress = c.count(ctx, t, s.greeter+"__count")
	seen.UnknownCode = c.unknown(ctx, t)
	seen.Cancelled = c.cancel(ctx, t, s.greeter+"__count")
	seen.AfterCancel = c.text(ctx, t, s.greeter+"__greet", map[string]any{"who": "Ada"})
	return seen
}

// text calls a tool that must succeed and returns the text of its result.
func (c goClient) text(ctx context.Context, t *testing.T, tool string, args map[string]any) string {
	t.Helper()
	result, err := c.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("call %s: %v", tool, err)
	}
	text := textOf(result)
	if result.IsError {
		t.Fatalf("call %s: tool error: %s", tool, text)
	}
	return text
}

func textOf(result *mcp.CallToolResult) string {
	var all strings.Builder
	for _, block := range result.Content {
		if text, ok := block.(*mcp.TextContent); ok {
			all.WriteString(text.Text)
		}
	}
	return all.String()
}

// count counts with progress. The client delivers progress in its own time, so
// perhaps after the result.
func (c goClient) count(ctx context.Context, t *testing.T, tool string) (text string, progress []float64) {
	t.Helper()
	params := &mcp.CallToolParams{Name: tool, Arguments: map[string]any{"n": countTo, "delay_ms": countDelay}}
	params.SetProgressToken("count")
	result, err := c.CallTool(ctx, params)
	if err != nil {
		t.Fatalf("call %s: %v", tool, err)
	}
	for len(progress) == 0 || progress[len(progress)-1] < countTo {
		select {
		case p := <-c.progress:
			progress = append(progress, p.Progress)
		case <-ctx.Done():
			t.Fatalf("progress of %s ended at %v: %v", tool, progress, ctx.Err())
		}
	}
	return textOf(result), progress
}

// unknown returns the code of the error for a tool that nobody has.
func (c goClient) unknown(ctx context.Context, t *testing.T) int {
	t.Helper()
	result, err := c.CallTool(ctx, &mcp.CallToolParams{Name: "nobody__has-this"})
	var refusal *jsonrpc.Error
	if !errors.As(err, &refusal) {
		t.Errorf("unknown tool: result %+v and error %v, want a protocol error", result, err)
		return 0
	}
	return int(refusal.Code)
}

// cancel starts a count of hours, waits until it makes progress, and cancels
// it. It reports whether the call ended without a result.
func (c goClient) cancel(ctx context.Context, t *testing.T, tool string) bool {
	t.Helper()
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	params := &mcp.CallToolParams{Name: tool, Arguments: map[string]any{"n": hours, "delay_ms": hoursDelay}}
	params.SetProgressToken("hours")
	ended := make(chan error, 1)
	go func() {
		_, err := c.CallTool(call, params)
		ended <- err
	}()
	select {
	case <-c.progress:
	case err := <-ended:
		t.Errorf("call %s ended before it was cancelled: %v", tool, err)
		return false
	}
	cancel()
	for {
		select {
		case <-c.progress: // what was on its way
		case err := <-ended:
			return errors.Is(err, context.Canceled)
		}
	}
}
