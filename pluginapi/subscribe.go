// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"slices"
	"sync"
)

// maxUpdates is how many resources wait to be reported as changed; of more, the
// oldest are forgotten.
const maxUpdates = 256

// ResourceUpdated tells the clients that have subscribed to the resource, or to
// one that it is a part of, that it has changed. It is cheap when nobody has.
// Changes in quick succession become one.
func (p *Plugin) ResourceUpdated(uri string) { p.updates.add(uri) }

// OnSubscriptions sets what is told the whole set of URIs that clients are
// subscribed to, each time it changes, and answers with those whose changes
// ResourceUpdated will report. Without it these are the URIs of what is
// Subscribable. Use it to watch no more than anybody reads. The calls come one
// after the other. Call it before Main.
func (p *Plugin) OnSubscriptions(fn func(uris []string) (accepted []string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onSubs = fn
}

// accept returns those of uris whose changes will be reported.
func (p *Plugin) accept(uris []string) ([]string, error) {
	p.mu.Lock()
	onSubs := p.onSubs
	p.mu.Unlock()

	if onSubs == nil {
		return slices.DeleteFunc(slices.Clone(uris), func(uri string) bool {
			r, ok := p.resource(uri)
			return !ok || !r.subscribable
		}), nil
	}
	var accepted []string
	if err := p.safely("subscriptions", func() { accepted = onSubs(slices.Clone(uris)) }); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(accepted), func(uri string) bool { return !slices.Contains(uris, uri) }), nil
}

// updates are the resources that have changed and that the host has not been
// told of.
type updates struct {
	changes *wakeup       // raised after each addition
	setting chan struct{} // holds one token: who takes it may change what is watched

	mu      sync.Mutex
	watched map[string]bool
	pending []string // each once, oldest first
}

func newUpdates(changes *wakeup) *updates {
	u := &updates{changes: changes, setting: make(chan struct{}, 1)}
	u.setting <- struct{}{}
	return u
}

func (u *updates) watch(uris []string) {
	watched := make(map[string]bool, len(uris))
	for _, uri := range uris {
		watched[uri] = true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.watched = watched
}

func (u *updates) add(uri string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.watchedLocked(uri) || slices.Contains(u.pending, uri) {
		return
	}
	if len(u.pending) == maxUpdates {
		u.pending = u.pending[1:]
	}
	u.pending = append(u.pending, uri)
	u.changes.raise()
}

// watchedLocked reports whether uri, or what it is a part of by its path, query
// or fragment, is watched.
func (u *updates) watchedLocked(uri string) bool {
	if u.watched[uri] {
		return true
	}
	for i := range len(uri) {
		switch uri[i] {
		case '/':
			if u.watched[uri[:i]] || u.watched[uri[:i+1]] {
				return true
			}
		case '?', '#':
			if u.watched[uri[:i]] {
				return true
			}
		}
	}
	return false
}

// take returns what is pending and forgets it.
func (u *updates) take() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	pending := u.pending
	u.pending = nil
	return pending
}
