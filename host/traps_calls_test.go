// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// An asker is a tool that asks one question, then reports and is done. It keeps
// the contexts in which it was entered.
type asker struct {
	mu      sync.Mutex
	entered []mcp.CallContext
	answer  string // as it came in the last round
}

func (a *asker) source() host.Source { return script(a.run, toolNamed("ask"), toolNamed("other")) }

func (a *asker) run(_ context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entered = append(a.entered, call.Context)
	sink.Progress(mcp.Progress{Progress: 1})
	sink.Log(mcp.LogMessage{Level: mcp.LogInfo, Data: []byte(`"working"`)})
	if call.Resumption == nil || len(call.Resumption.Responses) == 0 {
		ask := mcp.InputRequest{Key: "who", Method: mcp.MethodElicit, Params: []byte(`{"message":"Who?","requestedSchema":{"type":"object","properties":{}}}`)}
		return mcp.Outcome{InputRequired: &mcp.InputRequired{Requests: []mcp.InputRequest{ask}, State: []byte("mine")}}, nil
	}
	a.answer = string(call.Resumption.Responses[0].Result)
	return textOutcome("done"), nil
}

// stateIn is the requestState of the last of these messages.
func stateIn(t trial, lines []string) string {
	t.Helper()
	var m struct {
		Result struct{ RequestState string }
	}
	if len(lines) == 0 || json.Unmarshal([]byte(lines[len(lines)-1]), &m) != nil || m.Result.RequestState == "" {
		t.Fatalf("no question in %q", lines)
	}
	return m.Result.RequestState
}

// askOf is the params of a call of the asker; retryOf those of its second round.
func askOf(tool string) string { return `"name":"fake__` + tool + `","arguments":{"a":1,"b":[2,"x"]}` }

func retryOf(state, response string) string {
	return fmt.Sprintf(`"requestState":%q,"inputResponses":{"who":%s},"arguments":{ "b":[2.0,"\u0078"], "a":1e0},"name":"fake__ask"`, state, response)
}

const accept = `{"action":"accept","content":{}}`

func TestTrap06RetryTakenForTheSameRequest(t *testing.T) {
	trap := newTrial(t)
	const elicitation = `{"elicitation":{}}`
	trap.consequence("everything of the request is that of the retry", func(t trial) {
		a := &asker{}
		s := t.server(host.Config{}, a.source())
		c := t.pipe(s)
		const trace = `"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333%d-01","example.com/round":%d`
		first := c.ask("1", "tools/call", askOf("ask"), metaOf(elicitation, `"progressToken":"old","io.modelcontextprotocol/logLevel":"info",`+fmt.Sprintf(trace, 1, 1)))
		t.want(first, `"progressToken":"old"`, `notifications/message`, `"input_required"`)

		// Another pipe, which has never seen the first round, and other wishes.
		c = t.pipe(s)
		second := c.ask(`"two"`, "tools/call", retryOf(stateIn(t, first), accept), metaOf(`{"elicitation":{},"roots":{}}`, `"progressToken":7,`+fmt.Sprintf(trace, 2, 2)))
		t.want(second, `"progressToken":7`, `"id":"two","result"`)
		t.lacks(strings.Join(second, ""), "old", "notifications/message")

		before, now := a.entered[0], a.entered[1]
		if !strings.HasSuffix(before.Trace.Parent, "1-01") || !strings.HasSuffix(now.Trace.Parent, "2-01") {
			t.Errorf("traces %q and %q", before.Trace.Parent, now.Trace.Parent)
		}
		if before.Capabilities.Roots || !now.Capabilities.Roots || before.LogLevel != mcp.LogInfo || now.LogLevel != mcp.LogNone {
			t.Errorf("entered with %+v, then with %+v", before, now)
		}
		if string(now.Meta) != `{"example.com/round":2}` || before.RequestID == now.RequestID {
			t.Errorf("entered with %+v, then with %+v", before, now)
		}
	})
	trap.consequence("capabilities are gated afresh", func(t trial) {
		s := t.serve(t.server(host.Config{}, fakeSources(t.T, "fake tools=three")...))
		first := s.call("1", "tools/call", `"name":"fake__three"`, metaOf(`{"elicitation":{},"sampling":{}}`, ``), "Mcp-Name: fake__three")
		params := fmt.Sprintf(`"name":"fake__three","requestState":%q,"inputResponses":{"who":%s}`, stateIn(t, []string{first.body}), accept)
		a := s.call("2", "tools/call", params, metaOf(elicitation, ``), "Mcp-Name: fake__three")
		t.answered(a, 400, `"code":-32021`)
		t.answered(a, 400, `"data":{"requiredCapabilities":{"sampling":{}}}`)
	})
	trap.consequence("a cancel of the round before cancels nothing", func(t trial) {
		c := t.pipe(t.server(host.Config{}, (&asker{}).source()))
		first := c.ask("1", "tools/call", askOf("ask"), metaOf(elicitation, ``))
		t.want(c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`))
		t.want(c.ask("2", "tools/call", retryOf(stateIn(t, first), accept), metaOf(elicitation, ``)), `"done"`)
		// Its id is free again, also for the retry itself.
		t.want(c.ask("1", "tools/call", retryOf(stateIn(t, first), accept), metaOf(elicitation, ``)), `"id":1,"result"`)
	})
	trap.consequence("nothing but its age ends what waits for a client", func(t trial) {
		c := t.pipe(t.server(host.Config{Limits: host.Limits{StateTTL: time.Hour}}, (&asker{}).source()))
		state := stateIn(t, c.ask("1", "tools/call", askOf("ask"), metaOf(elicitation, ``)))
		pass(59 * time.Minute)
		t.want(c.ask("2", "tools/call", retryOf(state, accept), metaOf(elicitation, ``)), `"done"`)
		pass(2 * time.Minute)
		t.want(c.ask("3", "tools/call", retryOf(state, accept), metaOf(elicitation, ``)), `{"code":-32602,"message":"Invalid or expired requestState"}`)
	})
	trap.consequence("a state serves its own call alone, and refusals tell nothing", func(t trial) {
		c := t.pipe(t.server(host.Config{}, (&asker{}).source()))
		state := stateIn(t, c.ask("1", "tools/call", askOf("ask"), metaOf(elicitation, ``)))
		good := retryOf(state, accept)
		for name, params := range map[string]string{
			"another tool":      strings.Replace(good, "fake__ask", "fake__other", 1),
			"another argument":  strings.Replace(good, `"a":1e0`, `"a":2`, 1),
			"one argument more": strings.Replace(good, `"a":1e0`, `"a":1,"c":null`, 1),
			"one argument less": strings.Replace(good, `"a":1e0`, `"d":1`, 1),
			"a number as text":  strings.Replace(good, `"a":1e0`, `"a":"1"`, 1),
			"no state of ours":  strings.Replace(good, state, "x", 1),
			"an empty state":    strings.Replace(good, state, "", 1),
		} {
			if said := c.ask("2", "tools/call", params, metaOf(elicitation, ``)); len(said) != 1 || !strings.Contains(said[0], `"error":{"code":-32602,"message":"Invalid or expired requestState"}}`) {
				t.Errorf("%s: %s", name, said)
			}
		}
		prompt := fmt.Sprintf(`"name":"fake__ask","arguments":{"a":"1"},"requestState":%q`, state)
		t.want(c.ask("3", "prompts/get", prompt, metaOf(elicitation, ``)), `"Invalid or expired requestState"`)
	})
	for _, action := range []string{"decline", "cancel"} {
		trap.consequence("a "+action+" reaches the plugin as such", func(t trial) {
			a := &asker{}
			c := t.pipe(t.server(host.Config{}, a.source()))
			state := stateIn(t, c.ask("1", "tools/call", askOf("ask"), metaOf(elicitation, ``)))
			t.want(c.ask("2", "tools/call", retryOf(state, `{"action":"`+action+`"}`), metaOf(elicitation, ``)), `"done"`)
			if a.answer != `{"action":"`+action+`"}` {
				t.Errorf("the plugin got %s", a.answer)
			}
		})
	}
}

// questions are what a plugin can ask, each with the capabilities that it needs.
var questions = map[string]struct {
	method, params string
	needs          string // as data.requiredCapabilities has it
	answer         string
}{
	"form":           {mcp.MethodElicit, `{"message":"m","requestedSchema":{"type":"object","properties":{}}}`, `{"elicitation":{"form":{}}}`, accept},
	"form_by_name":   {mcp.MethodElicit, `{"mode":"form","message":"m","requestedSchema":{"type":"object","properties":{}},"_meta":{"a":1},"task":{"ttl":1}}`, `{"elicitation":{"form":{}}}`, accept},
	"url":            {mcp.MethodElicit, `{"mode":"url","message":"m","url":"https://example.com/","elicitationId":"own"}`, `{"elicitation":{"url":{}}}`, `{"action":"accept"}`},
	"sampling":       {mcp.MethodSample, `{"messages":[{"role":"user","content":{"type":"text","text":"t"}}],"maxTokens":1}`, `{"sampling":{}}`, answers[mcp.MethodSample]},
	"sampling_tools": {mcp.MethodSample, `{"messages":[{"role":"user","content":{"type":"text","text":"t"}}],"maxTokens":1,"tools":[]}`, `{"sampling":{"tools":{}}}`, answers[mcp.MethodSample]},
	"sampling_tool":  {mcp.MethodSample, `{"messages":[{"role":"user","content":{"type":"text","text":"t"}}],"maxTokens":1,"toolChoice":{"mode":"none"}}`, `{"sampling":{"tools":{}}}`, answers[mcp.MethodSample]},
	"roots":          {mcp.MethodListRoots, `{}`, `{"roots":{}}`, `{"roots":[]}`},
}

// questioner offers a tool for each question.
func questioner() host.Source {
	var defs []mcp.Tool
	for _, name := range slices.Sorted(maps.Keys(questions)) {
		defs = append(defs, toolNamed(name))
	}
	return script(func(_ context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
		if call.Resumption != nil {
			return textOutcome("answered"), nil
		}
		q := questions[call.Name]
		return mcp.Outcome{InputRequired: &mcp.InputRequired{Requests: []mcp.InputRequest{{Key: "k", Method: q.method, Params: []byte(q.params)}}}}, nil
	}, defs...)
}

// gates are declarations of clients, and the questions that each may be asked.
var gates = map[string][]string{
	`{}`:                                   {},
	`{"elicitation":{}}`:                   {"form", "form_by_name"},
	`{"elicitation":{"form":{}}}`:          {"form", "form_by_name"},
	`{"elicitation":{"url":{}}}`:           {"url"},
	`{"elicitation":{"form":{},"url":{}}}`: {"form", "form_by_name", "url"},
	`{"elicitation":true}`:                 {},
	`{"sampling":{}}`:                      {"sampling"},
	`{"sampling":{"context":{}}}`:          {"sampling"},
	`{"sampling":{"tools":{}}}`:            {"sampling", "sampling_tools", "sampling_tool"},
	`{"roots":{}}`:                         {"roots"},
	`{"experimental":{"elicitation":{}}}`:  {},
}

func TestTrap07CapabilitiesTakenByTheirName(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("the stateless era asks what the request declares, and else names it", func(t trial) {
		s := t.serve(t.server(host.Config{}, questioner()))
		for capabilities, allowed := range gates {
			for name, q := range questions {
				a := s.call("1", "tools/call", `"name":"fake__`+name+`"`, metaOf(capabilities, ``), "Mcp-Name: fake__"+name)
				if slices.Contains(allowed, name) {
					t.answered(a, 200, `"inputRequests":{"k":{"method":"`+q.method+`"`)
					continue
				}
				t.answered(a, 400, `"code":-32021`)
				if missing := q.needs; capabilities != `{"sampling":{}}` && capabilities != `{"sampling":{"context":{}}}` {
					t.answered(a, 400, `"data":{"requiredCapabilities":`+missing+`}}`)
				}
			}
		}
	})
	trap.consequence("a session asks what its handshake declared, and else the tool fails", func(t trial) {
		server := t.server(host.Config{}, questioner())
		for capabilities, allowed := range gates {
			c := t.pipe(server)
			c.shake("2025-11-25", capabilities)
			for name, q := range questions {
				said := c.ask(`"x"`, "tools/call", `"name":"fake__`+name+`"`, ``)
				if !slices.Contains(allowed, name) {
					t.want(said, `"isError":true`)
					continue
				}
				t.want(said, `"method":"`+q.method+`"`)
				t.want(c.say(`{"jsonrpc":"2.0","id":%s,"result":%s}`, idIn(t, said[0]), q.answer), `"answered"`)
			}
		}
	})
	trap.consequence("questions are bare in the stateless era and requests before", func(t trial) {
		server := t.server(host.Config{}, questioner())
		c, older := t.pipe(server), t.pipe(server)
		const all = `{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}`
		older.shake("2025-11-25", all)
		for name := range questions {
			said := c.ask(`"x"`, "tools/call", `"name":"fake__`+name+`"`, metaOf(all, ``))
			var m struct {
				Result struct {
					InputRequests map[string]map[string]any
				}
			}
			if err := json.Unmarshal([]byte(strings.Join(said, "")), &m); err != nil {
				t.Fatal(err)
			}
			if keys := slices.Sorted(maps.Keys(m.Result.InputRequests["k"])); !slices.Equal(keys, []string{"method", "params"}) {
				t.Errorf("%s: a question has the members %q", name, keys)
			}
			t.lacks(strings.Join(said, ""), "elicitationId", `"task"`, `"a":1`)
			asked := older.ask(`"x"`, "tools/call", `"name":"fake__`+name+`"`, ``)
			t.want(asked, `{"jsonrpc":"2.0","id":`)
			t.want(older.say(`{"jsonrpc":"2.0","id":%s,"result":%s}`, idIn(t, asked[0]), questions[name].answer), `"answered"`)
		}
	})
	trap.consequence("each version has its own form of an elicitation", func(t trial) {
		server := t.server(host.Config{}, questioner())
		const both = `{"elicitation":{"form":{},"url":{}}}`
		asked := map[string]string{}
		for _, version := range handshakeVersions {
			c := t.pipe(server)
			c.shake(version, both)
			for _, name := range []string{"form_by_name", "url"} {
				said := c.ask(`"x"`, "tools/call", `"name":"fake__`+name+`"`, ``)
				asked[version+" "+name] = strings.Join(said, "\n")
				if !strings.Contains(said[0], `"isError"`) {
					t.want(c.say(`{"jsonrpc":"2.0","id":%s,"result":{"action":"decline"}}`, idIn(t, said[0])), `"answered"`)
				}
			}
		}
		for question, part := range map[string]string{
			"2024-11-05 form_by_name": `"isError":true`, "2024-11-05 url": `"isError":true`,
			"2025-03-26 form_by_name": `"isError":true`, "2025-03-26 url": `"isError":true`,
			"2025-06-18 form_by_name": `"elicitation/create"`, "2025-06-18 url": `"isError":true`,
			"2025-11-25 form_by_name": `"mode":"form"`, "2025-11-25 url": `"elicitationId":"`,
		} {
			if !strings.Contains(asked[question], part) {
				t.Errorf("%s: %s", question, asked[question])
			}
		}
		t.lacks(asked["2025-06-18 form_by_name"], `"mode"`)
		t.lacks(asked["2025-11-25 url"], `"own"`) // ids are the host's, or two plugins could share one
	})
	trap.consequence("only three methods ask and resume", func(t trial) {
		c := t.pipe(t.server(host.Config{}, questioner()))
		const resumed = `"requestState":7,"inputResponses":7`
		for method, params := range map[string]string{
			"tools/list": ``, "prompts/list": ``, "resources/list": ``, "resources/templates/list": ``, "server/discover": ``,
			"completion/complete": `"ref":{"type":"ref/prompt","name":"fake__hello"},"argument":{"name":"who","value":"a"}`,
		} {
			t.want(c.ask("1", method, strings.TrimPrefix(params+","+resumed, ","), statelessMeta), `"resultType":"complete"`)
		}
		for method, params := range map[string]string{
			"tools/call": `"name":"fake__form"`, "prompts/get": `"name":"fake__hello","arguments":{"who":"a"}`, "resources/read": `"uri":"fake://static"`,
		} {
			t.want(c.ask("1", method, params+","+resumed, statelessMeta), `"code":-32602`)
		}
	})
}

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
		for _, token := range []string{`9007199254740993`, `"9007199254740993"`, `"é\n"`, `0`, `""`} {
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
