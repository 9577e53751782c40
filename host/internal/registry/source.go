// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A state is where a source is in its life:
//
//	idle -> starting -> ready -> (crash) restarting -> ready
//	           |  ^                  | too many crashes
//	           v  |                  v
//	         backoff <---------------+        disabled (permanent; Reload only)
type state uint8

const (
	idle       state = iota // nothing was asked of it yet
	starting                // its first attempt, or one after a failed attempt, is under way
	ready                   // runs
	restarting              // ran before; starts when a call needs it, or is starting
	backoff                 // failed; starts again at retryAt by itself
	disabled                // failed for good
)

var stateNames = [...]string{"idle", "starting", "ready", "restarting", "backoff", "disabled"}

func (s state) String() string { return stateNames[s] }

// A source is a configured source and how it is doing.
type source struct {
	Source  // immutable
	index   int
	needed  chan struct{}     // holds one token when a call waits for the plugin to run
	watches chan struct{}     // holds one token when the set of subscriptions has changed
	reloads chan chan<- error // taken by the supervisor, which answers each once

	// Guarded by Registry.mu.
	status  *status // replaced, never changed; by the supervisor once there is one
	version uint64  // of the set of subscriptions; grows when that changes
}

// A status says how a source is doing. It is immutable once it is published.
type status struct {
	src      *source
	state    state
	plugin   Plugin        // when ready
	offers   *contribution // the last good one; nil before that, and when disabled
	watching watching      // the last answer to a set of subscriptions
	retryAt  time.Time     // no attempt begins before; zero if one may at once
	err      error         // why it does not run; nil when it does
	trouble  string        // the same, for clients
	failed   uint64        // how many attempts have failed
}

func newSource(s Source, index int) *source {
	if s.Provides == 0 {
		s.Provides = mcp.AllKinds
	}
	src := &source{
		Source:  s,
		index:   index,
		needed:  make(chan struct{}, 1),
		watches: make(chan struct{}, 1),
		reloads: make(chan chan<- error),
	}
	src.status = &status{src: src}
	return src
}

// set replaces the status by one that is changed. The caller holds Registry.mu.
func (s *source) set(change func(*status)) {
	next := *s.status
	change(&next)
	s.status = &next
}

// need tells the supervisor that a call waits for the plugin. It never blocks.
func (s *source) need() { leaveToken(s.needed) }

// rewatch tells the supervisor that the set of subscriptions has changed. It
// never blocks.
func (s *source) rewatch() { leaveToken(s.watches) }

// leaveToken sees to it that there is a token in the channel, which has room
// for one.
func leaveToken(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// bears reports whether the name begins with the source's prefix.
func (s *source) bears(name string) bool {
	return s.Prefix != "" && strings.HasPrefix(name, namespace(s.Prefix))
}

// pending reports whether the source may soon contribute something that it does
// not contribute yet. One that failed before is not worth waiting for.
func (st *status) pending() bool {
	return st.offers == nil && (st.state == idle || st.state == starting && st.err == nil)
}

// provides returns what the source may contribute: what its plugin serves, or
// what the configuration says before a plugin ran.
func (st *status) provides() mcp.Kinds {
	if st.offers != nil {
		return st.offers.provides
	}
	return st.src.Provides
}

// lacks reports whether the source may have the list, but it was never read.
func (st *status) lacks(list listID) bool {
	return st.provides().Has(list.kind()) && (st.offers == nil || st.offers.missing[list])
}

// failing reports whether the source contributes nothing because it failed.
func (st *status) failing(list listID) bool {
	return st.lacks(list) && (st.err != nil || st.offers != nil)
}

// absent reports whether the source may yet contribute, but does not.
func (st *status) absent(list listID) bool { return st.lacks(list) && st.state != disabled }

// off reports whether the plugin has failed for good.
func (st *status) off() bool { return st.state == disabled }

// absentFrom reports whether the source is absent from one of the lists.
func (st *status) absentFrom(lists []listID) bool { return slices.ContainsFunc(lists, st.absent) }

// running reports whether the plugin can be called. A plugin can be gone for a
// moment before its supervisor has said so.
func (st *status) running() bool {
	if st.plugin == nil {
		return false
	}
	select {
	case <-st.plugin.Done():
		return false
	default:
		return true
	}
}

// public returns the status for clients and people who read a list of which so
// many names are the source's, or would be if others did not have them.
func (st *status) public(list listID, listed, hidden int) mcp.SourceState {
	return st.report(listed, hidden, st.listTrouble(list))
}

// listTrouble says why the list could not be read; empty if it could.
func (st *status) listTrouble(list listID) string {
	if st.offers == nil {
		return ""
	}
	return st.offers.trouble[list]
}

func (st *status) report(listed, hidden int, troubles ...string) mcp.SourceState {
	reasons := append([]string{st.trouble}, troubles...)
	if hidden > 0 {
		reasons = append(reasons, fmt.Sprintf("%d of its names are taken by others earlier in the configuration", hidden))
	}
	reasons = slices.DeleteFunc(reasons, func(s string) bool { return s == "" })
	return mcp.SourceState{
		Name:   st.src.Name,
		State:  st.state.String(),
		Reason: strings.Join(reasons, "; "),
		Items:  listed,
	}
}

// unavailable returns the tool error for a call that the source cannot serve.
func (st *status) unavailable(now time.Time) *mcp.PluginError {
	text := "is not available now; try again"
	switch wait := st.retryAt.Sub(now); {
	case st.state == disabled:
		text = "cannot be started as it is installed or configured"
	case wait > 0:
		seconds := (wait + time.Second - 1) / time.Second
		text = fmt.Sprintf("is not available now; try again in %d s", seconds)
	}
	return &mcp.PluginError{Plugin: st.src.Name, Text: text, Err: st.err}
}

// trouble says for clients why a plugin does not run. The cause itself may
// hold paths and output of the plugin; only the log sees it.
func trouble(what string, err error) string {
	if e, ok := errors.AsType[*mcp.PluginError](err); ok {
		return what + ": " + e.Text
	}
	return what
}

// permanent reports whether trying again is pointless.
func permanent(err error) bool {
	p, ok := errors.AsType[permanentError](err)
	return ok && p.Permanent()
}

type permanentError interface {
	error
	Permanent() bool
}
