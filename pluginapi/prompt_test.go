// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

type reviewArgs struct {
	Code  string  `json:"code" jsonschema:"what to review"`
	Tone  *string `json:"tone" jsonschema:"how to say it"`
	Focus focus   `json:"focus,omitempty"`
	Skip  int     `json:"-"`
}

type focus string

func TestPromptArgumentsAreInferred(t *testing.T) {
	p := pluginapi.New("test", "1")
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name: "review", Title: "Review", Description: "asks for a review",
		Icons: []pluginapi.Icon{{Src: "data:,"}}, Meta: json.RawMessage(`{"k":1}`),
		Requires: pluginapi.Capabilities{Sampling: true},
	}, func(_ context.Context, in reviewArgs) (string, error) {
		tone := "plain"
		if in.Tone != nil {
			tone = *in.Tone
		}
		return fmt.Sprintf("%s %s %q", in.Code, tone, in.Focus), nil
	})
	client := plugintest.Start(t, p, nil)

	prompts, err := client.ListPrompts(t.Context())
	want := []pluginapi.Prompt{{
		Name: "review", Title: "Review", Description: "asks for a review",
		Arguments: []pluginapi.PromptArgument{
			{Name: "code", Description: "what to review", Required: true},
			{Name: "tone", Description: "how to say it"},
			{Name: "focus"},
		},
		Icons: []pluginapi.Icon{{Src: "data:,"}}, Meta: json.RawMessage(`{"k":1}`),
		Requires: pluginapi.Capabilities{Sampling: true},
	}}
	if err != nil || !reflect.DeepEqual(prompts, want) {
		t.Errorf("got %+v %v", prompts, err)
	}

	for _, test := range []struct {
		args map[string]string
		want string // the text, or the error
	}{
		{map[string]string{"code": "x", "tone": "kind", "focus": "speed"}, `x kind "speed"`},
		{map[string]string{"code": ""}, ` plain ""`},
		{map[string]string{"tone": "kind"}, `prompt review: the argument "code" is required`},
		{nil, `prompt review: the argument "code" is required`},
		{map[string]string{"code": "x", "tune": "kind"}, `prompt review: there is no argument "tune"`},
	} {
		got, err := client.GetPrompt(t.Context(), "review", test.args, plugintest.Options{})
		if err != nil {
			if refused, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refused.Code != pluginapi.CodeInvalidParams || refused.Message != test.want {
				t.Errorf("%v: %v", test.args, err)
			}
			continue
		}
		if text := got.Messages[0].Content.(pluginapi.Text).Text; text != test.want || got.Messages[0].Role != pluginapi.RoleUser {
			t.Errorf("%v: %q", test.args, text)
		}
	}
}

func TestOutDecidesWhatAPromptSays(t *testing.T) {
	image := pluginapi.Image{Data: []byte("png"), MIMEType: "image/png"}
	messages := []pluginapi.PromptMessage{
		{Content: image},
		{Role: pluginapi.RoleAssistant, Content: pluginapi.Text{Text: "nice"}},
	}
	want := []pluginapi.PromptMessage{{Role: pluginapi.RoleUser, Content: image}, messages[1]}
	p := pluginapi.New("test", "1")
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "messages"},
		func(context.Context, none) ([]pluginapi.PromptMessage, error) { return messages, nil })
	pluginapi.AddRawPrompt(p, pluginapi.Prompt{Name: "all", Arguments: []pluginapi.PromptArgument{{Name: "a"}}},
		func(_ context.Context, args map[string]string) (*pluginapi.PromptResult, error) {
			return &pluginapi.PromptResult{Description: args["a"], Messages: messages, Meta: json.RawMessage(`{}`)}, nil
		})
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "empty"},
		func(context.Context, none) (*pluginapi.PromptResult, error) { return nil, nil })
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "broken"},
		func(context.Context, none) ([]pluginapi.PromptMessage, error) {
			return make([]pluginapi.PromptMessage, 1), nil
		})
	client := plugintest.Start(t, p, nil)

	for name, test := range map[string]struct {
		args map[string]string
		want pluginapi.PromptResult
		err  string
	}{
		"messages": {nil, pluginapi.PromptResult{Messages: want}, ""},
		"all":      {map[string]string{"a": "b"}, pluginapi.PromptResult{Description: "b", Messages: want, Meta: json.RawMessage(`{}`)}, ""},
		"empty":    {nil, pluginapi.PromptResult{}, ""},
		"broken":   {nil, pluginapi.PromptResult{}, "a message of the prompt has no content"},
		"none":     {nil, pluginapi.PromptResult{}, `there is no prompt "none"`},
	} {
		got, err := client.GetPrompt(t.Context(), name, test.args, plugintest.Options{})
		if !reflect.DeepEqual(got.PromptResult, test.want) || fmt.Sprint(err) != test.err && (err != nil || test.err != "") {
			t.Errorf("%s: got %+v %v", name, got.PromptResult, err)
		}
	}
}

func TestMistakenPromptsKeepThePluginFromStarting(t *testing.T) {
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want string
	}{
		"numbers": {func(p *pluginapi.Plugin) {
			pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, func(context.Context, point) (string, error) { return "", nil })
		}, `prompt "p": X has type int: the arguments of a prompt are strings`},
		"no struct": {func(p *pluginapi.Plugin) {
			pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, func(context.Context, string) (string, error) { return "", nil })
		}, "string is no struct of strings"},
		"bad name": {func(p *pluginapi.Plugin) {
			pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "a b"}, func(context.Context, none) (string, error) { return "", nil })
		}, "a name is 1 to 64 of"},
		"argument twice": {func(p *pluginapi.Plugin) {
			pluginapi.AddRawPrompt(p, pluginapi.Prompt{Name: "p", Arguments: []pluginapi.PromptArgument{{Name: "a"}, {Name: "a"}}},
				func(context.Context, map[string]string) (string, error) { return "", nil })
		}, `argument "a": a name is needed, once`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			conn, stop, err := dial(p)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := stop(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCompletionsSuggestValues(t *testing.T) {
	many := make([]string, 150)
	for i := range many {
		many[i] = fmt.Sprint("v", i)
	}
	p := pluginapi.New("test", "1")
	pluginapi.CompletePrompt(p, "p", "lang", pluginapi.PrefixCompletion([]string{"Go", "Python", "golang", "é"}))
	pluginapi.CompletePrompt(p, "p", "many", pluginapi.PrefixCompletion(many))
	pluginapi.CompleteTemplate(p, "t://{x}", "x", func(_ context.Context, req pluginapi.CompleteRequest) (pluginapi.Completion, error) {
		return pluginapi.Completion{Values: []string{req.Argument, req.Value, req.Arguments["y"]}, HasMore: true}, nil
	})
	pluginapi.CompletePrompt(p, "p", "asks", func(ctx context.Context, _ pluginapi.CompleteRequest) ([]string, error) {
		_, err := pluginapi.Roots(ctx, "roots")
		return nil, err
	})
	client := plugintest.Start(t, p, nil)

	for _, test := range []struct {
		ref             plugintest.Reference
		argument, value string
		want            []string
		total           *uint32
		more            bool
	}{
		{plugintest.Reference{Prompt: "p"}, "lang", "GO", []string{"Go", "golang"}, new(uint32(2)), false},
		{plugintest.Reference{Prompt: "p"}, "lang", "é", []string{"é"}, new(uint32(1)), false},
		{plugintest.Reference{Prompt: "p"}, "many", "", many[:100], new(uint32(150)), true},
		{plugintest.Reference{Template: "t://{x}"}, "x", "a", []string{"x", "a", "z"}, nil, true},
		{plugintest.Reference{Template: "p"}, "lang", "", nil, nil, false},
		{plugintest.Reference{Prompt: "p"}, "none", "", nil, nil, false},
	} {
		got, err := client.Complete(t.Context(), test.ref, test.argument, test.value, map[string]string{"y": "z"})
		if err != nil || !slices.Equal(got.Values, test.want) || got.HasMore != test.more || !reflect.DeepEqual(got.Total, test.total) {
			t.Errorf("%+v %s: got %+v %v", test.ref, test.argument, got, err)
		}
	}
	// MCP 2026-07-28, multi round-trip requests: not on completion/complete.
	if _, err := client.Complete(t.Context(), plugintest.Reference{Prompt: "p"}, "asks", "", nil); err == nil ||
		!strings.Contains(err.Error(), "a completion cannot ask questions") {
		t.Errorf("got %v", err)
	}
}
