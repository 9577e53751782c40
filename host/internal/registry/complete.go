// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// maxValues is how many suggestions a client may be sent (2026-07-28,
// completion, "Completion Results").
const maxValues = 100

// Complete suggests values for an argument of a prompt or a variable of a
// template, which must be listed. It starts the plugin that owns that, and only
// that, if it does not run; call is not changed. A plugin that has no
// suggestions to make is one that has none. Errors are as with
// [Registry.CallTool].
func (r *Registry) Complete(ctx context.Context, call *mcp.CompleteCall) (*mcp.Completion, error) {
	own := *call
	owner, err := r.completes(ctx, &own)
	if err != nil {
		return nil, err
	}
	if !owner.Provides.Has(mcp.KindCompletions) {
		return &mcp.Completion{}, nil
	}
	running, err := r.plugin(ctx, owner)
	if err != nil {
		return nil, err
	}
	p, ok := running.(CompletionPlugin)
	if !ok || !provided(owner, running).Has(mcp.KindCompletions) {
		return &mcp.Completion{}, nil
	}
	found, err := p.Complete(ctx, &own)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return &mcp.Completion{}, nil
	}
	if len(found.Values) <= maxValues {
		return found, nil
	}
	return &mcp.Completion{Values: found.Values[:maxValues], Total: found.Total, HasMore: true}, nil
}

// completes returns the owner of what the call refers to, and replaces the name
// by the owner's own.
func (r *Registry) completes(ctx context.Context, call *mcp.CompleteCall) (*source, error) {
	if call.Prompt == "" {
		it, err := r.kinds.templates.resolve(ctx, call.Template)
		if errors.Is(err, errUnknown) {
			return nil, mcp.InvalidParamsf("unknown resource template: %s", call.Template)
		}
		if err != nil {
			return nil, err
		}
		return it.owner, nil
	}
	it, err := r.kinds.prompts.resolve(ctx, call.Prompt)
	if errors.Is(err, errUnknown) {
		return nil, mcp.InvalidParamsf("unknown prompt: %s", call.Prompt)
	}
	if err != nil {
		return nil, err
	}
	call.Prompt = it.own
	return it.owner, nil
}
