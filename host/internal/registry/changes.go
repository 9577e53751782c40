// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// OnChange calls f when a list differs from one that was served before, once
// for all kinds and changes within [Options].Coalesce. f must not block. It may
// run once more while remove is being called.
func (r *Registry) OnChange(f func(mcp.Kinds)) (remove func()) { return r.changes.add(f) }

// OnUpdate calls f with the URI of each resource whose plugin says that it, or
// a part of it, has changed. f must not block. It may run once more while
// remove is being called.
func (r *Registry) OnUpdate(f func(uri string)) (remove func()) { return r.updates.add(f) }

// listeners are told of something. The zero value has none. It is safe for
// concurrent use.
type listeners[T any] struct {
	mu    sync.Mutex
	funcs map[*func(T)]struct{}
}

func (l *listeners[T]) add(f func(T)) (remove func()) {
	key := &f
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.funcs == nil {
		l.funcs = map[*func(T)]struct{}{}
	}
	l.funcs[key] = struct{}{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.funcs, key)
	}
}

// tell calls them, outside the lock.
func (l *listeners[T]) tell(what T) {
	l.mu.Lock()
	funcs := make([]func(T), 0, len(l.funcs))
	for f := range l.funcs {
		funcs = append(funcs, *f)
	}
	l.mu.Unlock()
	for _, f := range funcs {
		f(what)
	}
}

// observe notes that a client is about to see a list. If that was overtaken
// meanwhile, the newer one must be announced.
func (r *Registry) observe(list listID, of *snapshot, generation uint64) {
	if r.wasObserved(list) && r.current.Load().offered == of.offered {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.wasObserved(list) {
		r.observed.Or(1 << list)
		r.told[list] = generation
	}
	if r.current.Load().offered != of.offered {
		r.told[list] = min(r.told[list], generation)
		r.announce(list)
	}
}

// wasObserved reports whether some client has seen the list. Before that there
// is nobody to tell of changes.
func (r *Registry) wasObserved(list listID) bool { return r.observed.Load()&(1<<list) != 0 }

// announceWhatDiffers announces the lists that clients know otherwise. The
// caller holds mu.
func (r *Registry) announceWhatDiffers(old, now *offered) {
	for i, l := range r.kinds.lists {
		if r.wasObserved(listID(i)) && !r.differing[i] && l.differ(old, now) {
			r.announce(listID(i))
		}
	}
}

// announce tells the listeners of a list when the coalescing window ends, if it
// then differs. It opens a window if none is open. The caller holds mu.
func (r *Registry) announce(list listID) {
	r.differing[list] = true
	if r.window || r.closed {
		return
	}
	r.window = true
	r.work.Go(func() {
		select {
		case <-time.After(r.opts.Coalesce):
			r.endWindow()
		case <-r.life.Done():
		}
	})
}

// endWindow compares the lists that may differ with what clients were told
// last, and tells the listeners if they do.
func (r *Registry) endWindow() {
	r.mu.Lock()
	differing := r.differing
	r.differing, r.window = [listCount]bool{}, false
	r.mu.Unlock()

	var generations [listCount]uint64 // read without mu: this merges
	for i, l := range r.kinds.lists {
		if differing[i] {
			generations[i] = l.generation()
		}
	}
	if changed := r.untold(differing, generations); changed != 0 {
		r.changes.tell(changed)
	}
}

// untold returns the kinds of those lists that clients do not know in these
// generations, and notes that they are being told.
func (r *Registry) untold(differing [listCount]bool, generations [listCount]uint64) (changed mcp.Kinds) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range differing {
		if differing[i] && r.told[i] != generations[i] {
			r.told[i] = generations[i]
			changed |= listID(i).kind()
		}
	}
	return changed
}
