// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A checked tool is of a plugin "a" and called "one".
func checked(call func(*mcp.ToolCall) (mcp.Outcome, error), change func(*mcp.Tool)) []*fakeSource {
	return of(scripted("a", func(context.Context, int) (*fakePlugin, error) {
		p := offering("one")
		change(&p.tools[0])
		p.call = func(_ context.Context, c *mcp.ToolCall) (mcp.Outcome, error) { return call(c) }
		return p, nil
	}))
}

func notCalled(*mcp.ToolCall) (mcp.Outcome, error) { panic("the plugin was called") }

func TestCallIsRefusedInTheOrderThatClientsAreTold(t *testing.T) {
	sources := checked(notCalled, func(tool *mcp.Tool) {
		tool.Headers = []mcp.HeaderParam{{Name: "Region", Path: []string{"region"}, Type: "string"}}
		tool.Requires.Roots = true
		tool.Input = &schema{err: errors.New("/region: too short")}
	})
	bubble(t, Options{}, sources, func(t *testing.T, r *Registry) {
		call := &mcp.ToolCall{
			Name: "a__one", Arguments: []byte(`{"region":"x"}`), CheckHeaders: true,
			Resumption: &mcp.Resumption{Owner: "b"},
		}
		_, err := r.CallTool(t.Context(), call, nil)
		if e := wantReason(t, err, mcp.ReasonInvalidParams); e.Message != "Invalid or expired requestState" {
			t.Errorf("message = %q", e.Message)
		}
		call.Resumption.Owner = "a"
		_, err = r.CallTool(t.Context(), call, nil)
		wantReason(t, err, mcp.ReasonHeaderMismatch)
		call.CheckHeaders = false
		_, err = r.CallTool(t.Context(), call, nil)
		wantReason(t, err, mcp.ReasonMissingCapability)
		call.Context.Capabilities.Roots = true
		out, err := r.CallTool(t.Context(), call, nil)
		if err != nil || !out.Tool.IsError || *out.Tool.Content[0].Text != "invalid arguments: /region: too short" {
			t.Errorf("out = %+v, %v; want a tool error", out.Tool, err)
		}
	})
}

func TestHeadersThatRepeatArgumentsLetTheCallThrough(t *testing.T) {
	sources := checked(func(*mcp.ToolCall) (mcp.Outcome, error) { return said("ran"), nil }, func(tool *mcp.Tool) {
		tool.Headers = []mcp.HeaderParam{{Name: "Region", Path: []string{"region"}, Type: "string"}}
		tool.Input = &schema{}
	})
	bubble(t, Options{}, sources, func(t *testing.T, r *Registry) {
		call := &mcp.ToolCall{Name: "a__one", Arguments: []byte(`{"region":"x"}`), CheckHeaders: true}
		call.Context.Headers = map[string][]string{"Mcp-Param-Region": {"x"}}
		if out, err := r.CallTool(t.Context(), call, nil); err != nil || *out.Tool.Content[0].Text != "ran" {
			t.Errorf("CallTool: %+v, %v", out, err)
		}
	})
}

func TestStructuredContentIsHeldToTheOutputSchema(t *testing.T) {
	const breach = "returned structured content that does not fit its output schema: "
	unfit := &schema{err: errors.New("/n: not a number")}
	for _, tt := range []struct {
		what   string
		result mcp.CallToolResult
		schema *schema
		want   string // the plugin error's text; empty if the result passes
	}{
		{"fits", mcp.CallToolResult{StructuredContent: []byte(`{}`)}, &schema{}, ""},
		{"does not fit", mcp.CallToolResult{StructuredContent: []byte(`{}`)}, unfit, breach + "/n: not a number"},
		{"is missing", mcp.CallToolResult{}, &schema{}, breach + "there is none"},
		{"is an error", mcp.CallToolResult{IsError: true}, unfit, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			sources := checked(func(*mcp.ToolCall) (mcp.Outcome, error) {
				return mcp.Outcome{Tool: &tt.result}, nil
			}, func(tool *mcp.Tool) { tool.Output = tt.schema })
			bubble(t, Options{}, sources, func(t *testing.T, r *Registry) {
				out, err := r.CallTool(t.Context(), &mcp.ToolCall{Name: "a__one"}, nil)
				if tt.want != "" {
					wantPluginError(t, err, tt.want)
				} else if err != nil || out.Tool != &tt.result {
					t.Errorf("CallTool: %+v, %v; want the result as it was", out.Tool, err)
				}
			})
		})
	}
}

func TestProgramsOwnToolsAreHeldToTheirSchemas(t *testing.T) {
	r := New(Options{})
	defer r.Close(t.Context())
	tool := toolsNamed("mine")[0]
	tool.Output = &schema{err: errBroken}
	serve := func(context.Context, *mcp.ToolCall, mcp.Sink) (mcp.Outcome, error) {
		return mcp.Outcome{Tool: &mcp.CallToolResult{StructuredContent: []byte("1")}}, nil
	}
	if err := r.AddTool(tool, serve); err != nil {
		t.Fatal(err)
	}
	text, err := call(t, r, "mine")
	if err != nil || !strings.HasPrefix(text, "tool mine returned structured content that does not fit") {
		t.Errorf("call = %q, %v; want a tool error", text, err)
	}
}

func TestQuestionsNameWhoAsksAndAnswersReachNoOther(t *testing.T) {
	asks := mcp.Outcome{InputRequired: &mcp.InputRequired{Owner: "somebody else"}}
	a := made("a", func(p *fakePlugin) {
		p.call = func(context.Context, *mcp.ToolCall) (mcp.Outcome, error) { return asks, nil }
		p.get = func(*mcp.PromptCall) (mcp.Outcome, error) { return asks, nil }
		p.read = func(*mcp.ReadCall) (mcp.Outcome, error) { return asks, nil }
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		add(t, r, "mine")
		use := map[string]func(*mcp.Resumption) (mcp.Outcome, error){
			"tool": func(res *mcp.Resumption) (mcp.Outcome, error) {
				return r.CallTool(t.Context(), &mcp.ToolCall{Name: "a__toola", Resumption: res}, nil)
			},
			"prompt": func(res *mcp.Resumption) (mcp.Outcome, error) {
				return r.GetPrompt(t.Context(), &mcp.PromptCall{Name: "a__prompta", Resumption: res}, nil)
			},
			"resource": func(res *mcp.Resumption) (mcp.Outcome, error) {
				return r.ReadResource(t.Context(), &mcp.ReadCall{URI: "test://a", Resumption: res}, nil)
			},
		}
		for what, call := range use {
			for _, answers := range []*mcp.Resumption{nil, {}, {Owner: "a"}} {
				if out, err := call(answers); err != nil || out.InputRequired.Owner != "a" {
					t.Errorf("%s: %+v, %v; want questions of a", what, out.InputRequired, err)
				}
			}
			_, err := call(&mcp.Resumption{Owner: "b"})
			if e := wantReason(t, err, mcp.ReasonInvalidParams); e.Message != "Invalid or expired requestState" {
				t.Errorf("%s: message = %q", what, e.Message)
			}
		}
		_, err := r.CallTool(t.Context(), &mcp.ToolCall{Name: "mine", Resumption: &mcp.Resumption{Owner: "a"}}, nil)
		wantReason(t, err, mcp.ReasonInvalidParams) // a plugin's answers, to the program's own tool
	})
	if asks.InputRequired.Owner != "somebody else" {
		t.Error("the plugin's outcome was changed")
	}
}

func TestUnknownToolsComeBeforeAnyCheck(t *testing.T) {
	bubble(t, Options{}, checked(notCalled, func(*mcp.Tool) {}), func(t *testing.T, r *Registry) {
		_, err := r.CallTool(t.Context(), &mcp.ToolCall{Name: "a__two", Resumption: &mcp.Resumption{Owner: "b"}}, nil)
		wantReason(t, err, mcp.ReasonNotFound)
		if list := mustList(t, r); !slices.Equal(names(list), []string{"a__one"}) {
			t.Errorf("tools = %q", names(list))
		}
	})
}
