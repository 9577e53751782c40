// SPDX-License-Identifier: Apache-2.0

//go:build unix

//lint:file-ignore SA1019 what 2026-07-28 deprecates is still in use, and served.

package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestOfficialGoClientHasEveryAbility(t *testing.T) {
	eachStage(t, goSDK, []string{legacy, modern2026}, func(t *testing.T, s stage) {
		g := newGoGuest(bounded(t), t, s)
		g.lists()
		g.reads()
		g.asks()
		g.listens()
		if err := g.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		s.checkSpeaks(t, g.seen)
		s.check(t, g.seen)
	})
}

// A goGuest is the official Go client on tour.
type goGuest struct {
	tour
	*mcp.ClientSession
}

func newGoGuest(ctx context.Context, t *testing.T, s stage) *goGuest {
	t.Helper()
	g := &goGuest{tour: newTour(ctx, s)}
	client := mcp.NewClient(&mcp.Implementation{Name: "interop", Version: "1"}, g.options())
	client.AddReceivingMiddleware(g.noteAcknowledgements)
	client.AddRoots(&mcp.Root{URI: rootFolder, Name: "data"})
	opts := &mcp.ClientSessionOptions{}
	if s.era == legacy {
		opts.ProtocolVersion = s.version
	}
	session, err := client.Connect(ctx, goTransport(ctx, t, s), opts)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	g.ClientSession = session
	g.try("speak", func(context.Context) ([]string, error) {
		return []string{session.InitializeResult().ProtocolVersion}, nil
	})
	return g
}

func goTransport(ctx context.Context, t *testing.T, s stage) mcp.Transport {
	t.Helper()
	if s.transport == overHTTP {
		client := &http.Client{Transport: &http.Transport{}}
		t.Cleanup(client.CloseIdleConnections)
		return &mcp.StreamableClientTransport{Endpoint: s.url, HTTPClient: client}
	}
	command := s.command(t)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = t.Output()
	return &mcp.CommandTransport{Command: cmd}
}

// options answer what the host asks and pass on what it tells.
func (g *goGuest) options() *mcp.ClientOptions {
	return &mcp.ClientOptions{
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"username": userName, "email": userMail}}, nil
		},
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			return &mcp.CreateMessageResult{Role: "assistant", Model: "none", Content: &mcp.TextContent{Text: modelSays}}, nil
		},
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			g.tell(g.progress, strconv.FormatFloat(r.Params.Progress, 'f', -1, 64))
		},
		LoggingMessageHandler: func(_ context.Context, r *mcp.LoggingMessageRequest) {
			g.tell(g.logs, fmt.Sprint(r.Params.Data))
		},
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
			g.tell(g.updates, r.Params.URI)
		},
	}
}

// noteAcknowledgements hands on that a subscription stands: this client does not
// wait for that by itself.
func (g *goGuest) noteAcknowledgements(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		if method == subscribed {
			g.tell(g.acknowledged, method)
		}
		return next(ctx, method, req)
	}
}

func (g *goGuest) isModern() bool { return g.cell.era == modern2026 }

func (g *goGuest) lists() {
	g.try("list tools", func(ctx context.Context) (names []string, err error) {
		for tool, err := range g.Tools(ctx, nil) {
			if err != nil {
				return nil, err
			}
			names = append(names, tool.Name)
		}
		return names, nil
	})
	g.try("list resources", func(ctx context.Context) (uris []string, err error) {
		for resource, err := range g.Resources(ctx, nil) {
			if err != nil {
				return nil, err
			}
			uris = append(uris, resource.URI)
		}
		return uris, nil
	})
	g.try("list templates", func(ctx context.Context) (templates []string, err error) {
		for template, err := range g.ResourceTemplates(ctx, nil) {
			if err != nil {
				return nil, err
			}
			templates = append(templates, template.URITemplate)
		}
		return templates, nil
	})
	g.try("list prompts", func(ctx context.Context) (names []string, err error) {
		for prompt, err := range g.Prompts(ctx, nil) {
			if err != nil {
				return nil, err
			}
			names = append(names, prompt.Name)
		}
		return names, nil
	})
}

func (g *goGuest) reads() {
	for ability, uri := range map[string]string{"read": "test://static-text", "read by template": "test://template/7/data"} {
		g.try(ability, func(ctx context.Context) ([]string, error) {
			result, err := g.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
			if err != nil {
				return nil, err
			}
			return []string{result.Contents[0].Text}, nil
		})
	}
	g.try("prompt", func(ctx context.Context) ([]string, error) {
		result, err := g.GetPrompt(ctx, &mcp.GetPromptParams{
			Name: "test_prompt_with_arguments", Arguments: map[string]string{"arg1": "one", "arg2": "two"}})
		if err != nil {
			return nil, err
		}
		text, ok := result.Messages[0].Content.(*mcp.TextContent)
		if !ok {
			return nil, fmt.Errorf("the message is %+v", result.Messages[0].Content)
		}
		return []string{text.Text}, nil
	})
	g.try("complete", func(ctx context.Context) ([]string, error) {
		result, err := g.Complete(ctx, &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "test_prompt_with_arguments"},
			Argument: mcp.CompleteParamsArgument{Name: "arg1", Value: "test"},
		})
		if err != nil {
			return nil, err
		}
		return result.Completion.Values, nil
	})
}

// call calls a tool and returns the text of its result.
func (g *goGuest) call(ctx context.Context, params *mcp.CallToolParams) (string, error) {
	result, err := g.CallTool(ctx, params)
	if err != nil {
		return "", err
	}
	if result.IsError {
		return "", fmt.Errorf("tool error: %s", textOf(result))
	}
	return textOf(result), nil
}

// asks calls what asks back.
func (g *goGuest) asks() {
	for ability, params := range map[string]*mcp.CallToolParams{
		"call":        {Name: "test_simple_text"},
		"elicitation": {Name: "test_elicitation", Arguments: json.RawMessage(`{"message":"Who are you?"}`)},
		"sampling":    {Name: "test_sampling", Arguments: json.RawMessage(`{"prompt":"What is there?"}`)},
		"roots":       {Name: "test_input_required_result_list_roots"},
	} {
		g.try(ability, func(ctx context.Context) ([]string, error) {
			text, err := g.call(ctx, params)
			return []string{text}, err
		})
	}
}

// listens receives what the host tells on its own.
func (g *goGuest) listens() {
	g.try("subscribe", func(ctx context.Context) ([]string, error) {
		if err := g.Subscribe(ctx, &mcp.SubscribeParams{URI: counterURI}); err != nil {
			return nil, err
		}
		if g.isModern() {
			if _, err := next(ctx, g.acknowledged); err != nil {
				return nil, err
			}
		}
		if _, err := g.call(ctx, &mcp.CallToolParams{Name: "asker__bump"}); err != nil {
			return nil, err
		}
		return nextN(ctx, g.updates, 1)
	})
	g.try("progress", func(ctx context.Context) ([]string, error) {
		params := &mcp.CallToolParams{Name: "test_tool_with_progress"}
		params.SetProgressToken("progress")
		if _, err := g.call(ctx, params); err != nil {
			return nil, err
		}
		return nextN(ctx, g.progress, 3)
	})
	g.try("log", g.log)
	g.try("cancel", func(ctx context.Context) ([]string, error) {
		count := &mcp.CallToolParams{Name: "hello-go__count", Arguments: map[string]any{"n": hours, "delay_ms": hoursDelay}}
		count.SetProgressToken("hours")
		greet := &mcp.CallToolParams{Name: "hello-go__greet", Arguments: map[string]any{"who": "Ada"}}
		return cancelCount(ctx, g.progress,
			func(ctx context.Context) (string, error) { return g.call(ctx, count) },
			func(ctx context.Context) (string, error) { return g.call(ctx, greet) })
	})
}

// log asks for messages: of the session, or since 2026-07-28 of the one call.
func (g *goGuest) log(ctx context.Context) ([]string, error) {
	params := &mcp.CallToolParams{Name: "test_tool_with_logging"}
	if g.isModern() {
		params.Meta = mcp.Meta{"io.modelcontextprotocol/logLevel": "debug"}
	} else if err := g.SetLoggingLevel(ctx, &mcp.SetLoggingLevelParams{Level: "debug"}); err != nil {
		return nil, err
	}
	if _, err := g.call(ctx, params); err != nil {
		return nil, err
	}
	return nextN(ctx, g.logs, 3)
}
