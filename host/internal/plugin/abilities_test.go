// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestListsHoldTheFitDefinitions(t *testing.T) {
	cfg, log := config(t, "all"), logger(t)
	cfg.Log = log.log
	p := start(t, cfg)
	if p.Provides() != mcp.AllKinds {
		t.Errorf("provides %b", p.Provides())
	}
	prompts, err := p.ListPrompts(t.Context())
	if err != nil || len(prompts) != 1 || prompts[0].Name != "greet" || !prompts[0].Arguments[0].Required || !prompts[0].Requires.Roots {
		t.Errorf("prompts are %+v, %v", prompts, err)
	}
	resources, err := p.ListResources(t.Context())
	if err != nil || len(resources) != 2 || resources[0].URI != "test://text" || *resources[0].Size != 4 || resources[1].Name != "blob" {
		t.Errorf("resources are %+v, %v", resources, err)
	}
	templates, err := p.ListTemplates(t.Context())
	if err != nil || len(templates) != 1 || templates[0].URITemplate != "test://{+path}" {
		t.Errorf("templates are %+v, %v", templates, err)
	}
	for _, want := range []string{"prompt dropped", "resource dropped", "another resource has its URI", "resource template dropped"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log does not tell of %q: %s", want, log)
		}
	}
}

func TestAbilityThatIsNotProvidedListsNothing(t *testing.T) {
	p := start(t, config(t, "good")) // tools only
	prompts, err1 := p.ListPrompts(t.Context())
	resources, err2 := p.ListResources(t.Context())
	templates, err3 := p.ListTemplates(t.Context())
	completion, err4 := p.Complete(t.Context(), &mcp.CompleteCall{Prompt: "p", Argument: "a"})
	accepted, err5 := p.SetSubscriptions(t.Context(), []string{"test://x"})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || len(prompts)+len(resources)+len(templates)+len(accepted)+len(completion.Values) > 0 {
		t.Errorf("got %v %v %v %v %v, %v", prompts, resources, templates, accepted, completion, err)
	}
	_, err := p.ReadResource(t.Context(), &mcp.ReadCall{URI: "test://x"}, &recorder{})
	pluginError(t, err, "does not serve resources")
	_, err = p.GetPrompt(t.Context(), &mcp.PromptCall{Name: "x"}, &recorder{})
	pluginError(t, err, "does not serve prompts")
}

func TestResourcesNeedNoTemplates(t *testing.T) {
	p := start(t, config(t, "notemplates"))
	if templates, err := p.ListTemplates(t.Context()); len(templates) > 0 || err != nil {
		t.Errorf("got %v, %v", templates, err)
	}
}

func TestChangeOfResourcesIsAnnouncedForTemplatesAlone(t *testing.T) {
	p := start(t, config(t, "all"))
	if _, err := p.ListTemplates(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustCall(t, p, "revise", "r2")
	if kinds := nextChange(t, p); kinds != mcp.KindResources {
		t.Errorf("changed are %b", kinds)
	}
}

func TestReadResource(t *testing.T) {
	p := start(t, config(t, "all"))
	read := func(uri string, sink mcp.Sink) (mcp.Outcome, error) {
		return p.ReadResource(t.Context(), &mcp.ReadCall{URI: uri, Context: mcp.CallContext{WantsProgress: true}}, sink)
	}
	var events recorder
	out, err := read("test://text", &events)
	if err != nil {
		t.Fatal(err)
	}
	text := out.Resource
	if text.TTLMillis != 1<<53-1 || !text.Public || string(text.Meta) != `{"m":1}` || text.Contents[0].URI != "test://text/1" || *text.Contents[0].Text != "text" {
		t.Errorf("result is %+v", text)
	}
	if events.all() != "progress:1" {
		t.Errorf("events are %s", events.all())
	}
	out, err = read("test://blob", &recorder{})
	if err != nil || out.Resource.Contents[0].Text != nil || string(out.Resource.Contents[0].Blob) != "\x00\xff" || out.Resource.Contents[0].URI != "test://blob" {
		t.Errorf("got %+v, %v", out.Resource, err)
	}
	for uri, want := range map[string]string{
		"test://empty": textNoContents, "test://meta": "_meta that is not valid JSON", "test://silent": textNoOutcome,
	} {
		_, err := read(uri, &recorder{})
		pluginError(t, err, want)
	}
	_, err = read("test://crash", &recorder{})
	pluginError(t, err, textCrashed)
}

func TestMissingResourceIsNamed(t *testing.T) {
	p := start(t, config(t, "all"))
	_, err := p.ReadResource(t.Context(), &mcp.ReadCall{URI: `test://"`}, &recorder{})
	refused, ok := errors.AsType[*mcp.ProtocolError](err)
	if !ok || refused.Reason != mcp.ReasonResourceNotFound || string(refused.Data) != `{"uri":"test://\""}` {
		t.Errorf("error is %#v", err)
	}
}

func TestGetPrompt(t *testing.T) {
	p := start(t, config(t, "all"))
	out, err := p.GetPrompt(t.Context(), &mcp.PromptCall{Name: "greet", Arguments: map[string]string{"who": "Ann"}}, &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	messages := out.Prompt.Messages // one has no content and is left out
	if out.Prompt.Description != "d" || len(messages) != 2 || messages[0].Role != mcp.RoleUser ||
		*messages[0].Content.Text != "hello Ann" || messages[1].Role != mcp.RoleAssistant {
		t.Errorf("prompt is %+v", out.Prompt)
	}
	_, err = p.GetPrompt(t.Context(), &mcp.PromptCall{Name: "x"}, &recorder{})
	if refused, ok := errors.AsType[*mcp.ProtocolError](err); !ok || refused.Reason != mcp.ReasonNotFound {
		t.Errorf("error is %#v", err)
	}
}

// TestQuestionsAreEnteredAgain holds for every method that may ask.
func TestQuestionsAreEnteredAgain(t *testing.T) {
	p := start(t, config(t, "all"))
	answers := &mcp.Resumption{State: []byte("s:"), Responses: []mcp.InputResponse{
		{Key: "k0", Result: []byte(`{"roots":[]}`)}, {Key: "k1", Failure: "declined"},
	}}
	methods := map[string]func(*mcp.Resumption) (mcp.Outcome, error){
		"read": func(r *mcp.Resumption) (mcp.Outcome, error) {
			return p.ReadResource(t.Context(), &mcp.ReadCall{URI: "test://ask", Resumption: r}, &recorder{})
		},
		"prompt": func(r *mcp.Resumption) (mcp.Outcome, error) {
			return p.GetPrompt(t.Context(), &mcp.PromptCall{Name: "ask", Resumption: r}, &recorder{})
		},
	}
	for name, call := range methods {
		for resumption, want := range map[*mcp.Resumption]string{
			nil:     `{[{k0 roots/list {}}]  }`,
			answers: `{[{k2 roots/list {}}] s:k0={"roots":[]};k1=declined; }`,
		} {
			out, err := call(resumption)
			if err != nil || out.InputRequired == nil {
				t.Fatalf("%s: got %+v, %v", name, out, err)
			}
			if got := fmt.Sprintf("%s", *out.InputRequired); got != want {
				t.Errorf("%s: questions are %s, want %s", name, got, want)
			}
		}
	}
}

func TestComplete(t *testing.T) {
	p := start(t, config(t, "all"))
	tests := []struct {
		call mcp.CompleteCall
		want string
	}{
		{mcp.CompleteCall{Prompt: "p", Argument: "echo", Value: "v", Resolved: map[string]string{"other": "o"}}, `["p" "" "v" "o"] 9 true`},
		{mcp.CompleteCall{Template: "test://{x}", Argument: "echo"}, `["" "test://{x}" "" ""] 9 true`},
		{mcp.CompleteCall{Prompt: "p", Argument: "none"}, `[] - false`},
	}
	for _, test := range tests {
		got, err := p.Complete(t.Context(), &test.call)
		if err != nil {
			t.Fatal(err)
		}
		total := "-"
		if got.Total != nil {
			total = fmt.Sprint(*got.Total)
		}
		if text := fmt.Sprintf("%q %s %v", got.Values, total, got.HasMore); text != test.want {
			t.Errorf("got %s, want %s", text, test.want)
		}
	}
	// MCP, completion: "Maximum 100 items per response".
	if got, err := p.Complete(t.Context(), &mcp.CompleteCall{Prompt: "p", Argument: "many"}); err != nil || len(got.Values) != 100 || !got.HasMore {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err := p.Complete(t.Context(), &mcp.CompleteCall{Prompt: "p", Argument: "x"})
	if refused, ok := errors.AsType[*mcp.ProtocolError](err); !ok || refused.Reason != mcp.ReasonInvalidParams {
		t.Errorf("error is %#v", err)
	}
	_, err = p.Complete(t.Context(), &mcp.CompleteCall{Prompt: "p", Argument: "status"})
	pluginError(t, err, textFailed)
}

func TestSubscriptionsAreThoseThatWereAskedFor(t *testing.T) {
	p := start(t, config(t, "all"))
	accepted, err := p.SetSubscriptions(t.Context(), []string{"test://a", "foreign://b", "test://c"})
	if err != nil || !slices.Equal(accepted, []string{"test://a", "test://c"}) {
		t.Errorf("accepted %v, %v", accepted, err)
	}
	mustCall(t, p, "change", "no URI")
	mustCall(t, p, "change", "test://a/part")
	select {
	case uri := <-p.Updates():
		if uri != "test://a/part" {
			t.Errorf("updated is %s", uri)
		}
	case <-time.After(10 * time.Second):
		t.Error("no update within 10 s")
	}
}

func TestUpdatesAreBoundedAndMerged(t *testing.T) {
	u := updates{ch: make(chan string, maxUpdates)}
	for range 3 {
		u.push("a")
	}
	if u.push("b"); len(u.ch) != 2 {
		t.Errorf("%d wait, want a and b", len(u.ch))
	}
	var lost []string
	for i := range maxUpdates {
		if uri := u.push(fmt.Sprint(i)); uri != "" {
			lost = append(lost, uri)
		}
	}
	if !slices.Equal(lost, []string{"a", "b"}) {
		t.Errorf("lost are %v, want the oldest", lost)
	}
	for i := range maxUpdates {
		if uri := <-u.ch; uri != fmt.Sprint(i) {
			t.Fatalf("update %d is %s", i, uri)
		}
	}
}
