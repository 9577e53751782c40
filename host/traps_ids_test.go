// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host"
)

// idIn is the id of a message, as it is written.
func idIn(t trial, line string) string {
	t.Helper()
	var m struct{ ID json.RawMessage }
	if err := json.Unmarshal([]byte(line), &m); err != nil || m.ID == nil {
		t.Fatalf("no id in %s", line)
	}
	return string(m.ID)
}

func TestTrap08IdsAsGlobalKeys(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("two clients over HTTP have the same id, and one leaves", func(t trial) {
		h := newHolder()
		s := t.serve(t.server(host.Config{}, h.source()))
		call := func(ctx context.Context, who string) chan string {
			said := make(chan string, 1)
			go func() {
				resp, err := s.send(ctx, http.MethodPost, requestOf("1", "tools/call", hold(who), statelessMeta), stateless("tools/call", "Mcp-Name: fake__hold")...)
				if err != nil {
					said <- err.Error()
					return
				}
				defer resp.Body.Close()
				said <- bodyOf(t.T, resp)
			}()
			return said
		}
		ctx, leave := context.WithCancel(t.Context())
		a, b := call(ctx, "a"), call(t.Context(), "b")
		synctest.Wait()
		// A cancel names no request there: anybody could name anybody's.
		cancelled := s.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, "Mcp-Protocol-Version: 2026-07-28")
		t.answered(cancelled, 202, "")
		if h.wasCancelled(t, "a") || h.wasCancelled(t, "b") {
			t.Error("a notification cancelled the request of another POST")
		}
		leave()
		<-a
		if !h.wasCancelled(t, "a") || h.wasCancelled(t, "b") {
			t.Errorf("cancelled %v, want a alone", h.cancelled)
		}
		h.release(t, "b")
		if got := <-b; !strings.Contains(got, `released {\"who\":\"b\"}`) {
			t.Errorf("b got %s", got)
		}
	})
	trap.consequence("two sessions have the same id, and one cancels", func(t trial) {
		h := newHolder()
		s := t.serve(t.server(host.Config{}, h.source()))
		sessions := map[string]string{"a": s.open("2025-11-25", `{}`), "b": s.open("2025-11-25", `{}`)}
		answers := map[string]chan answer{}
		for who, session := range sessions {
			said := make(chan answer, 1)
			answers[who] = said
			go func() { said <- s.post(requestOf("1", "tools/call", hold(who), ``), session) }()
		}
		synctest.Wait()
		s.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, sessions["a"])
		if !h.wasCancelled(t, "a") || h.wasCancelled(t, "b") {
			t.Errorf("cancelled %v, want a alone", h.cancelled)
		}
		h.release(t, "b")
		t.answered(<-answers["b"], 200, `{\"who\":\"b\"}`)
		<-answers["a"]
	})
	trap.consequence("an answer counts in the session that was asked alone", func(t trial) {
		s := t.serve(t.server(host.Config{}, questioner()))
		const roots = `{"roots":{}}`
		a, b := s.open("2025-11-25", roots), s.open("2025-11-25", roots)
		call := requestOf("1", "tools/call", `"name":"fake__roots"`, ``)
		ofA := s.stream(t.Context(), http.MethodPost, call, a)
		ofB := s.stream(t.Context(), http.MethodPost, call, b)
		askedA, askedB := ofA.heard(), ofB.heard()
		t.want(askedA, `"roots/list"`)
		t.want(askedB, `"roots/list"`)
		if idIn(t, askedA[0]) != idIn(t, askedB[0]) {
			t.Skip("ids differ by session, so that none can be taken for another's")
		}
		response := `{"jsonrpc":"2.0","id":` + idIn(t, askedA[0]) + `,"result":{"roots":[]}}`
		t.answered(s.post(response, b), 202, "")
		t.want(ofB.heard(), `"answered"`)
		t.want(ofA.heard())
		t.answered(s.post(response, a), 202, "")
		t.want(ofA.heard(), `"answered"`)
	})
	trap.consequence("the number 1 and the text 1 are two requests", func(t trial) {
		for _, meta := range []string{``, statelessMeta} {
			h := newHolder()
			c := t.pipe(t.server(host.Config{}, h.source()))
			c.shake("2025-11-25", `{}`)
			t.want(c.ask(`1`, "tools/call", hold("number"), meta))
			t.want(c.ask(`"1"`, "tools/call", hold("text"), meta))
			t.want(c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}`))
			if !h.wasCancelled(t, "text") || h.wasCancelled(t, "number") {
				t.Errorf("cancelled %v, want the text alone", h.cancelled)
			}
			h.release(t, "number")
			t.want(c.heard(), `"id":1,"result"`)
		}
	})
	trap.consequence("no digit of an id is lost", func(t trial) {
		h := newHolder()
		c := t.pipe(t.server(host.Config{}, h.source()))
		ids := []string{"9007199254740992", "9007199254740993", "-9007199254740993", "123456789012345678901234567890"}
		for _, id := range ids {
			t.want(c.ask(id, "tools/call", hold(id), statelessMeta))
		}
		for _, id := range ids {
			h.release(t, id)
			t.want(c.heard(), `"id":`+id+`,"result"`)
		}
	})
	trap.consequence("tokens and subscriptions are named as the client wrote them", func(t trial) {
		c := t.pipe(t.server(host.Config{}, fakeSources(t.T, "fake tools=report")...))
		for _, token := range []string{`9007199254740993`, `"9007199254740993"`, `9223372036854775808`, `-123456789012345678901234567890`, `"é\n"`, `0`, `""`} {
			said := c.ask("1", "tools/call", `"name":"fake__report"`, metaOf(`{}`, `"progressToken":`+token))
			t.want(said, `"progressToken":`+token+`,"progress":1`, `"progressToken":`+token+`,"progress":2`, `"id":1,"result"`)
		}
		for _, id := range []string{`9007199254740993`, `"9007199254740993"`, `1`, `"1"`} {
			t.want(c.ask(id, "subscriptions/listen", `"notifications":{}`, statelessMeta), `{"io.modelcontextprotocol/subscriptionId":`+id+`}`)
		}
	})
	trap.consequence("two clients over HTTP listen under the same id", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, "fake tools=grow")...))
		s.call("1", "tools/list", ``, statelessMeta)
		listen := requestOf("1", "subscriptions/listen", `"notifications":{"toolsListChanged":true}`, statelessMeta)
		ctx, leave := context.WithCancel(t.Context())
		a := s.stream(ctx, http.MethodPost, listen, stateless("subscriptions/listen")...)
		b := s.stream(t.Context(), http.MethodPost, listen, stateless("subscriptions/listen")...)
		t.want(a.heard(), `acknowledged`)
		t.want(b.heard(), `acknowledged`)
		grow := func() { s.call("1", "tools/call", `"name":"fake__grow"`, statelessMeta, "Mcp-Name: fake__grow") }
		grow()
		t.want(a.heard(), `"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}`)
		t.want(b.heard(), `"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}`)
		leave()
		<-a.closed
		s.call("1", "tools/list", ``, statelessMeta)
		grow()
		t.want(b.heard(), `"notifications/tools/list_changed"`)
	})
}
