// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// ListTools returns the plugin's tools under its own names, in its own order. A
// tool that breaks a rule is dropped with a line in the log; the others stay. A
// plugin that does not provide tools has none. The error is a
// *mcp.PluginError, or wraps ctx's cause.
func (p *Plugin) ListTools(ctx context.Context) ([]mcp.Tool, error) {
	return listAll(ctx, p, p.cfg.toolRules(), func(ctx context.Context, token string) (page, []*pluginv1.Tool, error) {
		resp, err := p.tools.ListTools(ctx, &pluginv1.ListToolsRequest{PageToken: token})
		return resp, resp.GetTools(), err
	})
}

// ListPrompts is ListTools for prompts.
func (p *Plugin) ListPrompts(ctx context.Context) ([]mcp.Prompt, error) {
	return listAll(ctx, p, p.cfg.promptRules(), func(ctx context.Context, token string) (page, []*pluginv1.Prompt, error) {
		resp, err := p.prompts.ListPrompts(ctx, &pluginv1.ListPromptsRequest{PageToken: token})
		return resp, resp.GetPrompts(), err
	})
}

// ListResources is ListTools for resources with a fixed URI.
func (p *Plugin) ListResources(ctx context.Context) ([]mcp.Resource, error) {
	return listAll(ctx, p, p.cfg.resourceRules(), func(ctx context.Context, token string) (page, []*pluginv1.Resource, error) {
		resp, err := p.resources.ListResources(ctx, &pluginv1.ListResourcesRequest{PageToken: token})
		return resp, resp.GetResources(), err
	})
}

// ListTemplates is ListTools for templates of resources. A plugin that serves
// resources need not serve templates.
func (p *Plugin) ListTemplates(ctx context.Context) ([]mcp.ResourceTemplate, error) {
	return listAll(ctx, p, p.cfg.templateRules(), func(ctx context.Context, token string) (page, []*pluginv1.ResourceTemplate, error) {
		resp, err := p.resources.ListResourceTemplates(ctx, &pluginv1.ListResourceTemplatesRequest{PageToken: token})
		if status.Code(err) == codes.Unimplemented {
			err = nil
		}
		return resp, resp.GetResourceTemplates(), err
	})
}

// A page is what the pages of all lists have in common.
type page interface {
	GetNextPageToken() string
	GetRevision() string
}

// atMost gives ctx an end if it has none of its own.
func atMost(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// listAll reads a list from its first page to its last, or until the quota is
// full. Pages without any item are bounded like the items.
func listAll[In, Out any](ctx context.Context, p *Plugin, r rules[In, Out], fetch func(ctx context.Context, token string) (page, []In, error)) ([]Out, error) {
	if !p.Provides().Has(r.list.kind()) {
		return nil, nil
	}
	ctx, cancel := atMost(ctx, listTimeout)
	defer cancel()

	begun := p.changes.begin(r.list)
	sieve := newSieve(r, p.log)
	seen := map[string]bool{"": true} // page tokens
	var revision, token string
	for {
		page, items, err := fetch(ctx, token)
		if err != nil {
			return nil, p.listError(ctx, r.list, err)
		}
		if token == "" {
			// The first page's: if the list changes in between, the watch brings a
			// revision that differs from it.
			revision = page.GetRevision()
		}
		full := sieve.add(items)
		token = page.GetNextPageToken()
		if token == "" || full {
			break
		}
		if seen[token] || len(seen) > r.max {
			return nil, p.failure(fmt.Sprintf("lists its %s without end", r.list), errors.New("page token "+clean(token)+" comes again, or pages are empty"))
		}
		seen[token] = true
	}
	p.health.answered()
	p.changes.listed(r.list, revision, begun)
	return sieve.items, nil
}

func (p *Plugin) listError(ctx context.Context, l list, err error) error {
	p.doubt(ctx)
	if away, ok := errors.AsType[*awayError](err); ok {
		return p.failure(away.text(), away)
	}
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("plugin %s: list given up: %w", p.cfg.Name, context.Cause(ctx))
	case status.Code(err) == codes.Unimplemented:
		return p.failure(fmt.Sprintf(textNoService, l), err)
	case status.Code(err) == codes.DeadlineExceeded:
		return p.failure(fmt.Sprintf("did not list its %s in time", l), err)
	}
	return p.failure(fmt.Sprintf("failed to list its %s; the host's log has the details", l), because(err, p.Err()))
}
