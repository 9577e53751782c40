// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func promisesOfCalls() []promise {
	return []promise{
		{"Greets", with(greetsAll)},
		{"RefusesWrongArguments", with(refusesArguments)},
		{"KnowsNoOtherTool", with(knowsNoOtherTool)},
		{"CountsWithProgress", with(counts)},
		{"StopsCountingWhenCancelled", with(stopsCounting)},
		{"StopsAtTheDeadline", with(stopsAtDeadline)},
		{"ReturnsStructuredContent", with(returnsStructured)},
		{"ReturnsPictures", with(returnsPictures)},
		{"FailsInItsThreeWays", with(failsThreeWays)},
		{"LogsToTheClient", with(logs)},
		{"KnowsItsCaller", with(knowsCaller)},
		{"TakesLargeArguments", with(greetsAtLength)},
		{"ReturnsLargeResults", with(returnsLarge)},
		{"TakesAHundredCallsAtOnce", with(manyAtOnce)},
	}
}

// outcome runs a call to its end and returns the last event.
func (p *process) outcome(t *testing.T, tool, args string) *pluginv1.CallToolResponse {
	t.Helper()
	events := p.events(t, tool, args)
	if len(events) == 0 {
		t.Fatalf("%s %s: no outcome", tool, args)
	}
	return events[len(events)-1]
}

// text is the text of a result, if it is one block.
func text(event *pluginv1.CallToolResponse) string {
	if blocks := event.GetResult().GetContent(); len(blocks) == 1 {
		return blocks[0].GetText().GetText()
	}
	return ""
}

func (p *process) wantText(t *testing.T, tool, args, want string) {
	t.Helper()
	event := p.outcome(t, tool, args)
	if text(event) != want || event.GetResult().GetIsError() {
		t.Errorf("%s %s: got %.300v, want %q", tool, args, event, want)
	}
}

// wantToolError calls a tool that should fail and returns what it says.
func (p *process) wantToolError(t *testing.T, tool, args, part string) {
	t.Helper()
	event := p.outcome(t, tool, args)
	if !event.GetResult().GetIsError() || !strings.Contains(text(event), part) {
		t.Errorf("%s %s: got %v, want a tool error that holds %q", tool, args, event, part)
	}
}

func greetsAll(t *testing.T, p *process) {
	p.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!")
	p.wantText(t, "greet", `{"who":"Zażółć \"gęślą\"\n😀"}`, "Hello, Zażółć \"gęślą\"\n😀!")
	p.wantText(t, "greet", `{"who":""}`, "Hello, !")
}

func refusesArguments(t *testing.T, p *process) {
	for args, part := range map[string]string{
		`{}`: "who", `{"who":3}`: "who", `{"who":null}`: "who", `{"who":["Ada"]}`: "who", `{"who":"Ada","whom":"Bob"}`: "whom",
	} {
		p.wantToolError(t, "greet", args, part)
	}
	for _, args := range []string{`{"n":"3"}`, `{"n":1.5}`, `{"n":-1}`, `{"n":true}`} {
		p.wantToolError(t, "count", args, "n")
	}
	p.wantToolError(t, "stats", `{"numbers":[1,"2"]}`, "numbers")
	p.wantToolError(t, "tick", `{"x":1}`, "x")
}

func knowsNoOtherTool(t *testing.T, p *process) {
	for _, name := range []string{"wave", "", "Greet", "grown"} {
		event := p.outcome(t, name, `{}`)
		if event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
			t.Errorf("%q: got %v", name, event)
		}
	}
}

func stopsAtDeadline(t *testing.T, p *process) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	stream := p.call(ctx, t, "count", `{"n":1000000,"delay_ms":1}`)
	var last *pluginv1.CallToolResponse
	event, err := stream.Recv()
	for ; err == nil; event, err = stream.Recv() {
		last = event
	}
	if end, _ := ctx.Deadline(); time.Until(end) > 50*time.Millisecond {
		t.Errorf("ended %v before its time: %v after %v", time.Until(end), err, last)
	}
	// Each end has a clock: a plugin whose time ends first may still say so.
	said := errors.Is(err, io.EOF) && last.GetResult().GetIsError()
	if !said && status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v after %v", err, last)
	}
	stops(t, p)
}

func returnsStructured(t *testing.T, p *process) {
	event := p.outcome(t, "stats", `{"numbers":[1,2,4.5]}`)
	var got map[string]float64
	if err := json.Unmarshal(event.GetResult().GetStructuredContentJson(), &got); err != nil || got["count"] != 3 || got["sum"] != 7.5 || got["mean"] != 2.5 {
		t.Errorf("got %v %v", event, err)
	}
	var same map[string]float64
	if err := json.Unmarshal([]byte(text(event)), &same); err != nil || fmt.Sprint(same) != fmt.Sprint(got) {
		t.Errorf("as text: %q", text(event))
	}
	p.wantToolError(t, "stats", `{"numbers":[]}`, "numbers must not be empty")
}

func returnsPictures(t *testing.T, p *process) {
	event := p.outcome(t, "picture", `{}`)
	blocks := event.GetResult().GetContent()
	if len(blocks) != 1 || blocks[0].GetImage().GetMimeType() != "image/png" || !bytes.Equal(blocks[0].GetImage().GetData(), png(t)) {
		t.Errorf("got %v", event)
	}
}

func failsThreeWays(t *testing.T, p *process) {
	p.wantToolError(t, "fail", `{"how":"error"}`, "asked to fail")
	event := p.outcome(t, "fail", `{"how":"crash"}`)
	if !event.GetResult().GetIsError() || text(event) != "internal error" {
		t.Errorf("crash: got %v", event)
	}
	event = p.outcome(t, "fail", `{"how":"protocol"}`)
	if event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INVALID_PARAMS || event.GetError().GetMessage() != "asked to fail" {
		t.Errorf("protocol: got %v", event)
	}
	p.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!") // it has survived
}

// logged runs the tool say for a client that wants logs from level on.
func (p *process) logged(t *testing.T, level pluginv1.LogLevel, args string) []*pluginv1.CallToolResponse {
	t.Helper()
	stream, err := p.tools.CallTool(t.Context(), &pluginv1.CallToolRequest{
		Context: &pluginv1.CallContext{RequestId: "r1", LogLevel: level}, Name: "say", ArgumentsJson: []byte(args),
	})
	if err != nil {
		t.Fatal(err)
	}
	var events []*pluginv1.CallToolResponse
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
}

func logs(t *testing.T, p *process) {
	const warn = `{"level":"warning","message":"mind the gap"}`
	events := p.logged(t, pluginv1.LogLevel_LOG_LEVEL_INFO, warn)
	if len(events) != 2 || events[0].GetLog().GetLevel() != pluginv1.LogLevel_LOG_LEVEL_WARNING ||
		!strings.Contains(string(events[0].GetLog().GetDataJson()), "mind the gap") || !json.Valid(events[0].GetLog().GetDataJson()) || text(events[1]) != "Said." {
		t.Errorf("got %v", events)
	}
	for _, level := range []pluginv1.LogLevel{pluginv1.LogLevel_LOG_LEVEL_ERROR, pluginv1.LogLevel_LOG_LEVEL_UNSPECIFIED} {
		if events := p.logged(t, level, warn); len(events) != 1 {
			t.Errorf("a client that wants %v gets %v", level, events)
		}
	}
	p.wantToolError(t, "say", `{"level":"loud","message":""}`, "loud")
}

func knowsCaller(t *testing.T, p *process) {
	stream, err := p.tools.CallTool(t.Context(), &pluginv1.CallToolRequest{Name: "whoami", ArgumentsJson: []byte(`{}`), Context: &pluginv1.CallContext{
		RequestId: "r1", WantsProgress: true,
		Client:       &pluginv1.ClientInfo{Name: "tester"},
		Principal:    &pluginv1.Principal{Subject: "ada"},
		Capabilities: &pluginv1.ClientCapabilities{ElicitationForm: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	event, err := stream.Recv()
	var got map[string]any
	if err := errors.Join(err, json.Unmarshal(event.GetResult().GetStructuredContentJson(), &got)); err != nil {
		t.Fatal(err)
	}
	if got["client"] != "tester" || got["principal"] != "ada" || got["wants_progress"] != true || got["elicitation"] != true {
		t.Errorf("got %v", got)
	}
}

func returnsLarge(t *testing.T, p *process) {
	const size = 20 << 20
	got := text(p.outcome(t, "fill", fmt.Sprintf(`{"bytes":%d}`, size)))
	if len(got) != size || strings.Trim(got, "x") != "" {
		t.Errorf("%d bytes", len(got))
	}
}

func manyAtOnce(t *testing.T, p *process) {
	const calls = 100
	var working sync.WaitGroup
	for i := range calls {
		working.Go(func() {
			stream, err := p.tools.CallTool(t.Context(), &pluginv1.CallToolRequest{
				Context: &pluginv1.CallContext{RequestId: fmt.Sprint(i)}, Name: "count",
				ArgumentsJson: fmt.Appendf(nil, `{"n":%d,"delay_ms":20}`, 5+i%3),
			})
			var event *pluginv1.CallToolResponse
			for err == nil {
				var next *pluginv1.CallToolResponse
				if next, err = stream.Recv(); err == nil {
					event = next
				}
			}
			if !errors.Is(err, io.EOF) || text(event) != fmt.Sprintf("Counted to %d.", 5+i%3) {
				t.Errorf("call %d: %v %v", i, event, err)
			}
		})
	}
	began := time.Now()
	working.Wait()
	// One after the other they would take more than 12 s.
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("%d calls took %v", calls, took)
	}
}
