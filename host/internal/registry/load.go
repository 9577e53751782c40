// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A discovery is how far the search for sources is.
type discovery struct {
	phase phase
	err   error // why it failed; it is being tried again
}

type phase uint8

const (
	undiscovered phase = iota
	discovering
	discovered
)

// settled reports whether waiting for the sources would bring nothing now.
func (d discovery) settled() bool { return d.phase == discovered || d.err != nil }

// Reload starts a new process of one plugin and lets it take the place of the
// old one, or of a failure of any kind. On error a plugin that ran still does.
// Calls in flight have the grace of the old process to end.
func (r *Registry) Reload(ctx context.Context, name string) error {
	src, err := r.find(ctx, name)
	if err != nil {
		return err
	}
	if r.wake(func(s *source) bool { return s == src }) {
		return r.loaded(ctx, src)
	}
	reply := make(chan error, 1)
	select {
	case src.reloads <- reply:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.life.Done():
		return errClosed
	}
	select {
	case err = <-reply:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("reload %s: %w", name, err)
	}
	return nil
}

// loaded waits until the plugin runs. It returns the cause if it does not: the
// one who asks is an operator, not a client.
func (r *Registry) loaded(ctx context.Context, src *source) error {
	_, err := r.running(ctx, src)
	if e, ok := errors.AsType[*mcp.PluginError](err); ok && e.Err != nil {
		err = e.Err
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", src.Name, err)
	}
	return nil
}

// find returns the source of that name, once sources are known.
func (r *Registry) find(ctx context.Context, name string) (*source, error) {
	r.want(0)
	s, err := r.wait(ctx, func(s *snapshot) bool { return s.discovery.settled() })
	if err != nil {
		return nil, err
	}
	if s.discovery.err != nil {
		return nil, fmt.Errorf("discover plugins: %w", s.discovery.err)
	}
	for _, src := range r.configured() {
		if src.Name == name {
			return src, nil
		}
	}
	return nil, fmt.Errorf("plugin %q is not configured", name)
}

// configured returns the sources; the slice is never changed once set.
func (r *Registry) configured() []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sources
}

// want starts whatever may contribute one of the kinds and was never started.
// Sources that are not known yet are looked for, and started when they are.
func (r *Registry) want(kinds mcp.Kinds) {
	r.update(func() bool {
		r.wanted |= kinds
		if r.discovery.phase == undiscovered && !r.closed {
			r.discovery.phase = discovering
			r.work.Go(r.discover)
			return true
		}
		return r.launch(func(s *source) bool { return s.Provides&r.wanted != 0 })
	})
}

// wake starts the sources that match and were never started. It reports
// whether there were any.
func (r *Registry) wake(match func(*source) bool) (woken bool) {
	r.update(func() bool {
		woken = r.launch(match)
		return woken
	})
	return woken
}

// launch gives each idle source that matches its supervisor. The caller holds mu.
func (r *Registry) launch(match func(*source) bool) (launched bool) {
	if r.closed {
		return false
	}
	for _, src := range r.sources {
		if src.status.state == idle && match(src) {
			src.set(func(st *status) { st.state = starting })
			r.work.Go(func() { r.supervise(src) })
			launched = true
		}
	}
	return launched
}

// discover finds the sources, however often it takes.
func (r *Registry) discover() {
	record := failures{policy: r.opts.Backoff, rand: r.opts.Rand}
	for {
		ctx, cancel := context.WithTimeoutCause(r.life, r.opts.StartTimeout, errDiscoverTimeout)
		found, err := detached(ctx, &r.work, r.log, r.opts.Discover, func([]Source) {})
		cancel()
		if r.life.Err() != nil {
			return
		}
		if err == nil {
			r.install(found)
			return
		}
		delay := record.add(time.Now())
		r.log.Error("plugins could not be discovered", "retry_in", delay, "err", err)
		r.update(func() bool {
			r.discovery.err = err
			return true
		})
		select {
		case <-time.After(delay):
		case <-r.life.Done():
			return
		}
	}
}

// install makes the sources known and starts those that are wanted already.
func (r *Registry) install(found []Source) {
	var sources []*source
	names := map[string]bool{}
	for _, s := range found {
		if s.Start == nil || names[s.Name] {
			r.log.Error("source has no start or shares its name with another; ignored", "plugin", s.Name)
			continue
		}
		names[s.Name] = true
		sources = append(sources, newSource(s, len(sources)))
	}
	r.update(func() bool {
		r.sources, r.discovery = sources, discovery{phase: discovered}
		r.launch(func(s *source) bool { return s.Provides&r.wanted != 0 })
		return true
	})
}

// wait returns the first snapshot from now on that is as wanted.
func (r *Registry) wait(ctx context.Context, wanted func(*snapshot) bool) (*snapshot, error) {
	for {
		s := r.current.Load()
		if wanted(s) {
			return s, nil
		}
		if s.closed {
			return nil, unavailable(errClosed.Error())
		}
		select {
		case <-s.superseded:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
