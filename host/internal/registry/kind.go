// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A listID names one of the lists that clients can read.
type listID uint8

const (
	toolList listID = iota
	promptList
	resourceList
	templateList

	listCount
)

// kind returns the ability that the list belongs to.
func (l listID) kind() mcp.Kinds {
	switch l {
	case toolList:
		return mcp.KindTools
	case promptList:
		return mcp.KindPrompts
	default:
		return mcp.KindResources
	}
}

// noun returns what one element of the list is called, to begin a sentence.
func (l listID) noun() string {
	switch l {
	case toolList:
		return "Tool"
	case promptList:
		return "Prompt"
	case resourceList:
		return "Resource"
	default:
		return "Resource template"
	}
}

// String returns what the list holds, in words.
func (l listID) String() string { return strings.ToLower(l.noun()) + "s" }

// A kind is one list: what sets it apart from the others, and what all plugins
// offer in it together. That is merged when it is first read after a change, by
// one reader for all; as long as nothing changes no reader takes a lock.
type kind[T any] struct {
	rules[T]
	r *Registry

	merged   atomic.Pointer[catalog[T]] // read anywhere; stored under merging
	shown    atomic.Pointer[view[T]]    // read anywhere; stored under merging
	merging  sync.Mutex                 // held for no I/O, and never together with Registry.mu
	reported map[lostName]bool          // collisions that were logged; guarded by merging
}

// The rules of a kind are what its definitions need that others do not. They
// are immutable.
type rules[T any] struct {
	list   listID
	id     func(*T) *string // what clients know a definition by
	scoped bool             // whether the prefix of the source goes before that
	same   func(a, b T) bool
	ask    func(Plugin) func(context.Context) ([]T, error) // nil if the plugin has no such list
	shelf  func(*contribution) **shelf[T]
	over   func(*offered) *overlay[T]              // nil if nothing can be added or removed
	match  func(id string) (*regexp.Regexp, error) // what the ids stand for, if more than themselves
}

// A lister is a [kind] of whatever type.
type lister interface {
	// load reads the list of a plugin into next and reports whether there was
	// one to read. What could not be read is as in last.
	load(src *source, p Plugin, last, next *contribution) (asked bool, err error)
	// differ reports whether a source, or the program, offers something else in
	// b than in a.
	differ(a, b *offered) bool
	// generation returns that of the list as it is now.
	generation() uint64
	// tally returns how many names of a source are listed now, and hidden.
	tally(src *source) (listed, hidden int)
}

// kinds are all kinds of a registry.
type kinds struct {
	tools     kind[mcp.Tool]
	prompts   kind[mcp.Prompt]
	resources kind[mcp.Resource]
	templates kind[mcp.ResourceTemplate]

	lists [listCount]lister // the same
}

func (k *kinds) prepare(r *Registry) {
	k.tools.prepare(r, rules[mcp.Tool]{
		list: toolList, scoped: true, ask: listsTools, same: sameTool,
		id:    func(t *mcp.Tool) *string { return &t.Name },
		shelf: func(c *contribution) **shelf[mcp.Tool] { return &c.tools },
		over:  func(o *offered) *overlay[mcp.Tool] { return o.overlay },
	})
	k.prompts.prepare(r, rules[mcp.Prompt]{
		list: promptList, scoped: true, ask: listsPrompts,
		id:    func(p *mcp.Prompt) *string { return &p.Name },
		shelf: func(c *contribution) **shelf[mcp.Prompt] { return &c.prompts },
	})
	k.resources.prepare(r, rules[mcp.Resource]{
		list: resourceList, ask: listsResources,
		id:    func(res *mcp.Resource) *string { return &res.URI },
		shelf: func(c *contribution) **shelf[mcp.Resource] { return &c.resources },
	})
	k.templates.prepare(r, rules[mcp.ResourceTemplate]{
		list: templateList, ask: listsTemplates, match: compileTemplate,
		id:    func(t *mcp.ResourceTemplate) *string { return &t.URITemplate },
		shelf: func(c *contribution) **shelf[mcp.ResourceTemplate] { return &c.templates },
	})
	k.lists = [listCount]lister{&k.tools, &k.prompts, &k.resources, &k.templates}
}

// prepare fills in what is the same for most kinds.
func (k *kind[T]) prepare(r *Registry, own rules[T]) {
	if own.same == nil {
		own.same = func(a, b T) bool { return reflect.DeepEqual(a, b) }
	}
	if own.over == nil {
		none := &overlay[T]{}
		own.over = func(*offered) *overlay[T] { return none }
	}
	k.rules, k.r, k.reported = own, r, map[lostName]bool{}
	k.merged.Store(&catalog[T]{})
	k.shown.Store(&view[T]{})
}

// sameTool compares what plugins say, not what was made from it: a validator
// is equal if its schema is.
func sameTool(a, b mcp.Tool) bool {
	a.Input, a.Output, b.Input, b.Output = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}
