// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

// patience bounds what a test waits for.
const patience = 10 * time.Second

// fixtures are the names that the suite asks for.
var fixtures = struct{ tools, prompts, resources, templates []string }{
	tools: []string{
		"json_schema_2020_12_tool",
		"test_audio_content",
		"test_elicitation",
		"test_elicitation_sep1034_defaults",
		"test_elicitation_sep1330_enums",
		"test_embedded_resource",
		"test_error_handling",
		"test_image_content",
		"test_input_required_result_capabilities",
		"test_input_required_result_elicitation",
		"test_input_required_result_list_roots",
		"test_input_required_result_multi_round",
		"test_input_required_result_multiple_inputs",
		"test_input_required_result_request_state",
		"test_input_required_result_sampling",
		"test_input_required_result_tampered_state",
		"test_logging_tool",
		"test_missing_capability",
		"test_multiple_content_types",
		"test_reconnection",
		"test_sampling",
		"test_simple_text",
		"test_streaming_elicitation",
		"test_tool_with_logging",
		"test_tool_with_progress",
		"test_trigger_prompt_change",
		"test_trigger_tool_change",
		"test_x_mcp_header",
	},
	prompts: []string{
		"test_input_required_result_prompt",
		"test_prompt_with_arguments",
		"test_prompt_with_embedded_resource",
		"test_prompt_with_image",
		"test_simple_prompt",
	},
	resources: []string{"test://static-binary", "test://static-text", "test://watched-resource"},
	templates: []string{"test://template/{id}/data"},
}

func TestEveryFixtureIsOfferedAndDescribed(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	check := func(kind string, want, got, undescribed []string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("list %s: %v", kind, err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", kind, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(undescribed) > 0 {
			t.Errorf("%s without a description: %v", kind, undescribed)
		}
	}
	tools, err := c.ListTools(t.Context())
	got, undescribed := names(tools, func(t pluginapi.Tool) (string, string) { return t.Name, t.Description })
	check("tools", fixtures.tools, got, undescribed, err)
	prompts, err := c.ListPrompts(t.Context())
	got, undescribed = names(prompts, func(p pluginapi.Prompt) (string, string) { return p.Name, p.Description })
	check("prompts", fixtures.prompts, got, undescribed, err)
	resources, err := c.ListResources(t.Context())
	got, undescribed = names(resources, func(r pluginapi.Resource) (string, string) { return r.URI, r.Description })
	check("resources", fixtures.resources, got, undescribed, err)
	templates, err := c.ListResourceTemplates(t.Context())
	got, undescribed = names(templates, func(r pluginapi.ResourceTemplate) (string, string) { return r.URITemplate, r.Description })
	check("templates", fixtures.templates, got, undescribed, err)
}

// names lists what a list holds, and which of that has no description.
func names[T any](list []T, read func(T) (name, description string)) (all, undescribed []string) {
	for _, item := range list {
		name, description := read(item)
		all = append(all, name)
		if description == "" {
			undescribed = append(undescribed, name)
		}
	}
	return all, undescribed
}

// call returns the result of a tool, which must have one.
func call(t *testing.T, name string, args any, o plugintest.Options) *plugintest.ToolResult {
	t.Helper()
	return callOn(t, plugintest.Start(t, newPlugin(), nil), name, args, o)
}

func callOn(t *testing.T, c *plugintest.Client, name string, args any, o plugintest.Options) *plugintest.ToolResult {
	t.Helper()
	result, err := c.CallTool(t.Context(), name, args, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return result
}

// wantText fails the test unless a tool returned exactly that text.
func wantText(t *testing.T, result *plugintest.ToolResult, want string) {
	t.Helper()
	if result.IsError || len(result.Content) != 1 || result.Text() != want {
		t.Errorf("the result is %q (%d blocks, error: %v), want %q", result.Text(), len(result.Content), result.IsError, want)
	}
}

func TestContentIsWhatTheSuiteFixes(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	picture := pluginapi.Image{Data: pixel, MIMEType: "image/png"}
	for name, want := range map[string][]pluginapi.Content{
		"test_simple_text":    {pluginapi.Text{Text: "This is a simple text response for testing."}},
		"test_image_content":  {picture},
		"test_audio_content":  {pluginapi.Audio{Data: silence, MIMEType: "audio/wav"}},
		"test_error_handling": {pluginapi.Text{Text: "This tool intentionally returns an error for testing"}},
		"test_embedded_resource": {pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{
			URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content.",
		}}},
		"test_multiple_content_types": {
			pluginapi.Text{Text: "Multiple content types test:"},
			picture,
			pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{
				URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`,
			}},
		},
	} {
		result := callOn(t, c, name, nil, plugintest.Options{})
		if got, want := asJSON(t, result.Content), asJSON(t, want); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if want := name == "test_error_handling"; result.IsError != want {
			t.Errorf("%s: an error: %v, want %v", name, result.IsError, want)
		}
	}
}

func TestMediaAreRealFiles(t *testing.T) {
	if !bytes.HasPrefix(pixel, []byte("\x89PNG\r\n\x1a\n")) {
		t.Error("the pixel is no PNG")
	}
	if !bytes.HasPrefix(silence, []byte("RIFF")) || !bytes.Equal(silence[8:12], []byte("WAVE")) {
		t.Error("the silence is no WAV")
	}
}

func TestSchemasReachTheHostAsWritten(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	tools, err := c.ListTools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"json_schema_2020_12_tool": keywordsSchema, "test_x_mcp_header": headerSchema} {
		i := slices.IndexFunc(tools, func(t pluginapi.Tool) bool { return t.Name == name })
		if i < 0 {
			t.Fatalf("%s is not offered", name)
		}
		if got := string(tools[i].InputSchema); got != want {
			t.Errorf("%s: the input schema is %s, want %s", name, got, want)
		}
	}
}

func TestSchemaToolTakesWhatConforms(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	args := json.RawMessage(`{"name":"Ann","contactMethod":"email","email":"ann@example.com"}`)
	wantText(t, callOn(t, c, "json_schema_2020_12_tool", args, plugintest.Options{}),
		"The arguments conform to the schema: "+string(args))
	if result := callOn(t, c, "json_schema_2020_12_tool", nil, plugintest.Options{}); !result.IsError {
		t.Errorf("without arguments the result is %q, want an error", result.Text())
	}
}

func TestHeaderToolReturnsItsArgument(t *testing.T) {
	wantText(t, call(t, "test_x_mcp_header", map[string]string{"region": "us-west1"}, plugintest.Options{}), "region=us-west1")
}

func TestProgressIsReportedInThreeSteps(t *testing.T) {
	result := call(t, "test_tool_with_progress", nil, plugintest.Options{})
	want := []plugintest.Progress{{Done: 0, Total: 100}, {Done: 50, Total: 100}, {Done: 100, Total: 100}}
	if !slices.Equal(result.Progress, want) {
		t.Errorf("the progress is %v, want %v", result.Progress, want)
	}
	wantText(t, result, "The progress was reported.")
}

func TestStepsAreLogged(t *testing.T) {
	for name, want := range map[string]string{
		"test_tool_with_logging": `"Tool execution started" "Tool processing data" "Tool execution completed"`,
		"test_logging_tool":      `"A message at level info"`,
	} {
		result := call(t, name, nil, plugintest.Options{})
		var got []string
		for _, l := range result.Logs {
			got = append(got, string(l.Data))
			if l.Level != pluginapi.LevelInfo {
				t.Errorf("%s: level %v, want info", name, l.Level)
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: logs %s, want %s", name, got, want)
		}
	}
}

func TestReconnectionReleasesTheStreamBeforeItsResult(t *testing.T) {
	result := call(t, "test_reconnection", nil, plugintest.Options{})
	if result.Releases != 1 {
		t.Errorf("the stream was released %d times, want once", result.Releases)
	}
	wantText(t, result, "Reconnection test completed successfully")
}

func TestLogsStopWhenTheCallIsCancelled(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.CallTool(ctx, "test_tool_with_logging", nil, plugintest.Options{}); err == nil {
		t.Error("a cancelled call has a result")
	}
}

func TestMissingCapabilityIsAProtocolError(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	_, err := c.CallTool(t.Context(), "test_missing_capability", nil, plugintest.Options{Capabilities: &pluginapi.Capabilities{}})
	refusal, ok := errors.AsType[*pluginapi.ProtocolError](err)
	if !ok || refusal.Code != pluginapi.CodeMissingCapability || refusal.Required != (pluginapi.Capabilities{Sampling: true}) {
		t.Errorf("without sampling: %#v, want a missing capability, sampling", err)
	}
	wantText(t, callOn(t, c, "test_missing_capability", nil, plugintest.Options{}), "The client can ask a model.")
}

func TestTriggersChangeTheirOwnListAlone(t *testing.T) {
	for tool, changed := range map[string]func(before, after plugintest.Revisions) bool{
		"test_trigger_tool_change": func(before, after plugintest.Revisions) bool {
			return before.Tools != after.Tools && before.Prompts == after.Prompts
		},
		"test_trigger_prompt_change": func(before, after plugintest.Revisions) bool {
			return before.Tools == after.Tools && before.Prompts != after.Prompts
		},
	} {
		c := plugintest.Start(t, newPlugin(), nil)
		before := next(t, c.Changes())
		for range 2 { // it comes, and it goes
			callOn(t, c, tool, nil, plugintest.Options{})
			after := next(t, c.Changes())
			if !changed(before, after) {
				t.Errorf("%s: from %+v to %+v", tool, before, after)
			}
			before = after
		}
		tools, err := c.ListTools(t.Context())
		if err != nil || len(tools) != len(fixtures.tools) {
			t.Errorf("%s: %d tools, %v, after an even number of changes", tool, len(tools), err)
		}
	}
}

func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case value := <-from:
		return value
	case <-timeout.C:
		t.Fatal("nothing was reported")
	}
	var zero T
	return zero
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
