// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestTrap09ChangesOnTheWrongChannel(t *testing.T) {
	trap := newTrial(t)
	const (
		changed  = `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`
		grow     = `"name":"fake__grow"`
		touch    = `"name":"fake__touch"`
		updated  = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"fake://static"}}`
		changing = "fake all tools=grow,touch,report"
	)
	tagged := func(id string) string {
		return `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":` + id + `}}}`
	}
	listen := func(c *pipeClient, id, filter string) []string {
		return c.ask(id, "subscriptions/listen", `"notifications":{`+filter+`}`, statelessMeta)
	}
	trap.consequence("who neither shook hands nor listens hears nothing", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, changing)...))
		t.want(c.ask("1", "tools/list", ``, statelessMeta), `"id":1`)
		t.want(c.ask("2", "tools/call", grow, statelessMeta), `"id":2`)
		t.want(c.ask("3", "tools/call", touch, statelessMeta), `"id":3`)
	})
	trap.consequence("the handshake era hears nothing before it is initialized, then one, untagged", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, changing)...))
		t.want(c.say("%s", handshakeOf("2025-11-25", `{}`)), `"id":"hello"`)
		t.want(c.ask("1", "tools/list", ``, ``), `"id":1`)
		t.want(c.ask("2", "tools/call", grow, ``), `"id":2`)
		t.want(c.say(initialized))
		t.want(c.ask("3", "tools/list", ``, ``), `"id":3`)
		said := c.ask("4", "tools/call", grow, ``)
		t.want(said, `"id":4`, changed)
	})
	trap.consequence("on a pipe of both eras each hears it in its own way, once a subscription", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, changing)...))
		c.shake("2025-06-18", `{}`)
		t.want(listen(c, `"a"`, `"toolsListChanged":true`), `acknowledged`)
		t.want(listen(c, `7`, `"toolsListChanged":true`), `acknowledged`)
		t.want(c.ask("1", "tools/list", ``, ``), `"id":1`)
		said := c.ask("2", "tools/call", grow, ``)
		slices.Sort(said)
		want := []string{changed, tagged(`"a"`), tagged(`7`)}
		slices.Sort(want)
		if len(said) != 4 || !slices.Equal(said[1:], want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
	trap.consequence("a subscription is acknowledged first, and hears what it asked for alone", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, changing)...))
		for id, filter := range map[string]string{"21": `"promptsListChanged":true`, "22": `"toolsListChanged":false`, "23": ``, "24": `"resourceSubscriptions":["fake://other"]`} {
			t.want(listen(c, id, filter), `"notifications/subscriptions/acknowledged"`)
		}
		t.want(listen(c, "25", `"toolsListChanged":true`), `"params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/subscriptionId":25}}`)
		t.want(c.ask("1", "tools/list", ``, statelessMeta), `"id":1`)
		t.want(c.ask("2", "tools/call", grow, statelessMeta), `"id":2`, tagged("25"))
		t.want(c.ask("3", "tools/call", touch, statelessMeta), `"id":3`)
		t.want(c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":25}}`))
		t.want(c.ask("4", "tools/list", ``, statelessMeta), `"id":4`)
		t.want(c.ask("5", "tools/call", grow, statelessMeta), `"id":5`)
	})
	trap.consequence("what is not offered is left out of the acknowledgement", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=grow")...))
		t.want(listen(c, "1", `"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["fake://static"]`), `"params":{"notifications":{"toolsListChanged":true},"_meta"`)
	})
	trap.consequence("progress and logs never reach a subscription", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, changing)...)
		c := t.pipe(server)
		t.want(listen(c, "1", `"toolsListChanged":true`), `acknowledged`)
		said := c.ask("2", "tools/call", `"name":"fake__report"`, metaOf(`{}`, `"progressToken":1,"io.modelcontextprotocol/logLevel":"debug"`))
		if len(said) != 5 {
			t.Errorf("said %q", said)
		}
		t.lacks(strings.Join(said, ""), "subscriptionId")
		s := t.serve(server)
		stream := s.stream(t.Context(), http.MethodPost, requestOf("1", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`, statelessMeta), stateless("subscriptions/listen")...)
		t.want(stream.heard(), `acknowledged`)
		s.call("2", "tools/call", `"name":"fake__report"`, metaOf(`{}`, `"progressToken":1,"io.modelcontextprotocol/logLevel":"debug"`), "Mcp-Name: fake__report")
		t.want(stream.heard())
	})
	trap.consequence("updates of a resource reach who subscribed to it, until no more", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, changing)...)
		c, other := t.pipe(server), t.pipe(server)
		c.shake("2025-11-25", `{}`)
		other.shake("2025-11-25", `{}`)
		t.want(c.ask("1", "tools/call", touch, ``), `"id":1`)
		t.want(c.ask("2", "resources/subscribe", `"uri":"fake://static"`, ``), `"id":2,"result":{}`)
		t.want(c.ask("3", "tools/call", touch, ``), `"id":3`, updated)
		t.want(c.ask("4", "resources/unsubscribe", `"uri":"fake://static"`, ``), `"id":4,"result":{}`)
		t.want(c.ask("5", "tools/call", touch, ``), `"id":5`)
		t.want(other.heard())
		t.want(listen(c, "6", `"resourceSubscriptions":["fake://static"]`), `"notifications":{"resourceSubscriptions":["fake://static"]}`)
		t.want(c.ask("7", "tools/call", touch, ``), `"id":7`, `"params":{"uri":"fake://static","_meta":{"io.modelcontextprotocol/subscriptionId":6}}`)
	})
	trap.consequence("a session over HTTP hears it on exactly one stream", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, changing+",wait")...))
		session := s.open("2025-11-25", `{}`)
		s.post(requestOf("1", "tools/list", ``, ``), session)
		older := s.stream(t.Context(), http.MethodGet, "", session)
		newer := s.stream(t.Context(), http.MethodGet, "", session)
		busy := make(chan answer, 1)
		go func() { busy <- s.post(requestOf("2", "tools/call", `"name":"fake__wait"`, ``), session) }()
		synctest.Wait()
		s.post(requestOf("3", "tools/call", grow, ``), session)
		t.want(newer.heard(), changed)
		t.want(older.heard())
		t.lacks((<-busy).body, "list_changed")
	})
}

func TestTrap10ErrorCodesDrift(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("a missing resource has the code of its era, and is never empty", func(t trial) {
		server := t.server(host.Config{}, fakeSources(t.T, "fake all tools=echo")...)
		const read = `"uri":"none://x"`
		t.want(t.pipe(server).ask("1", "resources/read", read, statelessMeta), `"code":-32602`)
		said := t.pipe(server).ask("1", "resources/read", read, statelessMeta)
		t.want(said, `"data":{"uri":"none://x"}`)
		for _, version := range handshakeVersions {
			c := t.pipe(server)
			c.shake(version, `{}`)
			said := c.ask("1", "resources/read", read, ``)
			t.want(said, `"error":{"code":-32002`)
			t.want(said, `"data":{"uri":"none://x"}`)
		}
	})
	trap.consequence("arguments that do not fit are the tool's error, what is no call is the request's", func(t trial) {
		def := toolNamed("strict")
		def.Input = refuses{"a must be a number"}
		server := t.server(host.Config{}, script(func(context.Context, *mcp.ToolCall, mcp.Sink) (mcp.Outcome, error) {
			t.Error("the tool was called")
			return textOutcome("called"), nil
		}, def))
		for _, meta := range []string{statelessMeta, ``} {
			c := t.pipe(server)
			c.shake("2025-06-18", `{}`)
			t.want(c.ask("1", "tools/call", `"name":"fake__strict","arguments":{"a":"x"}`, meta), `"text":"invalid arguments: a must be a number"}],"isError":true`)
			t.want(c.ask("2", "tools/call", `"name":"fake__none","arguments":{}`, meta), `{"code":-32602,"message":"Unknown tool: fake__none"}`)
			t.want(c.ask("3", "tools/call", `"name":"fake__strict","arguments":"x"`, meta), `"code":-32602`)
			t.want(c.ask("4", "tools/call", `"arguments":{}`, meta), `"code":-32602`)
			t.want(c.ask("5", "prompts/get", `"name":"none"`, meta), `"code":-32602`)
			t.want(c.ask("6", "tools/list", `"cursor":"none"`, meta), `"code":-32602`)
			t.want(c.ask("7", "tools/list", `"cursor":7`, meta), `"code":-32602`)
		}
		c := t.pipe(server)
		t.want(c.ask("8", "tools/list", ``, metaOf(`{}`, `"io.modelcontextprotocol/logLevel":"loud"`)), `"code":-32602`)
		c.shake("2025-06-18", `{}`)
		t.want(c.ask("9", "logging/setLevel", `"level":"loud"`, ``), `"code":-32602`)
	})
	trap.consequence("what a plugin says of errors reaches nobody as a code", func(t trial) {
		failures := map[string]error{
			"grpc":       fmt.Errorf("rpc error: code = Unavailable desc = secret detail"),
			"plugin":     &mcp.PluginError{Plugin: "fake", Text: "broke the protocol", Err: errors.New("secret detail")},
			"internal":   &mcp.ProtocolError{Reason: mcp.ReasonInternal, Message: "own words"},
			"invalid":    &mcp.ProtocolError{Reason: mcp.ReasonInvalidParams, Message: "own words"},
			"missing":    &mcp.ProtocolError{Reason: mcp.ReasonNotFound, Message: "own words"},
			"capability": &mcp.ProtocolError{Reason: mcp.ReasonMissingCapability, Message: "own words", Required: mcp.ClientCapabilities{ElicitationURL: true}},
			"busy":       &mcp.ProtocolError{Reason: mcp.ReasonUnavailable, Message: "own words"},
			"resource":   &mcp.ProtocolError{Reason: mcp.ReasonResourceNotFound, Message: "own words"},
			"of_no_kind": &mcp.ProtocolError{Reason: 200, Message: "own words"},
		}
		want := map[string][2]string{ // by era: stateless, handshake
			"grpc":       {`{"code":-32603,"message":"internal error"}`, `{"code":-32603,"message":"internal error"}`},
			"plugin":     {`"isError":true`, `"isError":true`},
			"internal":   {`"code":-32603`, `"code":-32603`},
			"invalid":    {`"code":-32602`, `"code":-32602`},
			"missing":    {`"code":-32602`, `"code":-32602`},
			"capability": {`"code":-32021`, `"isError":true`}, // url elicitation, but never -32042
			"busy":       {`"code":-32603`, `"code":-32603`},
			"resource":   {`"code":-32602`, `"code":-32002`},
			"of_no_kind": {`"code":-32603`, `"code":-32603`},
		}
		var defs []mcp.Tool
		for name := range failures {
			defs = append(defs, toolNamed(name))
		}
		server := t.server(host.Config{}, script(func(_ context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
			return mcp.Outcome{}, failures[call.Name]
		}, defs...))
		c := t.pipe(server)
		c.shake("2025-11-25", `{}`)
		for name := range failures {
			for era, meta := range []string{statelessMeta, ``} {
				said := c.ask("1", "tools/call", `"name":"fake__`+name+`"`, meta)
				t.want(said, want[name][era])
				t.lacks(strings.Join(said, ""), "secret", "rpc error", "-32042")
			}
		}
	})
}

// refuses is a Validator that nothing satisfies.
type refuses struct{ why string }

func (r refuses) Validate([]byte) error { return errors.New(r.why) }
