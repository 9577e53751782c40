// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/pluginapi"
)

// TestContract is what every caller may count on, over a real process.
func TestContract(t *testing.T) {
	tests := []struct {
		name, tool, arg string
		text            string // of the result
		failure         string // of the *mcp.PluginError
		dies            bool
	}{
		{name: "good", tool: "echo", arg: "hello", text: "hello"},
		{name: "large reply", tool: "text", arg: strconv.Itoa(20 << 20), text: strings.Repeat("x", 20<<20)},
		{name: "too large a reply", tool: "text", arg: strconv.Itoa(65 << 20), failure: "returned more than the 64 MiB"},
		{name: "too large a request", tool: "echo", arg: strings.Repeat("x", 65<<20), failure: textRequest},
		{name: "crash mid-call", tool: "crash", failure: textCrashed, dies: true},
		{name: "no outcome", tool: "silent", failure: textNoOutcome},
		{name: "invalid UTF-8", tool: "utf8", failure: textInvalid},
		{name: "ambiguous JSON", tool: "badjson", failure: "structured content that is not valid JSON"},
		{name: "status", tool: "status", arg: "13", failure: textFailed},
		{name: "exhausted of itself", tool: "status", arg: "8", failure: textFailed},
		{name: "unimplemented", tool: "status", arg: "12", failure: "does not serve tools"},
		{name: "lingers after its outcome", tool: "linger", text: "x"},
		{name: "empty", tool: "text", arg: "0", text: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := start(t, config(t, "good"))
			text, err := call(p, test.tool, test.arg)
			if test.failure == "" {
				if err != nil || text != test.text {
					t.Fatalf("got %d bytes, %v; want %d", len(text), err, len(test.text))
				}
			} else {
				failed := pluginError(t, err, test.failure)
				if strings.Contains(failed.Text, "secret") {
					t.Errorf("text shows internals: %s", failed.Text)
				}
			}
			if test.dies {
				within(t, "end of the process", p.Done())
				return
			}
			mustCall(t, p, "echo", "the next call works")
		})
	}
}

func TestCrashIsExplained(t *testing.T) {
	p := start(t, config(t, "good"))
	begun := time.Now()
	_, err := call(p, "crash", "")
	pluginError(t, err, textCrashed)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	within(t, "end of the process", p.Done())
	for _, want := range []string{"exit status 7", "about to crash"} {
		if !strings.Contains(p.Err().Error(), want) {
			t.Errorf("Err is %v, want %q in it", p.Err(), want)
		}
	}
	_, err = call(p, "echo", "x")
	pluginError(t, err, textGone)
	p.Close(context.Background())
	if errors.Is(p.Err(), ErrStopped) {
		t.Error("the crash is forgotten")
	}
}

func TestKilledPluginIsExplained(t *testing.T) {
	p := start(t, config(t, "good"))
	if err := syscall.Kill(p.proc.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, "end of the process", p.Done())
	if !strings.Contains(p.Err().Error(), "signal: killed") {
		t.Errorf("Err is %v", p.Err())
	}
}

func TestEventsComeInOrderAndOnlyThoseWanted(t *testing.T) {
	p := start(t, config(t, "good"))
	tests := []struct {
		context mcp.CallContext
		want    string
	}{
		{mcp.CallContext{WantsProgress: true, LogLevel: mcp.LogDebug},
			`progress:1 log:warning:"a" progress:2 log:debug:"b" log:info:{"c":1} progress:3 release:9`},
		{mcp.CallContext{LogLevel: mcp.LogInfo}, `log:warning:"a" log:info:{"c":1} release:9`},
		{mcp.CallContext{WantsProgress: true}, `progress:1 progress:2 progress:3 release:9`},
	}
	for _, test := range tests {
		var got recorder
		out, err := p.CallTool(t.Context(), &mcp.ToolCall{Name: "events", Arguments: []byte("{}"), Context: test.context}, &got)
		if err != nil || out.Tool == nil {
			t.Fatal(err)
		}
		if got.all() != test.want {
			t.Errorf("got  %s\nwant %s", got.all(), test.want)
		}
	}
}

func TestCancellationReachesThePlugin(t *testing.T) {
	p := start(t, config(t, "good"))
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("client gave up")
	result := hang(ctx, t, p)
	cancel(gaveUp)
	if err := <-result; !errors.Is(err, gaveUp) {
		t.Errorf("error is %v", err)
	}
	eventually(t, "cancellation in the plugin", 10*time.Second, func() bool {
		return mustCall(t, p, "cancelled", "") == "1"
	})
}

func TestCallIsEndedByItsDeadline(t *testing.T) {
	cfg := config(t, "good")
	cfg.MaxCallTime = 100 * time.Millisecond
	p := start(t, cfg)
	_, err := call(p, "hang", "") // the absolute cap
	pluginError(t, err, textDeadline)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = callContext(ctx, p, "hang", "") // the caller's
	pluginError(t, err, textDeadline)
}

func TestConcurrencyAndQueueAreBounded(t *testing.T) {
	cfg := config(t, "narrow") // takes 2 at once
	cfg.QueueLimit = 3
	p := start(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	running := []<-chan error{hang(ctx, t, p), hang(ctx, t, p)}
	for range 3 {
		calls.Go(func() { _, _ = callContext(ctx, p, "hang", "") })
	}
	eventually(t, "full queue", 10*time.Second, func() bool { return len(p.gate.waiting) == 3 })
	_, err := call(p, "echo", "one more")
	pluginError(t, err, "is busy: 2 calls are running and 3 are waiting")

	cancel()
	calls.Wait()
	for _, ended := range running {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	}
	if most := mustCall(t, p, "most", ""); most != "2" {
		t.Errorf("plugin had %s calls at once, want 2", most)
	}
}

func TestWaitingCallHearsItsCancellation(t *testing.T) {
	g := newGate(1, 1)
	if err := g.enter(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.enter(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if len(g.waiting) != 0 {
		t.Error("it still counts as waiting")
	}
	done := make(chan struct{})
	close(done)
	if err := g.enter(t.Context(), done); !errors.Is(err, errGone) {
		t.Errorf("error at the end of the plugin is %v", err)
	}
}

func TestOutcomesOtherThanResults(t *testing.T) {
	p := start(t, config(t, "good"))
	_, err := p.CallTool(t.Context(), &mcp.ToolCall{Name: "notfound", Arguments: []byte("{}")}, &recorder{})
	var refused *mcp.ProtocolError
	if !errors.As(err, &refused) || refused.Reason != mcp.ReasonNotFound || refused.Message != "no such city" || string(refused.Data) != `{"city":"x"}` {
		t.Errorf("error is %#v", err)
	}
	out, err := p.CallTool(t.Context(), &mcp.ToolCall{Name: "ask", Arguments: []byte("{}")}, &recorder{})
	if err != nil || out.Tool != nil {
		t.Fatalf("outcome is %+v, %v", out, err)
	}
	if got := fmt.Sprintf("%s", *out.InputRequired); got != `{[{k elicitation/create {"message":"?"}}] s }` {
		t.Errorf("questions are %s", got)
	}
}

func TestContextCarriesWhatThePluginMayKnow(t *testing.T) {
	cfg := config(t, "good")
	cfg.AllowHeaders = []string{"x-tenant", "authorization", "Cookie", "mcp-session-id", "Proxy-Authorization"}
	p := start(t, cfg)
	out, err := p.CallTool(t.Context(), &mcp.ToolCall{
		Name: "context", Arguments: []byte("{}"),
		Context: mcp.CallContext{
			RequestID: "req-1", ConnectionID: "con-1",
			Client:       mcp.Implementation{Name: "cl\xffient"},
			Capabilities: mcp.ClientCapabilities{Roots: true},
			Principal:    &mcp.Principal{Subject: "ann"},
			Headers: map[string][]string{
				"X-Tenant": {" acme\xff"}, "X-Other": {"no-1"}, "Authorization": {"no-2"},
				"Cookie": {"no-3"}, "Mcp-Session-Id": {"no-4"}, "Proxy-Authorization": {"no-5"},
			},
			Trace: mcp.TraceContext{Parent: "00-aa-bb-01", State: "v=\x01", Baggage: "k=v"},
		},
	}, &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	got := *out.Tool.Content[0].Text
	for _, want := range []string{"req-1", "con-1", "cl\uFFFDient", "roots:true", "ann", "X-Tenant", `"acme`, "traceparent:[00-aa-bb-01]", "baggage:[k=v]"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	for _, secret := range []string{"no-", "v="} {
		if strings.Contains(got, secret) {
			t.Errorf("%q in %s", secret, got)
		}
	}
}

func TestEndOfConnectionIsTold(t *testing.T) {
	p := start(t, config(t, "good"))
	p.EndConnection(t.Context(), "con-9")
	if mustCall(t, p, "ended", "con-9") != "true" {
		t.Error("plugin does not know")
	}
	p.Close(context.Background())
	p.EndConnection(t.Context(), "con-9") // of a plugin that is gone: nothing happens
}

func TestSizeTextNamesWhoRefuses(t *testing.T) {
	tests := []struct{ message, want string }{
		{fmt.Sprintf("grpc: received message larger than max (99999999 vs. %d)", pluginapi.MaxMessageSize), "returned more than"},
		{"grpc: received message larger than max (5000000 vs. 4194304)", textRequest}, // a plugin with gRPC's default
		{"trying to send message larger than max (1 vs. 0)", textRequest},
		{"SERVER: Sent message larger than max (80000000 vs. 67108864)", "returned more than"}, // Python
		{"Sent message larger than max (80000000 vs. 67108864)", "returned more than"},         // Node
		{"Received message larger than max (80000000 vs 67108864)", textRequest},
		{"CLIENT: Received message larger than max (80000000 vs. 67108864)", textRequest},
		{"Error, encoded message length too large: found 8 bytes, the limit is: 7 bytes", "returned more than"}, // Rust
		{"Error, decoded message length too large: found 8 bytes, the limit is: 7 bytes", textRequest},
		{"quota of the backend", textFailed},
	}
	for _, test := range tests {
		if got := sizeText(test.message); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.message, got, test.want)
		}
	}
}

func TestCloseDuringCallIsNoCrash(t *testing.T) {
	p := start(t, config(t, "good"))
	result := hang(context.Background(), t, p)
	p.Close(context.Background())
	if failed := pluginError(t, <-result, ""); !errors.Is(failed, ErrStopped) {
		t.Errorf("error is %v", failed)
	}
}
