// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"fmt"
	"strings"
	"sync"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// maxValues is how many suggestions MCP lets a completion hold.
const maxValues = 100

// A CompleteRequest asks for the values of one argument or variable.
type CompleteRequest struct {
	Argument  string            // which one
	Value     string            // what is typed so far; may be empty
	Arguments map[string]string // those that are filled in already, where the client tells
}

// A Completion is a list of suggestions.
type Completion struct {
	Values  []string // best first; clients see the first 100
	Total   *uint32  // how many there are in all; unknown if nil
	HasMore bool     // whether there are more than Values holds
}

// CompletionOut is what a completion may be: the values, all there are, or the
// best of more.
type CompletionOut interface{ []string | Completion }

// CompletePrompt sets what suggests values for an argument of a prompt. An error
// of fn is for the client's developer to read. fn is called by many goroutines at
// once, and often: while a user types. It cannot ask questions. Setting it again
// replaces it.
func CompletePrompt[Out CompletionOut](p *Plugin, prompt, argument string,
	fn func(ctx context.Context, req CompleteRequest) (Out, error),
) {
	p.setCompletion(completionKey{prompt: prompt, argument: argument}, completer(fn))
}

// CompleteTemplate is CompletePrompt for a variable of a resource template.
func CompleteTemplate[Out CompletionOut](p *Plugin, uriTemplate, variable string,
	fn func(ctx context.Context, req CompleteRequest) (Out, error),
) {
	p.setCompletion(completionKey{template: uriTemplate, argument: variable}, completer(fn))
}

func (p *Plugin) setCompletion(key completionKey, handler completeHandler) {
	if err := p.late(AbilityCompletions); err != nil {
		p.fail(fmt.Errorf("completion of %q: %w", key.argument, err))
		return
	}
	p.completions.set(key, handler)
}

// PrefixCompletion suggests those of the values that begin with what is typed,
// in any case.
func PrefixCompletion(values []string) func(context.Context, CompleteRequest) ([]string, error) {
	return func(_ context.Context, req CompleteRequest) ([]string, error) {
		var matching []string
		for _, v := range values {
			if len(v) >= len(req.Value) && strings.EqualFold(v[:len(req.Value)], req.Value) {
				matching = append(matching, v)
			}
		}
		return matching, nil
	}
}

// completions are what suggests values.
type completions struct {
	mu sync.Mutex
	by map[completionKey]completeHandler
}

type completeHandler func(context.Context, CompleteRequest) (*pluginv1.Completion, error)

// A completionKey names what is filled in: prompt or template, and argument.
type completionKey struct{ prompt, template, argument string }

func newCompletions() *completions {
	return &completions{by: map[completionKey]completeHandler{}}
}

func (c *completions) set(key completionKey, fn completeHandler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[key] = fn
}

func (c *completions) get(key completionKey) (completeHandler, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn, ok := c.by[key]
	return fn, ok
}

func (c *completions) empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.by) == 0
}

// completer encodes what fn returns.
func completer[Out CompletionOut](fn func(context.Context, CompleteRequest) (Out, error)) completeHandler {
	return func(ctx context.Context, req CompleteRequest) (*pluginv1.Completion, error) {
		out, err := fn(ctx, req)
		if err != nil {
			return nil, err
		}
		switch v := any(out).(type) {
		case Completion:
			return v.wire(), nil
		case []string:
			return Completion{Values: v, Total: new(uint32(len(v)))}.wire(), nil
		}
		return &pluginv1.Completion{}, nil
	}
}

func (c Completion) wire() *pluginv1.Completion {
	wire := &pluginv1.Completion{Total: c.Total, HasMore: c.HasMore || len(c.Values) > maxValues}
	for _, v := range c.Values[:min(len(c.Values), maxValues)] {
		wire.Values = append(wire.Values, validText(v))
	}
	return wire
}
