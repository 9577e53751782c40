// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

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

// A hub passes changes of lists and of resources on to everybody who listens.
type hub struct {
	log hclog.Logger

	mu        sync.Mutex
	listeners []*listener // never changed: replaced as a whole
}

func (h *hub) all() []*listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.listeners
}

// publish never blocks: each listener keeps a set of changes, not a queue.
func (h *hub) publish(kinds mcp.Kinds) {
	for _, l := range h.all() {
		l.add(kinds)
	}
}

// updated passes on that a watched resource changed.
func (h *hub) updated(uri string) {
	for _, l := range h.all() {
		if l.update(uri) {
			h.log.Debug("too many resources changed since a client was last told: updates are lost", "limit", maxSubscriptions)
		}
	}
}

// A listener gathers the changes that one stream has still to tell.
type listener struct {
	interest mcp.Kinds
	gate     *gate         // nil: nothing holds notices back
	wake     chan struct{} // capacity 1

	mu       sync.Mutex
	pending  mcp.Kinds
	watched  map[string]bool // resources whose changes are told
	changed  []string        // those that did, each once, oldest first
	noted    map[string]bool // the same, to look them up
	overflow bool            // some were lost since changed was taken
}

// wanted is what came of a wish to watch a resource.
type wanted uint8

const (
	wantedAnew wanted = iota
	wantedAlready
	wantedTooMuch
)

func (l *listener) want(uri string) wanted {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.watched[uri]:
		return wantedAlready
	case len(l.watched) >= maxSubscriptions:
		return wantedTooMuch
	case l.watched == nil:
		l.watched = make(map[string]bool)
	}
	l.watched[uri] = true
	return wantedAnew
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
// is. There is at most one note for each. It reports true for the first one that
// is lost because there are too many.
func (l *listener) update(uri string) (overflows bool) {
	told, overflows := l.note(uri)
	if told {
		l.rouse()
	}
	return overflows
}

func (l *listener) note(uri string) (told, overflows bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.noted[uri] || !l.covers(uri):
		return false, false
	case len(l.changed) >= maxSubscriptions:
		overflows = !l.overflow
		l.overflow = true
		return false, overflows
	case l.noted == nil:
		l.noted = make(map[string]bool)
	}
	l.noted[uri] = true
	l.changed = append(l.changed, uri)
	return true, false
}

// covers reports whether uri, or what it is a part of by its path, query or
// fragment, is watched. The lock is held.
func (l *listener) covers(uri string) bool {
	if len(l.watched) == 0 {
		return false
	}
	for i := range len(uri) {
		switch uri[i] {
		case '/':
			if l.watched[uri[:i]] || l.watched[uri[:i+1]] {
				return true
			}
		case '?', '#':
			if l.watched[uri[:i]] {
				return true
			}
		}
	}
	return l.watched[uri]
}

// takeUpdates returns the resources that changed.
func (l *listener) takeUpdates() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	uris := l.changed
	l.changed, l.noted, l.overflow = nil, nil, false
	return uris
}

func (h *hub) listen(interest mcp.Kinds, g *gate) *listener {
	l := &listener{interest: interest, gate: g, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	h.listeners = append(slices.Clone(h.listeners), l)
	h.mu.Unlock()
	g.join(l)
	return l
}

func (h *hub) leave(l *listener) {
	l.gate.part(l)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(slices.Clone(h.listeners), func(other *listener) bool { return other == l })
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
