// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A watch keeps the subscriptions of one running plugin as they should be, and
// passes on its updates. It belongs to the supervisor, which selects on the
// channels; those that are nil have nothing to say now.
type watch struct {
	v      *supervisor
	plugin SubscriptionPlugin // nil if it has no subscriptions

	due     <-chan struct{}  // a token: the set has changed; nil while one is on its way
	retry   <-chan time.Time // the last set did not arrive
	answers chan setAnswer   // has room for the one that may come
	updates <-chan string    // nil until the plugin has taken a set
	told    bool             // whether the process may know of a set
	current uint64           // version of the set that it has taken; 0: none
	record  failures
}

// A setAnswer is how a plugin took a set of subscriptions.
type setAnswer struct {
	watching
	asked int // URIs in the set
	err   error
}

// newWatch returns the watch of the running plugin. A process that is new gets
// the set that another had.
func (v *supervisor) newWatch() *watch {
	w := &watch{v: v, record: failures{policy: v.r.opts.Backoff, rand: v.r.opts.Rand}}
	p, ok := v.plugin.(SubscriptionPlugin)
	if !ok || !v.offers.provides.Has(mcp.KindSubscriptions) {
		return w
	}
	w.plugin, w.due, w.answers = p, v.src.watches, make(chan setAnswer, 1)
	if v.r.isWatched(v.src) {
		v.src.rewatch()
	}
	return w
}

// push hands the whole set over. One is on its way at a time; what changes
// meanwhile is in the next.
func (w *watch) push() {
	r, src := w.v.r, w.v.src
	version, uris := r.set(src)
	w.retry = nil
	if version == w.current {
		return // the last set had what this token is for
	}
	if len(uris) == 0 && !w.told {
		w.current = version
		w.v.set(func(st *status) { st.watching = watching{version: version} })
		return
	}
	w.due, w.told = nil, true
	r.work.Go(func() {
		ctx, cancel := context.WithTimeoutCause(r.life, r.opts.ListTimeout, errSubscribeTimeout)
		defer cancel()
		set := func(ctx context.Context) ([]string, error) { return w.plugin.SetSubscriptions(ctx, uris) }
		accepted, err := detached(ctx, &r.work, r.log, set, func([]string) {})
		answer := setAnswer{watching: watching{version: version, accepted: make(map[string]bool, len(accepted))}, asked: len(uris), err: err}
		for _, uri := range accepted {
			answer.accepted[uri] = true
		}
		w.answers <- answer // has room for it
	})
}

// take publishes an answer. A set that did not arrive is sent again.
func (w *watch) take(answer setAnswer) {
	w.due = w.v.src.watches
	w.v.set(func(st *status) { st.watching = answer.watching })
	if answer.err != nil {
		w.current = 0 // whatever it has now
		delay := w.record.add(time.Now())
		w.retry = time.After(delay)
		w.v.r.log.Warn("subscriptions did not reach plugin", "plugin", w.v.src.Name, "retry_in", delay, "err", answer.err)
		return
	}
	if refused := answer.asked - len(answer.accepted); refused > 0 {
		w.v.r.log.Debug("plugin refused subscriptions", "plugin", w.v.src.Name, "refused", refused)
	}
	w.record.reset()
	w.current = answer.version
	w.updates = w.plugin.Updates()
}

// update passes on that a resource has changed.
func (w *watch) update(uri string, open bool) {
	if !open {
		w.updates = nil
		return
	}
	w.v.r.updates.tell(uri)
}
