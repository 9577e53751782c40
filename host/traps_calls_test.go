// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
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
