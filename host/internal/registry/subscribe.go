// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"slices"
	"sync"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A subscription is a URI that somebody watches.
type subscription struct {
	owner *source // the one who is to tell its changes
	holds int     // how often it was subscribed to and not unsubscribed from
}

// watching is what a plugin has answered to a set of subscriptions.
type watching struct {
	version  uint64          // of that set, as in source.version
	accepted map[string]bool // URIs; never changed
}

// Subscribe has changes of resources told to the functions of
// [Registry.OnUpdate], until [Registry.Unsubscribe] was called as often for the
// same URI. It starts the plugins that own the URIs, found as by
// [Registry.ReadResource], and returns those URIs, each once, whose plugin will
// tell. Of the others nothing is kept. The subscription outlives the plugin's
// process.
//
// The error is the cause of ctx, or that the registry is closed; then nothing
// was subscribed to.
func (r *Registry) Subscribe(ctx context.Context, uris []string) (accepted []string, err error) {
	wait, cancel := context.WithTimeoutCause(ctx, r.opts.CallStartWait, errBudget)
	defer cancel()
	var (
		mu   sync.Mutex
		told sync.WaitGroup
	)
	for owner, own := range r.owners(wait, uris) {
		told.Go(func() {
			got := r.hold(wait, owner, own)
			mu.Lock()
			defer mu.Unlock()
			accepted = append(accepted, got...)
		})
	}
	told.Wait()

	err = context.Cause(ctx)
	if err == nil && r.current.Load().closed {
		err = unavailable(errClosed.Error())
	}
	if err != nil {
		r.Unsubscribe(accepted)
		return nil, err
	}
	slices.Sort(accepted)
	return accepted, nil
}

// Unsubscribe takes back what [Registry.Subscribe] has accepted. It does not
// wait for the plugins.
func (r *Registry) Unsubscribe(uris []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, uri := range uris {
		sub := r.watched[uri]
		if sub == nil {
			continue
		}
		if sub.holds--; sub.holds == 0 {
			delete(r.watched, uri)
			sub.owner.changeSet()
		}
	}
}

// owners returns the sources that may tell changes of the URIs, each with its
// own. What nobody is known to own is left out.
func (r *Registry) owners(ctx context.Context, uris []string) map[*source][]string {
	owners := map[*source][]string{}
	for _, uri := range slices.Compact(slices.Sorted(slices.Values(uris))) {
		owner, err := r.owner(ctx, uri)
		if err == nil && owner.Provides.Has(mcp.KindSubscriptions) {
			owners[owner] = append(owners[owner], uri)
		}
	}
	return owners
}

// hold subscribes to URIs of one source and returns those that it accepts.
func (r *Registry) hold(ctx context.Context, src *source, uris []string) []string {
	version := r.watch(src, uris)
	answer, err := r.answer(ctx, src, version)
	if err != nil {
		r.log.Warn("plugin took no subscriptions", "plugin", src.Name, "err", err)
	}
	var accepted, refused []string
	for _, uri := range uris {
		if answer.accepted[uri] {
			accepted = append(accepted, uri)
		} else {
			refused = append(refused, uri)
		}
	}
	r.Unsubscribe(refused)
	return accepted
}

// watch adds URIs to the set of a source and returns the version of the set
// that has them.
func (r *Registry) watch(src *source, uris []string) (version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, uri := range uris {
		sub := r.watched[uri]
		if sub == nil {
			sub = &subscription{}
			r.watched[uri] = sub
		}
		sub.holds++
		if sub.owner == src {
			continue
		}
		if sub.owner != nil {
			sub.owner.changeSet() // another now owns the URI
		}
		sub.owner = src
		src.changeSet()
	}
	return src.version
}

// changeSet notes that the source has another set of subscriptions. The caller
// holds Registry.mu.
func (s *source) changeSet() {
	s.version++
	s.rewatch()
}

// answer returns what the source's plugin, which is started if need be, says to
// a set of that version or a newer one. It does not wait for a second process.
func (r *Registry) answer(ctx context.Context, src *source, version uint64) (watching, error) {
	p, err := r.running(ctx, src)
	if err != nil {
		return watching{}, err
	}
	if _, ok := p.(SubscriptionPlugin); !ok || !provided(src, p).Has(mcp.KindSubscriptions) {
		return watching{}, nil
	}
	s, err := r.wait(ctx, func(s *snapshot) bool {
		st := s.sources[src.index]
		return st.watching.version >= version || st.plugin != p
	})
	if err != nil {
		return watching{}, err
	}
	if st := s.sources[src.index]; st.watching.version >= version {
		return st.watching, nil
	}
	return watching{}, errStopped
}

// isWatched reports whether there are subscriptions to URIs of the source.
func (r *Registry) isWatched(src *source) bool {
	_, uris := r.set(src)
	return len(uris) > 0
}

// set returns all subscriptions to URIs of the source, and their version.
func (r *Registry) set(src *source) (version uint64, uris []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uri, sub := range r.watched {
		if sub.owner == src {
			uris = append(uris, uri)
		}
	}
	slices.Sort(uris)
	return src.version, uris
}
