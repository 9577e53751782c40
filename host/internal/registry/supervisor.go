// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"errors"
	"io/fs"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A supervisor leads one source through its states, in one goroutine, from the
// first time that something is asked of it until the registry closes. It alone
// owns the running plugin. Its methods are the states; each waits for what ends
// it and returns the next.
type supervisor struct {
	r      *Registry
	src    *source
	record failures

	plugin Plugin        // nil when none runs
	offers *contribution // as published
	since  time.Time     // when plugin became ready
	asked  chan<- error  // the Reload that waits for this attempt, or nil
}

// A step is one state; nil ends the life.
type step func() step

// supervise is the goroutine of a source.
func (r *Registry) supervise(src *source) {
	v := &supervisor{r: r, src: src, record: failures{policy: r.opts.Backoff, rand: r.opts.Rand}}
	for next := step(v.start); next != nil; {
		next = next()
	}
	if v.plugin != nil {
		r.closePlugin(v.plugin)
	}
	v.set(func(st *status) { st.state, st.plugin = idle, nil })
}

// again is a later attempt than the first.
func (v *supervisor) again() step {
	v.set(func(st *status) {
		st.state, st.retryAt = starting, time.Time{}
		if st.offers != nil {
			st.state = restarting
		}
		if v.asked != nil {
			st.err, st.trouble = nil, "" // as if nothing had failed: lists wait for it
		}
	})
	return v.start
}

// start makes one attempt. The source is published as starting already.
func (v *supervisor) start() step {
	plugin, offers, err := v.r.attempt(v.src, v.offers)
	if v.r.life.Err() != nil {
		v.plugin = plugin // may be nil
		v.answer(errClosed)
		return nil
	}
	defer v.answer(err) // when it is published
	if err != nil {
		return v.startFailed(err)
	}
	v.adopt(plugin, offers)
	return v.serve
}

// startFailed decides what becomes of a source whose attempt failed.
func (v *supervisor) startFailed(err error) step {
	if permanent(err) && !v.replaced(err) {
		v.r.log.Error("plugin is disabled", "plugin", v.src.Name, "err", err)
		v.offers = nil
		v.set(func(st *status) {
			st.state, st.offers, st.err = disabled, nil, err
			st.failed++
			st.trouble = trouble("cannot be started as it is installed or configured", err)
		})
		return v.asleep
	}
	delay := v.record.add(time.Now())
	v.r.log.Warn("plugin did not start", "plugin", v.src.Name, "failures", v.record.streak, "retry_in", delay, "err", err)
	v.set(func(st *status) {
		st.state, st.retryAt, st.err = backoff, time.Now().Add(delay), err
		st.failed++
		st.trouble = trouble("failed to start and is tried again", err)
	})
	return v.rest(delay, v.again)
}

// replaced reports whether a plugin that has run cannot be run for want of its
// file: as a rule somebody is about to put a new one there.
func (v *supervisor) replaced(err error) bool {
	return v.offers != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission))
}

// adopt publishes a plugin that has started.
func (v *supervisor) adopt(plugin Plugin, offers *contribution) {
	v.plugin, v.offers, v.since = plugin, offers, time.Now()
	v.set(func(st *status) {
		st.state, st.plugin, st.offers = ready, plugin, offers
		st.err, st.trouble = nil, ""
	})
	v.r.log.Info("plugin is ready", "plugin", v.src.Name, "tools", offers.tools.size(), "prompts", offers.prompts.size(),
		"resources", offers.resources.size(), "templates", offers.templates.size())
}

// serve watches a running plugin.
func (v *supervisor) serve() step {
	var (
		changes = v.plugin.Changes()
		changed mcp.Kinds        // what waits to be read again
		relist  <-chan time.Time // set while something does
		failing = failures{policy: v.r.opts.Backoff, rand: v.r.opts.Rand}
		retry   = v.retryLists(&failing, nil)
		watch   = v.newWatch()
	)
	for {
		select {
		case <-v.r.life.Done():
			return nil
		case <-v.plugin.Done():
			return v.crashed()
		case reply := <-v.src.reloads:
			if v.replace(reply) {
				return v.serve
			}
		case kinds, open := <-changes:
			if !open {
				changes = nil
			}
			// One read for all changes within the window bounds what a
			// plugin that changes all the time can cost.
			if changed |= kinds & v.offers.provides & listedKinds; changed != 0 && relist == nil {
				relist = time.After(v.r.opts.Coalesce)
			}
		case <-relist:
			v.relist(changed)
			changed, relist, retry = 0, nil, v.retryLists(&failing, retry)
		case <-retry:
			v.relist(v.offers.failed)
			retry = v.retryLists(&failing, nil)
		case <-watch.due:
			watch.push()
		case <-watch.retry:
			watch.push()
		case answer := <-watch.answers:
			watch.take(answer)
		case uri, open := <-watch.updates:
			watch.update(uri, open)
		}
	}
}

// listedKinds are the kinds that have a list to read again.
const listedKinds = mcp.KindTools | mcp.KindPrompts | mcp.KindResources

// relist reads lists of a running plugin again. What cannot be read stays as it
// is, and is noted in offers.failed.
func (v *supervisor) relist(kinds mcp.Kinds) {
	offers, err := v.r.ask(v.src, v.plugin, v.offers, kinds)
	if err != nil {
		v.r.log.Warn("changed lists of plugin could not be read; tried again", "plugin", v.src.Name, "err", err)
	}
	if offers == v.offers {
		return
	}
	v.offers = offers
	v.set(func(st *status) { st.offers = offers })
}

// retryLists returns what says when to read again the lists that could not be
// read: a change is never forgotten. An earlier date that still is to come stays.
func (v *supervisor) retryLists(record *failures, pending <-chan time.Time) <-chan time.Time {
	switch {
	case v.offers.failed == 0:
		record.reset()
		return nil
	case pending != nil:
		return pending
	}
	return time.After(record.add(time.Now()))
}

// replace starts a second process of the plugin and lets it take over from the
// first. If it does not start, the first stays.
func (v *supervisor) replace(reply chan<- error) bool {
	plugin, offers, err := v.r.attempt(v.src, v.offers)
	defer func() { reply <- err }() // when it is published; has room for it
	if err != nil {
		v.r.log.Warn("plugin was not reloaded", "plugin", v.src.Name, "err", err)
		return false
	}
	old := v.plugin
	v.record.reset()
	v.adopt(plugin, offers)
	v.r.work.Go(func() { v.r.closePlugin(old) })
	return true
}

// crashed decides what becomes of a plugin that ended by itself. What it
// offered stays listed, so that clients do not see a list that flaps.
func (v *supervisor) crashed() step {
	plugin, err := v.plugin, cmp.Or(v.plugin.Err(), errStopped)
	v.plugin = nil
	if time.Since(v.since) >= v.r.opts.Backoff.StableAfter {
		v.record.reset()
	}
	delay := v.record.add(time.Now())
	if v.record.streak == 1 && !v.record.open {
		delay = 0
	}
	state, what, then := restarting, "stopped by itself; started again when it is needed", step(v.unneeded)
	if v.record.open {
		state, what, then = backoff, "keeps stopping by itself; tried again from time to time", v.again
	}
	v.r.log.Warn("plugin stopped by itself", "plugin", v.src.Name, "failures", v.record.streak, "rest", delay, "err", err)
	v.forgetNeed()
	v.set(func(st *status) {
		st.state, st.plugin, st.err = state, nil, err
		st.retryAt, st.trouble = time.Now().Add(delay), trouble(what, err)
	})
	next := v.rest(delay, then)
	v.r.closePlugin(plugin) // it may be no more than declared dead
	return next
}

// rest is the state in which nothing is done until the delay is over.
func (v *supervisor) rest(delay time.Duration, then step) step {
	due := time.After(delay)
	return func() step {
		select {
		case <-due:
			return then
		case reply := <-v.src.reloads:
			return v.reload(reply)
		case <-v.r.life.Done():
			return nil
		}
	}
}

// unneeded is the state in which the next attempt comes with the next call.
func (v *supervisor) unneeded() step {
	if v.r.isWatched(v.src) {
		return v.again // nobody may call, but somebody wants to hear of changes
	}
	select {
	case <-v.src.needed:
		return v.again
	case <-v.src.watches:
		return v.unneeded
	case reply := <-v.src.reloads:
		return v.reload(reply)
	case <-v.r.life.Done():
		return nil
	}
}

// asleep is the state that only Reload ends.
func (v *supervisor) asleep() step {
	select {
	case reply := <-v.src.reloads:
		return v.reload(reply)
	case <-v.r.life.Done():
		return nil
	}
}

// reload begins anew.
func (v *supervisor) reload(reply chan<- error) step {
	v.asked = reply
	v.record.reset()
	return v.again
}

// answer tells the Reload that asked for an attempt how it went.
func (v *supervisor) answer(err error) {
	if v.asked != nil {
		v.asked <- err // has room for it
		v.asked = nil
	}
}

// forgetNeed drops a need that the plugin met before it stopped. Who still has
// one says so again when the stop is published.
func (v *supervisor) forgetNeed() {
	select {
	case <-v.src.needed:
	default:
	}
}

// set changes the source's status and publishes it.
func (v *supervisor) set(change func(*status)) {
	v.r.update(func() bool {
		v.src.set(change)
		return true
	})
}
