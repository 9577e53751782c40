// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// handshakeOnly are methods that the stateless era does not have.
var handshakeOnly = map[string]string{
	"initialize":            `"protocolVersion":"2025-11-25","capabilities":{}`,
	"ping":                  ``,
	"logging/setLevel":      `"level":"info"`,
	"resources/subscribe":   `"uri":"fake://static"`,
	"resources/unsubscribe": `"uri":"fake://static"`,
}

func TestTrap01WrongEraDiscriminator(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("handshake methods with the stateless _meta are unknown on a pipe", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake all tools=echo")...))
		for _, when := range []string{"before a handshake", "after one"} {
			for method, params := range handshakeOnly {
				t.want(c.ask("1", method, params, statelessMeta), `"id":1,"error":{"code":-32601`)
			}
			if when == "before a handshake" {
				c.shake("2025-11-25", `{}`)
			}
		}
	})
	trap.consequence("and are 404 over HTTP, session or not", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, "fake all tools=echo")...))
		session := s.open("2025-11-25", `{}`)
		for method, params := range handshakeOnly {
			for _, headers := range [][]string{nil, {session}} {
				a := s.call("1", method, params, statelessMeta, headers...)
				t.answered(a, http.StatusNotFound, `"code":-32601`)
				if a.session != "" {
					t.Errorf("%s began a session", method)
				}
			}
		}
	})
	trap.consequence("the version header without _meta never falls back to the handshake", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		session := s.open("2025-11-25", `{}`)
		for _, version := range []string{"2026-07-28", "2027-01-01"} {
			for _, body := range []string{
				requestOf("1", "tools/list", ``, ``),
				requestOf("1", "ping", ``, ``),
				requestOf("1", "tools/list", ``, `"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}`),
				handshakeOf("2025-11-25", `{}`),
			} {
				a := s.post(body, session, "Mcp-Protocol-Version: "+version)
				t.answered(a, http.StatusBadRequest, `"code":-32602`)
			}
		}
		a := s.post(handshakeOf("2025-11-25", `{}`), "Mcp-Protocol-Version: 2026-07-28")
		t.answered(a, http.StatusBadRequest, `"code":-32602`)
		if a.session != "" {
			t.Error("initialize under the stateless header began a session")
		}
	})
	trap.consequence("other keys of the protocol in _meta are no discriminator", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...)
		const task = `"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"},"io.modelcontextprotocol/model-immediate-response":"x"}`
		c := t.pipe(server)
		c.shake("2025-11-25", `{}`)
		said := c.ask("1", "tools/call", `"name":"fake__echo"`, task)
		t.want(said, `"id":1,"result":{"content"`)
		t.lacks(strings.Join(said, ""), "resultType", "serverInfo")
		s := t.serve(server)
		t.answered(s.post(requestOf("1", "tools/call", `"name":"fake__echo"`, task), s.open("2025-11-25", `{}`)), http.StatusOK, `"result":{"content"`)
		// Nor is a key that differs in case alone.
		t.want(c.ask("2", "tools/call", `"name":"fake__echo"`, strings.Replace(statelessMeta, "io.model", "IO.model", 1)), `"id":2,"result":{"content"`)
	})
	trap.consequence("neither the session nor the method's name is one", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		session := s.open("2025-11-25", `{}`)
		const echo = `"name":"fake__echo"`
		t.answered(s.call("1", "tools/call", echo, statelessMeta, "Mcp-Name: fake__echo", session), http.StatusOK, `"resultType":"complete"`)
		t.lacks(s.post(requestOf("1", "tools/call", echo, ``), session).body, "resultType")
	})
	trap.consequence("only stateless methods need no _meta to be known as such", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		for _, method := range []string{"server/discover", "subscriptions/listen"} {
			t.want(c.ask("1", method, `"notifications":{}`, ``), `"id":1,"error":{"code":-32602`)
		}
	})
	trap.consequence("one pipe serves both eras, in any order", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		t.want(c.ask("1", "tools/call", `"name":"fake__echo"`, statelessMeta), `"resultType":"complete"`)
		t.want(c.ask("2", "tools/list", ``, ``), `"id":2,"error":{"code":-32600,"message":"not initialized`)
		t.want(c.ask("3", "ping", ``, ``), `"id":3,"result":{}`)
		c.shake("2024-11-05", `{}`)
		t.want(c.ask("4", "tools/call", `"name":"fake__echo"`, ``), `"id":4,"result":{"content"`)
		t.want(c.ask("5", "tools/call", `"name":"fake__echo"`, statelessMeta), `"id":5,"result":{"resultType":"complete"`)
	})
	trap.consequence("a cancel without a mark finds its request by id in either era", func(t trial) {
		for _, shaken := range []bool{false, true} {
			h := newHolder()
			c := t.pipe(t.server(host.Config{}, h.source()))
			if shaken {
				c.shake("2025-11-25", `{}`)
			}
			t.want(c.ask("1", "tools/call", hold("stateless"), statelessMeta))
			t.want(c.ask("2", "tools/call", hold("other"), statelessMeta))
			t.want(c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`))
			if !h.wasCancelled(t, "stateless") || h.wasCancelled(t, "other") {
				t.Errorf("handshake %t: cancelled %v", shaken, h.cancelled)
			}
			h.release(t, "other")
			t.want(c.heard(), `"id":2,"result"`)
			if !shaken {
				continue
			}
			t.want(c.ask("3", "tools/call", hold("session"), ``))
			t.want(c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`))
			if !h.wasCancelled(t, "session") {
				t.Error("the call of the handshake era goes on")
			}
		}
	})
}

func TestTrap02DisconnectMeansOppositeThings(t *testing.T) {
	trap := newTrial(t)
	// leave begins a call by HTTP and hangs up on it once it runs.
	leave := func(t trial, s *site, h *holder, body string, headers ...string) {
		ctx, hangUp := context.WithCancel(context.Background())
		gone := make(chan error, 1)
		go func() {
			resp, err := s.send(ctx, http.MethodPost, body, headers...)
			if err == nil {
				<-ctx.Done()
				err = context.Cause(ctx)
				resp.Body.Close()
			}
			gone <- err
		}()
		synctest.Wait()
		hangUp()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the call was over before: %v", err)
		}
		synctest.Wait()
	}
	for _, tool := range []string{"fake__hold", "fake__hold_loud"} {
		params := `"name":"` + tool + `","arguments":` + holdArgs("x")
		const token = `"progressToken":1`
		trap.consequence("in the stateless era it cancels "+tool, func(t trial) {
			h := newHolder()
			s := t.serve(t.server(host.Config{}, h.source()))
			leave(t, s, h, requestOf("1", "tools/call", params, metaOf(`{}`, token)), stateless("tools/call", "Mcp-Name: "+tool)...)
			if !h.wasCancelled(t, "x") {
				t.Error("the call goes on")
			}
		})
		trap.consequence("in a session it does not cancel "+tool, func(t trial) {
			h := newHolder()
			s := t.serve(t.server(host.Config{}, h.source()))
			session := s.open("2025-11-25", `{}`)
			leave(t, s, h, requestOf("1", "tools/call", params, `"_meta":{`+token+`}`), session)
			pass(20 * time.Second) // beyond the next keep-alive, at which the server notices
			if h.wasCancelled(t, "x") {
				t.Error("the call was cancelled")
			}
			h.release(t, "x")
		})
	}
	trap.consequence("what a session's client missed is kept for it", func(t trial) {
		h := newHolder()
		s := t.serve(t.server(host.Config{}, h.source()))
		session := s.open("2025-11-25", `{}`)
		const version = "Mcp-Protocol-Version: 2025-11-25"
		ctx, hangUp := context.WithCancel(context.Background())
		params := `"name":"fake__hold_loud","arguments":` + holdArgs("x")
		first := s.stream(ctx, http.MethodPost, requestOf("1", "tools/call", params, `"_meta":{"progressToken":1}`), session, version)
		t.want(first.heard(), `"notifications/progress"`)
		hangUp()
		<-first.closed
		h.release(t, "x")
		synctest.Wait()
		second := s.stream(t.Context(), http.MethodGet, "", session, version, "Last-Event-ID: "+first.last())
		t.want(second.heard(), `"id":1,"result":{"content":[{"type":"text","text":"released`)
	})
	for name, end := range map[string]func(s *site, session string){
		"its client's cancel": func(s *site, session string) {
			s.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, session)
		},
		"the deletion of the session": func(s *site, session string) {
			if resp, err := s.send(s.t.Context(), http.MethodDelete, "", session); err != nil || resp.StatusCode != http.StatusNoContent {
				s.t.Errorf("delete: %v", err)
			}
		},
		"the expiry of the session": func(*site, string) { pass(2 * time.Minute) },
	} {
		trap.consequence("a session's abandoned call is ended by "+name, func(t trial) {
			h := newHolder()
			s := t.serve(t.server(host.Config{HTTP: host.HTTPConfig{SessionIdle: time.Minute}}, h.source()))
			session := s.open("2025-06-18", `{}`)
			leave(t, s, h, requestOf("1", "tools/call", hold("x"), ``), session)
			if h.wasCancelled(t, "x") {
				t.Error("cancelled by the disconnect")
			}
			end(s, session)
			pass(time.Second) // which a session that ends may take
			if !h.wasCancelled(t, "x") {
				t.Error("the call goes on")
			}
		})
	}
}

func TestTrap03StatusesLeakAcrossEras(t *testing.T) {
	trap := newTrial(t)
	server := func(t trial) *host.Server {
		sources := append(fakeSources(t.T, "plain all tools=echo,sample"), script(func(_ context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
			return mcp.Outcome{}, errors.New("a fault with secret detail")
		}, toolNamed("fault")))
		return t.server(host.Config{}, sources...)
	}
	tests := []struct {
		name, method, params string
		header               string
		stateless            int
		code                 string // in the stateless era
		session              string // what the handshake era says
	}{
		{"an unknown method", "no/such", ``, "Mcp-Name: none", 404, `"code":-32601`, `"code":-32601`},
		{"an unknown tool", "tools/call", `"name":"plain__no"`, "Mcp-Name: plain__no", 400, `"code":-32602`, `"code":-32602`},
		{"params that do not fit", "tools/call", `"name":"plain__echo","arguments":[]`, "Mcp-Name: plain__echo", 400, `"code":-32602`, `"code":-32602`},
		{"a missing resource", "resources/read", `"uri":"fake://no"`, "Mcp-Name: fake://no", 400, `"code":-32602`, `"code":-32002`},
		{"a missing capability", "tools/call", `"name":"plain__sample"`, "Mcp-Name: plain__sample", 400, `"code":-32021`, `"isError":true`},
		{"a wrong header", "tools/call", `"name":"plain__echo"`, "Mcp-Name: other", 400, `"code":-32020`, `"content"`},
		{"a fault", "tools/call", `"name":"fake__fault"`, "Mcp-Name: fake__fault", 200, `{"code":-32603,"message":"internal error"}`, `{"code":-32603,"message":"internal error"}`},
	}
	trap.consequence("errors of the stateless era have a status", func(t trial) {
		s := t.serve(server(t))
		for _, test := range tests {
			t.answered(s.call("1", test.method, test.params, statelessMeta, test.header), test.stateless, test.code)
		}
		t.answered(s.post(`{`, "Mcp-Protocol-Version: 2026-07-28"), 400, `"code":-32700`)
		t.answered(s.post(`[]`, "Mcp-Protocol-Version: 2026-07-28"), 400, `"code":-32600`)
	})
	trap.consequence("those of a session are a success of HTTP's", func(t trial) {
		s := t.serve(server(t))
		for _, version := range handshakeVersions {
			session := s.open(version, `{}`)
			for _, test := range tests {
				t.answered(s.post(requestOf("1", test.method, test.params, ``), session, test.header), 200, test.session)
			}
			// The session survives them all: 404 would have the client begin anew.
			t.answered(s.post(requestOf("2", "ping", ``, ``), session), 200, `"id":2,"result":{}`)
		}
	})
	trap.consequence("404 tells a session's client that the session is gone, and nothing else", func(t trial) {
		s := t.serve(server(t))
		session := s.open("2025-11-25", `{}`)
		if _, err := s.send(t.Context(), http.MethodDelete, "", session); err != nil {
			t.Fatal(err)
		}
		t.answered(s.post(requestOf("1", "ping", ``, ``), session), 404, `"error"`)
		// A request of the other era does not need it.
		t.answered(s.call("1", "tools/list", ``, statelessMeta, session), 200, `"resultType":"complete"`)
	})
}

func TestTrap04StatelessVersionNegotiatedByInitialize(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("a handshake ends at the newest version of its era", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...)
		s := t.serve(server)
		for asked, agreed := range map[string]string{
			"2026-07-28": "2025-11-25", "2099-01-01": "2025-11-25", "": "2025-11-25", "1": "2025-11-25",
			"2025-11-25": "2025-11-25", "2025-06-18": "2025-06-18", "2025-03-26": "2025-03-26", "2024-11-05": "2024-11-05",
		} {
			t.want(t.pipe(server).say("%s", handshakeOf(asked, `{}`)), `"protocolVersion":"`+agreed+`"`)
			t.answered(s.post(handshakeOf(asked, `{}`)), 200, `"protocolVersion":"`+agreed+`"`)
		}
	})
	trap.consequence("both lists of versions hold the stateless ones alone", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		t.want(c.ask("1", "server/discover", ``, statelessMeta), `"supportedVersions":["2026-07-28"]`)
		unknown := strings.Replace(statelessMeta, "2026-07-28", "2099-01-01", 1)
		t.want(c.ask("2", "server/discover", ``, unknown), `"data":{"supported":["2026-07-28"],"requested":"2099-01-01"}`)
	})
	trap.consequence("a handshake version in stateless framing is refused as unsupported", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...)
		c, s := t.pipe(server), t.serve(server)
		c.shake("2025-11-25", `{}`)
		for _, version := range handshakeVersions {
			meta := strings.Replace(statelessMeta, "2026-07-28", version, 1)
			want := `"code":-32022,"message":"unsupported protocol version: ` + version + `","data":{"supported":["2026-07-28"],"requested":"` + version + `"}`
			t.want(c.ask("1", "tools/list", ``, meta), want)
			a := s.post(requestOf("1", "tools/list", ``, meta), "Mcp-Protocol-Version: "+version, "Mcp-Method: tools/list")
			t.answered(a, 400, want)
		}
	})
	trap.consequence("a handshake fails with invalid params, never with a code of the other era", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...))
		for _, params := range []string{``, `"protocolVersion":7,"capabilities":{}`, `"protocolVersion":"2025-11-25"`} {
			said := c.ask("1", "initialize", params, ``)
			t.want(said, `"code":-32602`)
			t.lacks(strings.Join(said, ""), "2026-07-28", "supported")
		}
	})
}

func TestTrap05StreamCommittedTooEarly(t *testing.T) {
	trap := newTrial(t)
	entered := 0
	tools := func() host.Source {
		declared := toolNamed("declared")
		declared.Requires = mcp.ClientCapabilities{Sampling: true}
		return script(func(_ context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
			entered++
			switch call.Name {
			case "loud_asks":
				sink.Progress(mcp.Progress{Progress: 1})
			case "loud":
				sink.Progress(mcp.Progress{Progress: 1})
				return textOutcome("done"), nil
			case "slow":
				pass(20 * time.Second)
				return textOutcome("done"), nil
			case "quiet":
				return textOutcome("done"), nil
			}
			return mcp.Outcome{InputRequired: &mcp.InputRequired{Requests: []mcp.InputRequest{{Key: "k", Method: mcp.MethodListRoots, Params: []byte(`{}`)}}}}, nil
		}, declared, toolNamed("asks"), toolNamed("loud_asks"), toolNamed("loud"), toolNamed("slow"), toolNamed("quiet"))
	}
	call := func(t trial, tool string) answer {
		s := t.serve(t.server(host.Config{}, tools()))
		return s.call("1", "tools/call", fmt.Sprintf(`"name":"fake__%s"`, tool), metaOf(`{}`, `"progressToken":1`), "Mcp-Name: fake__"+tool)
	}
	isJSON := func(t trial, a answer) {
		t.Helper()
		if a.kind != "application/json" {
			t.Errorf("answered with %s", a.kind)
		}
	}
	trap.consequence("a capability that a tool declares is missing before the plugin is entered", func(t trial) {
		entered = 0
		a := call(t, "declared")
		t.answered(a, 400, `"code":-32021`)
		isJSON(t, a)
		if entered != 0 {
			t.Error("the plugin was entered")
		}
	})
	trap.consequence("one that turns out to be missing still has its status", func(t trial) {
		a := call(t, "asks")
		t.answered(a, 400, `"code":-32021`)
		isJSON(t, a)
	})
	trap.consequence("an unknown method has its status", func(t trial) {
		a := t.serve(t.server(host.Config{}, tools())).call("1", "no/such", ``, statelessMeta)
		t.answered(a, 404, `"code":-32601`)
		isJSON(t, a)
	})
	trap.consequence("a subscription that is malformed has its status", func(t trial) {
		a := t.serve(t.server(host.Config{}, tools())).call("1", "subscriptions/listen", `"notifications":7`, statelessMeta)
		t.answered(a, 400, `"code":-32602`)
		isJSON(t, a)
	})
	trap.consequence("a call that reports nothing is answered as JSON", func(t trial) {
		a := call(t, "quiet")
		t.answered(a, 200, `"done"`)
		isJSON(t, a)
	})
	trap.consequence("the first notification commits to a stream", func(t trial) {
		a := call(t, "loud")
		t.answered(a, 200, `"notifications/progress"`)
		t.answered(a, 200, `"done"`)
		if a.kind != "text/event-stream" {
			t.Errorf("answered with %s", a.kind)
		}
	})
	trap.consequence("and after it an error is an event", func(t trial) {
		a := call(t, "loud_asks")
		t.answered(a, 200, `data: {"jsonrpc":"2.0","id":1,"error":{"code":-32021`)
	})
	trap.consequence("silence until the keep-alive commits as well", func(t trial) {
		a := call(t, "slow")
		t.answered(a, 200, ":\n\n")
		t.answered(a, 200, `"done"`)
	})
}
