// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// crowd is many clients of one endpoint, each of which behaves in one of the
// ways below. What they are answered may be any of the documented statuses.
type crowd struct {
	sseRig
	served, refused atomic.Int64
}

// ask sends a request and returns its response, whose body is read if all of it
// is wanted. It returns nil for a request that was not served.
func (c *crowd) ask(req *http.Request, whole bool) *http.Response {
	resp, err := c.client.Do(req)
	if err != nil {
		return nil // the client has left
	}
	if whole || resp.StatusCode >= 300 {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		c.served.Add(1)
		return resp
	case http.StatusServiceUnavailable:
		c.refused.Add(1)
	case http.StatusNotFound: // its session had to make room
	default:
		c.t.Errorf("%s: status %d", req.Method, resp.StatusCode)
	}
	return nil
}

// watch reads a stream for a second and hangs up.
func (c *crowd) watch(method, uri, body string, headers ...string) {
	ctx, hang := context.WithTimeout(context.Background(), time.Second)
	defer hang()
	if resp := c.ask(c.at(ctx, method, uri, body, headers...), false); resp != nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

func (c *crowd) post(body, mode string, headers ...string) *http.Response {
	headers = append(headers, "X-Mode: "+mode)
	return c.ask(c.request(context.Background(), "POST", body, headers...), true)
}

// in opens a session and does something in it. The header names the session.
func (c *crowd) in(do func(header string)) {
	if resp := c.post("{}", "open"); resp != nil {
		do("Mcp-Session-Id: " + resp.Header.Get("Mcp-Session-Id"))
	}
}

func (c *crowd) end(header string) {
	c.ask(c.request(context.Background(), "DELETE", "", header), true)
}

// ways are those in which clients come and go.
func (c *crowd) ways() []func() {
	return []func(){
		func() { c.post("{}", "stateless") },
		func() { c.post("chatty", "stateless") },
		func() { c.watch("POST", "/mcp", "lasting", "X-Mode: stateless") },
		func() { c.watch("POST", "/mcp", "lasting", "X-Mode: stream") },
		func() { c.watch("POST", "/mcp", "lasting", "X-Mode: open") }, // left before it is answered
		func() { c.watch("GET", "/sse", "") },
		func() { c.in(func(string) {}) }, // and never seen again
		func() { c.in(func(session string) { c.watch("GET", "/mcp", "", session) }) },
		func() {
			c.in(func(session string) {
				c.post("chatty", "priming", session)
				c.post("{}", "session", session)
				c.end(session)
			})
		},
		func() {
			c.in(func(session string) {
				c.watch("POST", "/mcp", "lasting", "X-Mode: session", session)
				c.end(session) // which ends what goes on without the client
			})
		},
	}
}

// Whatever clients do, and however many of them are refused, nothing of theirs
// may stay behind. The race detector watches, and so does the bubble, which no
// goroutine may outlive.
func TestNothingStaysBehindOfManyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle := func(ctx context.Context, f *jsonrpc.Frame) {
			if string(f.Data) == "chatty" {
				_ = f.Reply.Send(ctx, []byte("one"))
				_ = f.Reply.Send(ctx, []byte("two"))
				f.Data = []byte("{}")
			}
			lasting(ctx, f)
		}
		opts := HTTPOptions{MaxRequests: 150, MaxStreams: 40, MaxSessions: 60, Admit: admitStreams, One: handle}
		c := &crowd{sseRig: newSSERig(t, opts, handle)}
		c.opened, c.ended = make(chan *Session, 1000), make(chan error, 1000)
		ways := c.ways()
		var clients sync.WaitGroup
		for i := range 500 {
			clients.Go(ways[i%len(ways)])
		}
		clients.Wait()
		if c.served.Load() == 0 || c.refused.Load() == 0 {
			t.Errorf("%d requests served, %d refused; want some of both", c.served.Load(), c.refused.Load())
		}
		time.Sleep(2 * time.Hour) // sessions that are never seen again expire
		synctest.Wait()
		c.wantEmpty(t)
	})
}

func (c *crowd) wantEmpty(t *testing.T) {
	t.Helper()
	h := c.http
	h.sessions.mu.Lock()
	defer h.sessions.mu.Unlock()
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	if requests, streams := h.requests.taken.Load(), h.streams.taken.Load(); requests != 0 || streams != 0 {
		t.Errorf("%d requests and %d streams are still counted", requests, streams)
	}
	if sessions := len(h.sessions.byID); sessions != 0 || h.gate.running != 0 {
		t.Errorf("%d sessions are left, and %d goroutines", sessions, h.gate.running)
	}
}
