// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A ToolPlugin is a [Plugin] that offers tools.
type ToolPlugin interface {
	// ListTools returns all tools under the plugin's own names.
	ListTools(ctx context.Context) ([]mcp.Tool, error)
	// CallTool runs one tool; call.Name is the plugin's own name for it.
	CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error)
}

// A PromptPlugin is a [Plugin] that offers prompts.
type PromptPlugin interface {
	// ListPrompts returns all prompts under the plugin's own names.
	ListPrompts(ctx context.Context) ([]mcp.Prompt, error)
	// GetPrompt fills in one prompt; call.Name is the plugin's own name for it.
	GetPrompt(ctx context.Context, call *mcp.PromptCall, sink mcp.Sink) (mcp.Outcome, error)
}

// A ResourcePlugin is a [Plugin] that offers resources.
type ResourcePlugin interface {
	ListResources(ctx context.Context) ([]mcp.Resource, error)
	ListTemplates(ctx context.Context) ([]mcp.ResourceTemplate, error)
	// ReadResource reads one that is listed, or that a template describes.
	ReadResource(ctx context.Context, call *mcp.ReadCall, sink mcp.Sink) (mcp.Outcome, error)
}

// A SubscriptionPlugin is a [Plugin] that says when a resource has changed.
type SubscriptionPlugin interface {
	// SetSubscriptions hands over all URIs that are watched, in place of those
	// before. It returns the ones whose changes will be told.
	SetSubscriptions(ctx context.Context, uris []string) (accepted []string, err error)
	// Updates tells the URIs of resources that changed, or a part of which did.
	// It has one reader.
	Updates() <-chan string
}

// A CompletionPlugin is a [Plugin] that suggests values.
type CompletionPlugin interface {
	// Complete suggests values; call.Prompt is the plugin's own name for it.
	Complete(ctx context.Context, call *mcp.CompleteCall) (*mcp.Completion, error)
}

// A Provider is a [Plugin] that does not serve all that its methods promise.
type Provider interface {
	Provides() mcp.Kinds
}

// A ConnectionEnder is a [Plugin] that wants to know when a connection is gone.
type ConnectionEnder interface {
	EndConnection(ctx context.Context, id string)
}

func listsTools(p Plugin) func(context.Context) ([]mcp.Tool, error) {
	if p, ok := p.(ToolPlugin); ok {
		return p.ListTools
	}
	return nil
}

func listsPrompts(p Plugin) func(context.Context) ([]mcp.Prompt, error) {
	if p, ok := p.(PromptPlugin); ok {
		return p.ListPrompts
	}
	return nil
}

func listsResources(p Plugin) func(context.Context) ([]mcp.Resource, error) {
	if p, ok := p.(ResourcePlugin); ok {
		return p.ListResources
	}
	return nil
}

func listsTemplates(p Plugin) func(context.Context) ([]mcp.ResourceTemplate, error) {
	if p, ok := p.(ResourcePlugin); ok {
		return p.ListTemplates
	}
	return nil
}
