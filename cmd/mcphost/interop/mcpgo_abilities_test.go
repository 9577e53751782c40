// SPDX-License-Identifier: Apache-2.0

//go:build unix

//lint:file-ignore SA1019 what 2026-07-28 deprecates is still in use, and served.

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

func TestMCPGoClientHasEveryAbilityButThoseItLacks(t *testing.T) {
	eachStage(t, mcpGo, []string{legacy, modern2026}, func(t *testing.T, s stage) {
		m := newMCPGoGuest(bounded(t), t, s)
		m.lists()
		m.reads()
		m.asks()
		m.listens()
		if err := m.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		s.checkSpeaks(t, m.seen)
		s.check(t, m.seen)
	})
}

// A mcpGoGuest is the client of mcp-go on tour.
type mcpGoGuest struct {
	tour
	*client.Client
}

func newMCPGoGuest(ctx context.Context, t *testing.T, s stage) *mcpGoGuest {
	t.Helper()
	m := &mcpGoGuest{tour: newTour(ctx, s)}
	m.Client = client.NewClient(mcpGoTransport(t, s),
		client.WithProtocolVersion(s.version), client.WithElicitationHandler(m),
		client.WithSamplingHandler(m), client.WithRootsHandler(m))
	if err := m.Start(ctx); err != nil {
		t.Fatalf("start: %v", err)
	}
	m.OnNotification(m.hear)
	opened, err := m.Initialize(ctx, mcp.InitializeRequest{Params: mcp.InitializeParams{
		ProtocolVersion: s.version, ClientInfo: mcp.Implementation{Name: "interop", Version: "1"}}})
	if err != nil {
		t.Fatalf("initialize: %v", err)
	}
	m.try("speak", func(context.Context) ([]string, error) { return []string{opened.ProtocolVersion}, nil })
	return m
}

func mcpGoTransport(t *testing.T, s stage) transport.Interface {
	t.Helper()
	if s.transport == overStdio {
		command := s.command(t)
		return transport.NewStdioWithOptions(command[0], nil, command[1:], transport.WithCommandStderrWriter(t.Output()))
	}
	basic := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(basic.CloseIdleConnections)
	options := []transport.StreamableHTTPCOption{transport.WithHTTPBasicClient(basic)}
	if s.era == legacy { // where what no request asked for comes on a stream of its own
		options = append(options, transport.WithContinuousListening())
	}
	http, err := transport.NewStreamableHTTP(s.url, options...)
	if err != nil {
		t.Fatal(err)
	}
	return http
}

// hear passes on what the host tells.
func (m *mcpGoGuest) hear(n mcp.JSONRPCNotification) {
	said := func(key string) string { return fmt.Sprint(n.Params.AdditionalFields[key]) }
	switch n.Method {
	case "notifications/progress":
		m.tell(m.progress, said("progress"))
	case "notifications/message":
		m.tell(m.logs, said("data"))
	case "notifications/resources/updated":
		m.tell(m.updates, said("uri"))
	case subscribed:
		m.tell(m.acknowledged, n.Method)
	}
}

// Elicit answers for the user.
func (m *mcpGoGuest) Elicit(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{
		Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"username": userName, "email": userMail}}}, nil
}

// CreateMessage answers for the model.
func (m *mcpGoGuest) CreateMessage(context.Context, mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	return &mcp.CreateMessageResult{
		SamplingMessage: mcp.SamplingMessage{Role: mcp.RoleAssistant, Content: mcp.NewTextContent(modelSays)}, Model: "none"}, nil
}

// ListRoots answers with the one root.
func (m *mcpGoGuest) ListRoots(context.Context, mcp.ListRootsRequest) (*mcp.ListRootsResult, error) {
	return &mcp.ListRootsResult{Roots: []mcp.Root{{URI: rootFolder, Name: "data"}}}, nil
}

func (m *mcpGoGuest) lists() {
	m.try("list tools", func(ctx context.Context) (names []string, err error) {
		list, err := m.ListTools(ctx, mcp.ListToolsRequest{})
		if err != nil {
			return nil, err
		}
		for _, tool := range list.Tools {
			names = append(names, tool.Name)
		}
		return names, nil
	})
	m.try("list resources", func(ctx context.Context) (uris []string, err error) {
		list, err := m.ListResources(ctx, mcp.ListResourcesRequest{})
		if err != nil {
			return nil, err
		}
		for _, resource := range list.Resources {
			uris = append(uris, resource.URI)
		}
		return uris, nil
	})
	m.try("list templates", func(ctx context.Context) (templates []string, err error) {
		list, err := m.ListResourceTemplates(ctx, mcp.ListResourceTemplatesRequest{})
		if err != nil {
			return nil, err
		}
		for _, template := range list.ResourceTemplates {
			templates = append(templates, template.URITemplate.Raw())
		}
		return templates, nil
	})
	m.try("list prompts", func(ctx context.Context) (names []string, err error) {
		list, err := m.ListPrompts(ctx, mcp.ListPromptsRequest{})
		if err != nil {
			return nil, err
		}
		for _, prompt := range list.Prompts {
			names = append(names, prompt.Name)
		}
		return names, nil
	})
}

func (m *mcpGoGuest) reads() {
	for ability, uri := range map[string]string{"read": "test://static-text", "read by template": "test://template/7/data"} {
		m.try(ability, func(ctx context.Context) ([]string, error) {
			result, err := m.ReadResource(ctx, mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: uri}})
			if err != nil {
				return nil, err
			}
			text, ok := mcp.AsTextResourceContents(result.Contents[0])
			if !ok {
				return nil, fmt.Errorf("the contents are %+v", result.Contents[0])
			}
			return []string{text.Text}, nil
		})
	}
	m.try("prompt", func(ctx context.Context) ([]string, error) {
		result, err := m.GetPrompt(ctx, mcp.GetPromptRequest{Params: mcp.GetPromptParams{
			Name: "test_prompt_with_arguments", Arguments: map[string]string{"arg1": "one", "arg2": "two"}}})
		if err != nil {
			return nil, err
		}
		return []string{mcp.GetTextFromContent(result.Messages[0].Content)}, nil
	})
	m.try("complete", func(ctx context.Context) ([]string, error) {
		result, err := m.Complete(ctx, mcp.CompleteRequest{Params: mcp.CompleteParams{
			Ref:      mcp.PromptReference{Type: "ref/prompt", Name: "test_prompt_with_arguments"},
			Argument: mcp.CompleteArgument{Name: "arg1", Value: "test"},
		}})
		if err != nil {
			return nil, err
		}
		return result.Completion.Values, nil
	})
}

// call calls a tool and returns the text of its result. With a token the host
// tells its progress.
func (m *mcpGoGuest) call(ctx context.Context, tool string, args map[string]any, token string) (string, error) {
	params := mcp.CallToolParams{Name: tool, Arguments: args}
	if token != "" {
		params.Meta = &mcp.Meta{ProgressToken: token}
	}
	result, err := m.CallTool(ctx, mcp.CallToolRequest{Params: params})
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, block := range result.Content {
		all.WriteString(mcp.GetTextFromContent(block))
	}
	if result.IsError {
		return "", errors.New("tool error: " + all.String())
	}
	return all.String(), nil
}

// asks calls what asks back.
func (m *mcpGoGuest) asks() {
	for _, a := range []struct {
		ability, tool string
		args          map[string]any
	}{
		{"call", "test_simple_text", nil},
		{"elicitation", "test_elicitation", map[string]any{"message": "Who are you?"}},
		{"sampling", "test_sampling", map[string]any{"prompt": "What is there?"}},
		{"roots", "test_input_required_result_list_roots", nil},
	} {
		m.try(a.ability, func(ctx context.Context) ([]string, error) {
			text, err := m.call(ctx, a.tool, a.args, "")
			return []string{text}, err
		})
	}
}

// listens receives what the host tells on its own.
func (m *mcpGoGuest) listens() {
	m.try("subscribe", func(ctx context.Context) ([]string, error) {
		end, err := m.subscribe(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
		if _, err := m.call(ctx, "asker__bump", nil, ""); err != nil {
			return nil, err
		}
		return nextN(ctx, m.updates, 1)
	})
	m.try("progress", func(ctx context.Context) ([]string, error) {
		if _, err := m.call(ctx, "test_tool_with_progress", nil, "progress"); err != nil {
			return nil, err
		}
		return nextN(ctx, m.progress, 3)
	})
	m.try("log", func(ctx context.Context) ([]string, error) {
		if err := m.SetLevel(ctx, mcp.SetLevelRequest{Params: mcp.SetLevelParams{Level: mcp.LoggingLevelDebug}}); err != nil {
			return nil, err
		}
		if _, err := m.call(ctx, "test_tool_with_logging", nil, ""); err != nil {
			return nil, err
		}
		return nextN(ctx, m.logs, 3)
	})
	m.try("cancel", func(ctx context.Context) ([]string, error) {
		return cancelCount(ctx, m.progress, func(ctx context.Context) (string, error) {
			return m.call(ctx, "hello-go__count", map[string]any{"n": hours, "delay_ms": hoursDelay}, "hours")
		}, func(ctx context.Context) (string, error) {
			return m.call(ctx, "hello-go__greet", map[string]any{"who": "Ada"}, "")
		})
	})
}

// subscribe has the host tell changes of the counter until end is called.
func (m *mcpGoGuest) subscribe(ctx context.Context) (end func(), err error) {
	if m.cell.era == legacy {
		return func() {}, m.Subscribe(ctx, mcp.SubscribeRequest{Params: mcp.SubscribeParams{URI: counterURI}})
	}
	end, err = m.ListenAsync(ctx, mcp.SubscriptionFilter{ResourceSubscriptions: []string{counterURI}}, nil)
	if err != nil {
		return nil, err
	}
	if _, err := next(ctx, m.acknowledged); err != nil {
		end()
		return nil, err
	}
	return end, nil
}
