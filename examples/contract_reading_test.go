// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"bytes"
	"slices"
	"testing"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func promisesOfReading() []promise {
	return []promise{
		{"ReadsResources", with(readsResources)},
		{"ReadsWhatATemplateMatches", with(readsTemplate)},
		{"KnowsNoOtherResource", with(knowsNoOtherResource)},
		{"CompletesVariables", with(completesVariables)},
		{"FillsInPrompts", with(fillsInPrompts)},
		{"RefusesWrongPromptArguments", with(refusesPromptArguments)},
		{"CompletesPromptArguments", with(completesPrompts)},
		{"TellsOfChangedResources", with(tellsOfUpdates)},
		{"TellsOfChangedLists", with(tellsOfLists)},
	}
}

// read reads a resource and returns the last event.
func (p *process) read(t *testing.T, uri string) *pluginv1.ReadResourceResponse {
	t.Helper()
	stream, err := pluginv1.NewResourceServiceClient(p.conn).ReadResource(t.Context(), &pluginv1.ReadResourceRequest{
		Context: &pluginv1.CallContext{RequestId: "r1"}, Uri: uri,
	})
	if err != nil {
		t.Fatal(err)
	}
	event, err := stream.Recv()
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	return event
}

// contents are those of a resource that has one piece.
func (p *process) contents(t *testing.T, uri string) *pluginv1.ResourceContents {
	t.Helper()
	event := p.read(t, uri)
	if len(event.GetResult().GetContents()) != 1 {
		t.Fatalf("%s: got %v", uri, event)
	}
	one := event.GetResult().GetContents()[0]
	if one.GetUri() != uri {
		t.Errorf("%s calls itself %s", uri, one.GetUri())
	}
	return one
}

func readsResources(t *testing.T, p *process) {
	if got := p.contents(t, "tour://readme"); got.GetText() != "Every ability of a plugin, once." || got.GetMimeType() != "text/plain" {
		t.Errorf("readme: %v", got)
	}
	if got := p.contents(t, "tour://logo"); !bytes.Equal(got.GetBlob(), png(t)) || got.GetMimeType() != "image/png" {
		t.Errorf("logo: %v", got)
	}
	if got := p.contents(t, "tour://clock"); got.GetText() != "0" {
		t.Errorf("clock: %v", got)
	}
	p.wantText(t, "tick", `{}`, "1")
	if got := p.contents(t, "tour://clock"); got.GetText() != "1" {
		t.Errorf("clock after a tick: %v", got)
	}
}

func readsTemplate(t *testing.T, p *process) {
	for n, want := range map[string]string{"12": "144", "-3": "9", "%37": "49"} {
		if got := p.contents(t, "tour://squares/"+n); got.GetText() != want || got.GetMimeType() != "text/plain" {
			t.Errorf("%s: %v", n, got)
		}
	}
}

func knowsNoOtherResource(t *testing.T, p *process) {
	for _, uri := range []string{"tour://nowhere", "tour://squares/two", "tour://squares/", "tour://squares/1/2", "other://readme", "tour://readme/"} {
		event := p.read(t, uri)
		if event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
			t.Errorf("%s: got %v", uri, event)
		}
	}
}

func (p *process) complete(t *testing.T, req *pluginv1.CompleteRequest) *pluginv1.CompleteResponse {
	t.Helper()
	req.Context = &pluginv1.CallContext{RequestId: "r1"}
	got, err := pluginv1.NewCompletionServiceClient(p.conn).Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func completesVariables(t *testing.T, p *process) {
	for typed, want := range map[string][]string{"": {"1", "10", "100", "2", "20"}, "1": {"1", "10", "100"}, "3": nil} {
		got := p.complete(t, &pluginv1.CompleteRequest{
			Reference:    &pluginv1.CompleteRequest_ResourceUriTemplate{ResourceUriTemplate: "tour://squares/{n}"},
			ArgumentName: "n", ArgumentValue: typed,
		})
		if !slices.Equal(got.GetCompletion().GetValues(), want) || got.GetError() != nil {
			t.Errorf("%q: got %v", typed, got)
		}
	}
}

func completesPrompts(t *testing.T, p *process) {
	ask := func(argument, typed string) *pluginv1.CompleteResponse {
		return p.complete(t, &pluginv1.CompleteRequest{
			Reference:    &pluginv1.CompleteRequest_PromptName{PromptName: "introduce"},
			ArgumentName: argument, ArgumentValue: typed, ResolvedArguments: map[string]string{"who": "Ada"},
		})
	}
	if got := ask("style", "f").GetCompletion().GetValues(); !slices.Equal(got, []string{"formal", "friendly", "funny"}) {
		t.Errorf("got %q", got)
	}
	if got := ask("style", "fr").GetCompletion().GetValues(); !slices.Equal(got, []string{"friendly"}) {
		t.Errorf("got %q", got)
	}
	// An argument that nothing completes has no suggestions.
	if got := ask("who", "A"); len(got.GetCompletion().GetValues()) > 0 || got.GetError() != nil {
		t.Errorf("got %v", got)
	}
}

// prompt fills in a prompt and returns the event.
func (p *process) prompt(t *testing.T, name string, args map[string]string) *pluginv1.GetPromptResponse {
	t.Helper()
	stream, err := pluginv1.NewPromptServiceClient(p.conn).GetPrompt(t.Context(), &pluginv1.GetPromptRequest{
		Context: &pluginv1.CallContext{RequestId: "r1"}, Name: name, Arguments: args,
	})
	if err != nil {
		t.Fatal(err)
	}
	event, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func fillsInPrompts(t *testing.T, p *process) {
	for style, want := range map[string]string{"": "Introduce Ada in a friendly way.", "formal": "Introduce Ada in a formal way."} {
		args := map[string]string{"who": "Ada"}
		if style != "" {
			args["style"] = style
		}
		messages := p.prompt(t, "introduce", args).GetResult().GetMessages()
		if len(messages) != 1 || messages[0].GetContent().GetText().GetText() != want || messages[0].GetRole() == pluginv1.Role_ROLE_ASSISTANT {
			t.Errorf("%q: got %v", style, messages)
		}
	}
}

func refusesPromptArguments(t *testing.T, p *process) {
	for _, args := range []map[string]string{{}, {"style": "formal"}, {"who": "Ada", "age": "36"}} {
		event := p.prompt(t, "introduce", args)
		if event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INVALID_PARAMS {
			t.Errorf("%v: got %v", args, event)
		}
	}
	if event := p.prompt(t, "reduce", nil); event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		t.Errorf("unknown prompt: got %v", event)
	}
}

// watch opens the watch and takes the revisions that it begins with.
func (p *process) watch(t *testing.T) (next func() *pluginv1.WatchResponse, first *pluginv1.Revisions) {
	t.Helper()
	stream, err := p.plugin.Watch(t.Context(), &pluginv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next = func() *pluginv1.WatchResponse {
		t.Helper()
		event, err := stream.Recv()
		if err != nil {
			t.Fatalf("watch: %v", err)
		}
		return event
	}
	first = next().GetRevisions()
	if first.GetTools() == "" || first.GetResources() == "" || first.GetPrompts() == "" {
		t.Errorf("the watch begins with %v", first)
	}
	return next, first
}

func tellsOfUpdates(t *testing.T, p *process) {
	next, _ := p.watch(t)
	resources := pluginv1.NewResourceServiceClient(p.conn)
	subscribe := func(uris ...string) []string {
		t.Helper()
		got, err := resources.SetSubscriptions(t.Context(), &pluginv1.SetSubscriptionsRequest{Uris: uris})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetAcceptedUris()
	}
	p.wantText(t, "tick", `{}`, "1") // nobody has asked
	if got := subscribe("tour://clock", "tour://readme", "tour://nowhere"); !slices.Equal(got, []string{"tour://clock"}) {
		t.Errorf("accepted %q", got)
	}
	p.wantText(t, "tick", `{}`, "2")
	if uri := next().GetResourceUpdated().GetUri(); uri != "tour://clock" {
		t.Errorf("told of %q", uri)
	}
	if got := subscribe(); len(got) != 0 {
		t.Errorf("accepted %q", got)
	}
	p.wantText(t, "tick", `{}`, "3") // nobody asks any more
	p.wantText(t, "grow", `{}`, "A tool grew.")
	if event := next(); event.GetRevisions() == nil {
		t.Errorf("told of %v", event)
	}
}

func tellsOfLists(t *testing.T, p *process) {
	next, first := p.watch(t)
	p.wantText(t, "grow", `{}`, "A tool grew.")
	changed := next().GetRevisions()
	if changed.GetTools() == first.GetTools() || changed.GetPrompts() != first.GetPrompts() || changed.GetResources() != first.GetResources() {
		t.Errorf("revisions were %v, are %v", first, changed)
	}
	list, err := p.tools.ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil || list.GetRevision() != changed.GetTools() {
		t.Errorf("the list has revision %q, the watch says %q, %v", list.GetRevision(), changed.GetTools(), err)
	}
	p.wantText(t, "grown", `{}`, "grown")
	p.wantText(t, "grow", `{}`, "A tool grew.") // it is there already
	if got := len(p.list(t)); got != len(tools())+1 {
		t.Errorf("%d tools", got)
	}
}
