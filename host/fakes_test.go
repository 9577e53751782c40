// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// fakeSources makes the plugins that a conversation names, one a line:
//
//	NAME [after=DURATION] [fails=DURATION] [hangs] [all] [tools=a,b]
//
// after is how long a start takes, fails for how long every start fails, hangs
// a start that never ends. all offers resources, prompts and completions too.
// Without tools a plugin offers those of fakeTools.
func fakeSources(t *testing.T, spec string) []host.Source {
	var sources []host.Source
	for line := range strings.Lines(spec) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		f := &fakePlugin{provides: host.KindTools, updates: make(chan string, 8), made: time.Now(), done: make(chan struct{}), changes: make(chan mcp.Kinds, 1), tools: fakeTools}
		for _, word := range words[1:] {
			f.configure(t, word)
		}
		sources = append(sources, host.Source{Name: words[0], Prefix: words[0], Provides: f.provides, Start: f.start})
	}
	return sources
}

var fakeTools = []string{"echo", "fail", "wait", "report", "die", "grow", "blocks", "sample"}

type fakePlugin struct {
	provides host.Kinds
	updates  chan string
	after    time.Duration
	hangs    bool
	done     chan struct{}
	changes  chan mcp.Kinds

	fails time.Duration
	made  time.Time

	mu    sync.Mutex
	tools []string
}

func (f *fakePlugin) configure(t *testing.T, word string) {
	key, value, _ := strings.Cut(word, "=")
	var err error
	switch key {
	case "after":
		f.after, err = time.ParseDuration(value)
	case "fails":
		f.fails, err = time.ParseDuration(value)
	case "hangs":
		f.hangs = true
	case "all":
		f.provides = host.KindTools | host.KindPrompts | host.KindResources | host.KindCompletions | host.KindSubscriptions
	case "tools":
		f.tools = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	default:
		err = errors.New("unknown word")
	}
	if err != nil {
		t.Fatalf("plugins: %s: %v", word, err)
	}
}

func (f *fakePlugin) start(ctx context.Context) (host.SourcePlugin, error) {
	if f.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	select {
	case <-time.After(f.after):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if time.Since(f.made) < f.fails {
		return nil, errors.New("exit status 1")
	}
	return f, nil
}

func (f *fakePlugin) Done() <-chan struct{}     { return f.done }
func (f *fakePlugin) Err() error                { return errors.New("gone") }
func (f *fakePlugin) Changes() <-chan mcp.Kinds { return f.changes }
func (f *fakePlugin) Close(context.Context)     {}

func (f *fakePlugin) ListTools(context.Context) ([]mcp.Tool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var tools []mcp.Tool
	for _, name := range f.tools {
		tool := mcp.Tool{Name: name, InputSchema: []byte(`{"type":"object"}`)}
		if name == "sample" {
			tool.Requires.Sampling = true
		}
		tools = append(tools, tool)
	}
	return tools, nil
}

func (f *fakePlugin) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	switch call.Name {
	case "fail":
		return mcp.Outcome{Tool: mcp.ToolError("it did not work")}, nil
	case "wait":
		select {
		case <-time.After(20 * time.Second):
		case <-ctx.Done():
			return mcp.Outcome{}, ctx.Err()
		}
	case "report":
		total := 2.0
		sink.Progress(mcp.Progress{Progress: 1, Total: &total, Message: "half"})
		sink.Progress(mcp.Progress{Progress: 1, Total: &total, Message: "the same again"})
		sink.Log(mcp.LogMessage{Level: mcp.LogInfo, Logger: "fake", Data: []byte(`"working"`)})
		sink.Log(mcp.LogMessage{Level: mcp.LogError, Logger: "fake", Data: []byte(`{"trouble":true}`)})
		sink.Progress(mcp.Progress{Progress: 2, Total: &total})
	case "die":
		return mcp.Outcome{}, &mcp.PluginError{Plugin: "fake", Text: "stopped while it ran this call; whether the call took effect is unknown", Err: errors.New("signal: killed, secret detail")}
	case "grow":
		f.mu.Lock()
		f.tools = append(f.tools[:len(f.tools):len(f.tools)], fmt.Sprintf("grown%d", len(f.tools)))
		f.mu.Unlock()
		f.changes <- mcp.KindTools
	case "three", "forever", "state_only", "link", "many":
		return askAs(call), nil
	case "touch":
		// After the answer, so that what the client hears has one order.
		time.AfterFunc(100*time.Millisecond, func() { f.updates <- "fake://static" })
	case "blocks":
		return mcp.Outcome{Tool: everyBlock()}, nil
	}
	text := string(call.Arguments)
	return mcp.Outcome{Tool: &mcp.CallToolResult{Content: []mcp.ContentBlock{{Text: &text}}}}, nil
}

// askAs is the outcome of a tool that asks, by its name.
func askAs(call *mcp.ToolCall) mcp.Outcome {
	answers := map[string]string{}
	state := ""
	if call.Resumption != nil {
		state = string(call.Resumption.State)
		for _, r := range call.Resumption.Responses {
			answers[r.Key] = string(r.Result) + r.Failure
		}
	}
	ask := func(key, method, params string) mcp.Outcome {
		return mcp.Outcome{InputRequired: &mcp.InputRequired{
			Requests: []mcp.InputRequest{{Key: key, Method: method, Params: []byte(params)}}, State: []byte(state + key + ";"),
		}}
	}
	form := `{"message":"Who?","requestedSchema":{"type":"object","properties":{"n":{"type":"string","default":"x","oneOf":[{"const":"a","title":"A"}]}}}}`
	switch {
	case call.Name == "forever":
		return ask("again", mcp.MethodElicit, form)
	case call.Name == "link" && answers["link"] == "":
		return ask("link", mcp.MethodElicit, `{"mode":"url","message":"Go","url":"https://example.com/"}`)
	case call.Name == "many" && answers["many"] == "":
		return ask("many", mcp.MethodElicit, `{"message":"Which?","requestedSchema":{"type":"object","properties":{"l":{"type":"array","items":{"enum":["a"]}}}}}`)
	case call.Name == "state_only" && state == "":
		return mcp.Outcome{InputRequired: &mcp.InputRequired{State: []byte("waiting")}}
	case call.Name == "three" && answers["who"] == "":
		return ask("who", mcp.MethodElicit, form)
	case call.Name == "three" && answers["model"] == "":
		return ask("model", mcp.MethodSample, `{"messages":[{"role":"user","content":{"type":"text","text":"hi"}}],"maxTokens":5}`)
	case call.Name == "three" && answers["roots"] == "":
		return ask("roots", mcp.MethodListRoots, `{}`)
	}
	text := fmt.Sprintf("%s %s %s %s%s %s", answers["who"], answers["model"], answers["roots"], answers["link"], answers["many"], state)
	return mcp.Outcome{Tool: &mcp.CallToolResult{Content: []mcp.ContentBlock{{Text: &text}}}}
}

func (f *fakePlugin) Provides() mcp.Kinds    { return f.provides }
func (f *fakePlugin) Updates() <-chan string { return f.updates }

func (f *fakePlugin) ListPrompts(context.Context) ([]mcp.Prompt, error) {
	return []mcp.Prompt{{Name: "hello", Title: "Hello", Arguments: []mcp.PromptArgument{{Name: "who", Title: "Who", Required: true}}}}, nil
}

func (f *fakePlugin) GetPrompt(_ context.Context, call *mcp.PromptCall, _ mcp.Sink) (mcp.Outcome, error) {
	if call.Arguments["who"] == "" {
		return mcp.Outcome{}, mcp.InvalidParamsf("who is missing")
	}
	text := "Say hello to " + call.Arguments["who"]
	return mcp.Outcome{Prompt: &mcp.GetPromptResult{Description: "A greeting", Messages: []mcp.PromptMessage{{Role: mcp.RoleUser, Content: mcp.ContentBlock{Text: &text}}}}}, nil
}

func (f *fakePlugin) ListResources(context.Context) ([]mcp.Resource, error) {
	size := uint64(4)
	return []mcp.Resource{{URI: "fake://static", Name: "static", Title: "Static", MIMEType: "text/plain", Size: &size}}, nil
}

func (f *fakePlugin) ListTemplates(context.Context) ([]mcp.ResourceTemplate, error) {
	return []mcp.ResourceTemplate{{URITemplate: "fake://item/{id}", Name: "item", Description: "An item"}}, nil
}

func (f *fakePlugin) ReadResource(_ context.Context, call *mcp.ReadCall, _ mcp.Sink) (mcp.Outcome, error) {
	text := "text of " + call.URI
	contents := []mcp.ResourceContents{{URI: call.URI, MIMEType: "text/plain", Text: &text}, {URI: call.URI + "#bytes", Blob: []byte("abc")}}
	return mcp.Outcome{Resource: &mcp.ReadResourceResult{Contents: contents, TTLMillis: 5000, Public: true}}, nil
}

func (f *fakePlugin) Complete(_ context.Context, call *mcp.CompleteCall) (*mcp.Completion, error) {
	total := uint32(2)
	return &mcp.Completion{Values: []string{call.Value + "1", call.Resolved["other"] + "2"}, Total: &total}, nil
}

func (f *fakePlugin) SetSubscriptions(_ context.Context, uris []string) ([]string, error) {
	var accepted []string
	for _, uri := range uris {
		if uri == "fake://static" {
			accepted = append(accepted, uri)
		}
	}
	return accepted, nil
}

// everyBlock is a result with every kind of content.
func everyBlock() *mcp.CallToolResult {
	text, priority, size := "text", 0.5, uint64(3)
	return &mcp.CallToolResult{
		Content: []mcp.ContentBlock{
			{Text: &text, Annotations: &mcp.Annotations{Audience: []mcp.Role{mcp.RoleUser}, Priority: &priority, LastModified: "2026-01-01T00:00:00Z"}, Meta: []byte(`{"example.com/a":1}`)},
			{Image: &mcp.Media{Data: []byte("abc"), MIMEType: "image/png"}},
			{Audio: &mcp.Media{Data: []byte("abc"), MIMEType: "audio/wav"}},
			{Link: &mcp.ResourceLink{URI: "file:///x", Name: "x", Title: "An X", Size: &size, Icons: []mcp.Icon{{Src: "https://example.com/i.png", Sizes: []string{"any"}}}}},
			{Resource: &mcp.ResourceContents{URI: "file:///y", MIMEType: "text/plain", Text: &text}},
			{Raw: &mcp.RawBlock{JSON: []byte("{\"type\":\"hologram\",\n\"depth\":3}"), Fallback: "a hologram"}},
		},
		StructuredContent: []byte(`[1,2]`),
		Meta:              []byte(`{"example.com/b":{"c":null},"io.modelcontextprotocol/serverInfo":"forged"}`),
	}
}
