// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

// wantMessages fails the test unless a prompt holds one message of the user for
// each content.
func wantMessages(t *testing.T, result *plugintest.PromptResult, want ...pluginapi.Content) {
	t.Helper()
	var got []pluginapi.Content
	for _, m := range result.Messages {
		if m.Role != pluginapi.RoleUser {
			t.Errorf("a message has the role %v, want the user's", m.Role)
		}
		got = append(got, m.Content)
	}
	if got, want := asJSON(t, got), asJSON(t, want); got != want {
		t.Errorf("the messages are %s, want %s", got, want)
	}
}

func TestPromptsAreWhatTheSuiteFixes(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	for _, test := range []struct {
		prompt string
		args   map[string]string
		want   []pluginapi.Content
	}{
		{"test_simple_prompt", nil, []pluginapi.Content{pluginapi.Text{Text: "This is a simple prompt for testing."}}},
		{
			"test_prompt_with_arguments", map[string]string{"arg1": "hello", "arg2": "world"},
			[]pluginapi.Content{pluginapi.Text{Text: "Prompt with arguments: arg1='hello', arg2='world'"}},
		},
		{"test_prompt_with_embedded_resource", map[string]string{"resourceUri": "test://example"}, []pluginapi.Content{
			pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{
				URI: "test://example", MIMEType: "text/plain", Text: "Embedded resource content for testing.",
			}},
			pluginapi.Text{Text: "Please process the embedded resource above."},
		}},
		{"test_prompt_with_image", nil, []pluginapi.Content{
			pluginapi.Image{Data: pixel, MIMEType: "image/png"},
			pluginapi.Text{Text: "Please analyze the image above."},
		}},
	} {
		result, err := c.GetPrompt(t.Context(), test.prompt, test.args, plugintest.Options{})
		if err != nil {
			t.Errorf("%s: %v", test.prompt, err)
			continue
		}
		wantMessages(t, result, test.want...)
	}
}

func TestArgumentsOfAPromptAreRequired(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	_, err := c.GetPrompt(t.Context(), "test_prompt_with_arguments", map[string]string{"arg1": "hello"}, plugintest.Options{})
	if refusal, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refusal.Code != pluginapi.CodeInvalidParams {
		t.Errorf("without arg2: %v, want invalid params", err)
	}
}

func TestArgumentIsCompleted(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	completion, err := c.Complete(t.Context(), plugintest.Reference{Prompt: "test_prompt_with_arguments"}, "arg1", "test", nil)
	if want := []string{"test-value", "test-other"}; err != nil || !slices.Equal(completion.Values, want) {
		t.Errorf("the completion is %v, %v; want %v", completion.Values, err, want)
	}
}

func TestResourcesAreWhatTheSuiteFixes(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	for _, want := range []pluginapi.ResourceContents{
		{URI: "test://static-text", MIMEType: "text/plain", Text: "This is the content of the static text resource."},
		{URI: "test://static-binary", MIMEType: "image/png", Blob: pixel},
		{URI: "test://watched-resource", MIMEType: "text/plain", Text: "Watched resource content"},
		{
			URI: "test://template/123/data", MIMEType: "application/json",
			Text: `{"id":"123","templateTest":true,"data":"Data for ID: 123"}`,
		},
	} {
		result, err := c.ReadResource(t.Context(), want.URI, plugintest.Options{})
		if err != nil {
			t.Errorf("%s: %v", want.URI, err)
			continue
		}
		if got, want := asJSON(t, result.Contents), asJSON(t, []pluginapi.ResourceContents{want}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestUnknownResourceIsNotFound(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	_, err := c.ReadResource(t.Context(), "test://nonexistent-resource-for-conformance-testing", plugintest.Options{})
	if refusal, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refusal.Code != pluginapi.CodeNotFound {
		t.Errorf("got %v, want not found", err)
	}
}

func TestOnlyTheWatchedResourceCanBeSubscribedTo(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	accepted, err := c.Subscribe(t.Context(), "test://static-text", "test://watched-resource")
	if want := []string{"test://watched-resource"}; err != nil || !slices.Equal(accepted, want) {
		t.Errorf("accepted %v, %v; want %v", accepted, err, want)
	}
}
