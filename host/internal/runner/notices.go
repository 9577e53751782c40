// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// noticeOf names the notification for a change of each kind of list, in the
// order in which several are sent. It is never changed.
var noticeOf = [...]struct {
	kind   mcp.Kinds
	method string
}{
	{mcp.KindTools, mcp.NoticeToolsChanged},
	{mcp.KindPrompts, mcp.NoticePromptsChanged},
	{mcp.KindResources, mcp.NoticeResourcesChanged},
}

// A hub passes changes of lists on to everybody who listens.
type hub struct {
	mu        sync.Mutex
	listeners []*listener
}

// publish never blocks: each listener keeps a set of changes, not a queue.
func (h *hub) publish(kinds mcp.Kinds) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		l.add(kinds)
	}
}

// updated passes on that a watched resource changed.
func (h *hub) updated(uri string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		l.update(uri)
	}
}

// A listener gathers the changes that one stream has still to tell.
type listener struct {
	interest mcp.Kinds
	gate     *gate         // nil: nothing holds notices back
	wake     chan struct{} // capacity 1

	mu      sync.Mutex
	pending mcp.Kinds
	watched map[string]bool // resources whose changes are told
	changed []string        // those that did, each once
}

// want adds a resource, and reports false for one that is there, or too many.
func (l *listener) want(uri string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watched[uri] || len(l.watched) >= maxSubscriptions {
		return false
	}
	if l.watched == nil {
		l.watched = make(map[string]bool)
	}
	l.watched[uri] = true
	return true
}

func (l *listener) unwant(uri string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.watched[uri]
	delete(l.watched, uri)
	return had
}

func (l *listener) wants(uri string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watched[uri]
}

// uris returns what is watched.
func (l *listener) uris() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.watched))
}

// update notes that a resource changed, if it is watched or a part of one that
// is. There is at most one note for each.
func (l *listener) update(uri string) {
	l.mu.Lock()
	told := l.covers(uri) && !slices.Contains(l.changed, uri)
	if told && len(l.changed) < maxSubscriptions {
		l.changed = append(l.changed, uri)
	}
	l.mu.Unlock()
	if told {
		l.rouse()
	}
}

func (l *listener) covers(uri string) bool {
	for part := uri; ; {
		if l.watched[part] {
			return true
		}
		i := strings.LastIndexByte(part, '/')
		if i < 0 {
			return false
		}
		part = part[:i]
	}
}

// takeUpdates returns the resources that changed.
func (l *listener) takeUpdates() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	uris := l.changed
	l.changed = nil
	return uris
}

func (h *hub) listen(interest mcp.Kinds, g *gate) *listener {
	l := &listener{interest: interest, gate: g, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	h.listeners = append(h.listeners, l)
	h.mu.Unlock()
	g.join(l)
	return l
}

func (h *hub) leave(l *listener) {
	l.gate.part(l)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(h.listeners, func(other *listener) bool { return other == l })
}

func (l *listener) add(kinds mcp.Kinds) {
	l.mu.Lock()
	l.pending |= kinds & l.interest
	l.mu.Unlock()
	l.rouse()
}

func (l *listener) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take returns the changes that may be told now.
func (l *listener) take() mcp.Kinds {
	held := l.gate.held()
	l.mu.Lock()
	defer l.mu.Unlock()
	kinds := l.pending &^ held
	l.pending &^= kinds
	return kinds
}

// run tells changes until ctx ends or stop is closed. members is what the params
// hold, without braces.
func (l *listener) run(ctx context.Context, stop <-chan struct{}, tell func(method, members string) error) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-stop:
			return nil
		case <-l.wake:
		}
		kinds := l.take()
		for _, n := range noticeOf {
			if kinds&n.kind == 0 {
				continue
			}
			if err := tell(n.method, ""); err != nil {
				return err
			}
		}
		for _, uri := range l.takeUpdates() {
			if err := tell(mcp.NoticeResourceUpdated, string(rawjson.AppendString([]byte(`"uri":`), uri))); err != nil {
				return err
			}
		}
	}
}

// A gate holds back the notices of a kind while a list of that kind is in
// flight on the same wire: a notice that overtook the older list would leave
// the client with a stale one that it takes for fresh. A nil gate holds nothing.
type gate struct {
	mu        sync.Mutex
	inFlight  map[mcp.Kinds]int
	listeners []*listener
}

// hold keeps notices of kind back until the request behind ch is answered.
func (g *gate) hold(kind mcp.Kinds, ch jsonrpc.Channel) {
	if g == nil {
		return
	}
	g.mu.Lock()
	if g.inFlight == nil {
		g.inFlight = make(map[mcp.Kinds]int)
	}
	g.inFlight[kind]++
	g.mu.Unlock()
	ch.AfterAnswer(func() { g.release(kind) })
}

func (g *gate) release(kind mcp.Kinds) {
	g.mu.Lock()
	g.inFlight[kind]--
	listeners := slices.Clone(g.listeners)
	g.mu.Unlock()
	for _, l := range listeners {
		l.rouse()
	}
}

func (g *gate) held() mcp.Kinds {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var held mcp.Kinds
	for kind, n := range g.inFlight {
		if n > 0 {
			held |= kind
		}
	}
	return held
}

func (g *gate) join(l *listener) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listeners = append(g.listeners, l)
}

func (g *gate) part(l *listener) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listeners = slices.DeleteFunc(g.listeners, func(other *listener) bool { return other == l })
}

// startNotices begins to tell a client of the handshake era, which needs no
// subscription, of changes to the lists that were advertised to it.
func (c *Connection) startNotices() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil || c.closed || c.wire == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	wire, hub := c.wire, &c.runner.hub
	l := hub.listen(c.runner.capabilities().Kinds, c.gate)
	c.listener = l
	c.notices.Go(func() {
		defer hub.leave(l)
		err := l.run(ctx, nil, func(method, members string) error { return wire.Notify(ctx, method, noticeParams(members)) })
		if ctx.Err() == nil {
			c.log.Debug("notices end", "err", err)
		}
	})
}

func noticeParams(members string) []byte {
	if members == "" {
		return nil
	}
	return []byte("{" + members + "}")
}
