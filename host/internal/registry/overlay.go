// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A ToolHandler serves a tool within the host's own process. call.Name is the
// name that the tool was added by.
type ToolHandler func(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error)

// An overlay is what the embedding program adds to what plugins offer of one
// kind, and what it takes away. It is kept apart from contributions, so that it
// survives every load, and replaced rather than changed.
type overlay[T any] struct {
	added   map[string]*item[T]
	removed map[string]bool // names hidden whoever offers them
}

// with returns an overlay that also adds the item.
func (o *overlay[T]) with(it *item[T]) *overlay[T] {
	next := o.without(it.id)
	delete(next.removed, it.id)
	next.added[it.id] = it
	return next
}

// without returns an overlay that also hides the name.
func (o *overlay[T]) without(name string) *overlay[T] {
	next := &overlay[T]{added: map[string]*item[T]{}, removed: map[string]bool{}}
	maps.Copy(next.added, o.added)
	maps.Copy(next.removed, o.removed)
	delete(next.added, name)
	next.removed[name] = true
	return next
}

// AddTool offers a tool that serve runs. It replaces a tool of the same name,
// even a plugin's, and starts nothing. It fails if a client could not accept
// the definition.
func (r *Registry) AddTool(t mcp.Tool, serve ToolHandler) error {
	switch {
	case !validName(t.Name):
		return fmt.Errorf("add tool %q: the name must be 1 to %d of A-Z, a-z, 0-9, _ and -", t.Name, maxName)
	case len(t.InputSchema) == 0:
		return fmt.Errorf("add tool %s: no input schema", t.Name)
	case serve == nil:
		return errors.New("add tool " + t.Name + ": no handler")
	}
	it := &item[mcp.Tool]{id: t.Name, own: t.Name, def: t, serve: serve}
	r.update(func() bool {
		r.overlay = r.overlay.with(it)
		return true
	})
	return nil
}

// RemoveTool takes a tool away, whoever offers it, now or later, until AddTool
// brings the name back. It starts nothing.
func (r *Registry) RemoveTool(name string) {
	r.update(func() bool {
		r.overlay = r.overlay.without(name)
		return true
	})
}
